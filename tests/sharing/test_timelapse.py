import av
import numpy as np
import pytest

from figment import generator
from figment.errors import InputError
from figment.media import provenance
from figment.media.video import sheet
from figment.sharing import timelapse


def frames_of(path):
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)]).astype(int)


def test_the_same_codes_from_first_to_last(finished, tmp_path):
    run, reported = finished, []
    timelapse.write_timelapse(run, tmp_path / "a.mp4", tiles=4, seconds=3.0, fps=10,
                        progress=lambda done, total: reported.append((done, total)))  # fmt: skip
    frames = frames_of(tmp_path / "a.mp4")
    assert len(frames) == 30
    expected = [
        sheet(generator.load(path).sample(4, seed=run.recipe.seed)).astype(int) for path in run.snapshots().values()
    ]
    height, width, _ = expected[0].shape

    def nearest(frame):
        return int(np.argmin([np.abs(frame[:height, :width] - e).mean() for e in expected]))

    order = [nearest(frame) for frame in frames]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2, 3}
    for at, snapshot in [(0, 0), (15, 3), (29, 3)]:  # 1.5 s in motion, then the last for 1.5 s
        assert np.abs(frames[at][:height, :width] - expected[snapshot]).mean() < 4
    assert np.abs(frames[15] - frames[29]).mean() < 1
    assert reported == [(i, 34) for i in range(1, 35)]  # four snapshots are looked at, then 30 frames drawn
    assert provenance.source_of(tmp_path / "a.mp4") == "trainedAlgorithmicMedia"


def test_the_seed_is_chosen(finished, tmp_path):
    timelapse.write_timelapse(finished, tmp_path / "a.mp4", tiles=1, seed=7, seconds=2.5, fps=5)
    expected = sheet(generator.load(finished.snapshot_file(10240)).sample(1, seed=7)).astype(int)
    assert np.abs(frames_of(tmp_path / "a.mp4")[-1][:384, :384] - expected).mean() < 4


def test_same_run_same_bytes(finished, tmp_path):
    """As WebP: of equal frames x264 makes unequal bytes once in some hundreds (tests/media/test_video.py)."""
    for name in "ab":
        timelapse.write_timelapse(finished, tmp_path / f"{name}.webp", tiles=2, seconds=2.5, fps=5)
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()


def test_a_fade_goes_from_one_to_the_other():
    before, after = np.full((2, 2, 3), 200, np.uint8), np.full((2, 2, 3), 100, np.uint8)
    assert (timelapse.cross_fade(before, after, 0) == 200).all()
    assert (timelapse.cross_fade(before, after, 0.5) == 150).all()
    assert (timelapse.cross_fade(before, after, 1) == 100).all()


def test_time_goes_where_something_changes():
    assert timelapse.time_shares([0, 3, 1]) == pytest.approx([0.2 / 3, 0.2 / 3 + 0.8 * 0.75, 0.2 / 3 + 0.8 * 0.25])
    assert timelapse.time_shares([0, 0]) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(("snapshots", "held"), [((), "no"), ((0,), "one")])
def test_fewer_than_two_snapshots(make_run, tmp_path, snapshots, held):
    with pytest.raises(InputError, match=rf"x-1 holds {held} snapshot, and a time-lapse needs two"):
        timelapse.write_timelapse(make_run(snapshots=snapshots), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"tiles": 0}, "--tiles 0"),
        ({"seconds": 0.0}, "--seconds 0"),
        ({"seconds": float("nan")}, "--seconds nan"),
        ({"seconds": float("inf")}, "--seconds inf"),
    ],
)
def test_numbers_out_of_range_are_named(finished, tmp_path, choices, named):
    with pytest.raises(InputError, match=named):
        timelapse.write_timelapse(finished, tmp_path / "a.mp4", **choices)


@pytest.mark.parametrize("label", [None, "cat"])
def test_the_classes_of_the_tiles_stay(make_run, tmp_path, label):
    run = make_run(snapshots=(0, 10240), choices={"size": "16x24", "classes": ("ant", "cat")})
    timelapse.write_timelapse(run, tmp_path / "a.mp4", tiles=4, seconds=2.0, fps=10, label=label)
    frames = frames_of(tmp_path / "a.mp4")
    for at, images in ((0, 0), (-1, 10240)):
        expected = sheet(generator.load(run.snapshot_file(images)).sample(4, label=label)).astype(int)
        height, width, _ = expected.shape
        assert np.abs(frames[at][:height, :width] - expected).mean() < 6
    with pytest.raises(InputError, match="--label dog: no class"):
        timelapse.write_timelapse(run, tmp_path / "b.mp4", label="dog")
    assert not (tmp_path / "b.mp4").exists()


def test_of_two_snapshots_it_is_told_what_will_be_seen(make_run, tmp_path):
    told = []
    run = make_run(snapshots=(0, 10_240))
    timelapse.write_timelapse(run, tmp_path / "a.mp4", tiles=1, seconds=2.5, fps=5, say=told.append)
    assert told == [
        "It holds two snapshots, at 0 and 10,240 images: the film is one fade from the first to the last. A longer training"
        " keeps more."
    ]
