"""Generator: a trained generator loaded from its file; what every later room works with."""

import hashlib
import math
import os
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from figment import codes, motion
from figment.common import tensorfiles
from figment.common.addresses import absent
from figment.common.pixels import to_uint8
from figment.data.sources.hub_parts import PREFIX
from figment.discriminator import Discriminator, load_discriminator
from figment.errors import InputError
from figment.media.choosing import choice, class_number, samples_shown, sheet_samples
from figment.media.images import grid
from figment.media.picture import Picture
from figment.media.watermark import Mark
from figment.nets.serialization import unpacked
from figment.recipe import Recipe
from figment.run import Run

BLOCK_SAMPLES = 16  # samples decoded at once, always at the same place in their block: see Generator.sample
LOOP_CLIPS = (
    4  # training clips that a loop is as long as: a shorter one moves faster, for it needs four knots (motion.numbered)
)
MARK_KEY = re.compile("[0-9a-f]{32}")
MAX_PICK = 256  # candidates for one sample


class Generator:
    """A generator that samples. Made by load(); its recipe says what it follows.

    file: where it was loaded from. Beside it, in a run folder, lies the discriminator that can choose among its samples.
    mark_key: hex digits, of its run (see Run.mark_key); None where its file doesn't know it.
    """

    def __init__(self, net: nn.Module, recipe: Recipe, file: Path | None = None, mark_key: str | None = None) -> None:
        self.net = net.eval().requires_grad_(False)
        self.recipe, self.file, self.mark_key = recipe, file, mark_key

    def __repr__(self) -> str:
        """What it draws, by which nets, from where."""
        recipe, count = self.recipe, sum(numbers.numel() for numbers in self.net.parameters())
        height, width = recipe.shape
        kinds = f", {len(self.classes)} classes" if self.classes else ""
        colours = "grey" if recipe.channels == 1 else "colour"
        place = f", from {str(self.file)!r}" if self.file else ""
        moving = f", clips of {recipe.frames} frames at {recipe.fps:g} a second" if recipe.frames else ""
        return f"<Generator {recipe.name}: {height}×{width} {colours}{moving}{kinds}, {count:,} parameters{place}>"

    def _repr_png_(self) -> bytes:
        """What a notebook shows of it: a sheet of its first samples."""
        return self.sheet().png()

    @property
    def device(self) -> torch.device:
        return next(self.net.parameters()).device

    @cached_property
    def digest(self) -> str:
        """16 hex digits that tell its weights from others."""
        weights = hashlib.blake2b(digest_size=8)
        for name, tensor in self.net.state_dict().items():
            weights.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        return weights.hexdigest()

    @cached_property
    def mark(self) -> Mark:
        """The invisible mark that files of its pictures bear; of its weights, where its file doesn't know its run's key."""
        return Mark(bytes.fromhex(self.mark_key or self.digest))

    @cached_property
    def discriminator(self) -> Discriminator:
        """The discriminator that it was trained against. Raises InputError where it doesn't lie beside, or is another's."""
        file = self.file.with_name("discriminator.safetensors") if self.file else None
        if file is None or not file.is_file():
            raise InputError(
                f"--pick goes by the discriminator, and there is none beside {self.file or 'this generator'}: name a run folder."
            )
        found = load_discriminator(file)
        for field in ("size", "channels", "classes"):
            if getattr(found.recipe, field) != getattr(self.recipe, field):
                raise InputError(f"{file} is of another run than {self.file} (another {field}): name a run folder.")
        return found

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that can be asked for; none where it was trained without labels."""
        return self.recipe.classes

    def to(self, device: str | torch.device) -> "Generator":
        """The same generator on another device."""
        self.net.to(device)
        return self

    def codes(self, n: int, seed: int = 0, start: int = 0, candidate: int = 0) -> Tensor:
        """Codes number start … start + n - 1 of a seed, float32 (n, code_size); each depends on its number and seed alone.

        candidate: above 0, other codes for the same numbers: those that sample(pick=…) chooses among beside these.
        """
        return codes.numbered(seed, start, n, self.recipe.code_size, self.recipe.prior, candidate)

    def labels(self, n: int, seed: int = 0, start: int = 0, label: str | None = None) -> Tensor | None:
        """Classes of samples number start … start + n - 1 of a seed, int64 (n,); None for a generator without classes.

        All are the one that label names; without it each is drawn from its number and seed alone, all classes being as
        likely, however common they were in training. Raises InputError for a label that this generator doesn't know.
        """
        if label is not None:
            return torch.full((n,), self.class_number(label))
        return codes.numbered_classes(seed, start, n, len(self.classes)) if self.classes else None

    def class_number(self, label: str) -> int:
        """The number that the nets know a class by. Raises InputError, with the nearest one, for an unknown name."""
        return class_number(self.classes, label)

    @torch.inference_mode()
    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes (N, code_size) → pictures, uint8 (N, C, H, W) on the CPU.

        labels: classes, int64 (N,), for a generator that has them, and for no other: else ValueError.
        """
        if (labels is not None) != bool(self.classes):
            raise ValueError("labels are for generators with classes, and those need them")
        if not len(z):
            return torch.empty((0, int(self.recipe.channels), *self.recipe.shape), dtype=torch.uint8)
        inputs = (z,) if labels is None else (z, labels)
        blocks = zip(*(numbers.split(BLOCK_SAMPLES) for numbers in inputs), strict=True)
        return torch.cat([to_uint8(self.net(*(part.to(self.device) for part in block))) for block in blocks])

    def sample(
        self, n: int = 64, seed: int = 0, truncation: float = 1.0, start: int = 0, label: str | None = None,
        shift: Tensor | None = None, pick: int = 1,
    ) -> Tensor:  # fmt: skip
        """Pictures number start … start + n - 1 of a seed, uint8 (n, C, H, W); of the class that label names, or of
        classes drawn as labels() says.

        Picture i is the same, to the byte on one machine, whatever n is asked for: whole blocks are decoded, so that
        it always has the same place among the same number of neighbours, and the sums inside are added in the same
        order. truncation scales codes towards the prior's mean; then shift, (code_size,), moves them (see codes.shifted).
        pick: of each so many candidates, all of one class, the one that the discriminator finds most real: more realism for
        less variety. Raises InputError where there is no discriminator to ask.
        """
        self.check_pick(pick)
        first = start - start % BLOCK_SAMPLES
        count = -(-(start + n - first) // BLOCK_SAMPLES) * BLOCK_SAMPLES if n else 0
        labels = self.labels(count, seed, first, label)

        def drawn(candidate: int) -> Tensor:
            z = codes.truncated(self.codes(count, seed, first, candidate), truncation)
            return self.decode(z if shift is None else codes.shifted(z, shift, self.recipe.prior), labels)

        pictures = drawn(0)
        if pick > 1 and n:
            logits = self._logits(pictures, labels)
            for candidate in range(1, pick):  # one after the other, so that memory holds no more than two
                others = drawn(candidate)
                theirs = self._logits(others, labels)
                pictures = torch.where((theirs > logits)[:, None, None, None], others, pictures)
                logits = logits.maximum(theirs)
        return pictures[start - first : start - first + n]

    def clips(
        self, n: int, seed: int = 0, frames: int | None = None, fps: float | None = None, start: int = 0,
        truncation: float = 1.0, label: str | None = None, loop: bool = False, shift: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Clips number start … start + n - 1 of a seed, uint8 (n, frames, C, H, W), a few drawn at a time.

        Of clip i the content is sample i's; its motion is path i of the seed (see motion.numbered): the same at any frame rate,
        however long. Frames are the same to the byte whatever n and frames are. frames, fps: those that were trained on, where
        they aren't given; of a loop, which comes back to where it began, four times as many frames. truncation, label and
        shift are sample()'s. Raises InputError for a generator of pictures, or a number out of range.
        """
        count = self.film_length(frames, fps, loop)
        made = torch.empty(n, count, int(self.recipe.channels), *self.recipe.shape, dtype=torch.uint8)
        for first in range(0, n, BLOCK_SAMPLES):
            part = made[first : first + BLOCK_SAMPLES]
            films = self.films(len(part), seed, frames, fps, start + first, truncation, label, loop, shift)
            for moment, pictures in enumerate(films):
                part[:, moment] = pictures
        return made

    def films(
        self, n: int, seed: int = 0, frames: int | None = None, fps: float | None = None, start: int = 0,
        truncation: float = 1.0, label: str | None = None, loop: bool = False, shift: Tensor | None = None,
    ) -> Iterator[Tensor]:  # fmt: skip
        """The same clips moment by moment, uint8 (n, C, H, W) each: memory doesn't grow with their length.

        Raises InputError as clips() does, before anything is drawn.
        """
        count, fps = self.film_length(frames, fps, loop), fps or self.recipe.fps
        until = (count + BLOCK_SAMPLES) / fps
        paths = motion.numbered(self.recipe, seed, range(start, start + n), until, count / fps if loop else None)
        labels = self.labels(n, seed, start, label)
        return self.play(self.codes(n, seed, start), paths, count, fps, labels, truncation, shift)

    def play(
        self, content: Tensor, paths: motion.Paths, frames: int, fps: float, labels: Tensor | None = None,
        truncation: float = 1.0, shift: Tensor | None = None,
    ) -> Iterator[Tensor]:  # fmt: skip
        """Clips of contents, (n, code_size), that move along paths, moment by moment: uint8 (n, C, H, W) each.

        Whole blocks of a clip's frames are decoded, for the reason that sample() has. labels: classes (n,).
        """
        repeated = None if labels is None else labels.repeat_interleave(BLOCK_SAMPLES)
        for first in range(0, frames, BLOCK_SAMPLES):
            seconds = torch.arange(first, first + BLOCK_SAMPLES) / fps
            z = motion.frame_codes(content, paths, seconds, truncation, shift)
            pictures = self.decode(z.flatten(0, 1), repeated).unflatten(0, z.shape[:2])
            yield from pictures[:, : frames - first].unbind(1)

    def film_length(self, frames: int | None = None, fps: float | None = None, loop: bool = False) -> int:
        """Frames of a clip, where so many are asked for. Raises InputError for a generator of pictures, or what can't be."""
        if not self.recipe.frames:
            raise InputError(
                "This generator was trained on pictures: --video is for runs of clips; figment walk makes films of it."
            )
        if frames is not None and frames < 1:
            raise InputError(f"--frames {frames}: a film has 1 frame or more.")
        if fps is not None and not 0 < fps < math.inf:
            raise InputError(f"--fps {fps:g}: give frames a second, such as {self.recipe.fps:g}.")
        return frames or self.recipe.frames * (LOOP_CLIPS if loop else 1)

    def strips(
        self, n: int, seed: int = 0, truncation: float = 1.0, start: int = 0, label: str | None = None,
        shift: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Of the same clips a few frames each, spread evenly over a training clip, its first and last among them: uint8
        (n, 8, C, H, W), of large pictures (n, 4, C, H, W). Raises InputError for a generator of pictures."""
        self.film_length()
        seconds = torch.tensor(self.strip_seconds)
        paths = motion.numbered(self.recipe, seed, range(start, start + n), self.recipe.frames / self.recipe.fps)
        z = motion.frame_codes(self.codes(n, seed, start), paths, seconds, truncation, shift)
        labels = self.labels(n, seed, start, label)
        repeated = None if labels is None else labels.repeat_interleave(len(seconds))
        return self.decode(z.flatten(0, 1), repeated).unflatten(0, z.shape[:2])

    def check_pick(self, pick: int) -> None:
        """Raise InputError for a number of candidates that can't be, or where nothing can choose among them."""
        if not 1 <= pick <= MAX_PICK:
            raise InputError(f"--pick {pick}: give the number of candidates for each sample, 1 to {MAX_PICK}.")
        if pick > 1:
            _ = self.discriminator

    def check_pictures_picked(self, pick: int) -> None:
        """Raise InputError where clips are to be picked: the discriminator that picks looks at pictures."""
        if self.recipe.frames and pick > 1:
            raise InputError(f"--pick {pick} chooses among pictures, not among clips: leave it out, or give --files.")

    def _logits(self, pictures: Tensor, labels: Tensor | None) -> Tensor:
        """What the discriminator says to pictures, float32 (N,): block by block, for the reason that sample() has."""
        judge = self.discriminator.to(self.device)
        starts = range(0, len(pictures), BLOCK_SAMPLES)
        blocks = [slice(start, start + BLOCK_SAMPLES) for start in starts]
        return torch.cat([judge.logits(pictures[block], None if labels is None else labels[block]) for block in blocks])

    def sheet(
        self, n: int | None = None, seed: int = 0, truncation: float = 1.0, labels: Sequence[str] = (),
        shift: Tensor | None = None, pick: int = 1,
    ) -> Picture:  # fmt: skip
        """Samples 0 … n - 1 of a seed side by side; of several labels n of each, a row a label. Of clips each has a row.

        What isn't given is as shown() says. In a column of several rows all have one code, which shows what a class
        changes, unless each is picked. The Picture holds uint8 (H', W', 3), saves itself, marked, and shows itself.
        Raises InputError for pick with clips.
        """
        n, labels = self.shown(n, labels)
        if self.recipe.frames:
            self.check_pictures_picked(pick)
            clips = torch.cat([self.strips(n, seed, truncation, 0, label, shift) for label in labels or [None]])
            return Picture(grid(clips.flatten(0, 1), columns=clips.shape[1]), mark=self.mark)
        rows = [self.sample(n, seed, truncation, 0, label, shift, pick) for label in labels or [None]]
        return Picture(grid(torch.cat(rows), columns=n if len(rows) > 1 else None), remark=choice(pick), mark=self.mark)

    def shown(self, n: int | None = None, labels: Sequence[str] = ()) -> tuple[int, tuple[str, ...]]:
        """How many samples a sheet shows, of each of which labels, where these aren't given: what tells most.

        That is 8 of each class where there are 2 to 16, else 64, labels or not; fewer where the pictures are large. Of clips,
        which have a row each, it is 8 in all, or one of each class.
        """
        count, labels = samples_shown(self.recipe, n, labels)
        if self.recipe.frames:
            return n or max(1, math.isqrt(sheet_samples(self.recipe.shape)) // max(1, len(labels))), labels
        return count, labels

    @property
    def strip_seconds(self) -> list[float]:
        """When the frames of strips() are, in seconds since a clip's beginning."""
        frames, fps = self.recipe.frames, self.recipe.fps
        shown = min(math.isqrt(sheet_samples(self.recipe.shape)), frames)
        return [round(place * (frames - 1) / (shown - 1)) / fps for place in range(shown)]


def load(path: str | Path, device: str | torch.device = "cpu") -> Generator:
    """The generator of a run folder, of a generator.safetensors file alone, or of the Hugging Face hub, hf:OWNER/NAME[@REVISION].

    Raises InputError if the file is missing, cut off, not a figment generator, or its shapes don't fit its recipe:
    shapes are checked before anything is allocated, and no code of the file's is ever run.
    """
    file = _generator_file(Path(path))
    net, recipe = unpacked(file, "generator")
    return Generator(net.to(device), recipe, file, _mark_key(file))


def _mark_key(file: Path) -> str | None:
    """What a generator's header says of its run's key; None where it says nothing that can be one."""
    with tensorfiles.opened(file) as content:
        key = content.header.get("mark")
    return key if isinstance(key, str) and MARK_KEY.fullmatch(key) else None


def _generator_file(path: Path) -> Path:
    if str(path).startswith(PREFIX) and not os.path.lexists(path):
        from figment.data.sources.hub_nets import GENERATOR, download_nets

        return download_nets(str(path)) / GENERATOR
    if not os.path.exists(path):
        raise InputError(absent(path, "name a run folder or a generator.safetensors file"))
    if path.is_file():
        return path
    run = Run(path)
    file = run.generator_file
    if not file.is_file():
        raise run.lacking("generator")
    return file
