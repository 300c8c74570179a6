"""What may be trained on from a page: sets by name, and folders and files of pictures below where the studio was started.

A page names them by ids that were made here: no path is ever made of what a request says.
"""

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figment.common.folders import EndlessWalk, Walk
from figment.data.public import sets
from figment.data.sources.base import has_picture_suffix, is_film
from figment.data.sources.hub_parts import PREFIX, Request
from figment.data.sources.names import DRAWN_NAMES, DRAWN_STILLS, MOVING
from figment.data.sources.readers import reader_of
from figment.errors import InputError
from figment.studio.studio import Missing, Studio, id_of, kind_of, lacking_in

MAX_ENTRIES = 100_000  # that are looked at
MAX_DEPTH = 6  # of folders below one of the roots
MIN_PICTURES = 10  # of a folder that is offered
MAX_OFFERED = 200
NO_DATA = {"node_modules", "site-packages", "__pycache__", "dist", "build"}
DRAWN_WORDS = {
    "portraits": "nobody's faces, drawn by figment itself: no download",
    MOVING: "the same people as clips: they turn, smile and blink",
    "world": "animals, plants, things and scenes, drawn by figment itself",
}


@dataclass(frozen=True)
class Pictures:
    """A folder or file that holds pictures. where: as a page shows it; count: of a folder, by the names of its files."""

    id: str
    path: Path
    where: str
    count: int | None


def offered(studio: Studio) -> dict[str, Any]:
    """All that may be trained on."""
    found = sorted(below(studio), key=lambda it: (it.where.count("/"), it.where))
    drawn = [{"id": name, "title": name, "words": DRAWN_WORDS[name]} for name in DRAWN_NAMES]
    named = [facts for entry in sets.find() if (facts := sets.facts(entry))["downloaded"]]
    return {
        "home": str(studio.home),
        "found": [{"id": it.id, "title": it.where, "pictures": it.count} for it in found[:MAX_OFFERED]],
        "more": max(len(found) - MAX_OFFERED, 0),
        "named": [{"id": it["name"], "title": it["title"], "pictures": it["pictures"]} for it in named],
        "drawn": drawn,
    }  # fmt: skip


def argument(studio: Studio, data: str) -> str:
    """DATA of the command line for what a page says: an id, the name of a set that is here, hf:OWNER/NAME, or "", portraits.

    Raises InputError for what it can't be, Missing where it is no longer there.
    """
    if data in DRAWN_NAMES or not data:
        return data or DRAWN_STILLS[0]
    if data.startswith(PREFIX):
        return Request.parse(data).text
    if any(entry.name == data and sets.facts(entry)["downloaded"] for entry in sets.find()):
        return data
    if len(data) != 12:
        raise InputError("data: choose pictures that the studio offers, or a set of the hub as hf:OWNER/NAME.")
    found = next((it for it in below(studio) if it.id == data), None)
    if found is None:
        raise Missing("These pictures are no longer there: choose others.")
    return str(found.path)


def below(studio: Studio) -> list[Pictures]:
    """Folders and files of pictures below the studio's home and the folders that it was given. Links aren't followed."""
    roots = dict.fromkeys(folder.resolve() for folder in (studio.home, *studio.folders))
    found = [item for root in roots for item in _below(root)]
    return list({item.path: item for item in reversed(found)}.values())


def _below(root: Path) -> list[Pictures]:
    """A folder whose pictures lie in several folders of its own, as of classes, is offered beside these."""
    own, files = _counted(root)
    total: Counter[Path] = Counter()
    for folder, count in own.items():
        for above in (folder, *folder.parents):
            total[above] += count
            if above == root:
                break
    inner = {(folder.parent, count) for folder, count in total.items() if folder != root}
    folders = [it for it, count in total.items() if count >= MIN_PICTURES and (it, count) not in inner]
    return [Pictures(id_of(it), it, _shown(it, root), total.get(it)) for it in (*folders, *files)]


def _counted(root: Path) -> tuple[Counter[Path], list[Path]]:
    """How many pictures and films lie right in each folder, by their names, and the files that may hold pictures."""
    own: Counter[Path] = Counter()
    files: list[Path] = []
    walk, waiting = Walk(MAX_ENTRIES), [(root, 0)]
    with suppress(EndlessWalk):  # what was found up to then is offered
        while waiting:
            here, depth = waiting.pop()
            if kind_of(here) or lacking_in(here):  # what lies in a run was drawn by it
                continue
            for entry in walk.entries(str(here)):
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    if depth < MAX_DEPTH and entry.name not in NO_DATA:
                        waiting.append((here / entry.name, depth + 1))
                elif has_picture_suffix(entry.name) or is_film(entry.name):
                    own[here] += 1
                elif reader_of(entry.name) and not entry.is_symlink():
                    files.append(here / entry.name)
    return own, files


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _shown(path: Path, root: Path) -> str:
    return root.name or str(root) if path == root else str(path.relative_to(root)).replace(os.sep, "/")
