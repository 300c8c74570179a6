"""Where pictures come from: finds out what DATA is, and opens it as a source.

A further file format is a class in a module of its own, and its name in `readers.py`.
"""

import errno
import os
import re
from collections.abc import Iterable
from functools import partial
from itertools import islice
from pathlib import Path

from figment.common.pointers import refuse_pointer
from figment.common.progress import Agree, Progress, Say
from figment.common.refusals import refusal
from figment.common.video_shape import VideoShape
from figment.data.decoding.fit import STRIP
from figment.data.sources import hub
from figment.data.sources.archives import Tar, Zip, tar_members
from figment.data.sources.arrays import Arrays
from figment.data.sources.aside import Places
from figment.data.sources.base import (
    Listing,
    Skipped,
    Source,
    is_film,
    is_hidden,
    is_picture,
)
from figment.data.sources.binaries import Cifar, Idx, is_cifar
from figment.data.sources.drawn import Drawn, MovingPortraits, Portraits, World
from figment.data.sources.films import Films, find_films
from figment.data.sources.folder import Folder, is_picture_file, walk
from figment.data.sources.frame_folders import FrameFolders
from figment.data.sources.hub_parts import PREFIX
from figment.data.sources.joined import Joined, unique_names
from figment.data.sources.named_set import NamedSet
from figment.data.sources.names import MOVING, drawn_request, refuse_missing
from figment.data.sources.parquet import Arrow, Parquet, Table
from figment.data.sources.patterns import expand, is_pattern
from figment.data.sources.readers import Reader, reader_by_content, reader_of
from figment.data.sources.strips import Strips
from figment.errors import InputError, MissingData

__all__ = [
    "Data",
    "Drawn",
    "Folder",
    "Listing",
    "MovingPortraits",
    "Portraits",
    "Skipped",
    "Source",
    "World",
    "holds_drawn",
    "open_source",
]

Data = str | Path | Source

# A folder with fewer, which nobody could train on, is opened as the archives or tables that it holds.
MIN_FOLDER_PICTURES = 32
PROBED_MEMBERS = 10  # of a tar tell whether it holds CIFAR's files
DRAWN: dict[str, type[Drawn]] = {"portraits": Portraits, "world": World}
UNREADABLE_ARCHIVE = re.compile(r"\.(rar|7z|cab|iso|dmg|z|lz4|lha)$")
PICKLE = re.compile(r"(.*\.(pkl|pickle)|data_batch_\d+)")
# Of the kinds that lie in one folder the first is taken: unpacked before packed, since one is often made of the other.
READER_GROUPS: tuple[tuple[Reader, ...], ...] = ((Parquet,), (Arrow,), (Idx,), (Cifar,), (Arrays,), (Tar, Zip))


def open_source(
    data: Data | Iterable[Data] | None,
    agree: Agree | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
    video: VideoShape | None = None,
    strips: bool = False,
) -> Source:
    """Find out what data is, and open it: nothing is read yet but what tells that.

    data: a source; a folder or file; a pattern of several, shards-{000..009}.tar or shards-*.tar; hf:OWNER/NAME; a
    name from the catalog; "portraits", or None, for the built-in ones, "portraits-moving" for clips of them, "world" for the
    drawn world, portraits:COUNT:SEED for others of them; or several of these, joined. agree is asked whether a licence suits
    before a set of the catalog is downloaded, progress told (done, total) bytes of it, and say what couldn't be checked.
    video: clips of this shape are cut from films, folders of frames or, where strips is true, from horizontal strips of frames:
    their frames are the pictures.
    Raises InputError where there is nothing, or nothing that we can read.
    """
    if data is None:
        return Portraits()
    if isinstance(data, Source):
        return data
    if isinstance(data, str | Path):
        return _as_clips(_open_one(str(data), agree, progress, say, video, strips), video, strips)
    sources = [open_source(part, agree, progress, say, video, strips) for part in data]
    if len(sources) < 2:
        return sources[0] if sources else Portraits()
    names = unique_names([source.display for source in sources])
    where = " ".join(source.where for source in sources)
    return Joined(list(zip(names, sources, strict=True)), " + ".join(names), where, label_by_part=True)


def check_clips(source: Source, video: VideoShape | None, fit: str, drop: bool = False) -> None:
    """Raise InputError where an opened source doesn't hold clips as they are wanted, or holds some where none are."""
    if video is None:
        if fit == STRIP:
            raise InputError(
                "--fit strip is for clips: give --video 16x12, too, or take the first frames with --fit first"
            )
        if source.video is not None:
            raise InputError(f"{source.where} was opened for clips of {source.video}: ask for them")
        return
    if source.video != video:
        raise InputError(
            f"{source.where} holds no clips that --video {video} could be cut from: give films, or leave it out"
        )
    if drop:
        raise InputError(
            "--drop looks at pictures, and frames of a clip are alike: leave it out where --video is given"
        )


def watch(source: Source, progress: Progress | None) -> None:
    """Have progress told (done, total) while the films of a source are looked through."""
    if isinstance(source, Films):
        source.watched = progress
    for _, part in source.parts if isinstance(source, Joined) else ():
        watch(part, progress)


def holds_drawn(source: Source) -> bool:
    """Whether figment draws pictures of a source itself, if only a part of them."""
    parts = [part for _, part in source.parts] if isinstance(source, Joined) else []
    return isinstance(source, Drawn) or any(map(holds_drawn, parts))


def _as_clips(source: Source, video: VideoShape | None, strips: bool) -> Source:
    """Pictures as the frames of clips, where those are wanted and it isn't one already."""
    if video is None or source.video is not None or isinstance(source, Drawn):
        return source
    return Strips(source, video) if strips else FrameFolders(source, video)


def _open_one(
    text: str, agree: Agree | None, progress: Progress | None, say: Say | None, video: VideoShape | None, strips: bool
) -> Source:
    refuse_missing(text)
    path = Path(os.path.expanduser(text))
    if os.path.lexists(path):
        return _films(path, None if strips else video) or _open_path(path)
    if text.startswith(PREFIX):
        folder, commit = hub.download_set(text, _pictures_in)
        return hub.HubSet(_open_path(folder), text, commit)
    if is_pattern(text):
        return _shards(expand(str(path)), path.name, text)
    if asked := drawn_request(text):
        if asked.name == MOVING:
            return MovingPortraits(asked.count, asked.seed, video)
        return DRAWN[asked.name](asked.count, asked.seed)
    from figment.data.public import catalog, sets

    source = _open_path(sets.fetch(text, agree, progress, say))
    source.display = text
    together = catalog.PUBLIC_SETS[text].together
    return NamedSet(source, text, together, partial(sets.fetch_groups, text)) if together else source


def _pictures_in(file: Path) -> int:
    return len(_open_path(file).listing.names)


def _films(path: Path, video: VideoShape | None) -> Films | None:
    """The films in a folder or file, where clips are wanted and there are any."""
    files = find_films(path) if video is not None else None
    return Films(path, video, files) if files is not None and video is not None else None


def _open_path(path: Path) -> Source:
    try:
        path.stat()
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        if os.path.islink(path) and error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            raise MissingData(f"{path} is a link that leads nowhere: mend the link", str(path)) from None
        raise refusal(path, error, done="read") from None
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():  # a pipe would keep us waiting
        raise InputError(f"{path} is neither a folder nor a regular file: give one of them")
    refuse_pointer(path)
    reader = reader_of(path.name) or reader_by_content(path)
    if reader is None:
        raise _refusal(path, path.name)
    return _tar(path) if reader is Tar else reader(path)


def _open_folder(path: Path) -> Source:
    """The pictures in a folder; or what is in its files of another kind, where it has next to no pictures."""
    pictures = 0
    files: dict[Reader, list[str]] = {}
    pickles = []
    places = Places(path.resolve().name)
    for name, entry in walk(path):
        places.note(name)
        if places.of(name):
            continue
        if is_picture(name) if isinstance(entry, str) else is_picture_file(name, entry):
            pictures += 1
            if pictures == MIN_FOLDER_PICTURES:
                return Folder(path)
        elif not is_hidden(name):
            reader = reader_of(name)
            if reader is not None:
                files.setdefault(reader, []).append(name)
            elif PICKLE.fullmatch(name.rpartition("/")[2]):
                pickles.append(name)
    for kind in READER_GROUPS:
        held = sorted(name for reader in kind for name in files.get(reader, []))
        # A file that lies there packed and unpacked is one; `datasets` keeps what it computed in files of its own.
        held = [n for n in held if n.removesuffix(".gz") == n or n.removesuffix(".gz") not in held]
        held = [n for n in held if not n.rpartition("/")[2].startswith("cache-")]
        if held:
            source = _shards([path / name for name in held], Folder(path).display, str(path), held)
            source.ignored = pictures + sum(len(names) for reader, names in files.items() if reader not in kind)
            return source
    if pickles and not pictures:
        raise _refusal(path / pickles[0], pickles[0])
    return Folder(path)


def _shards(paths: list[Path], display: str, where: str, names: list[str] | None = None) -> Joined:
    """Files that make up one set."""
    sources = [_open_path(path) for path in paths]
    if isinstance(sources[0], Table):
        display += sources[0].note
    return Joined(list(zip(unique_names(names or [path.name for path in paths]), sources, strict=True)), display, where)


def _tar(path: Path) -> Source:
    """A tar of pictures, or of CIFAR's files."""
    tar = Tar(path)
    try:
        with tar.opened() as archive:
            first = [member.name for member in islice(tar_members(archive), PROBED_MEMBERS)]
    except InputError:
        return tar  # which says so when it is read
    if any(map(is_picture, first)):
        return tar
    if any(map(is_cifar, first)):
        return Cifar(path)
    pickles = [name for name in first if PICKLE.fullmatch(name.rpartition("/")[2])]
    if pickles:
        raise _refusal(path, pickles[0])
    return tar


def _refusal(path: Path, name: str) -> InputError:
    """What is said of a path because of what is there under this name."""
    if PICKLE.fullmatch(name.rpartition("/")[2]):
        mend = f"{name} is a pickle, which may run any code and is never opened: get the binary version (CIFAR has one)"
    elif is_picture(name):
        mend = "it is a single picture: give the folder that it lies in"
    elif UNREADABLE_ARCHIVE.search(name.lower()):
        mend = "unpack it first, and give the folder"
    elif is_film(name):
        mend = "it is a film: give --video 16x12 to train on its clips"
    else:
        files = "a .zip or .tar archive, an .npy, .npz, .parquet or .arrow file, or MNIST's or CIFAR's own binaries"
        mend = f"give a folder, {files}"
    return InputError(f"{path} holds no set of pictures that we can read: {mend}")
