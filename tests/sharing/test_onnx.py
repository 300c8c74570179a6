"""A generator as an ONNX file, and what is drawn by it: beside torch's pictures, and with files that aren't whole or ours."""

import json
from contextlib import suppress

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image

from figment import nets
from figment.common import extras
from figment.common.onnx_wire import onnx_file
from figment.errors import InputError, SystemFault
from figment.generator import Generator
from figment.media.provenance import source_of
from figment.presets import make
from figment.sharing.onnx_file import NOTE, compared, metadata, onnx_bytes, write_onnx
from figment.sharing.onnx_generator import load_onnx
from figment.sharing.samples import write_files
from figtest.clip_nets import clip_generator
from figtest.command import command, in_own_process
from figtest.nets import stirred
from figtest.onnx_nets import matrix_generator, matrix_model, matrix_onnx

KEY = "0123456789abcdef" * 2
CLASSES = ("ant", "bee", "cat")


def apart(one, other) -> int:
    """The largest difference of pictures, levels."""
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize(
    "choices", [{}, {"classes": CLASSES, "channels": 1, "size": "16x24"}], ids=["plain", "classes"]
)
def test_a_seed_draws_what_its_generator_draws(prior, choices, tmp_path):
    generator = matrix_generator(prior=prior, **choices)
    drawing = load_onnx(matrix_onnx(generator, tmp_path / "x.onnx"))
    assert np.abs(drawing.codes(40, 3, 5) - generator.codes(40, 3, 5).numpy()).max() < 4e-6
    labels, wanted = drawing.labels(40, 3, 5), generator.labels(40, 3, 5)
    assert (labels is None and wanted is None) or np.array_equal(labels, wanted.numpy())
    assert apart(drawing.sample(40, 3, 0.7, 5), generator.sample(40, 3, 0.7, 5)) <= 1
    assert drawing.shown(None, ()) == generator.shown()
    if generator.classes:
        assert apart(drawing.sample(9, label="cat"), generator.sample(9, label="cat")) <= 1
        assert apart(drawing.sample(9, label="cat"), drawing.sample(9, label="ant")) > 8


def test_a_sample_is_the_same_however_many_are_asked_for(tmp_path):
    drawing = load_onnx(matrix_onnx(matrix_generator(), tmp_path / "x.onnx"))
    whole = drawing.sample(50, seed=2)
    assert whole.shape == (50, 3, 16, 16)
    for start, n in ((0, 1), (7, 20), (49, 1), (3, 0)):
        assert np.array_equal(drawing.sample(n, seed=2, start=start), whole[start : start + n])


@pytest.mark.parametrize("mark_key", [KEY, None])
def test_files_are_those_that_the_generator_gives(mark_key, tmp_path):
    generator = matrix_generator(mark_key, size=64, classes=CLASSES)
    drawing = load_onnx(matrix_onnx(generator, tmp_path / "x.onnx"))
    assert drawing.mark == generator.mark
    for source, folder in ((generator, "torch"), (drawing, "onnx")):
        write_files(source, tmp_path / folder, 5, 4, 1.0, "png", lambda *step: None)
    names = [[path.name for path in sorted((tmp_path / folder).iterdir())] for folder in ("torch", "onnx")]
    assert names[0] == names[1]
    for name in names[0]:
        assert source_of(tmp_path / "onnx" / name) == "trainedAlgorithmicMedia"
        one, other = (np.asarray(Image.open(tmp_path / folder / name)) for folder in ("torch", "onnx"))
        assert apart(one, other) <= 2  # of which the mark, that goes by sums of pixels, takes one


def test_sample_draws_by_it_without_torch(tmp_path):
    matrix_onnx(matrix_generator(KEY, classes=CLASSES), tmp_path / "x.onnx")
    done = in_own_process("sample", "x.onnx", "--truncation", 0.5, folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "24 samples in samples-0-truncation-0.5-x.png"
    assert "onnxruntime" in done.modules
    assert not {
        name for name in done.modules if name.split(".")[0] in ("torch", "onnx", "onnxscript", "scipy", "sklearn")
    }
    assert command("sample", tmp_path / "x.onnx", "-n", 2, "--files", "--label", "bee", "--out", tmp_path / "bees") == 0
    assert sorted(path.name for path in (tmp_path / "bees").iterdir()) == ["0-000000-bee.png", "0-000001-bee.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--video"], "--video needs more than the generator that"),
        (["--pick", "3"], "--pick needs more than the generator that"),
        (["--direction", "smile=2"], "--direction needs more than the generator that"),
        (["--codes", "codes.safetensors"], "--codes needs more than the generator that"),
        (["--device", "cuda"], "--device cuda: onnxruntime runs"),
        (["--label", "bees"], "--label bees: no class of this generator; did you mean bee?"),
    ],
)
def test_what_a_generator_alone_cannot_do_is_refused(words, said, tmp_path, capsys):
    matrix_onnx(matrix_generator(classes=CLASSES), tmp_path / "x.onnx")
    assert command("sample", tmp_path / "x.onnx", *words) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]


def test_commands_that_need_a_run_say_what_it_is(tmp_path, capsys):
    matrix_onnx(matrix_generator(), tmp_path / "x.onnx")
    assert command("walk", tmp_path / "x.onnx") == 2
    assert (
        "x.onnx is an ONNX network, no generator: name a run folder or a generator.safetensors."
        in capsys.readouterr().err
    )


def external(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def hidden_external(model):
    """The same in a constant within a branch, where a look at the weights wouldn't find it."""
    inner = matrix_model(matrix_generator())
    external(inner)
    constant = helper.make_node("Constant", [], ["c"], value=inner.graph.initializer[0])
    model.graph.node.append(
        helper.make_node("If", ["codes"], ["d"], then_branch=helper.make_graph([constant], "g", [], []))
    )


def of_another_library(model):
    model.graph.node[0].domain = "evil.ops"


def with_a_function(model):
    model.functions.append(helper.make_function("f", "F", [], [], [], [helper.make_opsetid("", 20)]))


def said_otherwise(key, value):
    def spoil(model):
        for entry in model.metadata_props:
            if entry.key == key:
                entry.value = value

    return spoil


def with_other_pictures(model):
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_value = 32


def without_an_input(model):
    model.graph.node[0].input[1] = "codes"
    del model.graph.input[1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda model: model.ClearField("metadata_props"),
            "is an ONNX network, but no generator that figment exported",
        ),
        (lambda model: model.ClearField("graph"), "is no whole ONNX file (it holds no network)"),
        (said_otherwise("figment.format", "2"), "was written by a newer figment"),
        (said_otherwise("figment.recipe", "{}"), "holds no figment recipe"),
        (said_otherwise("figment.generator", "x"), "doesn't say in its metadata what it draws"),
        (external, "keeps its numbers in other files"),
        (hidden_external, "keeps its numbers in other files"),
        (of_another_library, "asks for operators of evil.ops"),
        (with_a_function, "asks for functions of its own"),
        (with_other_pictures, "doesn't fit the recipe in its metadata"),
        (without_an_input, "doesn't fit the recipe in its metadata"),
        (lambda model: model.graph.node.pop(), "isn't a network that can be run"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_in_a_sentence(spoil, said, tmp_path):
    model = matrix_model(matrix_generator())
    spoil(model)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError) as refused:
        load_onnx(tmp_path / "x.onnx")
    assert said in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "x.onnx"))
    assert "\n" not in str(refused.value)


def test_another_opset_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(matrix_model(matrix_generator(), opset=18).SerializeToString())
    with pytest.raises(InputError, match="is written in opset 18, and figment takes opset 20: export it again"):
        load_onnx(tmp_path / "x.onnx")


def test_whatever_is_cut_off_is_refused(tmp_path):
    whole = matrix_onnx(matrix_generator(size=16, channels=1, code_size=2), tmp_path / "x.onnx").read_bytes()
    for end in (*range(0, len(whole), 97), len(whole) - 1):
        (tmp_path / "x.onnx").write_bytes(whole[:end])
        with pytest.raises(InputError, match=r"x\.onnx "):
            load_onnx(tmp_path / "x.onnx")


def test_spoilt_bytes_never_get_past_a_sentence(tmp_path):
    whole = matrix_onnx(matrix_generator(size=16, channels=1, code_size=2), tmp_path / "x.onnx").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(200):
        spoilt = bytearray(whole)
        for place in random.integers(0, len(whole), 4):
            spoilt[place] = random.integers(256)
        (tmp_path / "x.onnx").write_bytes(spoilt)
        with suppress(InputError):
            load_onnx(tmp_path / "x.onnx").sample(1)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"version https://git-lfs.github.com/spec/v1\n", b"\x3a\x00"]
)
def test_what_is_no_onnx_file_is_refused(content, tmp_path, capsys):
    (tmp_path / "x.onnx").write_bytes(content)
    assert command("sample", tmp_path / "x.onnx") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"figment: {tmp_path / 'x.onnx'} is ")
    assert said.count("\n") == 1


def test_a_missing_package_is_named(tmp_path, capsys, monkeypatch):
    matrix_onnx(matrix_generator(), tmp_path / "x.onnx")
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    assert command("sample", tmp_path / "x.onnx") == 2
    assert "x.onnx needs onnxruntime: pip install 'figment-gan[onnx]'" in capsys.readouterr().err
    assert command("export", tmp_path / "x.onnx", "--onnx", tmp_path / "y.onnx") == 2
    assert "--onnx needs onnxruntime and onnx and onnxscript: pip install" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "export: say what to write: --onnx FILE, --page or --card."),
        (["--onnx", "y.pt"], "--onnx y.pt: let it end in .onnx."),
        (["--onnx", "mine.onnx"], "--onnx mine.onnx exists and isn't a file that figment exported"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_torch_is_read(words, said, tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    (tmp_path / "g.safetensors").touch()
    done = in_own_process("export", "g.safetensors", *words, folder=tmp_path)
    assert done.status == 2
    assert said in done.err
    assert "torch" not in done.modules


def test_agreement_is_measured_and_its_lack_refused(tmp_path):
    generator = matrix_generator(classes=CLASSES)
    content = matrix_model(generator).SerializeToString()
    found = compared(generator, content, tmp_path / "x.onnx")
    assert 0 <= found.levels < 1e-3
    assert found.changed < 1e-3
    other = matrix_generator(classes=CLASSES)
    other.net.weight.mul_(1.01)
    with pytest.raises(SystemFault, match=r"isn't written: onnxruntime draws up to \d.* of 255 levels away from torch"):
        compared(other, content, tmp_path / "x.onnx")


def test_the_metadata_say_what_it_is():
    said = metadata(matrix_generator(KEY, classes=("é", "b"), scores="onnx:/home/me/eye.onnx"))
    assert json.loads(said["figment.recipe"])["scores"] == "onnx:eye.onnx"
    assert (json.loads(said["figment.classes"]), said["figment.mark"]) == (["é", "b"], KEY)
    assert (said["figment.code_size"], said["figment.prior"]) == ("20", "normal")
    assert "synthetic" in said["figment.note"]
    assert "figment.mark" not in metadata(matrix_generator())


FAMILIES = {
    "paper": dict(recipe="dcgan", width=4),
    "modulated": dict(recipe="dcgan-r1", width=4, modulated=True, upsampling="nearest", activation="leaky_relu"),
    "r3gan": dict(recipe="r3gan", width=32, blocks=1),
}


def untrained(recipe, **choices) -> Generator:
    """Whose pictures fill the levels, as trained ones do."""
    chosen = make(recipe, **dict(channels=3, code_size=20) | choices)
    net = stirred(nets.initialised(nets.generator(chosen), 0, "generator"))
    last = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)][-1]
    generator = Generator(net, chosen, mark_key=KEY)
    with torch.no_grad():
        last.weight.mul_(60 / generator.sample(16).float().std())
        for _ in range(10):
            if generator.sample(33, 1).float().std() > 20:
                break
            last.weight.mul_(0.7)  # nearly all of them are white, or black
    return generator


@pytest.mark.slow
@pytest.mark.parametrize("classes", [(), CLASSES], ids=["plain", "classes"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", ["16", "32x48", "128", "256x64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_generator_is_exported_and_draws_the_same(family, size, channels, classes, tmp_path):
    generator = untrained(**FAMILIES[family], size=size, channels=channels, classes=classes, labels=bool(classes))
    found = write_onnx(generator, tmp_path / "x.onnx")
    assert found.levels < 0.02
    drawing = load_onnx(tmp_path / "x.onnx")
    ours, theirs = generator.sample(33, 1), drawing.sample(33, 1)
    assert ours.float().std() > 20
    assert apart(ours, theirs) <= 1
    assert (ours.numpy() != theirs).mean() < 1e-3
    assert drawing.mark == generator.mark


@pytest.mark.slow
def test_the_same_generator_gives_the_same_bytes_without_paths_or_foreign_operators(tmp_path):
    generator = untrained(**FAMILIES["r3gan"], size=32)
    content = onnx_bytes(generator)
    assert content == onnx_bytes(generator)
    for part in (b".py", b"/home", b"/tmp", b"stack_trace", b"torch"):
        assert part not in content
    said = onnx_file(content)
    assert (said.opsets, said.domains, said.has_external, said.has_more) == ({"": 20}, {""}, False, False)
    assert said.metadata == metadata(generator)
    assert NOTE in said.metadata.values()


@pytest.mark.slow
def test_of_clips_single_frames_are_drawn_by_content_and_motion_as_one_code(tmp_path, capsys):
    generator = clip_generator(size=16)
    write_onnx(generator, tmp_path / "x.onnx")
    assert apart(load_onnx(tmp_path / "x.onnx").sample(20), generator.sample(20)) <= 1
    assert command("sample", tmp_path / "x.onnx") == 0
    assert "64 samples in" in capsys.readouterr().out


def test_a_disagreement_leaves_nothing_behind(tmp_path, monkeypatch):
    generator = matrix_generator()
    wrong = matrix_generator()
    wrong.net.weight.mul_(2)
    monkeypatch.setattr("figment.sharing.onnx_file.onnx_bytes", lambda _: matrix_model(wrong).SerializeToString())
    with pytest.raises(SystemFault):
        write_onnx(generator, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("figment.sharing.onnx_file.onnx_bytes", lambda _: matrix_model(generator).SerializeToString())
    told = []
    write_onnx(generator, tmp_path / "x.onnx", lambda *step: told.append(step))
    assert told == [(i, 3) for i in range(4)]
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]
