"""What is known of whether generated clips are training clips played again, and how it is said (see clip_copying)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from figment.metrics.originality import (
    CERTAIN_GAP,
    CERTAIN_GAP_OF_FEW,
    LISTED_PAIRS,
    MAX_CHANCE,
    MAX_LOOKALIKE_SHARE,
    MIN_HELD_OUT,
    TELLING_SHARE,
)
from figment.metrics.two_samples import fisher_exact, wilson_interval


@dataclass(frozen=True)
class ClipPair:
    """A generated clip and the training clip that it plays again.

    sample: its number. clip: among the training clips. shift: the training clip's frame that it begins at, below 0 where it
    begins earlier. score: how far their likeness lies above the level from which a pair is a copy, in Fisher's z.
    """

    sample: int
    clip: int
    shift: int
    mirrored: bool
    score: float


@dataclass(frozen=True)
class ClipCopying:
    """Whether generated clips are training clips.

    samples, train, held_out: numbers of clips. copies: surest first; held_out_copies: the same number of held-out clips, and
    highest_held_out their highest score (None: there are none). planted: replays that were made for a test, found: the share
    of them that is found. called: what the clips are that copies are looked for among.
    """

    samples: int
    train: int
    held_out: int
    copies: Sequence[ClipPair]
    held_out_copies: int
    highest_held_out: float | None
    planted: int
    found: float
    called: str = "training clips"

    @property
    def chance(self) -> float | None:
        """Of as many copies or more, if held-out clips were copies as often; None where none are held out."""
        if not self.held_out:
            return None
        return fisher_exact(len(self.copies), self.samples, self.held_out_copies, self.held_out)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share that is copied, at 95 %."""
        return wilson_interval(len(self.copies), self.samples)

    def is_suspect(self) -> bool:
        """Whether there are copies, and look-alikes don't explain them."""
        if not self.copies:
            return False
        gap = CERTAIN_GAP if self.held_out >= MIN_HELD_OUT else CERTAIN_GAP_OF_FEW
        certain = self.copies[0].score > max(self.highest_held_out or 0, 0) + gap
        chance = self.chance
        often = len(self.copies) > MAX_LOOKALIKE_SHARE * self.samples if chance is None else chance < MAX_CHANCE
        return certain or often

    def in_short(self) -> str:
        """A few words: what of copying is sure."""
        if self.is_suspect():
            return f"{len(self.copies):,} of {self.samples:,} clips are copies of {self.called}"
        return "a few clips could be copies" if self.copies else "no clip is a copy"

    def verdict(self) -> str:
        """A sentence on copies, and one on what of them could be told."""
        return f"{self._on_copies()} {self._on_detection()}"

    def _on_copies(self) -> str:
        count = len(self.copies)
        of, others = f"{count:,} of {self.samples:,} clips", f"{self.held_out_copies:,} of {self.held_out:,}"
        beside = f"among held-out clips {others}" if self.held_out else "no clip is held out"
        if not count:
            none = f"none of {self.samples:,} clips is one of {self.train:,} {self.called}"
            most = f"at most {100 * self.interval[1]:.2g} % of all are, at 95 % confidence"
            return f"No copies of clips: {none} ({most}); {beside}."
        if not self.is_suspect():
            could = f"{of} could pass for {self.called}"
            but = f"but so could {others} held-out clips" if self.held_out_copies else beside
            return f"No sure sign of copied clips: {could}, {but}."
        verb = f"is a copy of one of the {self.called}" if count == 1 else f"are copies of {self.called}"
        return f"Copies of clips: {of} {verb}, frame by frame in their order; {beside}."

    def _on_detection(self) -> str:
        if not self.planted:
            return "Whether copies could be told on these clips isn't known."
        how = "which begin elsewhere, brighter or darker, and noised"
        if self.found >= TELLING_SHARE:
            return f"Replays planted for a test, {how}, are nearly all found."
        return f"Of replays planted for a test, {how}, {100 * self.found:.0f} % are found: others would go unseen."

    def as_record(self, names: Sequence[str] = ()) -> dict[str, Any]:
        """Plain values for JSON; names: of the training clips, told of each copy."""
        copies = [
            asdict(pair) | {"score": round(pair.score, 4)} | ({"real_clip": names[pair.clip]} if names else {})
            for pair in self.copies[:LISTED_PAIRS]
        ]
        told = {name: getattr(self, name) for name in ("samples", "train", "held_out", "held_out_copies", "planted")}
        shares = {
            "copied_share": round(len(self.copies) / self.samples, 6),
            "copied_interval": [round(end, 6) for end in self.interval],
            "copied_p": None if self.chance is None else float(f"{self.chance:.6g}"),
            "highest_held_out": None if self.highest_held_out is None else round(self.highest_held_out, 4),
            "found": round(self.found, 4),
        }
        return {**told, **shares, "copies": copies, "verdict": self.verdict()}
