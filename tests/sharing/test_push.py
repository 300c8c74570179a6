"""Runs pushed to a hub and pulled from it, against a server that behaves like the hub's API."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import figment
from figment.errors import InputError
from figment.finding import Finding, Sheet
from figment.media.images import write
from figment.run import Run
from figment.sharing.push import repository_name
from figtest.command import command
from figtest.hubs import OWNER, TOKEN, Fault, ModelHub, Repository, model_hub, on_machine
from figtest.runs import played

pytest.importorskip("huggingface_hub")
HOME = "/home/somebody"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with model_hub(tmp_path, monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose files say where somebody works, and whose findings don't show real pictures."""
    run = played(tmp_path_factory.mktemp("template"))
    run.note(
        data=[f"{HOME}/faces of friends.zip"], command=["figment", "train", f"{HOME}/faces of friends.zip", "--out", f"{HOME}/x"],
        skipped=[{"name": f"{HOME}/anna-berger.png", "reason": "cut off"}], host=socket.gethostname(),
    )  # fmt: skip
    run.log({"event": "resume", "images": 10240, "seconds": 60.0, "text": f"went on in {HOME}/runs"})
    run.add_measures([
        {"score": "kid", "title": "KID", "value": 5.0, "error": 0.5, "floor": 1.0, "floor_error": 0.1, "n": 100,
         "better": "lower", "meaning": "how far", "verdict": "close",
         "features": "lite0", "networks": {"lite0": {"resize": "64"}}, "codec": "none",
         "data": "faces", "seed": 0, "images": 10240, "at": "2026-11-30"},
        {"score": "copying", "verdict": "nothing copied as far as could be told", "copies": [], "data": "faces", "seed": 0,
         "closest": [{"train": 3, "generated": 4, "real_file": "anna-berger.png"}], "at": "2026-11-30", "features": "",
         "networks": {"lite0": {"resize": "64"}}, "codec": "none"},
    ])  # fmt: skip
    found(run, "interpolate", "trainedAlgorithmicMedia")
    write(run.pairs_file, noise(), "compositeWithTrainedAlgorithmicMedia")
    (run.folder / "state").mkdir(exist_ok=True)
    (run.folder / "state" / "state.safetensors").write_bytes(b"all that resume needs")
    return run


@pytest.fixture
def run(template: Run, tmp_path: Path) -> Run:
    return Run(shutil.copytree(template.folder, tmp_path / "runs" / "x-1"))


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def found(run: Run, kind: str, source) -> None:
    rows = [("one", torch.zeros(2, 3, 16, 16, dtype=torch.uint8))]
    finding = Finding(kind, "One sees it.", {"": Sheet.of_strips(rows, "What it is.", source)})
    finding.save(run.findings, 10240, ["figment", "explore", kind, f"{HOME}/runs/x-1"])


def pushed(hub: ModelHub, name: str = f"{OWNER}/faces") -> Repository:
    return hub.repositories[name]


def refused(capsys: pytest.CaptureFixture, *words: object) -> str:
    capsys.readouterr()
    assert command(*words) == 2
    told = capsys.readouterr().err
    assert told.startswith("figment: ")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    return told


def test_a_run_goes_up_and_comes_down_elsewhere_and_draws_the_same(hub, run, tmp_path, monkeypatch, capsys):
    assert command("push", run.folder, "me/faces", "--yes") == 0
    told = capsys.readouterr()
    assert "generator.safetensors" in told.out
    assert "stays here: state: what resume needs" in told.out
    assert f"{hub.url}/me/faces" in told.out
    assert pushed(hub).private
    assert len(pushed(hub).commits) == 1
    names = set(pushed(hub).files)
    assert {
        "README.md",
        "card.png",
        "generator.safetensors",
        "recipe.json",
        "run.json",
        "findings/interpolate.json",
    } <= names
    assert {Path(name).suffix for name in names} <= {".md", ".png", ".safetensors", ".json", ".jsonl"}
    assert not names & {"pictures/nearest.png", "state/state.safetensors", "report.html"}

    on_machine(tmp_path / "elsewhere", monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert command("pull", "hf:me/faces", "--out", "taken") == 0
    here, there = figment.load(run.folder).sample(20, seed=3), figment.load("taken").sample(20, seed=3)
    assert torch.equal(here, there)
    assert torch.equal(here, figment.load("hf:me/faces").sample(20, seed=3))
    taken = figment.open_run("taken")
    assert taken.state == "finished"
    assert [record["score"] for record in taken.measures()] == ["kid", "copying"]
    assert len(taken.events("tick")) == 40
    assert command("sample", "hf:me/faces", "-n", 4) == 0
    for words in (("measure", "hf:me/faces"), ("explain", "filters", "hf:me/faces")):
        assert "fetch it with figment pull hf:me/faces" in refused(capsys, *words)
    assert [path.name for path in tmp_path.glob("*.png")] == ["samples-0-n4-faces.png"]


def test_nothing_personal_goes_up(hub, run):
    assert command("push", run.folder, "me/faces", "--yes") == 0
    for name, content in pushed(hub).files.items():
        for word in ("somebody", "anna-berger", "friends.zip/", str(run.folder.parent), socket.gethostname() + '"'):
            assert word.encode() not in content, (name, word)
    facts = json.loads(pushed(hub).files["run.json"])
    assert facts["data"] == ["faces of friends.zip"]
    assert facts["skipped"] == 1
    assert facts["command"] == ["figment", "train", "faces of friends.zip", "--out", "x"]


def test_findings_with_real_pictures_need_a_word(hub, run, capsys):
    found(run, "neighbours", "compositeWithTrainedAlgorithmicMedia")
    told = refused(capsys, "push", run.folder, "me/faces", "--yes")
    assert "neighbours.png" in told
    assert "--no-findings, or --with-real-pictures" in told
    assert not hub.repositories
    assert command("push", run.folder, "me/faces", "--yes", "--with-real-pictures") == 0
    assert {"findings/neighbours.png", "pictures/nearest.png"} <= set(pushed(hub).files)
    assert command("push", run.folder, "me/faces", "--yes", "--no-findings") == 0
    assert not [name for name in pushed(hub).files if "neighbours" in name or "nearest" in name or "findings" in name]


def test_nothing_goes_up_unasked(hub, run, capsys):
    told = refused(capsys, "push", run.folder, "me/faces")
    assert "say --yes" in told
    assert not hub.repositories
    hub.repositories["me/faces"] = Repository(private=False)
    assert "is public on the hub" in refused(capsys, "push", run.folder, "me/faces", "--yes")
    assert not pushed(hub).files
    assert command("push", run.folder, "me/faces", "--yes", "--public") == 0
    assert pushed(hub).files
    assert command("push", run.folder, "me/open", "--yes", "--public") == 0
    assert not pushed(hub, "me/open").private


def test_a_card_that_somebody_wrote_is_kept(hub, run):
    hub.repositories["me/faces"] = Repository(files={"README.md": b"mine", "notes.txt": b"mine, too"})
    assert command("push", run.folder, "me/faces", "--yes") == 0
    assert pushed(hub).files["README.md"] == b"mine"
    assert pushed(hub).files["notes.txt"] == b"mine, too"
    (run.folder / "README.md").write_text("the run's own")
    assert command("push", run.folder, "me/faces", "--yes") == 0
    assert pushed(hub).files["README.md"] == b"the run's own"
    (run.folder / "README.md").unlink()
    del pushed(hub).files["README.md"]
    assert command("push", run.folder, "me/faces", "--yes") == 0  # figment's own, which the next push replaces
    assert command("push", run.folder, "me/faces", "--yes", "--licence", "cc-by-4.0") == 0
    assert b"license: cc-by-4.0" in pushed(hub).files["README.md"]


def test_names_that_no_repository_has(hub, run, capsys):
    for name in (
        "me/faces/x",
        "me/fa ces",
        "../x",
        "me/-x",
        "me/x@v1",
        "me/x:a",
        "",
        "me/x#3",
        "me/" + "x" * 100,
        "me/a--b",
    ):
        with pytest.raises(InputError, match="isn't a name on the hub: write OWNER/NAME"):
            repository_name(name)
    assert "isn't a name on the hub: write OWNER/NAME" in refused(capsys, "push", run.folder, "faces", "--yes")
    assert repository_name("hf:me/faces_2.x-1") == "me/faces_2.x-1"
    assert not hub.asked


def test_without_a_token(hub, run, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert "log in by `hf auth login`, or set HF_TOKEN" in refused(capsys, "push", run.folder, "me/faces", "--yes")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "doesn't take your token: log in" in refused(capsys, "push", run.folder, "me/faces", "--yes")
    assert not hub.repositories


def test_another_s_name(hub, run, capsys):
    assert "You may not write to you/faces" in refused(capsys, "push", run.folder, "you/faces", "--yes")


def test_what_the_hub_refuses_is_told_and_nothing_is_published(hub, run, capsys):
    for where, status, told in (
        ("/commit/", 413, "no files as large"), ("/lfs/", 413, "no files as large"), ("/preupload/", 403, "may not write"),
        ("/commit/", 422, "check the name and the README.md"), ("/commit/", 404, "isn't on the hub"),
    ):  # fmt: skip
        hub.faults = [Fault(where, status, 99)]
        assert told in refused(capsys, "push", run.folder, "me/faces", "--yes")
        assert not pushed(hub).files


def test_a_busy_hub_and_cut_connections_are_tried_again(hub, run):
    places = (
        "/api/repos/create",
        "/commit/",
        "PUT /lfs/",
        "/preupload/",
        "GET /api/models/me/",
        "/api/validate-yaml",
        "/batch",
    )
    for status in (429, 503, 0):
        hub.repositories.clear()
        hub.blobs.clear()
        hub.faults = [Fault(where, status, 1, {"Retry-After": "0"} if status == 429 else {}) for where in places]
        assert command("push", run.folder, "me/faces", "--yes") == 0
        assert pushed(hub).files["generator.safetensors"] == run.generator_file.read_bytes()
        assert not any(fault.times for fault in hub.faults), [fault.where for fault in hub.faults if fault.times]


def test_a_hub_that_stays_busy_or_gone(hub, run, capsys, monkeypatch):
    hub.faults = [Fault("/api/repos/create", 429, 99)]
    assert "(429): try again in some minutes" in refused(capsys, "push", run.folder, "me/faces", "--yes")
    hub.faults = [Fault("/commit/", 0, 99)]
    assert "nothing was published by halves" in refused(capsys, "push", run.folder, "me/faces", "--yes")
    hub.faults, hub.asked = [], []
    assert command("push", run.folder, "me/faces", "--yes") == 0
    assert not [line for line in hub.asked if line.startswith("PUT")]  # what is there isn't sent again
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "can't be reached" in refused(capsys, "push", run.folder, "me/faces", "--yes")


def test_links_out_of_the_run_and_files_that_pull_would_refuse_don_t_go_up(hub, run, tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_bytes(b"-----BEGIN PRIVATE KEY-----")
    for name in ("generator.onnx", "README.md", "directions.safetensors", "findings/interpolate.png"):
        file = run.folder / name
        kept = file.read_bytes() if file.exists() else None
        file.unlink(missing_ok=True)
        file.symlink_to(secret)
        assert str(file) in refused(capsys, "push", run.folder, "me/faces", "--yes", "--with-real-pictures")
        file.unlink()
        if kept is not None:
            file.write_bytes(kept)
    (run.folder / "discriminator.safetensors").write_bytes(b"\x80\x04\x95")
    told = refused(capsys, "push", run.folder, "me/faces", "--yes")
    assert "discriminator.safetensors isn't what its name says" in told
    assert "take it out of the run, or make it again" in told
    assert not hub.repositories


# ---- pulling ---------------------------------------------------------------------------------------------------------


def test_only_a_run_s_files_are_fetched(hub, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command("push", run.folder, "me/faces", "--yes") == 0
    pushed(hub).files |= {
        "evil.py": b"1/0",
        "pytorch_model.bin": b"\x80",
        "pictures/a/b.png": b"",
        "findings/x.html": b"",
    }
    hub.asked.clear()
    assert command("pull", "me/faces") == 0
    assert "Left there, since figment has no use for them: " in capsys.readouterr().err
    assert not [line for line in hub.asked if "evil" in line or ".bin" in line]
    folder = tmp_path / "runs" / "faces-1"
    assert not [path for path in folder.rglob("*") if path.suffix in (".py", ".bin", ".html")]
    assert command("pull", "hf:me/faces") == 0
    assert (tmp_path / "runs" / "faces-2").is_dir()
    assert "exists and isn't empty" in refused(capsys, "pull", "hf:me/faces", "--out", folder)


def test_a_file_that_isn_t_what_it_says_is_refused(hub, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command("push", run.folder, "me/faces", "--yes") == 0
    sound = dict(pushed(hub).files)
    for name, content in {
        "generator.safetensors": b"\x80\x04\x95", "discriminator.safetensors": b"", "pictures/000000000.png": b"GIF89a",
        "run.json": b"[]", "recipe.json": b"{}", "findings/interpolate.json": b"nothing", "generator.onnx": b"PK\x03\x04",
        "directions.safetensors": b"PK", "README.md": b"\xff\xfe", "card.png": b"\x89PNG\r\n\x1a\n",
    }.items():  # fmt: skip
        pushed(hub).files = sound | {name: content}
        told = refused(capsys, "pull", "hf:me/faces", "--out", "taken")
        assert f"hf:me/faces: {name} isn't what its name says" in told
        assert not (tmp_path / "taken").exists()


def test_nets_alone_are_taken_too(hub, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hub.repositories["me/bare"] = Repository(files={"generator.safetensors": run.generator_file.read_bytes()})
    assert command("pull", "hf:me/bare", "--out", "bare") == 0
    assert "figment sample bare/generator.safetensors" in capsys.readouterr().out
    hub.repositories["me/empty"] = Repository(files={"README.md": b"# nothing"})
    assert "has no generator.safetensors on the hub" in refused(capsys, "pull", "hf:me/empty", "--out", "empty")
    with pytest.raises(InputError, match="isn't on the hub, or is private"):
        figment.load("hf:me/none")
    assert TOKEN not in capsys.readouterr().err


def test_names_that_lead_elsewhere_and_headers_that_lie_take_nothing(hub, run, tmp_path, monkeypatch, capsys):
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    assert command("push", run.folder, "me/faces", "--yes") == 0
    sound = dict(pushed(hub).files)
    before = set(tmp_path.rglob("evil*"))
    for name in (
        "pictures/../../../../../../evil.png",
        "../evil.png",
        "pictures/../evil.png",
        "pictures/\x1b[31mevil.py",
    ):
        pushed(hub).files = sound | {name: sound["card.png"]}
        status = command("pull", "hf:me/faces", "--out", "taken")
        told = capsys.readouterr().err
        assert status in (0, 2)
        assert "\x1b" not in told
        assert "Traceback" not in told
        assert {path for path in tmp_path.rglob("evil*") if "cache" not in path.parts} == before
        if status == 0:
            shutil.rmtree("taken")
        assert not Path("taken").exists()
    net = sound["generator.safetensors"]
    header = b'{"w":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}'
    for content in ((1 << 60).to_bytes(8, "little") + net[8:], len(header).to_bytes(8, "little") + header, net[:-1]):
        pushed(hub).files = sound | {"generator.safetensors": content}
        assert "generator.safetensors isn't what its name says" in refused(
            capsys, "pull", "hf:me/faces", "--out", "taken"
        )
        assert not Path("taken").exists()
