import math
from statistics import NormalDist

import av
import numpy as np
import pytest
import torch

from figment import codes, motion, nets, presets
from figment.errors import InputError
from figment.explore import walk
from figment.generator import Generator
from figment.media import provenance, video
from figment.media.video import sheet
from figtest.clip_nets import clip_generator


def normals(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module", params=["uniform", "normal"])
def generator(request):
    choices = presets.make("dcgan", size=16, channels=3, width=2, code_size=6, prior=request.param)
    return Generator(nets.initialised(nets.generator(choices), 0, "generator"), choices)


# ---- closed_loop -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 4, 7, 8])
def test_the_loop_hits_every_keyframe(count):
    keyframes = normals(count, 5)
    assert torch.allclose(walk.closed_loop(keyframes, 6 * count)[::6], keyframes, atol=1e-12)


@pytest.mark.parametrize("count", [3, 5, 9])
def test_an_odd_loop_is_the_fourier_interpolation(count):
    """Against another way: the keyframes' spectrum, padded with zeros, transformed back."""
    keyframes = normals(count, 4).numpy()
    spectrum = np.fft.rfft(keyframes, axis=0)
    expected = np.fft.irfft(spectrum, n=10 * count, axis=0) * 10
    assert np.allclose(walk.closed_loop(torch.from_numpy(keyframes), 10 * count), expected, atol=1e-12)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_an_even_loop_is_the_fourier_interpolation_brought_to_unit_variance(count):
    keyframes = normals(count, 4).numpy()
    spectrum = np.fft.rfft(keyframes, axis=0)
    spectrum[-1] /= 2  # of the highest frequency, half belongs to its mirror image
    plain = np.fft.irfft(spectrum, n=10 * count, axis=0) * 10
    t = np.arange(10 * count) / 10
    scale = np.sqrt((count - 1) / count + np.cos(np.pi * t) ** 2 / count)
    assert np.allclose(walk.closed_loop(torch.from_numpy(keyframes), 10 * count), plain / scale[:, None], atol=1e-12)


@pytest.mark.parametrize("count", [2, 3, 6, 7, 30])
def test_every_frame_of_normal_keyframes_is_standard_normal(count):
    """The loop is linear in its keyframes; the unit vectors give its weights, whose squares must sum to 1."""
    weights = walk.closed_loop(torch.eye(count, dtype=torch.float64), 97)
    assert torch.allclose(weights.square().sum(1), torch.ones(97, dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize("count", [2, 5, 8])
def test_the_loop_closes_without_a_seam(count):
    """Moving every keyframe on by one moves the loop on by one: no frame is special, the last joins the first."""
    keyframes = normals(count, 3)
    turned = walk.closed_loop(keyframes.roll(-1, 0), 12 * count)
    assert torch.allclose(turned, walk.closed_loop(keyframes, 12 * count).roll(-12, 0), atol=1e-12)


def test_the_loop_is_smooth():
    """Differences fall with the step to their power: a kink in the n-th derivative would stop that at n."""
    keyframes = normals(8, 3)

    def largest(frames, order):
        path = walk.closed_loop(keyframes, frames)
        for _ in range(order):
            path = path.roll(-1, 0) - path
        return path.abs().max()

    for order in (1, 2, 3, 4):
        assert largest(400, order) / largest(800, order) == pytest.approx(2**order, rel=0.1)


def test_the_loop_keeps_the_dtype():
    assert walk.closed_loop(torch.zeros(3, 2), 9).dtype == torch.float32


def uniform(x):
    return (x + 1) / 2


def apart(values, cdf):
    """Kolmogorov's distance between values and a distribution, times √n."""
    expected = np.array([cdf(x) for x in values.flatten().sort().values.tolist()])
    n = len(expected)
    return max((np.arange(1, n + 1) / n - expected).max(), (expected - np.arange(n) / n).max()) * math.sqrt(n)


# ---- on the prior ------------------------------------------------------------------------------------------------


def test_to_gaussian_is_the_inverse_normal_cdf():
    u = torch.linspace(-0.999, 0.999, 101, dtype=torch.float64)
    expected = [NormalDist().inv_cdf((x + 1) / 2) for x in u.tolist()]
    assert np.allclose(codes.to_gaussian(u, "uniform"), expected, atol=1e-9)
    assert torch.equal(codes.to_gaussian(u, "normal"), u)


def test_to_gaussian_is_finite_where_the_prior_ends():
    edges = codes.to_gaussian(torch.tensor([-1.0, 1.0]), "uniform")
    assert torch.isfinite(edges).all()
    assert edges[1] > 5


def test_loops_come_past_the_samples_of_the_seed(generator):
    """Keyframe k of tile j is sample k·tiles + j, to the last digits of float32."""
    z = walk.loops(generator, tiles=3, keyframes=4, frames=40, seed=5)
    assert z.shape == (40, 3, 6)
    assert z.dtype == torch.float32
    assert torch.allclose(z[::10].reshape(12, 6), generator.codes(12, seed=5), atol=1e-6)


def test_every_frame_of_the_loops_is_drawn_from_the_prior(generator):
    z = walk.loops(generator, tiles=1000, keyframes=4, frames=8, seed=1)
    cdf = uniform if generator.recipe.prior == "uniform" else NormalDist().cdf
    for frame in z[:2]:  # one keyframe, one half-way between
        assert apart(frame, cdf) < 1.95  # one in a thousand draws from the prior is further from it


def test_half_way_without_the_detour_would_leave_the_prior():
    """What the test above would find if codes were mixed as they are."""
    half_way = (codes.numbered(0, 0, 400, 6, "uniform") + codes.numbered(1, 0, 400, 6, "uniform")) / 2
    assert apart(half_way, uniform) > 3


# ---- walk --------------------------------------------------------------------------------------------------------


def frames_of(path):
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)]).astype(int)


def test_walk_opens_with_samples_and_closes(generator, tmp_path):
    reported = []
    walk.write_walk(generator, tmp_path / "a.mp4", keyframes=3, seconds=0.8, fps=15, seed=2, tiles=4,
              progress=lambda done, total: reported.append((done, total)))  # fmt: skip
    frames = frames_of(tmp_path / "a.mp4")
    assert frames.shape == (12, 388, 388, 3)
    for k in range(3):  # keyframe k at frame 4k
        expected = sheet(generator.sample(4, seed=2, start=4 * k)).astype(int)
        assert np.abs(frames[4 * k] - expected).mean() < 4
    steps = np.abs(np.roll(frames, -1, 0) - frames).mean((1, 2, 3))
    assert steps[-1] < 2 * steps.mean()  # from the last frame to the first is a step like the others
    assert reported == [(i, 12) for i in range(1, 13)]
    assert provenance.source_of(tmp_path / "a.mp4") == "trainedAlgorithmicMedia"


def test_truncation_zero_stands_still_at_the_mean(generator, tmp_path):
    walk.write_walk(generator, tmp_path / "a.mp4", keyframes=2, seconds=0.5, fps=10, truncation=0, tiles=1)
    frames = frames_of(tmp_path / "a.mp4")
    mean = sheet(generator.decode(torch.zeros(1, 6))).astype(int)
    assert np.abs(frames - mean).mean() < 3


def test_same_command_same_bytes(generator, tmp_path):
    """As WebP: of equal frames x264 makes unequal bytes once in some hundreds (tests/media/test_video.py)."""
    for name in "ab":
        walk.write_walk(generator, tmp_path / f"{name}.webp", keyframes=2, seconds=0.4, fps=10, tiles=3, columns=3)
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"keyframes": 1}, "--keyframes 1"),
        ({"keyframes": 0}, "--keyframes 0"),
        ({"seconds": 0.1, "fps": 30, "keyframes": 8}, "--seconds 0.1.*0.27 or more"),
        ({"seconds": 0.0}, "--seconds 0"),
        ({"seconds": -1.0}, "--seconds -1"),
        ({"seconds": math.inf}, "--seconds inf"),
        ({"seconds": math.nan}, "--seconds nan"),
        ({"tiles": 0}, "--tiles 0"),
    ],
)
def test_numbers_out_of_range_are_named(generator, tmp_path, choices, named):
    with pytest.raises(InputError, match=named):
        walk.write_walk(generator, tmp_path / "a.mp4", **choices)
    assert not any(tmp_path.iterdir())


# ---- classes, and other shapes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conditional():
    choices = presets.make("dcgan", size="16x24", channels=3, width=2, code_size=6, classes=("a", "b", "c"))
    net = nets.initialised(nets.generator(choices), 0, "generator")
    with torch.no_grad():  # or all classes would draw nearly the same grey
        [m for m in net.modules() if isinstance(m, torch.nn.ConvTranspose2d)][-1].weight.mul_(20)
    return Generator(net, choices)


@pytest.mark.parametrize("label", [None, "b"])
def test_a_tile_keeps_its_class(conditional, tmp_path, monkeypatch, label):
    asked = []
    decode = conditional.decode
    monkeypatch.setattr(conditional, "decode", lambda z, labels: asked.append(labels) or decode(z, labels))
    walk.write_walk(conditional, tmp_path / "a.mp4", keyframes=2, seconds=3.0, fps=10, seed=2, tiles=5, label=label)
    classes = torch.cat(asked).reshape(30, 5)
    assert torch.equal(classes, conditional.labels(5, seed=2, label=label).expand(30, 5))
    frames = frames_of(tmp_path / "a.mp4")
    expected = sheet(conditional.sample(5, seed=2, label=label)).astype(int)
    assert frames.shape[1:] == expected.shape
    assert np.abs(frames[0] - expected).mean() < 6


def test_an_unknown_label_is_named(conditional, generator, tmp_path):
    with pytest.raises(InputError, match="--label d: no class"):
        walk.write_walk(conditional, tmp_path / "a.mp4", label="d")
    with pytest.raises(InputError, match=r"--label d: .*without labels"):
        walk.write_walk(generator, tmp_path / "a.mp4", label="d")
    assert not any(tmp_path.iterdir())


def test_tiles_that_players_have_no_room_for_are_left_out_and_told(generator, tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "fitting_tiles", lambda tiles, *_, **__: min(tiles, 2))
    told = []
    for tiles in (2, 5):
        walk.write_walk(
            generator, tmp_path / "a.mp4", keyframes=2, seconds=0.2, fps=10, tiles=tiles, columns=2, say=told.append
        )
        assert frames_of(tmp_path / "a.mp4").shape[1:3] == (384, 772)
    assert told == [video.fewer_tiles(5, 2)]


# ---- write_loop --------------------------------------------------------------------------------------------------


def test_a_loop_comes_past_the_codes_given(generator):
    keyframes = generator.codes(3, seed=4)
    path = walk.loop_through(keyframes, 12, generator.recipe.prior)
    assert torch.allclose(path[::4], keyframes, atol=1e-5)
    moments = walk.along_loop(keyframes, torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64))
    assert torch.allclose(moments, keyframes[[0, 1, 0]], atol=1e-5)


def test_a_film_of_codes_given_is_marked(generator, tmp_path):
    walk.write_loop(generator, tmp_path / "loop.mp4", generator.codes(3), 0.5, 12)
    with av.open(str(tmp_path / "loop.mp4")) as film:
        assert len(list(film.decode(video=0))) == 6
    assert provenance.source_of(tmp_path / "loop.mp4") == "trainedAlgorithmicMedia"
    with pytest.raises(InputError, match="too short for 3 keyframes"):
        walk.write_loop(generator, tmp_path / "short.mp4", generator.codes(3), 0.1, 12)


# ---- clips -------------------------------------------------------------------------------------------------------


def test_contents_walk_while_their_motion_runs_and_both_close(tmp_path, monkeypatch):
    generator = clip_generator()
    walked = walk.loops(generator, 2, 3, 30, 5)
    z = walk.moving(generator, walked.clone(), 10, 5)
    assert torch.equal(z[..., :-4], walked[..., :-4])
    paths = motion.numbered_paths(generator.recipe, 5, 0, 2, torch.arange(30) / 10, loop=3.0)
    assert torch.equal(z[..., -4:], paths.transpose(0, 1))
    steps = (z - z.roll(-1, 0)).abs().mean((1, 2))
    assert steps[-1] < 2 * steps.mean()
    decoded = []
    monkeypatch.setattr(generator, "decode", lambda z, _: decoded.append(z) or torch.zeros(len(z), 3, 16, 16).byte())
    walk.write_walk(generator, tmp_path / "a.webp", 3, 3.0, 10, 5, 0.5, 2, scale=1)
    assert torch.equal(torch.cat(decoded), 0.5 * z.flatten(0, 1))


def test_along_a_direction_motion_rests(tmp_path, monkeypatch):
    """So that only the direction is seen, be it one of content or of motion."""
    generator, decoded = clip_generator(), []
    monkeypatch.setattr(
        generator, "decode", lambda z, labels: decoded.append(z) or torch.zeros(len(z), 3, 16, 16).byte()
    )
    vector = torch.zeros(10)
    vector[-1] = 1
    walk.write_walk(generator, tmp_path / "a.mp4", seconds=1.0, fps=8, tiles=1, along=vector)
    z = torch.cat(decoded)
    assert torch.allclose(z[:, :-1], z[:1, :-1].expand(8, -1))
    assert z[:, -1].min() == pytest.approx(-3)
