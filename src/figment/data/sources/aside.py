"""What lies among the pictures of a set without being of it: thumbnails, recycle bins, figment's own runs, masks.

Found by names alone, so in folders and archives alike. It is left out, counted, and told.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

THUMBNAILS, BIN, EARLIER = "thumbnails of a NAS", "a recycle bin", "earlier versions of files"
OWN_RUN, LIBRARY, MASKS = "a run of figment", "previews of a photo library", "masks of the pictures beside them"
SMALLER = "thumbnails of the pictures beside them"
# What folders of a name hold, whatever the case. No word that somebody may have for a class: `trash` is one of TrashNet's.
_FOLDERS = {
    THUMBNAILS: ("@eadir", ".@__thumb", "@__thumb"),
    "thumbnails of a desktop": (".thumbnails", ".thumbs", ".thumb", ".thumbcache"),
    "thumbnails of an iPod": ("ipod photo cache",),
    "previews of Capture One": ("captureone",),
    BIN: (
        "#recycle", "@recycle", ".recycle", "$recycle.bin", "recycler", "recycled", ".trash", ".trashes", ".dtrash",
        "network trash folder", "@sharebin", "trashbox", "files_trashbin",
    ),
    EARLIER: (
        "#snapshot", "@snapshot", ".snapshot", ".snapshots", "~snapshot", "@recently-snapshot", ".zfs", ".stversions",
        ".picasaoriginals", ".ipynb_checkpoints", "files_versions", "backups.backupdb",
    ),
    "a program's own": ("node_modules", "bower_components", "site-packages", "dist-packages"),
    "the system's own": ("system volume information", "lost+found", "@tmp", ".spotlight-v100", ".dropbox.cache"),
}  # fmt: skip
KNOWN_FOLDERS = {name: what for what, names in _FOLDERS.items() for name in names}
FOLDER_PATTERNS = ((re.compile(r".*\.lrdata"), "previews of Lightroom"), (re.compile(r"\.trash-\d+"), BIN))
# A photo library's folder holds the pictures themselves only here, whatever else it keeps of them.
LIBRARY_FOLDER = re.compile(r".*\.(photoslibrary|photolibrary|migratedphotolibrary|aplibrary)")
ORIGINALS = ("originals", "masters")
RUN_FILES = frozenset({"recipe.json", "run.json"})  # that every run folder has
# Words for what is no picture of its own where it has the name of one: in folders, and behind it (a_mask.png, a.seg.png).
MASK_WORDS = (
    "masks?|segs?|segmentations?|segmentationclass|segmentationobject|semantic|instances?|panoptic|parsing|annotations?|"
    "annots?|anno|labels?|ground_?truths?|gt|depths?|normals?|mattes?|alphas?|trimaps?"
)
THUMBNAIL_WORDS = "thumbs?|thumbnails?|previews?"
MASK_FOLDER, THUMBNAIL_FOLDER = re.compile(MASK_WORDS), re.compile(THUMBNAIL_WORDS)
IMAGE_FOLDER = re.compile(
    r"(jpeg)?images?|imgs?|pics?|pictures?|photos?|rgb|colou?r|inputs?|frames?|originals?|full|large"
)
BEHIND = re.compile(rf"(?P<stem>.*[^._\s-])(?P<mark>[._\s-]+(?:{MASK_WORDS}))(?:[._\s-]*\d+)?", re.IGNORECASE)
MASK_COLUMN = re.compile(rf"(.*[_\s-])?({MASK_WORDS})([_\s-]?(maps?|images?|imgs?|png))?", re.IGNORECASE)
MIN_TWIN_SHARE = 0.5  # of a folder's pictures have the names of others, or it is a class of that name
MAX_TOLD_PLACES = 3  # of one kind


@dataclass(frozen=True)
class Aside:
    """Pictures that are left out for where they lie: the place, what it is, how many."""

    place: str
    what: str
    count: int


class Places:
    """Whether files lie in a folder that holds no pictures of the set. Names are relative to it, with slashes.

    root: the folder's own name, which tells what its first folders are.
    """

    def __init__(self, root: str = "") -> None:
        self._root = root.casefold()
        self._run_files: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, tuple[str, str] | None] = {}

    def note(self, name: str) -> None:
        """Take notice of any file: two of them make a folder a run's."""
        folder, slash, last = name.rpartition("/")
        if slash and last in RUN_FILES:
            self._run_files[folder].add(last)

    def settled(self) -> "Places":
        """The same, when all files have been noticed: what was said before may have been too early for runs."""
        self._known.clear()
        return self

    def of(self, name: str) -> tuple[str, str] | None:
        """The place on the way to a file, and what it is; None for one that may belong to the set."""
        folder = name.rpartition("/")[0]
        if folder not in self._known:
            self._known[folder] = self.of_folder(folder)
        return self._known[folder]

    def of_folder(self, folder: str) -> tuple[str, str] | None:
        parts = folder.split("/") if folder else []
        above = self._root
        for depth, part in enumerate(parts, 1):
            low = part.casefold()
            what = KNOWN_FOLDERS.get(low) or next((what for form, what in FOLDER_PATTERNS if form.fullmatch(low)), None)
            if what:
                return part, what
            if LIBRARY_FOLDER.fullmatch(above) and low not in ORIGINALS:
                return part, LIBRARY
            run = "/".join(parts[:depth])
            if self._run_files.get(run) == RUN_FILES:
                return run, OWN_RUN
            above = low
        return None


def sort_out(names: Sequence[str], places: Places) -> tuple[list[int], list[Aside]]:
    """Which of the pictures are of the set, by their places in names, in order; and what is left out."""
    found = [places.of(name) for name in names]
    inside = [place for place, aside in enumerate(found) if aside is None]
    beside = _beside([names[place] for place in inside])
    kept = [place for place in inside if names[place] not in beside]
    counts = Counter([aside for aside in found if aside is not None] + list(beside.values()))
    return kept, asides(counts)


def names_masks(column: str) -> bool:
    """Whether a table's column of pictures is of masks, by its name."""
    return MASK_COLUMN.fullmatch(column) is not None


def asides(counts: Counter[tuple[str, str]]) -> list[Aside]:
    """From how many there are of each place and kind."""
    return [Aside(place, what, count) for (place, what), count in sorted(counts.items())]


def told_places(found: Iterable[Aside]) -> list[str]:
    """ "40 in @eaDir (thumbnails of a NAS)", one for each kind, the most first."""
    kinds: dict[str, list[Aside]] = defaultdict(list)
    for aside in found:
        kinds[aside.what].append(aside)
    totals = {what: sum(aside.count for aside in places) for what, places in kinds.items()}
    sentences = []
    for what, total in sorted(totals.items(), key=lambda item: -item[1]):
        named = [aside.place for aside in kinds[what][:MAX_TOLD_PLACES]]
        more = len(kinds[what]) - len(named)
        places = ", ".join(named) + (f" and {more:,} more place{'s' if more > 1 else ''}" if more else "")
        sentences.append(f"{total:,} in {places} ({what})")
    return sentences


def _beside(names: list[str]) -> dict[str, tuple[str, str]]:
    """Masks and thumbnails that have the names of other pictures: place and kind by name."""
    return _behind(names) | _in_folders(names)


def _behind(names: list[str]) -> dict[str, tuple[str, str]]:
    """a.seg.png beside a.jpg, a_mask.png beside a.png."""
    marked = [(name, match) for name in names if (match := BEHIND.fullmatch(name.rpartition(".")[0]))]
    if not marked:
        return {}
    stems = {name.rpartition(".")[0] for name in names}
    return {
        name: (f"*{match['mark']}.{name.rpartition('.')[2]}", MASKS) for name, match in marked if match["stem"] in stems
    }


def _in_folders(names: list[str]) -> dict[str, tuple[str, str]]:
    """masks/a.png beside images/a.jpg, or in a folder below a.jpg's.

    A folder of such a name is a class like others where its neighbours are classes too: `mask` beside `no_mask`.
    """
    folders: dict[str, tuple[list[str], int, str]] = {}
    for folder in {name.rpartition("/")[0] for name in names}:
        parts = folder.split("/")
        for depth, part in enumerate(parts):
            masks, small = MASK_FOLDER.fullmatch(part.casefold()), THUMBNAIL_FOLDER.fullmatch(part.casefold())
            if masks or small:
                folders[folder] = (parts, depth, MASKS if masks else SMALLER)
                break
    if not folders:
        return {}
    others = _without_image_folder(name for name in names if name.rpartition("/")[0] not in folders)
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)  # by place: names, and whether there is such a picture
    kinds = {}
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder in folders:
            parts, depth, what = folders[folder]
            place = "/".join(parts[: depth + 1])
            kinds[place] = what
            stem = last.rpartition(".")[0]
            stems = {stem, match["stem"] if (match := BEHIND.fullmatch(stem)) else stem}
            rest = "/".join([*parts[:depth], *parts[depth + 1 :]])
            found[place].append((name, any(f"{rest}/{one}" in others for one in stems)))
    return {
        name: (place, kinds[place])
        for place, members in found.items()
        if sum(twin for _, twin in members) >= MIN_TWIN_SHARE * len(members)
        for name, _ in members
    }


def _without_image_folder(names: Iterable[str]) -> set[str]:
    """folder/stem of pictures, as they are and with each folder such as `images` on the way taken out."""
    stems = set()
    forms: dict[str, list[str]] = {}
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder not in forms:
            parts = folder.split("/")
            forms[folder] = [folder] + [
                "/".join([*parts[:depth], *parts[depth + 1 :]])
                for depth, part in enumerate(parts)
                if IMAGE_FOLDER.fullmatch(part.casefold())
            ]
        stem = last.rpartition(".")[0]
        stems |= {f"{form}/{stem}" for form in forms[folder]}
    return stems
