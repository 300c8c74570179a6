"""Walks in the latent space: closed, smooth paths that stay on the prior, as video."""

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from figment import codes, motion
from figment.common.progress import Progress, Say
from figment.errors import InputError
from figment.explore.direction_file import MAX_DEVIATIONS, move_codes
from figment.generator import Generator
from figment.media.signing import Signer
from figment.media.video import Frame, fewer_tiles, fitting_tiles, sheet, write_video

BATCH_PICTURES = 64  # decoded at once
PATH_FRAMES = 1024  # whose motion is computed at once


def closed_loop(keyframes: Tensor, frames: int) -> Tensor:
    """Frames of along_loop, evenly spaced: frame j at the time t = jK/frames. (K, d) → (frames, d)."""
    return along_loop(keyframes, torch.arange(frames, dtype=torch.float64) * len(keyframes) / frames)


def along_loop(keyframes: Tensor, times: Tensor) -> Tensor:
    """The trigonometric interpolation of keyframes, evenly spaced on a circle, at times. (K, d), (T,) → (T, d).

    Infinitely smooth, periodic (time K is time 0) and through every keyframe: keyframe k is at time t = k. The weights are
    Dirichlet kernels, w_k(t) = Σ_m exp(2πim(t - k)/K)/K over the K lowest frequencies. If keyframes are independent standard
    normals, then the code of each time is a standard normal as well: by Parseval Σ_k w_k(t)² is 1 for odd K. For even K the
    highest frequency K/2 can only be a cosine, so the sum is (K - 1)/K + cos²(πt)/K, and the weights are divided by its root,
    which is 1 at the keyframes.
    """
    count = len(keyframes)
    apart = times[:, None] - torch.arange(count, dtype=torch.float64)
    frequencies = torch.arange(1, (count - 1) // 2 + 1, dtype=torch.float64)
    weights = 1 + 2 * torch.cos(2 * math.pi / count * apart[..., None] * frequencies).sum(-1)
    if count % 2 == 0:
        variance = (count - 1 + torch.cos(math.pi * times) ** 2) / count
        weights = (weights + torch.cos(math.pi * apart)) / variance.sqrt()[:, None]
    return (weights / count @ keyframes.double()).to(keyframes.dtype)


def loops(generator: Generator, tiles: int, keyframes: int, frames: int, seed: int = 0) -> Tensor:
    """Codes of several loops side by side, float32 (frames, tiles, code_size), each frame of each on the prior.

    Keyframe k of tile j is sample number k·tiles + j of the seed: the walk opens with the first samples of the seed and
    comes past the next ones after each part of its time.
    """
    z = generator.codes(tiles * keyframes, seed).double()  # so that erf undoes erfinv to the last digit of float32
    gaussian = codes.to_gaussian(z, generator.recipe.prior).reshape(keyframes, -1)
    path = codes.from_gaussian(closed_loop(gaussian, frames), generator.recipe.prior)
    return path.float().reshape(frames, tiles, -1)


def moving(generator: Generator, z: Tensor, fps: float, seed: int = 0) -> Tensor:
    """Codes of loops of a generator of clips, (frames, tiles, code_size), with their motion running: it closes where they do."""
    frames, tiles, _ = z.shape
    paths = motion.numbered(generator.recipe, seed, range(tiles), frames / fps, frames / fps)
    size = generator.recipe.motion_size
    for part in torch.arange(frames).split(PATH_FRAMES):
        z[part, :, -size:] = paths.at(part / fps).transpose(0, 1)
    return z


def loop_through(keyframes: Tensor, frames: int, prior: str) -> Tensor:
    """Codes of one loop past given codes of the prior, (K, code_size): float32 (frames, code_size), each on the prior."""
    path = closed_loop(codes.to_gaussian(keyframes.double(), prior), frames)
    return codes.from_gaussian(path, prior).float()


def sweep(z: Tensor, vector: Tensor, frames: int, prior: str) -> Tensor:
    """Codes (N, d) carried along a direction from −3 deviations to 3 and back, float32 (frames, N, d); all else stays.

    The place is −3 cos(2πj/frames) at frame j: a closed loop that slows down where it turns.
    """
    places = -MAX_DEVIATIONS * torch.cos(2 * math.pi / frames * torch.arange(frames, dtype=torch.float64))
    swept = move_codes(z.repeat(frames, 1), vector, places.repeat_interleave(len(z)), prior, replace=True)
    return swept.float().reshape(frames, len(z), -1)


def write_walk(
    generator: Generator,
    path: str | Path,
    keyframes: int = 8,
    seconds: float = 8.0,
    fps: int = 30,
    seed: int = 0,
    truncation: float = 1.0,
    tiles: int = 9,
    columns: int | None = None,
    progress: Progress | None = None,
    label: str | None = None,
    along: Tensor | None = None,
    say: Say | None = None,
    scale: int | None = None,
    is_marked: bool = True,
    signer: Signer | None = None,
) -> None:
    """Write a film that can be played round and round: generated pictures side by side, each on its own loop.

    Of a generator of clips the contents walk while their motion runs, which comes round with the walk: that of tile j is path
    j of the seed. Memory doesn't grow with seconds, but for the codes themselves.

    Parameters
    ----------
    generator, path : Generator, str or Path
    keyframes : int
        Samples of the seed that each loop comes past: see loops.
    seconds, fps : float, int
        Length of the video, and frames a second.
    seed : int
    truncation : float
        Scales codes towards the prior's mean.
    tiles, columns : int
        Pictures side by side, which are enlarged until all are 384 pixels or more, and how many in a row. No more are
        shown than players take (see media.video.fitting_tiles).
    progress : callable, optional
        Told what is done, of how many frames.
    label : str, optional
        Class that a generator with classes draws all in; by default each tile keeps that of its first sample. Classes are
        never mixed.
    along : Tensor, optional
        A direction, (code_size,) of length 1: each tile goes up and down it from one sample, in place of keyframes: see sweep.
        All else stays, motion too.
    say : callable, optional
        Told of tiles that aren't shown.
    scale : int, optional
        Times that pictures are enlarged, in place of as many as make 384 pixels.
    is_marked : bool
        Whether frames bear the generator's invisible mark.
    signer : Signer, optional
        Signs the film.

    Raises
    ------
    InputError
        For an unknown label or a number out of range, or as write_video does.
    """
    frames = _frame_count(seconds, fps, keyframes if along is None else None)
    if tiles < 1:
        raise InputError(f"--tiles {tiles}: nothing to show: give it 1 or more.")
    fitting = fitting_tiles(tiles, generator.recipe.shape, fps, columns, scale=scale)
    if fitting < tiles and say:
        say(fewer_tiles(tiles, fitting))
    tiles = fitting
    if along is None:
        walked = loops(generator, tiles, keyframes, frames, seed)
        z = codes.truncated(moving(generator, walked, fps, seed) if generator.recipe.frames else walked, truncation)
    else:
        z = sweep(codes.truncated(generator.codes(tiles, seed), truncation), along, frames, generator.recipe.prior)
    labels = generator.labels(tiles, seed, label=label)
    write_video(
        path, _frames(generator, z, labels, columns, progress, scale), fps, mark=generator.mark if is_marked else None,
        signer=signer,
    )  # fmt: skip


def write_loop(
    generator: Generator, path: str | Path, keyframes: Tensor, seconds: float, fps: int, label: int | None = None,
    scale: int | None = None, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Write a film of one picture that comes past given codes, float (K, code_size), and can be played round and round.

    label: number of the class, for a generator that has some. scale, progress: as of write_walk, whose errors it raises.
    """
    frames = _frame_count(seconds, fps, len(keyframes))
    z = loop_through(keyframes, frames, generator.recipe.prior)[:, None]
    labels = None if label is None else torch.tensor([label])
    write_video(path, _frames(generator, z, labels, None, progress, scale), fps, mark=generator.mark)


def _frame_count(seconds: float, fps: int, keyframes: int | None) -> int:
    """Frames of a walk; keyframes: None where it goes there and back. Raises InputError for too few."""
    if keyframes is not None and keyframes < 2:
        raise InputError(f"--keyframes {keyframes}: a walk goes between pictures: give it 2 or more.")
    frames = round(seconds * fps) if 0 < seconds * fps < math.inf else 0
    least, what = (2, "there and back") if keyframes is None else (keyframes, f"{keyframes} keyframes")
    if frames < least:
        raise InputError(f"--seconds {seconds:g}: too short for {what}: {least / max(fps, 1):.2g} or more.")
    return frames


def _frames(
    generator: Generator, z: Tensor, labels: Tensor | None, columns: int | None, progress: Progress | None,
    scale: int | None = None,
) -> Iterator[Frame]:  # fmt: skip
    frames, tiles, _ = z.shape
    done = 0
    for batch in z.split(max(1, BATCH_PICTURES // tiles)):
        repeated = None if labels is None else labels.repeat(len(batch))
        for pictures in generator.decode(batch.flatten(0, 1), repeated).split(tiles):
            yield sheet(pictures, columns, scale)
            done += 1
            if progress:
                progress(done, frames)
