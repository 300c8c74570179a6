"""hf:OWNER/NAME against a real HTTP server that imitates the few endpoints of the hub that are used."""

import hashlib
import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from figment.data.sources.hub_nets import download_nets
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.command import command
from figtest.servers import serving

pytest.importorskip("huggingface_hub")

COMMITS = ["1" * 40, "2" * 40]


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


class Hub(ThreadingHTTPServer):
    """A hub with one data set, me/set; `status` is what it answers instead, `commit` its newest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.files: dict[str, bytes] = {}
        self.commit = COMMITS[0]
        self.status: int | None = None
        self.code: str | None = None  # X-Error-Code
        self.card: dict[str, object] | None = None
        self.served: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        hub = self.server
        if hub.status:
            return self.send(hub.status, b"{}", with_body, **({"X-Error-Code": hub.code} if hub.code else {}))
        sets = ("/api/datasets/me/set/revision/", "/api/datasets/me/set/tree/", "/datasets/me/set/resolve/")
        models = ("/api/models/me/set/revision/", "/api/models/me/set/tree/", "/me/set/resolve/")
        for start in (*sets, *models):
            if not path.startswith(start):
                continue
            revision, _, name = path.removeprefix(start).partition("/")
            if revision not in ("main", *COMMITS):
                return self.send(404, b"{}", with_body, **{"X-Error-Code": "RevisionNotFound"})
            if "revision" in start:
                files = [{"rfilename": name} for name in hub.files]
                return self.json({"id": "me/set", "sha": hub.commit, "siblings": files, "cardData": hub.card})
            if "tree" in start:
                return self.json([
                    {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}
                    for n, c in hub.files.items()
                ])  # fmt: skip
            content = hub.files[name]
            if with_body:
                hub.served.append(name)
            tag = f'"{hashlib.sha1(content).hexdigest()}"'
            return self.send(200, content, with_body, ETag=tag, **{"X-Repo-Commit": revision})
        return self.send(404, b"{}", with_body, **{"X-Error-Code": "RepoNotFound"})

    def json(self, content: object) -> None:
        self.send(200, json.dumps(content).encode(), True, **{"Content-Type": "application/json"})

    def send(self, status: int, body: bytes, with_body: bool, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[Hub]:
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_XET_CACHE", str(tmp_path / "xet"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with serving(Hub()) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def pictures(server: Hub, count: int = 3) -> None:
    server.files = {f"{'cat' if seed else 'dog'}/{seed}.png": png(seed) for seed in range(count)}


def contents(source) -> list[bytes]:
    paths = [payload for chunk in source.chunks() for payload in chunk.payloads]
    return [Path(path).read_bytes() for path in paths]


def test_pictures_are_downloaded_once(hub, tmp_path):
    pictures(hub)
    hub.files |= {"README.md": b"---", "script.py": b"print()"}
    source = open_source("hf:me/set")
    assert (source.display, source.where) == ("me/set", "hf:me/set")
    assert source.listing.names == ["cat/1.png", "cat/2.png", "dog/0.png"]
    assert source.listing.labels == ["cat", "cat", "dog"]
    assert contents(source) == [png(1), png(2), png(0)]
    assert sorted(hub.served) == ["cat/1.png", "cat/2.png", "dog/0.png"]
    assert open_source("hf:me/set").fingerprint() == source.fingerprint()
    assert len(hub.served) == 3
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "xet"}


def test_what_was_downloaded_works_without_the_hub(hub, monkeypatch):
    pictures(hub)
    before = open_source("hf:me/set").fingerprint()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert open_source("hf:me/set").fingerprint() == before
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert open_source("hf:me/set").fingerprint() == before


def test_the_commit_is_part_of_the_fingerprint(hub):
    pictures(hub)
    first = open_source("hf:me/set")
    hub.commit = COMMITS[1]
    second = open_source("hf:me/set")
    assert first.listing == second.listing
    assert first.fingerprint() != second.fingerprint()
    again = open_source(f"hf:me/set@{COMMITS[0]}")
    assert again.commit == first.commit
    assert contents(again) == contents(first)


def test_of_several_forms_one_is_downloaded(hub, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pictures(hub)
    buffer = io.BytesIO()
    pq.write_table(pa.table({"image": pa.array([png(7)])}), buffer)
    hub.files["data/train-00000-of-00001.parquet"] = buffer.getvalue()
    source = open_source("hf:me/set")
    assert source.listing.names == ["data/train-00000-of-00001.parquet/000000"]
    assert hub.served == ["data/train-00000-of-00001.parquet"]


# ---- parts of a set --------------------------------------------------------------------------------------------------


def shards(server: Hub, splits: dict[str, int], rows: int = 20) -> None:
    """Parquet files of so many rows each, so many a split."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for split, count in splits.items():
        for number in range(count):
            table = pa.table({"image": pa.array([png(number * rows + row) for row in range(rows)])})
            pq.write_table(table, buffer := io.BytesIO())
            server.files[f"data/{split}-{number:05d}-of-{count:05d}.parquet"] = buffer.getvalue()


def test_a_split_is_downloaded_by_itself(hub):
    shards(hub, {"train": 2, "test": 1})
    source = open_source("hf:me/set:test")
    assert len(source.listing.names) == 20
    assert hub.served == ["data/test-00000-of-00001.parquet"]
    assert source.display == "me/set:test"
    assert len(open_source("hf:me/set").listing.names) == 60  # and the whole is the whole
    assert len(open_source("hf:me/set:test").listing.names) == 20
    assert "the splits train, test" in refused("hf:me/set:dev")


def test_a_limit_downloads_as_many_shards_as_hold_it(hub, monkeypatch):
    shards(hub, {"train": 5})
    source = open_source("hf:me/set:train#30")
    assert len(source.listing.names) == len(source.listing.labels) == 30
    assert hub.served == ["data/train-00000-of-00005.parquet", "data/train-00001-of-00005.parquet"]
    found = [payload for chunk in source.chunks() for payload in chunk.payloads]
    assert found == [png(seed) for seed in range(30)]
    assert len([slot for chunk in source.chunks({3, 29}) for slot in chunk.slots]) == 2
    assert source.fingerprint() != open_source("hf:me/set:train#31").fingerprint()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert open_source("hf:me/set:train#30").fingerprint() == source.fingerprint()
    assert "isn't wholly in the cache" in refused("hf:me/set:train#90")


def test_limited_pictures_come_from_all_classes(hub):
    hub.files = {f"{n}/{i}.png": png(9 * ord(n[0]) + i) for n in ("ant", "bee", "cat") for i in range(8)}
    hub.files["metadata.txt"] = b""
    source = open_source("hf:me/set#6")
    assert sorted(source.listing.labels) == ["ant", "ant", "bee", "bee", "cat", "cat"]
    assert len(hub.served) == 6
    assert len(contents(source)) == 6


def test_a_card_names_configurations(hub):
    hub.files = {f"{name}/{number}.png": png(number) for name in ("one", "two") for number in range(5)}
    hub.card = {"configs": [{"config_name": name, "data_files": f"{name}/*"} for name in ("one", "two")]}
    assert open_source("hf:me/set:two").listing.names == [f"two/{number}.png" for number in range(5)]
    assert open_source("hf:me/set:one:train#2").listing.names == ["one/0.png", "one/2.png"]
    assert "the configurations one (train), two (train)" in refused("hf:me/set:three")
    assert "the configurations one (train), two (train)" in refused("hf:me/set:train")


def test_the_limit_of_the_command_line(hub, capsys, tmp_path):
    shards(hub, {"train": 3}, rows=40)
    assert command("data", "prepare", "hf:me/set:train", "--limit", 50, "--size", 16) == 0
    assert capsys.readouterr().out.startswith("50 pictures from me/set:train#50")
    assert len(hub.served) == 2
    (tmp_path / "pictures").mkdir()
    assert command("data", "prepare", tmp_path / "pictures", "--limit", 50) == 2
    assert "--limit 50 is for sets on the hub" in capsys.readouterr().err


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        open_source(text)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_refusal_has_its_sentence(hub, monkeypatch):
    assert "isn't hf:OWNER/NAME" in refused("hf:set")
    assert "isn't hf:OWNER/NAME" in refused("hf:../../etc")
    assert "isn't on the hub, or is private" in refused("hf:you/set")
    assert "no revision 'v9'" in refused("hf:me/set@v9")
    assert "holds no pictures in a form" in refused("hf:me/set")
    hub.status, hub.code = 403, "GatedRepo"
    assert "accept its terms at" in refused("hf:me/set")
    hub.status, hub.code = 401, "GatedRepo"
    assert "accept its terms at" in refused("hf:me/set")
    hub.status, hub.code = 401, None
    assert "log in" in refused("hf:me/set")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in refused("hf:me/set")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "can't be reached" in refused("hf:me/set")


def test_of_a_model_only_its_nets_are_downloaded(hub, monkeypatch):
    hub.files = {
        "generator.safetensors": b"one",
        "discriminator.safetensors": b"two",
        "pickled.pt": b"no",
        "run.json": b"{}",
    }
    folder = download_nets("hf:me/set")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "generator.safetensors": b"one", "discriminator.safetensors": b"two"
    }  # fmt: skip
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert download_nets("hf:me/set") == folder
    monkeypatch.delenv("HF_HUB_OFFLINE")
    hub.commit, hub.files = COMMITS[1], {"pickled.pt": b"no"}
    with pytest.raises(InputError, match=r"^hf:me/set has no generator\.safetensors on the hub"):
        download_nets("hf:me/set")
    with pytest.raises(InputError, match=r"^hf:me/set:train: nets are named hf:OWNER/NAME\[@REVISION\]"):
        download_nets("hf:me/set:train")
    with pytest.raises(InputError, match=r"^hf:me/other isn't on the hub, or is private"):
        download_nets("hf:me/other")


def test_a_download_that_was_cut_is_not_taken_for_whole(hub, monkeypatch):
    pictures(hub)
    gone = hub.files["cat/2.png"]
    real = Answers.answer

    def failing(self: Answers, with_body: bool) -> None:
        if with_body and self.path.endswith("cat/2.png"):
            self.send(404, b"{}", with_body)
        else:
            real(self, with_body)

    monkeypatch.setattr(Answers, "answer", failing)
    assert "can't be downloaded" in refused("hf:me/set")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "isn't wholly in the cache" in refused("hf:me/set")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(Answers, "answer", real)
    assert gone in contents(open_source("hf:me/set"))


def test_without_the_library_a_sentence_says_what_to_install(hub, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "pip install 'figment-gan[hub]'" in refused("hf:me/set")
