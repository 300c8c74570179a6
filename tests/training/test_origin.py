"""A run that starts from known nets: it begins as they were, notes what they are, and resumes as any other."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import figment
from figment import nets, presets, start, starts
from figment.common import tensorfiles
from figment.data.portraits.table import DRAWING
from figment.errors import InputError, Interrupted
from figment.nets.serialization import packed
from figment.nets.start_file import packed_start, unpacked_start
from figment.planning import starting
from figment.run import Run
from figment.training.distributed import World
from figment.training.origin import begin_from, open_origin
from figment.training.state import load_state, new_state, tensors
from figtest.pictures import draw_faces
from figtest.resumed import same, stopping_after

pytestmark = pytest.mark.usefixtures("without_report")

TINY = dict(batch=16, snapshots=4, scores="none", seed=1)
PARTS = ("generator.", "average.", "discriminator.")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Nets that have learnt a little; only read."""
    folder = tmp_path_factory.mktemp("source")
    faces = draw_faces(folder / "faces")
    return figment.train(faces, images=160, recipe="dcgan-r1-small", size=16, width=4, out=folder / "old", **TINY)


def begun(data: Path, origin: Any, out: Path, images: int = 160, **choices: Any) -> Run:
    return figment.train(data, images=images, from_run=origin, out=out, **TINY | choices)


def nets_of(run: Run) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in load_file(run.state_file).items() if name.startswith(PARTS)}


def test_it_begins_as_its_source(source: Run) -> None:
    """Training generator, average and discriminator to the bit; optimisers new, images 0."""
    recipe, world = source.recipe, World.alone("cpu")
    kept, state = new_state(recipe, world), new_state(recipe, world)
    load_state(kept, source.state_file)
    begin_from(state, recipe, open_origin(source), world)
    theirs, ours = tensors(kept), tensors(state)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if name.startswith(PARTS))
    assert not torch.equal(theirs["average.1.weight"], theirs["generator.1.weight"])
    assert state.images == 0
    assert not any(tensor.any() for name, tensor in ours.items() if "optimiser" in name)


def test_without_a_rate_it_stays_what_it_was(source: Run, faces: Path, tmp_path: Path) -> None:
    run = begun(faces, source.folder, tmp_path / "still", lr=1e-12)
    before, after = nets_of(source), nets_of(run)
    learnt = [name for name in after if "running" not in name and "tracked" not in name]
    for name in learnt:
        wanted = before[name.replace("average.", "generator.")]  # which the average has followed meanwhile
        assert torch.allclose(after[name], wanted, rtol=0, atol=1e-7), name
    first = load_file(run.snapshot_file(0))  # the average began as the source's
    assert all(torch.equal(first[name], before[f"average.{name}"]) for name in first)


def test_stopped_and_resumed_equals_uninterrupted_and_is_repeated_by_its_seed(
    source: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = begun(faces, source.folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        stopping_after(4, patch)
        cut = begun(faces, source.folder, tmp_path / "cut")
    assert cut.facts["state"] == "interrupted"
    same(whole, figment.resume(cut))


def test_stopped_before_the_first_step_it_still_starts_from_them(
    source: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(start, "resolve", stopped)
        with pytest.raises(Interrupted):
            begun(faces, source.folder, tmp_path / "run", images=16)
    resumed = figment.resume(tmp_path / "run")
    first = load_file(resumed.snapshot_file(0))
    assert all(torch.equal(first[name], nets_of(source)[f"average.{name}"]) for name in first)


def test_what_it_came_from_is_noted(source: Run, faces: Path, tmp_path: Path) -> None:
    run = begun(faces, source, tmp_path / "run", images=16, size=32)
    noted = run.facts["from"]
    assert noted["asked"] == str(source.folder.resolve())
    assert noted["files"] == {"state.safetensors": sha256_of(source.state_file)}
    assert (noted["name"], noted["images"]) == ("old", 160)
    assert noted["copied"] == "2 of 4 stages; new: the stages at 16 and 32 px; pictures at first as they were, enlarged"
    for file in (run.generator_file, run.snapshot_file(0), run.discriminator_file):
        with tensorfiles.opened(file) as content:
            assert content.header["from"] == {name: value for name, value in noted.items() if name != "asked"}
        assert str(source.folder).encode() not in file.read_bytes()


def sha256_of(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_files_alone(source: Run, tmp_path: Path) -> None:
    """A copied folder without its state, a generator with a discriminator beside it, and one without."""
    copied = Path(shutil.copytree(source.folder, tmp_path / "copied"))
    shutil.rmtree(copied / "state")
    origin = open_origin(copied)
    assert (origin.name, origin.images) == ("copied", 160)
    assert list(origin.files) == ["generator.safetensors", "discriminator.safetensors"]
    file = copied / "generator.safetensors"
    assert open_origin(file).files == origin.files
    average = nets_of(source)
    for part in ("generator", "average"):
        assert all(torch.equal(tensor, average[f"average.{k}"]) for k, tensor in origin.weights[part].items())
    (copied / "discriminator.safetensors").unlink()
    alone = open_origin(file)
    assert alone.parts == ("generator", "average")
    assert alone.told(source.recipe) == "from copied at 160 images: all 3 stages; the discriminator is new"
    state, new = (new_state(source.recipe, World.alone("cpu")) for _ in range(2))
    begin_from(state, source.recipe, alone, World.alone("cpu"))
    fresh = new.discriminator.state_dict()
    assert all(torch.equal(tensor, fresh[name]) for name, tensor in state.discriminator.state_dict().items())


def test_a_discriminator_of_another_run_is_refused(source: Run, tmp_path: Path) -> None:
    shutil.copy(source.generator_file, tmp_path / "generator.safetensors")
    other = presets.make("dcgan-r1-small", size=16, width=3, channels=3)
    net = nets.initialised(nets.discriminator(other), 0, "discriminator")
    (tmp_path / "discriminator.safetensors").write_bytes(packed(net, other, "discriminator"))
    with pytest.raises(InputError, match=r"is of another run than generator\.safetensors beside it"):
        open_origin(tmp_path / "generator.safetensors")


def test_starting_nets_in_one_file(source: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half precision, the same bytes from the same nets, read in a third of a second; one without the other is refused."""
    weights = open_origin(source).weights
    content = packed_start(weights, source.recipe, {"images": 160, "learnt": "drawn faces"})
    assert content == packed_start(weights, source.recipe, {"images": 160, "learnt": "drawn faces"})
    alike = packed_start(dict(weights) | {"generator": weights["average"]}, source.recipe, {})
    assert len(alike) < len(content) < 0.7 * source.generator_file.stat().st_size * 3
    file = tmp_path / "drawn.safetensors"
    file.write_bytes(content)
    read, recipe, facts = unpacked_start(file)
    assert (recipe, facts) == (source.recipe, {"images": 160, "learnt": "drawn faces"})
    for part, tensors_of in weights.items():
        assert all(
            torch.allclose(read[part][name].float(), t.float(), atol=1e-3, rtol=1e-3) for name, t in tensors_of.items()
        )
    origin = open_origin(file)
    assert origin.told(recipe) == "from drawn at 160 images: all 3 stages"
    monkeypatch.setattr(starts.Start, "file", property(lambda _: file))
    monkeypatch.setattr(starts, "STARTS", (starts.Start("drawn", "drawn faces"),))
    began = time.process_time()
    assert open_origin("start").told(recipe) == "from figment's own nets (drawn) at 160 images: all 3 stages"
    assert time.process_time() - began < 0.3
    file.write_bytes(content[:-10])
    with pytest.raises(InputError, match="holds no starting nets"):
        unpacked_start(file)
    with pytest.raises(InputError, match="holds no starting nets"):
        unpacked_start(source.generator_file)


def test_shipped_nets_are_those_of_their_record(monkeypatch: pytest.MonkeyPatch) -> None:
    origin, record = open_origin("start"), json.loads(starts.shipped().file.with_suffix(".json").read_text("utf-8"))
    assert origin.parts == ("generator", "average", "discriminator")
    assert origin.files == {starts.shipped().file.name: record["sha256"]}
    assert origin.images == sum(stage["images"] for stage in record["stages"])
    assert origin.recipe.name == record["recipe"] == "dcgan-r1"
    assert record["drawings"] == {"portraits": DRAWING}
    assert sum(start.file.stat().st_size for start in starts.STARTS) < 8e6  # the wheel's limit is 12 MB in all
    monkeypatch.setattr(starts, "STARTS", ())
    with pytest.raises(InputError, match=r"^--from start: this figment brings no starting nets along"):
        open_origin("start")


def test_none_is_nothing() -> None:
    assert starting.asked_origin("none", World.alone("cpu")) is None


@pytest.mark.parametrize(
    ("origin", "choices", "words"),
    [
        (
            "elsewhere",
            {},
            r"^from_run=.elsewhere. doesn't exist: name a run folder, a generator\.safetensors, hf:OWNER/NAME",
        ),
        (
            None,
            dict(recipe="dcgan"),
            r"^recipe=.dcgan. has other nets than old \(prior normal there, uniform here.*\): leave",
        ),
        (None, dict(nets="r3gan"), r"^from_run=.old.: its nets are of another family \(dcgan there, r3gan here\)"),
        (
            None,
            dict(recipe="r3gan-small"),
            r"^from_run=.old.: its nets are of another family \(dcgan there, r3gan here\)",
        ),
        (None, dict(upsampling="transposed"), r"^from_run: these nets don't fit \(upsampling is nearest there"),
    ],
)
def test_refusals(source: Run, faces: Path, tmp_path: Path, origin: str | None, choices: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        begun(faces, origin or source.folder, tmp_path / "run", **choices)
    assert not (tmp_path / "run").exists()


# ---- what the recipe takes over --------------------------------------------------------------------------------------


def follows(source: Run, name: str = "auto", **choices: Any) -> Any:
    taken, fields = starting.followed(name, choices, open_origin(source))
    return presets.make(taken, **fields)


def test_auto_follows_the_source(source: Run) -> None:
    recipe = follows(source)
    assert (recipe.name, recipe.width, recipe.widths, recipe.size) == ("dcgan-r1-small", 4, (), 16)
    assert follows(source, "dcgan-r1-small").width == 4
    assert follows(source, "dcgan-r1").width == 24  # another name keeps its own
    assert follows(source, code_size=7).code_size == 7


def test_another_size_keeps_the_widths(source: Run) -> None:
    assert follows(source, size=64).widths == (8, 4, 8, 8)  # 8 at least
    assert follows(source, size=64, width=5).widths == ()
    assert follows(source, size="16x32").widths == ()
    assert follows(source, size=32, widths=(9, 9, 9)).widths == (9, 9, 9)


def test_clips_from_a_run_begin_with_motion_and_from_shipped_nets_with_single_frames(source: Run) -> None:
    assert follows(source, frames=8).images_first == 0
    taken, fields = starting.followed("auto", dict(frames=8), open_origin("start"))
    recipe = presets.make(taken, **fields)
    assert recipe.images_first == presets.CLIPS["images_first"]
    assert (recipe.motion_size, recipe.code_size) == (presets.MOTION_SIZE, open_origin("start").recipe.code_size + 32)


def test_portraits_never_start_from_shipped_nets(source: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = starting.StartRule(most_images=100_000, most_seconds=600, why="measured")
    short, long = (presets.make("dcgan-r1", images=images) for images in (50_000, 500_000))
    monkeypatch.setattr(starting, "AUTO_STARTS", ())
    assert starting.usual_start(short, drawn=False) is None
    monkeypatch.setattr(starting, "AUTO_STARTS", (rule,))
    assert starting.usual_start(short, drawn=False) is rule
    assert starting.usual_start(short, drawn=True) is None
    assert starting.usual_start(long, drawn=False) is None
    assert starting.usual_start(presets.make("dcgan-r1", images=50_000, size=128), drawn=False) is None
    assert starting.usual_start(presets.make("dcgan-r1", seconds=3600), drawn=False) is None
    clips = presets.make("video-small", images=50_000)
    assert starting.usual_start(clips, drawn=False) in starting.CLIP_STARTS
    assert starting.usual_start(clips, drawn=True) is None


def test_auto_starts_from_shipped_nets_where_they_help(
    source: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "drawn.safetensors"
    file.write_bytes(packed_start(open_origin(source).weights, source.recipe, {"images": 160}))
    monkeypatch.setattr(starts.Start, "file", property(lambda _: file))
    monkeypatch.setattr(starts, "STARTS", (starts.Start("drawn", "drawn faces"),))
    monkeypatch.setattr(starting, "AUTO_STARTS", (starting.StartRule(1_000, 60, "few pictures"),))
    asked = dict(images=16, snapshots=4, scores="none", seed=1)
    run = figment.train(faces, out=tmp_path / "run", **asked)
    assert run.facts["from"]["name"] == "figment's own nets (drawn)"
    assert run.recipe.width == 4
    assert "start          from figment's own nets (drawn) at 160 images" in start.dry_run(faces, **asked)
    for other in (
        dict(objective="mse"),
        dict(recipe="dcgan-r1"),
        dict(from_run="none"),
    ):  # what is compared, is as it was
        assert "start  " not in start.dry_run(faces, **asked | other)
