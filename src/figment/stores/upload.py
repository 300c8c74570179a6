"""One set of a run's files brought up to a store: what isn't there yet, then the manifest; then what is no longer needed goes."""

from collections.abc import Callable
from contextlib import suppress

from figment.stores.captured import Captured, Opened
from figment.stores.manifest import BEFORE, KEPT, MANIFEST, MAX_MANIFEST_BYTES, Kept, Manifest, manifest_of
from figment.stores.store import Absent, Store, StoreError


class Foreign(Exception):
    """Another training writes to this store."""


class Uploader:
    """Brings sets of one run up. It knows what lies in the store, by the manifests that it has read and written.

    writer: of the manifests that it writes. last: the manifest that is there, as bytes; None where there is none.
    trusted: whether what that names is as it says; else all is uploaded anew.
    """

    def __init__(self, store: Store, writer: str, last: bytes | None, trusted: bool = True) -> None:
        self.store, self.writer, self.last, self.trusted = store, writer, last, trusted
        self.begun: Manifest | None = None  # what was being written when the store failed: it may be there
        self.there: dict[str, int] | None = (
            None  # names and sizes of what is known to be in the store; None: not yet looked
        )
        self.sets: list[set[str]] = []  # names of the last two manifests' files, the newest last
        self.digests: dict[tuple[str, tuple[int, ...]], str] = {}  # of files that haven't changed since
        self.has_swept = False

    def bring_up(self, captured: Captured, go_on: Callable[[], bool]) -> bool:
        """Upload what is new in a set, then name it. False where go_on() came to say no: the last set is there still.

        Raises StoreError where the store fails, Foreign where somebody else has written there since.
        """
        there = self._look() if self.there is None else self.there
        kept = []
        for opened in captured.files:
            file = Kept(path=opened.path, size=opened.size, sha256=self._digest(opened))
            if there.get(file.name) != file.size:
                opened.file.seek(0)
                if not self.store.write(file.name, opened.file, opened.size, go_on):
                    return False
                there[file.name] = file.size
            kept.append(file)
        if not go_on():
            return False
        self._publish(Manifest(writer=self.writer, images=captured.images, seconds=captured.seconds, files=kept))
        self.digests = {key: digest for key, digest in self.digests.items() if key in _keys(captured)}
        return True

    def _digest(self, opened: Opened) -> str:
        key = opened.path, opened.stamp
        if key not in self.digests:
            self.digests[key] = opened.sha256()
        return self.digests[key]

    def _look(self) -> dict[str, int]:
        """What lies in the store already, of what its manifest names, and is as large as it should be."""
        self.there = {}
        if self.last is not None:
            with suppress(ValueError):
                named = manifest_of(self.last)
                self.sets.append(named.names())
                found = self.store.sizes()
                if self.trusted:
                    self.there = {file.name: file.size for file in named.files if found.get(file.name) == file.size}
        return self.there

    def _publish(self, manifest: Manifest) -> None:
        found = current(self.store)
        if (
            self.begun is not None and found == self.begun.to_bytes()
        ):  # it was written, though the store's answer was lost
            self._note(self.begun)
        if found != self.last:
            raise Foreign
        self.begun = manifest
        if self.last not in (None, manifest.to_bytes()):
            self.store.replace(BEFORE, self.last)
        self.store.replace(MANIFEST, manifest.to_bytes())
        self._note(manifest)
        self._thin()

    def _note(self, manifest: Manifest) -> None:
        if self.last != manifest.to_bytes():
            self.last, self.sets = manifest.to_bytes(), [*self.sets[-1:], manifest.names()]
        self.begun = None

    def _thin(self) -> None:
        """Remove what neither of the last two manifests names: once all that killed processes have left, too.

        A store that fails in this has failed in nothing that matters: it is tried again with the next set.
        """
        named, there = set().union(*self.sets), self.there or {}
        with suppress(StoreError):
            found = set(there) if self.has_swept else {name for name in self.store.sizes() if KEPT.fullmatch(name)}
            gone = sorted(found - named)
            self.store.remove(gone)
            self.has_swept = True
            for name in gone:
                there.pop(name, None)


def _keys(captured: Captured) -> set[tuple[str, tuple[int, ...]]]:
    return {(opened.path, opened.stamp) for opened in captured.files}


def current(store: Store) -> bytes | None:
    """The manifest that a store has, as bytes; None where it has none."""
    try:
        return store.read(MANIFEST, MAX_MANIFEST_BYTES)
    except Absent:
        return None
