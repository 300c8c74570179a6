"""The truth of moving portraits: closed forms, real clips that pass, and spoilt ones that are found out."""

import json
from pathlib import Path

import numpy as np
import pytest

import figment
from figment.attributes import moving_reader as reading
from figment.attributes.moving_reader import READ, to_table
from figment.attributes.portrait_reader import PortraitReader, PortraitReadings
from figment.data.portraits import moving
from figment.data.portraits.moving import CONSTANT, PACES, moving_table
from figment.data.portraits.table import ATTRIBUTES
from figment.metrics.clip_truth import ClipTruth, blinks, compare, errors_of, slow, spectrum, stays_same, ties
from figment.reals import are_moving_portraits
from figment.run_files import measures_of

FRAMES, FPS = 16, 12.0
# What the reader is off by at 64 px (docs/video.md), and as much in the rest.
NOISE = {"turn": 1.4, "tilt": 0.5, "smile": 0.11, "gaze": 0.18, "brows": 0.1, "lids": 0.03}
ERROR = 0.05  # of what is continuous and stays
BY_NAME = {a.name: a for a in ATTRIBUTES}
ERRORS = {name: ERROR for name in CONSTANT if BY_NAME[name].kind == "continuous"}


def read_clips(clips: int, seed: int) -> dict[str, np.ndarray]:
    """What a reader as good as ours finds in real clips."""
    table, random = moving_table(clips, FRAMES, FPS, seed), np.random.default_rng(seed)
    found = {name: table[name] + random.normal(0, NOISE[name], (clips, FRAMES)) for name in (*PACES, "lids")}
    for name in CONSTANT:
        if BY_NAME[name].kind != "seed":
            noise = random.normal(0, ERROR, (clips, FRAMES)) if name in ERRORS else 0
            found[name] = table[name][:, None] + np.broadcast_to(noise, (clips, FRAMES))
    return found | {"invalid": np.zeros((clips, FRAMES))}


@pytest.fixture(scope="module")
def reals() -> dict[str, np.ndarray]:
    return read_clips(150, 2)


@pytest.fixture(scope="module")
def others() -> dict[str, np.ndarray]:
    return read_clips(200, 1)


def held(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> ClipTruth:
    return compare(ours, theirs, ERRORS, FPS)


def test_real_clips_are_as_in_truth(others: dict, reals: dict) -> None:
    found = held(others, reals)
    assert found.sentences() == [
        "people stay who they are, and turn, smile and blink as in truth, as far as so many clips can tell"
    ]
    assert all(it.value.value > 0.95 for it in found.constant.values())
    for name in ("turn", "smile", "tilt"):
        assert found.power[name].value.value == pytest.approx(1, abs=0.35)
    assert abs(found.blinks.value.value - 0.4) < 4 * found.blinks.value.error
    text = "\n".join(found.lines())
    assert "200 clips of 16 frames, read beside 150 real ones" in text
    assert "hair colour stays" in text
    assert "turn, power" in text
    record = found.as_record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["constant"]["glasses"]["floor"]["value"] == 1


def test_frozen_clips_are_found_out(others: dict, reals: dict) -> None:
    frozen = {name: np.repeat(values[:, :1], FRAMES, 1) for name, values in others.items()}
    told = "; ".join(held(frozen, reals).sentences())
    assert "turn moves too little: 0.00 of the true power" in told
    assert "smile moves too little" in told
    assert "eyes blink too seldom: 0.00 times a second" in told


def test_shuffled_clips_are_found_out(others: dict, reals: dict) -> None:
    order = np.random.default_rng(0).permuted(np.tile(np.arange(FRAMES), (200, 1)), axis=1)
    shuffled = {name: np.take_along_axis(values, order, 1) for name, values in others.items()}
    told = "; ".join(held(shuffled, reals).sentences())
    assert "turn jitters" in told
    assert "smile jitters" in told


def test_people_who_become_others_are_found_out(others: dict, reals: dict) -> None:
    changing = {name: values.copy() for name, values in others.items()}
    changing["hair_colour"][:60, 8:] = (changing["hair_colour"][:60, 8:] + 1) % 5
    changing["age"][:100] += np.linspace(-0.3, 0.3, FRAMES)
    told = held(changing, reals).sentences()
    assert told[0].startswith("hair colour: changes in 30 % of clips (reals: 0 %)")
    assert told[1].startswith("age: changes in")


def test_of_what_is_no_portrait_nothing_else_is_told(others: dict, reals: dict) -> None:
    some = others | {"invalid": np.repeat(np.arange(200) % 4 == 0, FRAMES).reshape(200, FRAMES).astype(float)}
    assert held(some, reals).sentences() == ["25 % of the frames are no portraits (reals: 0 %)"]
    found = held(others | {"invalid": np.ones((200, FRAMES))}, reals)
    assert found.sentences()[0] == "100 % of the frames are no portraits (reals: 0 %)"
    assert "left out" in found.sentences()[1]
    assert len(found.lines()) == 3


def test_what_goes_together_though_it_does_not_in_truth_is_named(others: dict, reals: dict) -> None:
    tied = others | {"smile": others["turn"] / 25}
    found = held(tied, reals)
    assert found.pair == ("turn", "smile")
    assert found.apart.value.value > 0.8
    assert found.sentences()[-1].startswith("turn goes with smile as it doesn't in truth")
    assert found.apart.floor.value < 0.35


def test_power_is_that_of_a_path_by_its_autocorrelation() -> None:
    """E|FFT|² is the window's quadratic form in the covariance exp(-τ²/2ℓ²), a closed form."""
    times, pace, clips = np.arange(FRAMES) / FPS, PACES["turn"], 3000
    paths = np.array([moving._path(moving._random(7, number), times, pace) for number in range(clips)])
    window = np.hanning(FRAMES + 2)[1:-1]
    covariance = np.exp(-((times[:, None] - times) ** 2) / (2 * pace**2))
    centring = np.eye(FRAMES) - window / window.sum()
    waves = np.exp(-2j * np.pi * np.outer(np.arange(1, FRAMES // 2 + 1), np.arange(FRAMES)) / FRAMES) * window
    form = waves @ centring @ covariance @ centring.T @ waves.conj().T
    expected = np.real(np.diag(form)) / np.square(window).sum()
    found = spectrum(paths).mean(0)
    np.testing.assert_allclose(found[:2], expected[:2], rtol=0.15)
    assert slow(found) == slow(expected) <= 2


def test_a_wave_has_its_power_at_its_frequency_and_a_level_has_none() -> None:
    wave = np.cos(2 * np.pi * 4 * np.arange(FRAMES) / FRAMES)[None]
    assert spectrum(wave)[0].argmax() == 3
    assert spectrum(np.full((2, FRAMES), 5.0)).max() < 1e-20
    assert slow(np.array([90.0, 6, 4])) == 2


def test_what_stays_by_hand() -> None:
    kinds = np.array([[1, 1, 1], [1, 2, 1]])
    assert stays_same(kinds, BY_NAME["glasses"], 0).tolist() == [True, False]
    ages = np.array([[0.5, 0.52, 0.48], [0.2, 0.5, 0.8]])
    assert stays_same(ages, BY_NAME["age"], 0.05).tolist() == [True, False]


def test_a_blink_is_counted_once_where_it_begins() -> None:
    lids = np.array([[0, 0.9, 1, 0.2, 0, 0.7, 0], [1, 1, 0, 0, 0, 0, 0], [0.3, 0.4, 0.4, 0, 0, 0, 0]])
    assert blinks(lids).tolist() == [2, 0, 0]


def test_blinks_of_many_clips_come_at_their_rate() -> None:
    lids = moving_table(500, 36, FPS, 9)["lids"]
    assert blinks(lids).mean() * FPS / 35 == pytest.approx(moving.BLINK_RATE, rel=0.12)


def test_ties_of_the_truth() -> None:
    found, pairs = ties(moving_table(400, 6, 2.0, 0))
    by = dict(zip(pairs, found, strict=True))
    assert by["turn", "gaze"] < -0.25  # gaze turns back against the head
    assert by["smile", "brows"] > 0.2
    assert abs(by["turn", "smile"]) < 0.15
    assert ("turn", "glasses round") in by


@pytest.mark.parametrize(
    ("data", "are"), [("portraits-moving:9:2", True), ("portraits", False), (None, False), ("my-clips", False)]
)
def test_which_data_are_moving_portraits(data: str | None, are: bool) -> None:
    assert are_moving_portraits(data) == are


def unlearnt_reader(size: int) -> PortraitReader:
    """A net that has learnt nothing, which reads much the same in all pictures."""
    random = np.random.default_rng(0)
    table = {a.name: random.random(50).astype(a.dtype) for a in READ}
    return PortraitReader(
        reading.moving_plan(size).net(), size, {a.name: 0.9 for a in READ}, 1e9,
        PortraitReadings(table, np.zeros(50, np.float32)), to_table,
    )  # fmt: skip


def test_the_reader_s_errors_are_by_its_examination() -> None:
    reader = unlearnt_reader(16)
    errors = errors_of(reader)
    assert errors["age"] == pytest.approx(float(reader.reference.table["age"].std()) * 0.1**0.5)
    assert "hair_style" not in errors
    assert "turn" not in errors


@pytest.mark.slow
@pytest.mark.usefixtures("without_report")
def test_a_run_on_moving_portraits_is_measured_by_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = figment.train(
        "portraits-moving:24",
        recipe="video-small",
        size=16,
        images=16,
        width=4,
        batch=8,
        snapshots=2,
        out=tmp_path / "r",
    )
    monkeypatch.setattr(reading, "moving_reader", lambda size, tally=None: unlearnt_reader(size))
    monkeypatch.setattr(reading, "remaining_work", lambda size: 0)
    monkeypatch.setattr("figment.metrics.measurement.READ_CLIPS", 24)
    found = figment.measure(run, only="attributes", n=32)
    assert found.truth is not None
    assert (found.truth.clips, found.truth.reals, found.truth.frames) == (24, 24, 16)
    assert found.truth.power["turn"].value.value < 0.5
    assert "blinks a second" in repr(found)
    assert json.loads(found.as_json())["truth"]["clips"] == 24
    log = measures_of(run.measures_file)
    assert "truth" in [record["score"] for record in log.records()]
    assert log.damage() is None
    alone = figment.measure(run.generator_file, "portraits-moving:24", only="attributes", n=32)
    assert alone.truth is not None
    assert alone.clips is None
