"""Which pictures `--drop` leaves out, found by the same survey that `figment data inspect` shows."""

from dataclasses import dataclass, field

from figment.callbacks import Progress
from figment.data.source import Source
from figment.errors import InputError
from figment.inspection.survey import Survey, survey

KINDS = ("near-duplicates", "outliers", "small")


@dataclass(frozen=True)
class Drop:
    """Chooses the pictures to leave out. kinds: of KINDS. height, width: the training size, in pixels. progress: told
    (done, total) of the look."""

    kinds: tuple[str, ...]
    height: int
    width: int
    progress: Progress | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, text: str, height: int, width: int, progress: Progress | None = None) -> "Drop":
        """From "near-duplicates,outliers,small", any of them. Raises InputError for other words."""
        words = [word.strip().lower() for word in text.split(",") if word.strip()]
        unknown = [word for word in words if word not in KINDS]
        if unknown or not words:
            raise InputError(f"--drop {text!r} isn't something to leave out: give any of {', '.join(KINDS)}")
        return cls(tuple(kind for kind in KINDS if kind in words), height, width, progress)

    @property
    def key(self) -> str:
        """The same key leaves out the same pictures of a source."""
        size = [f"{self.height}x{self.width}"] if "small" in self.kinds else []
        return ",".join([*self.kinds, *size])

    def __call__(self, source: Source) -> dict[int, str]:
        """Looks at every picture of the source. Returns slot → reason. Raises InputError as `survey` does."""
        return self.choose(survey(source, progress=self.progress))

    def choose(self, survey: Survey) -> dict[int, str]:
        """Slot → reason. An exact copy of a picture that is left out is left out too, or it would take its place."""
        reasons: dict[int, str] = {}
        if "small" in self.kinds:
            rows = survey.rows
            small = survey.usable[(rows["height"] < self.height) | (rows["width"] < self.width)]
            reasons |= dict.fromkeys(small.tolist(), f"smaller than {self.width}×{self.height}")
        if "outliers" in self.kinds:
            reasons |= dict.fromkeys(survey.found["outliers"].tolist(), "outlier")
        if "near-duplicates" in self.kinds:
            for group in survey.near:
                # What is left out for another reason can't stand for the others.
                left = [slot for slot in group if slot not in reasons]
                reasons |= dict.fromkeys(left[1:], f"near-duplicate of {survey.names[left[0]]}" if left else "")
        reasons |= {copy: reasons[first] for copy, first in survey.copies.items() if first in reasons}
        return dict(sorted(reasons.items()))
