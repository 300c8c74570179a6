"""Finding, checking and reading files of weights; downloads come from a server on this machine."""

import hashlib
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from figment.errors import InputError
from figment.features import registry
from figment.features.weights import DINOV2, INCEPTION, PublishedWeights, load_into, located, read_tensors, sha256_of
from figtest.servers import FolderServer, serving

BYTES = np.random.default_rng(0).bytes(5000)
SHA256 = hashlib.sha256(BYTES).hexdigest()
NOWHERE = "http://127.0.0.1:9/net.pth"  # the port of a service that nobody runs


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No proxy, no weights of the machine's, an empty cache, and no waiting between two tries."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "FIGMENT_WEIGHTS", "FIGMENT_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("figment.data.public.download.sleep", lambda seconds: None)


@pytest.fixture
def known():
    return PublishedWeights(
        "inception", ("net.pth", "other.pth"), (NOWHERE,), "https://home.example", len(BYTES), SHA256, ("0" * 64,)
    )


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """The folder that FIGMENT_MIRROR serves."""

    (tmp_path / "mirror" / "weights").mkdir(parents=True)
    with serving(FolderServer(tmp_path / "mirror")) as server:
        monkeypatch.setenv("FIGMENT_MIRROR", server.url)
        yield tmp_path / "mirror" / "weights"


def put(path, content=BYTES):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sentence(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("entry", [INCEPTION, *DINOV2.values()], ids=lambda entry: entry.feature)
def test_every_fact_has_its_form(entry):
    assert all(len(digest) == 64 and int(digest, 16) for digest in (entry.sha256, *entry.others))
    assert all(url.startswith("https://") and url.rpartition("/")[2] in entry.names for url in entry.urls)
    assert entry.size > 50e6
    assert entry.feature.partition(":")[0] in registry.NETWORKS


def test_inceptions_name_begins_its_hash():
    assert INCEPTION.sha256.startswith(INCEPTION.names[0].partition(".")[0].rpartition("-")[2])


# ---- finding ---------------------------------------------------------------------------------------------------------


def test_the_environment_comes_before_the_cache(tmp_path, known, monkeypatch):
    cached = put(tmp_path / "cache" / "weights" / "net.pth")
    assert located(known) == (cached, SHA256)
    (tmp_path / "empty").mkdir()
    named = put(tmp_path / "mine" / "other.pth")
    monkeypatch.setenv("FIGMENT_WEIGHTS", os.pathsep.join([str(tmp_path / "empty"), "", str(tmp_path / "mine")]))
    assert located(known) == (named, SHA256)


def test_a_file_in_the_environment_may_have_any_name(tmp_path, known, monkeypatch):
    other = put(tmp_path / "dinov2.pth", b"of another network")
    named = put(tmp_path / "renamed.bin")
    monkeypatch.setenv("FIGMENT_WEIGHTS", f"{other}{os.pathsep}{named}")
    assert located(known) == (named, SHA256)


def test_another_form_of_the_same_numbers_counts(tmp_path, known, monkeypatch):
    named = put(tmp_path / "model.safetensors", b"the same numbers")
    same = replace(known, others=(sha256_of(named),))
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(named))
    assert located(same)[0] == named


@pytest.mark.parametrize("place", ["cache/weights", "mine"])
def test_a_file_of_that_name_with_other_bytes_is_refused(tmp_path, known, monkeypatch, place):
    wrong = put(tmp_path / place / "net.pth", BYTES[:-1])
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(tmp_path / "mine"))
    with pytest.raises(InputError) as error:
        located(known)
    said = sentence(error)
    assert str(wrong) in said
    assert SHA256[:8] in said
    assert "remove it" in said


def test_it_is_downloaded_once(tmp_path, known, mirror):
    put(mirror / "net.pth")
    told = []
    file, digest = located(known, lambda done, total: told.append((done, total)))
    assert (file, digest) == (tmp_path / "cache" / "weights" / "net.pth", SHA256)
    assert file.read_bytes() == BYTES
    assert told[-1] == (len(BYTES), len(BYTES))
    (mirror / "net.pth").unlink()
    assert located(known) == (file, digest)


def test_a_download_with_other_bytes_leaves_nothing(tmp_path, known, mirror):
    put(mirror / "net.pth", bytes(len(BYTES)))
    with pytest.raises(InputError, match="wrong bytes"):
        located(known)
    assert not (tmp_path / "cache" / "weights" / "net.pth").exists()


def test_without_internet_one_sentence_says_what_to_do(tmp_path, known, monkeypatch):
    with pytest.raises(InputError) as error:
        located(known)
    said = sentence(error)
    for part in (
        "net.pth",
        str(tmp_path / "cache" / "weights"),
        "127.0.0.1:9: no connection",
        "FIGMENT_WEIGHTS isn't set",
    ):
        assert part in said
    for mend in ("--features inception:FILE", "set FIGMENT_WEIGHTS", "random", "onnx:FILE", "https://home.example"):
        assert mend in said
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(tmp_path / "nothing"))
    with pytest.raises(InputError) as error:
        located(known)
    assert f"isn't in {tmp_path / 'nothing'} or " in sentence(error)


def test_a_mirror_has_to_be_an_address(known, monkeypatch):
    monkeypatch.setenv("FIGMENT_MIRROR", "mirror.example")
    with pytest.raises(InputError, match="has to start with http"):
        located(known)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that hold")
def test_a_file_that_cant_be_read(tmp_path, known, monkeypatch):
    put(tmp_path / "mine" / "net.pth").chmod(0)
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(tmp_path / "mine"))
    with pytest.raises(InputError, match="can't be read"):
        located(known)


# ---- reading ---------------------------------------------------------------------------------------------------------


TABLE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2, dtype=torch.float16)}


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_files_of_every_form_are_read(tmp_path, form):
    file = tmp_path / ("net.safetensors" if form == "safetensors" else "net.pth")
    if form == "safetensors":
        save_file(TABLE, file)
    else:
        torch.save(TABLE, file, _use_new_zipfile_serialization=form == "zip")
    found = read_tensors(file, "--features x")
    assert found.keys() == TABLE.keys()
    assert all(torch.equal(found[name], TABLE[name]) for name in TABLE)


class Trap:
    """Pickled code that leaves a file behind if it is ever run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("writer", [torch.save, lambda what, file: file.write_bytes(pickle.dumps(what))])
def test_no_code_of_a_file_is_run(tmp_path, writer):
    writer({"a": Trap(tmp_path / "run")}, tmp_path / "net.pth")
    with pytest.raises(InputError, match="holds other things than tensors") as error:
        read_tensors(tmp_path / "net.pth", f"--features inception:{tmp_path / 'net.pth'}")
    assert "weights_only" not in sentence(error)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("kept", [0, 3, 100, -5])
def test_a_file_that_was_cut(tmp_path, form, kept):
    file = tmp_path / ("net.safetensors" if form == "safetensors" else "net.pth")
    if form == "safetensors":
        save_file(TABLE, file)
    else:
        torch.save(TABLE, file, _use_new_zipfile_serialization=form == "zip")
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError) as error:
        read_tensors(file, f"--features inception:{file}")
    assert str(file) in sentence(error)
    assert "download it again" in sentence(error)


@pytest.mark.parametrize("content", [b"\0" * 100, b"<html>404</html>", BYTES], ids=["zeros", "page", "noise"])
@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_other_files(tmp_path, name, content):
    with pytest.raises(InputError) as error:
        read_tensors(put(tmp_path / name, content), f"--features inception:{tmp_path / name}")
    assert name in sentence(error)


def test_other_things_and_no_file(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    torch.save({"model": TABLE}, tmp_path / "nested.pth")
    for name in ("list.pth", "nested.pth"):
        with pytest.raises(InputError, match="no table of tensors"):
            read_tensors(tmp_path / name, "--features x")
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(InputError, match="no such file: check the path"):
            read_tensors(path, "--features x")


# ---- filling ---------------------------------------------------------------------------------------------------------


def net():
    with torch.device("meta"):
        return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


def table(**changes):
    whole = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)).half().state_dict() | changes
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize("counters", [{}, {"1.num_batches_tracked": None}])
def test_a_net_is_filled_as_float32(counters):
    given, made = table(**counters), net()
    load_into(made, given, "--features x", "Y")
    assert not made.training
    assert not any(value.requires_grad for value in made.parameters())
    assert made[0].weight.dtype == torch.float32
    assert torch.equal(made[0].weight, given["0.weight"].float())
    assert made(torch.ones(1, 2, 4, 4)).shape == (1, 3, 4, 4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"0.bias": None}, "0.bias is missing"),
        ({"0.weight": torch.ones(3, 2, 3, 3)}, "0.weight is 3×2×3×3 and not 3×2×1×1"),
        ({"0.weight": torch.tensor(1.0)}, "0.weight is a single number"),
        ({"2.weight": torch.ones(1)}, "2.weight is one too many"),
    ],
)
def test_weights_of_another_network_are_named(changes, said):
    with pytest.raises(InputError, match=said) as error:
        load_into(net(), table(**changes), "--features x:FILE", "Y")
    assert sentence(error).startswith("--features x:FILE holds the weights of another network than Y")
