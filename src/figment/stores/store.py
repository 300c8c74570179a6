"""A store by fsspec: the few things that keeping a run needs of it, and its failures as one kind of error."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from figment.common.files import write_atomically
from figment.stores.address import Address

BLOCK_BYTES = 8 << 20  # that are sent or read at once: a store of any kind takes as much in one request
REASON_CHARACTERS = 200  # of what a store says
# So that a store that has gone silent is noticed before a spot machine's half minute is over. What else a store needs is said
# to fsspec by its own files and variables, such as FSSPEC_S3_ENDPOINT_URL.
PATIENCE: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 2}}},
    "gs": {"requests_timeout": 15},
    "gcs": {"requests_timeout": 15},
}


class StoreError(Exception):
    """A store doesn't do what it is asked for; the message is the reason, a short phrase. It may do so later."""


class Absent(StoreError):
    """What is asked for isn't in the store, or its bucket isn't there."""


class Store:
    """What lies at an address. All names are below it. Raises StoreError for whatever fails."""

    def __init__(self, address: Address) -> None:
        self.address = address
        with _failing():
            # gcsfs would ask a bucket for its layout first, by a service that not everybody may use and that emulators lack, and
            # wait a minute for it. Plain objects are all that is needed here.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
            import fsspec

            options = PATIENCE.get(address.scheme, {})
            self.fs = fsspec.filesystem(address.scheme, use_listings_cache=False, skip_instance_cache=True, **options)
            self.root = self.fs._strip_protocol(str(address))

    def place(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(self, name: str, most: int) -> bytes:
        """A small file. most: bytes that it may have."""
        with _failing():
            self.fs.invalidate_cache()
            if self.fs.info(self.place(name))["size"] > most:
                raise StoreError(f"{name} is larger than what figment writes there")
            return bytes(self.fs.cat_file(self.place(name)))

    def read_in_parts(self, name: str) -> Iterator[bytes]:
        """A file in parts of BLOCK_BYTES."""
        with _failing(), self.fs.open(self.place(name), "rb", block_size=BLOCK_BYTES, cache_type="none") as file:
            while part := file.read(BLOCK_BYTES):
                yield part

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file: whole, or as it was before."""
        with _failing():
            if self.address.scheme == "file":
                Path(self.root).mkdir(exist_ok=True)
                write_atomically(Path(self.place(name)), content)
            else:
                self.fs.pipe_file(self.place(name), content)

    def write(self, name: str, source: BinaryIO, size: int, go_on: Callable[[], bool]) -> bool:
        """Write size bytes of a source, and look whether as many have come. False where go_on() came to say no."""
        with _failing():
            self._make_folder(name)
            if size <= BLOCK_BYTES:
                content = source.read(size)
                if len(content) != size:
                    raise OSError(f"{name} ends early")
                if not go_on():
                    return False
                self.fs.pipe_file(self.place(name), content)
            elif not self._stream(name, source, size, go_on):
                return False
            self.fs.invalidate_cache()
            came = self.fs.info(self.place(name))["size"]
        if came != size:
            raise StoreError(f"of {name}'s {size:,} bytes only {came:,} have come")
        return True

    def _stream(self, name: str, source: BinaryIO, size: int, go_on: Callable[[], bool]) -> bool:
        file, left = self.fs.open(self.place(name), "wb", block_size=BLOCK_BYTES), size
        try:
            while left:
                if not go_on():
                    break
                part = source.read(min(BLOCK_BYTES, left))
                if not part:
                    raise OSError(f"{name} ends early")
                file.write(part)
                left -= len(part)
        except BaseException:
            _give_up(file)
            raise
        if left:
            _give_up(file)
            return False
        file.close()
        return True

    def _make_folder(self, name: str) -> None:
        if self.address.scheme == "file":
            Path(self.place(name)).parent.mkdir(parents=True, exist_ok=True)

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; one that is gone already is nothing to tell of."""
        for name in names:
            with suppress(Absent), _failing():
                self.fs.rm_file(self.place(name))

    def sizes(self) -> dict[str, int]:
        """Of all files there, by name."""
        with _failing():
            self.fs.invalidate_cache()
            found = self.fs.find(self.root, detail=True)
        return {path.removeprefix(f"{self.root}/"): int(is_["size"]) for path, is_ in found.items()}


def _give_up(file: Any) -> None:
    """Leave a file unwritten: closing it would keep the half that was written."""
    with suppress(Exception):
        file.discard()
    with suppress(Exception):
        file.closed = True


@contextmanager
def _failing() -> Iterator[None]:
    """Whatever fails within is StoreError. Each of the libraries behind fsspec has kinds of errors of its own."""
    try:
        yield
    except StoreError:
        raise
    except FileNotFoundError as error:
        raise Absent(f"there is no such bucket or file: {_reason(error)}") from error
    except PermissionError as error:
        raise StoreError(f"these credentials may not: {_reason(error)}") from error
    except Exception as error:
        raise StoreError(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:REASON_CHARACTERS]
