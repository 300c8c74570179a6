"""Which pictures `--drop` leaves out, found by the same survey that `figment data inspect` shows."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from figment.common.places import expanded
from figment.common.progress import Progress
from figment.data.sources.open import Source
from figment.errors import InputError
from figment.features.registry import check_network
from figment.inspection.survey import DEFAULT_FEATURES, Survey, survey

KINDS = ("near-duplicates", "outliers", "small", "marked")
MARKED = "marked"  # as made by machine; what figment made, as its file says, preparing leaves out unasked
FILE_PREFIX = "onnx:"  # of features that come from a file


@dataclass(frozen=True)
class Drop:
    """Chooses the pictures to leave out.

    kinds: of KINDS. height, width: the training size, in pixels. features: those that outliers are far away in. progress:
    told (done, total) of the survey. keep_marked: what figment made itself is chosen from, too.
    """

    kinds: tuple[str, ...]
    height: int
    width: int
    features: str = DEFAULT_FEATURES
    progress: Progress | None = field(default=None, compare=False)
    keep_marked: bool = False

    @classmethod
    def parse(
        cls, text: str, height: int, width: int, progress: Progress | None = None, keep_marked: bool = False
    ) -> "Drop":
        """From "near-duplicates,outliers,small,marked", any of them; "outliers:NAME" is for other features than the usual ones.

        Raises InputError for other words.
        """
        words = [word.strip().partition(":") for word in text.split(",") if word.strip()]
        kinds = {kind.lower(): features for kind, _, features in words}
        if not kinds or kinds.keys() - set(KINDS) or any(kinds[kind] for kind in kinds if kind != "outliers"):
            raise InputError(f"--drop {text!r} isn't something to leave out: give any of {', '.join(KINDS)}")
        if keep_marked and MARKED in kinds:
            raise InputError(f"--drop {MARKED} and --keep-marked contradict each other: give one of them")
        features = kinds.get("outliers") or DEFAULT_FEATURES
        if features.startswith(FILE_PREFIX):
            features = f"{FILE_PREFIX}{expanded(features.removeprefix(FILE_PREFIX)).absolute()}"
        return cls(tuple(kind for kind in KINDS if kind in kinds), height, width, features, progress, keep_marked)

    def check(self) -> None:
        """Raise InputError where the network that looks for outliers lacks its package or its file."""
        if "outliers" in self.kinds:
            check_network(self.features)

    @property
    def text(self) -> str:
        """What `parse` takes to make the same choice from anywhere."""
        words = {"outliers": f"outliers:{self.features}"} if self.features != DEFAULT_FEATURES else {}
        return ",".join(words.get(kind, kind) for kind in self.kinds)

    @property
    def key(self) -> str:
        """The same key leaves out the same pictures of a source. Raises InputError where the network's file is gone."""
        details = [f"{self.height}x{self.width}"] if "small" in self.kinds else []
        if "outliers" in self.kinds:
            details.append(self._features_key())
        return ",".join([*self.kinds, *details])

    def __call__(self, source: Source) -> dict[int, str]:
        """Looks at every picture of the source. Returns slot → reason. Raises InputError as `survey` does."""
        looked = survey(
            source, self.features, self.progress, keep_marked=self.keep_marked, look_at_all=MARKED in self.kinds
        )
        return self.choose(looked)

    def _features_key(self) -> str:
        if not self.features.startswith(FILE_PREFIX):
            return self.features
        file = self.features.removeprefix(FILE_PREFIX)
        try:
            return sha256(Path(file).read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"--drop outliers:{self.features}: {file} can't be read ({error.strerror})") from None

    def choose(self, survey: Survey) -> dict[int, str]:
        """Slot → reason. An exact copy of a picture that is left out is left out too, or it would take its place."""
        reasons: dict[int, str] = {}
        if "small" in self.kinds:
            rows = survey.rows
            small = survey.usable[(rows["height"] < self.height) | (rows["width"] < self.width)]
            reasons |= dict.fromkeys(small.tolist(), f"smaller than {self.width}×{self.height}")
        if MARKED in self.kinds:
            reasons |= {slot: f"marked as made by machine: {made.said}" for slot, made in survey.made.items()}
        if "outliers" in self.kinds:
            reasons |= dict.fromkeys(survey.found["outliers"].tolist(), "outlier")
        if "near-duplicates" in self.kinds:
            for group in survey.near:
                # What is left out for another reason can't stand for the others.
                left = [slot for slot in group if slot not in reasons]
                reasons |= dict.fromkeys(left[1:], f"near-duplicate of {survey.names[left[0]]}" if left else "")
        reasons |= {copy: reasons[first] for copy, first in survey.copies.items() if first in reasons}
        return dict(sorted(reasons.items()))
