"""figment measure as a whole: what it finds, what it writes, and what it says of what can't be used."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import figment
from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.data.sources.open import Portraits
from figment.errors import InputError
from figment.media.images import write
from figment.media.provenance import source_of
from figment.metrics import measurement
from figment.metrics.measurement import measure, split_reals
from figtest.command import command


def folder_of(pictures: np.ndarray, folder: Path, ending: str = "png") -> Path:
    folder.mkdir(parents=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{i:04d}.{ending}")
    return folder


@pytest.fixture(scope="module")
def reals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(portraits(300, 0, 16)[0], tmp_path_factory.mktemp("data") / "reals")


@pytest.fixture(scope="module")
def trained(reals: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    return figment.train(reals, images=320, recipe="dcgan", size=16, width=4, batch=16, out=out).folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> figment.Run:
    """A run of the test's own."""
    shutil.copytree(trained, tmp_path / "run")
    return figment.Run(tmp_path / "run")


def test_the_parts_share_no_picture_and_the_floor_takes_held_out_ones_first(reals: Path) -> None:
    bank = prepare(reals, 16)
    floor, compared = split_reals(bank, 100, 0)
    assert len(floor) == 100
    assert not set(floor) & set(compared)
    assert set(bank.held_out) <= set(floor)
    assert len(floor) + len(compared) == 300
    few, rest = split_reals(bank, 10, 0)
    assert set(few) <= set(bank.held_out)
    assert len(rest) == 290
    assert np.array_equal(split_reals(bank, 100, 0)[0], floor)
    assert not np.array_equal(split_reals(bank, 100, 1)[0], floor)


def test_pictures_sorted_by_class_are_measured_as_if_they_were_not(tmp_path: Path) -> None:
    dark, bright = (portraits(150, seed, 16)[0] // 4 + level for seed, level in ((0, 0), (1, 190)))
    reals = folder_of(np.concatenate([dark, bright]), tmp_path / "reals")
    ours = folder_of(
        np.concatenate([portraits(75, 2, 16)[0] // 4, portraits(75, 3, 16)[0] // 4 + 190]), tmp_path / "ours"
    )
    looked_at = dict(features=["random"], only=["precision", "coverage", "swd"])
    for n in (150, 70):
        found = {score.kind.name: score for score in measure(ours, reals, n=n, **looked_at).scores}
        assert found["coverage"].floor.value > 0.8
        assert found["precision"].floor.value > 0.8
        assert found["coverage"].value.value > 0.8
        assert found["swd"].value.value < 3 * found["swd"].floor.value
    one_class = folder_of(portraits(150, 2, 16)[0] // 4, tmp_path / "dark")
    found = {score.kind.name: score for score in measure(one_class, reals, **looked_at).scores}
    assert found["coverage"].value.value < 0.7
    assert found["swd"].value.value > 3 * found["swd"].floor.value


def test_a_run_is_measured_and_all_is_kept(run: figment.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "scores.json"
    assert command("measure", run.folder, "--features", "random", "-n", "120", "--out", out) == 0
    said = capsys.readouterr().out
    for text in ("FD-random", "KID", "recall", "SWD", "what real pictures reach", "less is better", f"results  {out}"):
        assert text in said, said
    assert "FD∞: needs" in said
    content = json.loads(out.read_text())
    assert set(content["scores"]) == {"fd", "kid", "precision", "recall", "density", "coverage", "swd"}
    kid = content["scores"]["kid"]
    assert kid["value"] > 5 * abs(kid["floor"])
    assert kid["n"] == 120
    assert kid["reference"] == 180
    assert content["missing"]["fd_limit"].startswith("needs 500 samples")
    assert content["networks"]["random"]["digest"]
    assert content["grade"] is None
    assert content["summary"].startswith("no verdict: random knows nothing of pictures")
    assert content["scores"]["recall"]["verdict"] == "no verdict"
    assert abs(kid["difference"] - kid["value"] + kid["floor"]) < 1e-9
    assert kid["difference_error"] > 0
    assert said.split("\n\n")[1].startswith("No verdict: random knows nothing")
    assert 0 <= content["copying"]["copied_share"] <= 0.05
    assert len(content["copying"]["nearest"]["generated"]) == len(content["copying"]["nearest"]["quantiles"])
    lines = run.measures()
    assert [line["score"] for line in lines] == [*content["scores"], "copying", "summary"]
    assert all(line["seed"] == 0 and line["codec"] == "none" and line["fingerprint"] for line in lines)
    assert source_of(run.pairs_file) == "compositeWithTrainedAlgorithmicMedia"
    assert "How good it is" in run.report_file.read_text()
    assert (
        command("measure", run.folder, "--features", "gradients", "-n", "60", "--out", out) == 0
    )  # its own file is replaced
    assert len(run.measures()) > len(lines)


def test_the_same_seed_gives_the_same_numbers(run: figment.Run) -> None:
    first, again, other = (measure(run, features=["random"], n=64, seed=seed) for seed in (3, 3, 4))
    values = [[(s.key, s.value.value, s.floor.value) for s in found.scores] for found in (first, again, other)]
    assert values[0] == values[1]
    assert values[0] != values[2]
    assert first.copying is not None
    assert again.copying is not None
    assert first.copying.as_record() == again.copying.as_record()


def test_a_folder_of_reals_is_as_good_as_reals(reals: Path, tmp_path: Path) -> None:
    ours = folder_of(portraits(140, 7, 16)[0], tmp_path / "ours")
    found = measure(ours, reals, features=["random"])
    assert len(found.scores) == 7
    assert all(abs(s.value.value - s.floor.value) <= 4 * (s.value.error + s.floor.error) + 1e-9 for s in found.scores)
    assert found.copying is not None
    assert found.copying.verdict().startswith("No ")
    assert found.run is None


def test_a_folder_that_repeats_one_picture_is_seen_to_do_so(reals: Path, tmp_path: Path) -> None:
    ours = portraits(90, 7, 16)[0]
    varied = folder_of(ours, tmp_path / "varied")
    ours[6:] = ours[:1]  # exact copies, which preparing leaves out and measuring mustn't
    repeated = folder_of(ours, tmp_path / "repeated")
    covered = [
        next(iter(measure(folder, reals, features=["random"], only="coverage").scores)) for folder in (varied, repeated)
    ]
    assert [score.n for score in covered] == [90, 90]
    assert covered[1].value.value < 0.8 * covered[0].value.value


def test_replayed_pictures_are_found_held_out_ones_too(reals: Path, tmp_path: Path) -> None:
    bank = prepare(reals, 16)  # of which the folder's maker knew nothing: it had the held-out ones, too
    replayed = np.asarray(bank.pictures[np.concatenate([bank.held_out[:20], bank.train[:20]])])[..., ::-1]
    ours = folder_of(np.concatenate([portraits(60, 7, 16)[0], replayed]), tmp_path / "ours")
    found = measure(ours, reals, features=["gradients"])
    assert found.copying is not None
    assert found.copying.copied_share == pytest.approx(0.4, abs=0.05)
    assert "real pictures" in found.copying.verdict()
    first = found.originality()["closest"][0]
    assert int(first["sample_file"][:4]) >= 60
    assert first["real_file"].endswith(".png")


def test_codecs_are_evened_out_and_noted(reals: Path, tmp_path: Path) -> None:
    jpegs = folder_of(portraits(80, 7, 16)[0], tmp_path / "ours", "jpg")
    assert measure(jpegs, reals, features=["gradients"]).facts["codec"] == "jpeg:90"
    assert measure(jpegs, reals, features=["gradients"], codec="none").facts["codec"] == "none"


@pytest.mark.usefixtures("without_report")
def test_networks_of_one_name_are_told_apart_and_the_same_one_taken_once(
    run: figment.Run, reals: Path, tmp_path: Path
) -> None:
    other = figment.train(reals, images=64, recipe="dcgan", size=16, width=4, batch=16, out=tmp_path / "other", seed=5)
    names = [f"own:{run.folder}", f"own:{other.folder}", f"own:{run.discriminator_file}", "random"]
    found = measure(run, features=names, n=60)
    assert len(found.facts["networks"]) == 3
    kept = json.loads(found.as_json())["scores"]  # of every network, none in the place of another's
    assert {key: record["value"] for key, record in kept.items()} == {s.key: s.value.value for s in found.scores}
    assert len(kept) == len(found.scores) == 3 * 5 + 1  # too few samples for the Fréchet distance
    values = {s.key: s.value.value for s in found.scores if s.kind.name == "kid"}
    assert len(set(values.values())) == 3


def test_one_network_may_be_named_without_a_list(run: figment.Run) -> None:
    assert {score.features for score in measure(run, features="gradients", n=60).scores} == {"gradients", ""}


def test_few_reals_are_halved_and_it_is_said(run: figment.Run) -> None:
    found = measure(run, features=["random"], n=400)
    assert {score.n for score in found.scores} == {150}
    assert "there are 300" in found.notes[0]


def test_a_broken_network_costs_its_own_scores_alone(
    run: figment.Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    assert command("measure", run.folder, "--features", f"onnx:{broken}", "--features", "random", "-n", "60") == 2
    out, err = capsys.readouterr()
    assert "KID" in out
    assert "SWD" in out
    assert "broken.onnx" in err
    assert "isn't a readable ONNX network" in out
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["measure", "{reals}"], "--against"),
        (["measure", "{run}/generator.safetensors"], "--against"),
        (["measure", "{run}", "--codec", "jpg"], "--codec jpg"),
        (["measure", "{run}", "--size", "16"], "--size"),
        (["measure", "{run}", "--group", "(.)"], "--group"),
        (["measure", "{run}", "--out", "x.txt"], ".json"),
        (["measure", "{tmp}/nothing"], "nothing doesn't exist"),
        (["measure", "{tmp}/nothing", "--against", "{reals}"], "nothing"),
        (["measure", "{tmp}", "--against", "{reals}"], "holds runs"),
        (["measure", "{run}", "--features", "rnadom"], "--features rnadom"),
        (["measure", "{reals}", "--against", "{reals}", "--size", "8"], "--size"),
        (["measure", "{unreadable}", "--against", "{reals}"], "unreadable"),
        (["measure", "{run}", "--against", "{unreadable}"], "unreadable"),
        (["measure", "{run}", "-n", "0"], "-n"),
        (["measure", "{run}", "--only", "kidd"], "did you mean kid?"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    words: list[str], says: str, run: figment.Run, reals: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir()
    for i in range(40):
        (unreadable / f"{i}.png").write_bytes(b"no picture %d" % i)
    places = {"run": run.folder, "reals": reals, "tmp": tmp_path, "unreadable": unreadable}
    capsys.readouterr()
    assert command(*(word.format(**places) for word in words)) == 2
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert says in err
    assert len(err.strip().splitlines()) <= 3


def test_portraits_attributes_are_measured(run: figment.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from figment.attributes import coverage

    class Told:
        invalid = coverage.AttributeScore(0.74, 0.01)

        def as_record(self) -> dict:
            return {"marginals": []}

        def sentences(self) -> list[str]:
            return ["glasses: none 90 % (truth 65 %)"]

    asked = []
    monkeypatch.setattr(coverage, "measure_attributes", lambda pictures, *rest: asked.append(len(pictures)) or Told())
    monkeypatch.setattr(measurement, "ATTRIBUTE_SAMPLES", 120)
    found = measure(run, Portraits(280), features=["gradients"], n=140)
    assert asked == [120]
    assert [record["score"] for record in found.records()[-2:]] == ["attributes", "summary"]
    assert "glasses" in run.measures()[-2]["sentences"][0]
    assert "74 % are no valid portraits" in run.measures()[-1]["summary"]
    assert measure(run, features=["gradients"], n=140).attributes is None  # those might be anything


@pytest.mark.slow
def test_what_isnt_asked_for_is_left_out_and_said_to_be(run: figment.Run) -> None:
    whole = measure(run, features=["lite0"], n=100)
    few = measure(run, features=["lite0"], n=100, only=["kid", "swd"])
    assert few.scores.keys() == ["kid", "swd"]
    assert [score.value for score in few.scores] == [whole.scores[key].value for key in ("kid", "swd")]
    assert few.copying is None
    assert "Not measured:" in repr(few)
    assert "left out by --only" in few.missing["copying"]
    assert "attributes" not in few.missing  # which these pictures have none of
    assert measure(run, n=100, only="copying").scores.keys() == []
    assert "it goes by FD and KID" not in few.verdict.sentence


def test_without_both_distances_no_verdict_is_said_for_want_of_them(run: figment.Run) -> None:
    found = measure(run, features=["gradients"], n=100, only="swd, recall")
    assert found.scores.keys() == ["recall", "swd"]
    assert "no verdict, which goes by FD and KID: FD and KID were left out" in found.verdict.sentence


def test_a_quick_look_takes_few_pictures(run: figment.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figment.metrics.asked.QUICK_SAMPLES", 120)
    monkeypatch.setattr("figment.metrics.asked.QUICK_REALS", 110)
    found = measure(run, features=["gradients"], quick=True)
    assert [(score.key, score.n, score.reference) for score in found.scores] == [("fd", 120, 110), ("kid", 120, 110)]
    assert "--quick" in found.missing["copying"]


def test_marked_pictures_can_be_reals(run: figment.Run, tmp_path: Path) -> None:
    for i, picture in enumerate(figment.load(run.folder).sample(64).numpy()):
        write(tmp_path / "drawn" / f"{i}.png", picture.transpose(1, 2, 0))
    found = measure(run, tmp_path / "drawn", features=["gradients"], n=20, keep_marked=True, only="kid")
    assert "kid" in found.missing or found.scores
    with pytest.raises(InputError, match="--keep-marked goes with --against"):
        measure(run, keep_marked=True)


def test_of_too_few_samples_no_empty_table_is_shown_and_no_net_is_announced(
    run: figment.Run, capsys: pytest.CaptureFixture
) -> None:
    found = measure(run, Portraits(280), features=["gradients"], n=10)
    assert "10 pictures are too few" in found.missing["attributes"]
    assert len(found.scores) == 0
    assert "reals\n" not in repr(found)
    assert "is taught" not in capsys.readouterr().err


def test_the_time_tells_of_all_reals_where_the_copies_are_looked_for(
    reals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("figment.metrics.measurement.LEAST_TOLD_SECONDS", 0)
    count = len(prepare(reals, 16).pictures)
    measure(folder_of(portraits(30, 7, 16)[0], tmp_path / "ours"), reals, features=["gradients"], only=["copying"])
    assert f"copies among {count:,}. " in capsys.readouterr().err.replace(".\n", ". ")
