"""What figment's own package says that it needs, beside what is installed."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

DISTRIBUTION = "figment-gan"
DEVELOPERS = frozenset({"test", "dev", "docs", "all"})  # extras that bring a user nothing of their own


@dataclass(frozen=True)
class Package:
    """A package that is needed: by which extra ("" for figment itself), with which bounds, and the version that is there."""

    name: str
    extra: str
    bounds: str
    installed: str | None

    @property
    def fits(self) -> bool:
        """Whether it is there, in a version within the bounds."""
        if self.installed is None:
            return False
        return Requirement(self.name + self.bounds).specifier.contains(self.installed, prereleases=True)

    def __str__(self) -> str:
        return f"{self.name} {self.installed or 'missing'}"


def needed() -> list[Package]:
    """Every package of figment's metadata and of its users' extras; none where figment isn't installed as a package."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    found = []
    for line in lines:
        requirement = Requirement(line)
        extra = _extra_of(requirement)
        if extra not in DEVELOPERS and requirement.name != DISTRIBUTION:
            name = requirement.name
            found.append(Package(name, extra, str(requirement.specifier), _installed(name)))
    return found


def _extra_of(requirement: Requirement) -> str:
    """The extra that a requirement is of: the one without which its marker doesn't hold."""
    marker = requirement.marker
    if marker is None or marker.evaluate({"extra": ""}):
        return ""
    words = str(marker).replace("'", '"').split('extra == "')
    return words[1].partition('"')[0] if len(words) > 1 else ""


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
