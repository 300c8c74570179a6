"""Texts given for a path that name something which isn't on this machine's disks, and what to do about each."""

import os
import re
from itertools import islice
from pathlib import Path

from figment.common.text import nearest

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)  # a Path has lost the second slash
_DRIVE = re.compile(r"([A-Za-z]):[\\/](.*)", re.DOTALL)
_REMOTE = re.compile(r"[\w.-]+@[\w.-]+:.*|[\w-]+(\.[\w-]+)+:[/~].*", re.DOTALL)  # as scp and rsync take it
_HUB = re.compile(r"(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/([^/?#]+/[^/?#]+)")
_BUCKETS = {
    "s3": "aws s3 cp --recursive", "s3a": "aws s3 cp --recursive", "gs": "gcloud storage cp -r", "az": "azcopy copy",
    "abfs": "azcopy copy", "abfss": "azcopy copy", "wasbs": "azcopy copy", "r2": "rclone copy", "b2": "rclone copy",
    "hdfs": "hdfs dfs -get", "oss": "ossutil cp -r",
}  # fmt: skip
ON_ANOTHER_MACHINE = "it is on another machine: copy it here first (scp -r, rsync), and give the path of the copy"
LISTED = 1000  # names of a folder, at most, among which one may be meant
_SHARES = {"smb", "cifs", "nfs", "afp", "dav", "davs", "webdav"}


def elsewhere(text: str) -> str | None:
    """What to do about a text that names something elsewhere: on the web, in a bucket, on another machine or system.

    None for a path, or what may be one.
    """
    drive = _DRIVE.fullmatch(text)
    if drive is not None or text.startswith("\\\\"):
        return _for_windows(drive)
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return ON_ANOTHER_MACHINE if _REMOTE.fullmatch(text) else None
    scheme, rest = address[1].lower(), address[2]
    hub = _HUB.match(rest)
    if scheme in {"hf", "huggingface"} or hub:
        return f"give a set of the Hugging Face hub as hf:{hub[1] if hub else rest.removeprefix('datasets/')}"
    if scheme == "file":
        return f"give the path alone: /{rest}"
    if scheme in _BUCKETS:
        return f"it is in a bucket: copy it here first ({_BUCKETS[scheme]}) or mount the bucket, and give the path here"
    if scheme in _SHARES:
        return "mount the share, and give the path under which it is mounted"
    if scheme in {"http", "https", "ftp", "ftps"}:
        return "figment follows no addresses: download it first, and give the file or folder"
    return ON_ANOTHER_MACHINE


def absent(path: object, mend: str) -> str:
    """What is said of a path where nothing is; mend: what to do about one that names a place on this machine."""
    if str(path).startswith("hf:"):
        return f"{path} is no path; of a run on the hub: fetch it with figment pull {path}, and name its folder."
    if (where := elsewhere(str(path))) is not None:
        return f"{path} doesn't exist: {where}."
    near = near_path(Path(str(path)))
    return f"{path} doesn't exist: {f'did you mean {near}?' if near else f'{mend}.'}"


def near_path(path: Path) -> str | None:
    """The path that may have been meant by one where nothing is: its first part that isn't there, by the name most like it."""
    below: list[str] = []
    while not os.path.lexists(path.parent):
        path, below = path.parent, [path.name, *below]
    try:
        near = nearest(path.name, islice(os.listdir(path.parent), LISTED), 0.6)
    except (OSError, ValueError):
        near = None
    if near is None:
        return None
    whole = path.with_name(near).joinpath(*below)
    return str(whole if os.path.lexists(whole) else path.with_name(near))


def _for_windows(drive: "re.Match[str] | None") -> str | None:
    if os.name == "nt":
        return None
    if drive is None:
        return "such a path is Windows': mount the share, and give the path under which it is mounted"
    below = drive[2].replace("\\", "/")
    return f"such a path is Windows': under WSL it is /mnt/{drive[1].lower()}/{below}, elsewhere copy it here first"
