"""A hub on this machine that behaves as the Hugging Face hub's API does, as far as models are pushed and pulled."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from figtest.servers import serving

TOKEN = "hf_good"
OWNER = "me"
LARGE = (".safetensors", ".png", ".onnx")  # what its .gitattributes would have


@dataclass
class Repository:
    """private: for its owner alone; files: contents by name; commits: their messages; head: the newest commit."""

    private: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        told = "".join(f"{name}{hashlib.sha1(content).hexdigest()}" for name, content in sorted(self.files.items()))
        return hashlib.sha1(told.encode()).hexdigest()


@dataclass
class Fault:
    """What a request whose line contains `where` is answered with, so many times: a status, or 0 for a cut connection."""

    where: str
    status: int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)


class ModelHub(ThreadingHTTPServer):
    """repositories, by name; blobs: large files by sha256, as Git LFS keeps them; faults: what goes wrong; asked: requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # connections are cut


class Answers(BaseHTTPRequestHandler):
    server: ModelHub
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        hub, line = self.server, f"{self.command} {unquote(self.path)}"
        hub.asked.append(line)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = next((fault for fault in hub.faults if fault.where in line and fault.times), None)
        if fault is not None:
            fault.times -= 1
            if not fault.status:
                self.close_connection = True
                self.connection.close()
                return None
            return self.send(fault.status, b'{"error": "as told"}', **fault.headers)
        path = urlsplit(unquote(self.path)).path
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            return self.json({})
        if path.startswith("/lfs/"):
            return self.large(path.removeprefix("/lfs/"), body)
        api = path.startswith("/api/models/")
        owner, name, *rest = path.removeprefix("/api/models/" if api else "/").split("/")
        name, git, _ = name.partition(".git")
        found = hub.repositories.get(f"{owner}/{name}")
        if found is None or (found.private and not self.is_owner):
            status = 404 if self.is_owner else 401
            return self.send(status, b'{"error": "Repository not found"}', **{"X-Error-Code": "RepoNotFound"})
        if self.command == "POST" and not (self.is_owner and owner == OWNER):
            return self.send(403 if self.is_owner else 401, b'{"error": "no"}')
        if git:
            return self.batch(json.loads(body))
        if not api:
            return self.resolve(found, "/".join(rest[2:]))
        what = rest[0] if rest else "revision"
        if what == "tree":
            return self.json([
                {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()} for n, c in found.files.items()
            ])  # fmt: skip
        if what == "preupload":
            return self.json({"files": [
                {"path": f["path"], "shouldIgnore": False, "uploadMode": "lfs" if f["path"].endswith(LARGE) else "regular"}
                for f in json.loads(body)["files"]
            ]})  # fmt: skip
        if what == "commit":
            return self.commit(found, f"{owner}/{name}", body)
        siblings = [{"rfilename": n} for n in found.files]
        return self.json({"id": f"{owner}/{name}", "sha": found.head, "private": found.private, "siblings": siblings})

    do_GET = do_POST = do_PUT = do_HEAD = handle_one

    @property
    def is_owner(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def create(self, asked: dict[str, object]) -> None:
        if not self.is_owner:
            return self.send(401, b'{"error": "Invalid username or password."}')
        if asked["organization"] != OWNER:
            return self.send(403, b'{"error": "You don\'t have the rights to create a model under this namespace"}')
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.server.repositories:
            return self.send(409, b'{"error": "You already created this model repo"}')
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.server.repositories[name] = Repository(private)
        return self.json({"url": f"{self.server.url}/{name}"})

    def batch(self, asked: dict[str, list[dict[str, object]]]) -> None:
        def answer(one: dict[str, object]) -> dict[str, object]:
            if one["oid"] in self.server.blobs:
                return one
            here = f"{self.server.url}/lfs/{one['oid']}"
            return one | {"actions": {"upload": {"href": here}, "verify": {"href": f"{here}/verify"}}}

        self.json({"transfer": "basic", "objects": [answer(one) for one in asked["objects"]]})

    def large(self, rest: str, body: bytes) -> None:
        oid, _, verify = rest.partition("/")
        if verify:
            return self.send(200 if oid in self.server.blobs else 404, b"{}")
        if hashlib.sha256(body).hexdigest() != oid:
            return self.send(400, b"{}")
        self.server.blobs[oid] = body
        return self.send(200, b"")

    def commit(self, found: Repository, name: str, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                found.commits.append(value["summary"])
            elif line["key"] == "file":
                found.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                found.files[value["path"]] = self.server.blobs[value["oid"]]
            elif line["key"] == "deletedFile":
                del found.files[value["path"]]
        self.json({"commitUrl": f"{self.server.url}/{name}/commit/{found.head}", "commitOid": found.head})

    def resolve(self, found: Repository, name: str) -> None:
        if name not in found.files:
            return self.send(404, b"{}", **{"X-Error-Code": "EntryNotFound"})
        content = found.files[name]
        return self.send(
            200, content, ETag=f'"{hashlib.sha1(content).hexdigest()}"', **{"X-Repo-Commit": found.head}
        )  # fmt: skip

    def json(self, content: object) -> None:
        self.send(200, json.dumps(content).encode(), **{"Content-Type": "application/json"})

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def model_hub(folder: Path, patch: pytest.MonkeyPatch, token: str | None = TOKEN) -> Iterator[ModelHub]:
    """A hub that HF_ENDPOINT names, with a cache of its own in a folder, for somebody with a token."""
    from huggingface_hub import constants

    on_machine(folder, patch)
    patch.delenv("HF_HUB_OFFLINE", raising=False)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    patch.setenv("HF_TOKEN_PATH", str(folder / "no-token"))
    patch.setattr(constants, "HF_TOKEN_PATH", str(folder / "no-token"))
    patch.delenv("HF_TOKEN", raising=False)
    patch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    if token is not None:
        patch.setenv("HF_TOKEN", token)
    with serving(ModelHub()) as server:
        patch.setenv("HF_ENDPOINT", server.url)
        yield server


def on_machine(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """From now on another machine: a cache of its own in a folder."""
    patch.setenv("FIGMENT_CACHE", str(folder / "cache"))
    patch.setenv("HF_XET_CACHE", str(folder / "xet"))
