"""Motion transfer: the motion of one clip with the content of another.

What a clip's content and its motion do is told apart by an analysis of variance: of all that pixels differ by, one share goes
with the content alone, one with motion and time alone, whatever the content, and the rest hangs on both together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment import motion as paths_of
from figment.common.progress import Progress, Tally
from figment.common.rehearsal import FILM_FRAMES, at_most
from figment.errors import InputError
from figment.finding import Film, Finding, Sheet
from figment.generator import Generator
from figment.media.strips import strips

MAX_CLIPS = 64
SHOWN_FRAMES = 8  # of each clip in its strip
LOOKED_AT_SIDE = 32  # pixels, that pictures are reduced to for the shares
STILL = 0.002  # share of all differences below which nothing moves


@dataclass(frozen=True)
class Shares:
    """Of the squares that pixels differ by: content's share, motion's, and that of both together; their sum is 1."""

    content: float
    motion: float
    together: float


@dataclass(frozen=True, eq=False)
class MotionTransfer:
    """Contents of a seed's samples, each with the motions of others: loops of four training clips.

    contents, motions: numbers of the samples. clips: uint8 (contents, motions, T, C, H, W), fps of them a second. codes, float32
    (contents · motions · 8, code_size), and labels, int64, or None: of the frames on the sheet, row by row. moments: which these
    are. shares: None for fewer than two contents, or motions.
    """

    seed: int
    contents: tuple[int, ...]
    motions: tuple[int, ...]
    clips: Tensor
    fps: float
    moments: tuple[int, ...]
    codes: Tensor
    labels: Tensor | None
    shares: Shares | None

    def finding(self, name: str = "") -> Finding:
        """In words, a table, a film and a sheet of strips; name: tells it from others of its kind."""
        rows = [
            (f"content {content}\nmotion {motion}", self.clips[i, j, list(self.moments)])
            for i, content in enumerate(self.contents)
            for j, motion in enumerate(self.motions)
        ]
        titles = [f"{moment / self.fps:.2f} s" for moment in self.moments]
        caption = f"What samples of seed {self.seed} show, moving as others do: a row a clip, at the times above."
        its = self.shares
        return Finding(
            "motion",
            sentence(its),
            {"": Sheet.of_strips(rows, caption, titles=titles)},
            {
                "seed": self.seed, "contents": list(self.contents), "motions": list(self.motions),
                "frames": self.clips.shape[2], "fps": self.fps, "moments": list(self.moments),
                "shares": None if its is None else asdict(its),
            },
            () if its is None else ("what pixels differ by", "share"),
            () if its is None else (
                ("content", f"{its.content:.1%}"), ("motion", f"{its.motion:.1%}"),
                ("content and motion together", f"{its.together:.1%}"),
            ),
            self.codes,
            self.labels,
            name,
            Film(self._frames, self.fps, f"Rows are contents, columns motions, of samples of seed {self.seed}."),
        )  # fmt: skip

    def _frames(self) -> Iterator[NDArray[np.uint8]]:
        names = [f"content {number}" for number in self.contents]
        titles = [f"motion {number}" for number in self.motions]
        for moment in self.clips.unbind(2):
            yield strips(list(zip(names, moment, strict=True)), titles)


def motion(
    generator: Generator,
    contents: Sequence[int] = (0, 1, 2, 3),
    motions: Sequence[int] = (4, 5, 6, 7),
    seed: int = 0,
    label: str | None = None,
    progress: Progress | None = None,
) -> MotionTransfer:
    """The contents of some samples of a seed with the motions of others, as loops.

    Parameters
    ----------
    generator : Generator
        Of clips.
    contents, motions : sequence of int
        Numbers of the samples: what is shown is that of the first, how it moves that of the second.
    seed : int
    label : str, optional
        Class that a generator with classes draws all in; by default that of each content's sample.
    progress : callable, optional
        Told what is done, of how many frames.

    Returns
    -------
    MotionTransfer

    Raises
    ------
    InputError
        For a generator of pictures, an unknown label, or more than 64 clips.
    """
    recipe = generator.recipe
    if not recipe.frames:
        raise InputError(
            "figment explore motion is for runs of clips, and this generator was trained on pictures: train one with --video."
        )
    if not 0 < len(contents) * len(motions) <= MAX_CLIPS:
        raise InputError(
            f"--content and --motion: {len(contents)} × {len(motions)} clips: give 1 to {MAX_CLIPS} in all."
        )
    frames = at_most(generator.film_length(loop=True), FILM_FRAMES)
    seconds = frames / recipe.fps
    paths = paths_of.numbered(recipe, seed, motions, seconds, seconds)
    done, made = Tally(progress, len(contents) * frames), []
    for number in contents:
        content = generator.codes(1, seed, number).expand(len(motions), -1)
        labels = generator.labels(1, seed, number, label)
        of_each = None if labels is None else labels.expand(len(motions))
        clips = []
        for pictures in generator.play(content, paths, frames, recipe.fps, of_each):
            clips.append(pictures)
            done(1)
        made.append(torch.stack(clips, 1))
    clips_of = torch.stack(made)
    moments = tuple(round(place * frames / SHOWN_FRAMES) for place in range(SHOWN_FRAMES))
    z = torch.cat([generator.codes(1, seed, number) for number in contents])
    along = paths.at(torch.tensor(moments) / recipe.fps)
    shown = [paths_of.with_motion(one.expand(len(motions), -1), along).flatten(0, 1) for one in z]
    own = [its for number in contents if (its := generator.labels(1, seed, number, label)) is not None]
    return MotionTransfer(
        seed, tuple(contents), tuple(motions), clips_of, recipe.fps, moments, torch.cat(shown),
        torch.cat(own).repeat_interleave(len(motions) * SHOWN_FRAMES) if own else None, shares(clips_of),
    )  # fmt: skip


def shares(clips: Tensor) -> Shares | None:
    """What content, motion and both together have of all that pixels differ by; clips: uint8 (contents, motions, T, C, H, W).

    A two-way analysis of variance of each pixel, contents against moments of motions, at 32 pixels a side at most. None where
    there is one content, or one motion, or no difference at all.
    """
    if min(clips.shape[:2]) < 2:
        return None
    height, width = (min(own, LOOKED_AT_SIDE) for own in clips.shape[-2:])
    small = torch.stack([F.adaptive_avg_pool2d(clip.flatten(0, 1).float(), (height, width)) for clip in clips])
    apart = small - small.mean((0, 1))
    of_content, of_motion = apart.mean(1, keepdim=True), apart.mean(0, keepdim=True)
    rest = apart - of_content - of_motion
    sums = [float(part.expand_as(apart).double().square().sum()) for part in (of_content, of_motion, rest)]
    return Shares(*(part / sum(sums) for part in sums)) if sum(sums) else None


def sentence(found: Shares | None) -> str:
    """What the shares say, in words."""
    if found is None:
        return "Each row is one content, each column one motion."
    if found.motion + found.together < STILL:
        return "Motion's numbers move nothing: all clips stand still."
    content, moving, both = (f"{100 * share:.0f} %" for share in (found.content, found.motion, found.together))
    return (
        f"Of all that pixels differ by, {content} goes with the content, {moving} with motion alone, whatever is shown, and"
        f" {both} hangs on both."
    )
