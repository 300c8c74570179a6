"""Play's server: pictures of codes over its websocket, downloads, uploads, favourites, the search for directions."""

import base64
import errno
import io
import json
import random
import struct
import threading
import time
import tracemalloc
import zlib
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch
from PIL import Image

from figment import codes
from figment.explore.code_arithmetic import add_codes
from figment.explore.direction_file import save_directions, unit_direction
from figment.explore.style_mixing import mix
from figment.generator import load
from figment.media.provenance import source_of
from figment.studio.play import films
from figment.studio.play.asked import Film, Numbered, Project
from figment.studio.play.channel import Talk
from figment.studio.play.players import directions_of
from figment.studio.play.projecting import project
from figment.studio.play.searching import Search, find
from figment.studio.studio import Studio
from figtest.runs import played
from figtest.studios import asking, awaited


@pytest.fixture
def run(tmp_path):
    return played(tmp_path, modulated=True)


@pytest.fixture
def client(run):
    with asking(run.folder.parent) as it:
        it.id = it.get("/api/runs").json()["runs"][0]["id"]
        it.base = f"/api/play/{it.id}"
        yield it


@pytest.fixture
def socket(client):
    with client.websocket_connect(client.base, headers={"host": "127.0.0.1:8640"}) as it:
        yield it


def answer(socket):
    """The next message: facts, and the file with them."""
    message = socket.receive()
    if message.get("text"):
        return json.loads(message["text"]), b""
    (length,) = struct.unpack_from("<I", message["bytes"])
    return json.loads(message["bytes"][4 : 4 + length]), message["bytes"][4 + length :]


def drawn(socket, *asked, **look):
    """What is drawn of codes, uint8 (H, W, 3), and the facts."""
    socket.send_json({"do": "draw", "seq": 1, "codes": asked, "numbers": True} | look)
    facts, content = answer(socket)
    assert "error" not in facts, facts
    return np.asarray(Image.open(io.BytesIO(content))), facts


def pixels(pictures):
    return pictures[0].permute(1, 2, 0).numpy()


MARK_LEVELS = 18  # that the invisible mark may change a pixel by


def near(ours, theirs, levels=1):
    """Equal but for the rounding that other layouts in memory bring."""
    return np.abs(ours.astype(int) - theirs.astype(int)).max() <= levels


# ---- drawing -----------------------------------------------------------------------------------------------------


def test_a_number_is_the_sample_of_that_number(socket, run, tmp_path):
    picture, facts = drawn(socket, {"number": 5, "seed": 3})
    assert near(picture, pixels(load(run.folder).sample(1, 3, start=5)))
    assert (facts["kind"], facts["seq"], facts["slot"], facts["count"]) == ("picture", 1, "main", 1)
    socket.send_json({"do": "draw", "seq": 2, "codes": [{"number": 5}]})
    file = tmp_path / "frame.webp"
    file.write_bytes(answer(socket)[1])
    assert source_of(file) == "trainedAlgorithmicMedia"


def test_what_codes_are_made_of(socket, run):
    generator = load(run.folder)
    prior, z = generator.recipe.prior, generator.codes(4)
    points = [{"number": i} for i in range(4)]
    wanted = {
        "sum": ({"a": points[:1], "b": points[1:2], "c": points[2:3]}, add_codes(z[:1], z[1:2], z[2:3], prior)),
        "corner": ({"corners": points, "x": 1, "y": 0}, z[1]),
        "end": ({"first": points[0], "second": points[3], "share": 1}, z[3]),
        "keyframe": ({"keyframes": points, "time": 0.5}, z[2]),
        "values": ({"values": z[1].tolist()}, z[1]),
    }
    for name, (asked, code) in wanted.items():
        picture, facts = drawn(socket, asked)
        assert np.allclose(facts["codes"][0], code, atol=2e-4), name
        assert near(picture, pixels(generator.decode(code[None]))), name


def test_truncation_and_directions_act_as_in_sample(socket, run):
    generator = load(run.folder)
    vector = torch.tensor([0.0, 1, 0, 0])
    save_directions(run.directions_file, [unit_direction("smile", vector, "labelled")], generator)
    picture, _ = drawn(socket, {"number": 2}, truncation=0.5, moves={"smile": 2})
    assert near(picture, pixels(generator.sample(1, start=2, truncation=0.5, shift=2 * vector)))


def test_several_are_one_sheet_without_gaps(socket, run):
    sheet, facts = drawn(socket, *({"number": i} for i in range(5)))
    assert (facts["count"], facts["columns"], sheet.shape) == (5, 3, (32, 48, 3))
    assert near(sheet[16:, 16:32], pixels(load(run.folder).sample(1, start=4)))


def test_styles_snapshots_and_jpeg(socket, run):
    generator = load(run.folder)
    picture, _ = drawn(socket, {"number": 0}, late={"number": 1}, stage=1)
    assert near(picture, pixels(mix(generator, generator.codes(1), generator.codes(1, start=1), 1)))
    early, _ = drawn(socket, {"number": 0}, net="640")
    assert near(early, pixels(load(run.snapshot_file(640)).sample(1)))
    assert drawn(socket, {"number": 0}, form="jpeg")[1]["media"] == "image/jpeg"


def test_classes_are_each_codes_own_or_the_one_asked_for(tmp_path):
    run = played(tmp_path, classes=("cat", "dog"), labels=True)
    generator = load(run.folder)
    with asking(run.folder.parent) as client:
        place = client.get("/api/runs").json()["runs"][0]["id"]
        assert client.get(f"/api/play/{place}").json()["classes"] == ["cat", "dog"]
        with client.websocket_connect(f"/api/play/{place}", headers={"host": "127.0.0.1:8640"}) as socket:
            picture, facts = drawn(socket, {"number": 1})
            assert facts["labels"] == [generator.classes[int(generator.labels(1, 0, 1))]]
            assert near(picture, pixels(generator.sample(1, start=1)))
            assert drawn(socket, {"number": 1}, label="dog")[1]["labels"] == ["dog"]
            socket.send_json({"do": "draw", "seq": 1, "codes": [{"number": 1}], "label": "cow"})
            assert "cow" in answer(socket)[0]["error"]


def test_the_newest_request_of_a_slot_replaces_those_that_wait():
    async def asked():
        talk = Talk(None, SimpleNamespace(path_params={"id": "x"}))
        for seq in range(9):
            talk.take(json.dumps({"do": "draw", "seq": seq, "codes": [{"number": seq}]}))
        talk.take(json.dumps({"do": "draw", "seq": 9, "codes": [{"number": 9}], "slot": "beside"}))
        return {slot: one.seq for slot, one in talk.waiting.items()}

    assert awaited(asked()) == {"main": 8, "beside": 9}


# ---- refusals ----------------------------------------------------------------------------------------------------

ONE = '{"do": "draw", "seq": 1, "codes": [{"number": 0}], '
WRONG = (
    "", "x", "[]", "null", '"draw"', "{}", '{"do": "dance"}', '{"do": "draw", "seq": 1, "codes": []}', "[" * 9999,
    '{"do": "draw", "seq": -1, "codes": [{"number": 0}]}', '{"do": "draw", "seq": 1, "codes": [{"values": [NaN]}]}',
    '{"do": "draw", "seq": 1, "codes": [{"values": [1e999]}]}', '{"do": "draw", "seq": 1, "codes": [{"values": [1, 2]}]}',
    '{"do": "draw", "seq": 1, "codes": [{"number": 99999999999999999999}]}', '{"do": "cancel", "seq": 1, "path": "/etc"}',
    ONE + '"more": 1}', ONE + '"moves": {"nowhere": 1}}', ONE + '"moves": {"direction 1": 1e9}}', ONE + '"label": "cat"}',
    ONE + '"net": "../../state/state"}', ONE + '"net": "641"}', ONE + '"net": "best"}', ONE + '"truncation": -1}',
    '{"do": "project", "seq": 1, "picture": "****"}', '{"do": "project", "seq": 1, "picture": "AAAA"}',
)  # fmt: skip


def test_nonsense_is_answered_in_a_sentence(socket):
    for text in WRONG:
        socket.send_text(text)
        assert answer(socket)[0]["error"], text
    socket.send_bytes(b"\0\xff")
    assert answer(socket)[0]["error"]
    drawn(socket, {"number": 0})


def test_a_thousand_messages_at_random_leave_it_as_it_was(socket):
    chance = random.Random(0)

    def value(depth=0):
        kinds = [
            lambda: chance.choice([0, 1, -1, 2**53, 2**70, 1e308, -1e-300, True, None, "", "main", "result", "x" * 500]),
            lambda: [value(depth + 1) for _ in range(chance.randrange(4))],
            lambda: {chance.choice(KEYS): value(depth + 1) for _ in range(chance.randrange(4))},
        ]  # fmt: skip
        return chance.choice(kinds[: 1 if depth > 3 else 3])()

    def message():
        asked = {"do": "draw", "seq": 1, "codes": [{"number": chance.randrange(9)}]}
        return json.dumps(asked | {chance.choice(KEYS): value() for _ in range(chance.randrange(1, 4))})

    for i in range(1000):
        if i == 200:
            tracemalloc.start()
        socket.send_text(message())
        facts, content = answer(socket)
        assert content or facts["error"]
    left = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert left < 3_000_000


KEYS = (
    "codes",
    "moves",
    "truncation",
    "label",
    "net",
    "late",
    "stage",
    "form",
    "slot",
    "numbers",
    "values",
    "corners",
    "x",
)


def test_what_is_gone_is_said(client, run):
    run.generator_file.unlink()
    answered = client.get(client.base)
    assert answered.status_code == 400
    assert "no generator.safetensors" in answered.json()["error"]
    with client.websocket_connect(client.base, headers={"host": "127.0.0.1:8640"}) as socket:
        socket.send_json({"do": "draw", "seq": 1, "codes": [{"number": 0}]})
        assert "no generator.safetensors" in answer(socket)[0]["error"]
    with client.websocket_connect("/api/play/nowhere", headers={"host": "127.0.0.1:8640"}) as socket:
        socket.send_json({"do": "draw", "seq": 1, "codes": [{"number": 0}]})
        assert "no longer there" in answer(socket)[0]["error"]


# ---- downloads ---------------------------------------------------------------------------------------------------


def test_pictures_and_sheets_download_marked(client, run, tmp_path):
    file = tmp_path / "sheet.png"
    asked = {"codes": [{"number": i} for i in range(16)], "scale": 2}
    file.write_bytes(client.post(f"{client.base}/picture", json=asked).content)
    assert source_of(file) == "trainedAlgorithmicMedia"
    sheet = np.asarray(Image.open(file))
    assert sheet.shape == (4 * 32 + 3 * 2, 4 * 32 + 3 * 2, 3)
    assert near(sheet[:32:2, :32:2], pixels(load(run.folder).sample(1)), MARK_LEVELS)


def film_of(client, **asked):
    """A film's id, and how it went."""
    told = client.post(
        f"{client.base}/films", json={"keyframes": [{"number": 0}, {"number": 1}], "seconds": 0.5} | asked
    ).json()
    while told["state"] in ("waiting", "working"):
        time.sleep(0.02)
        told = client.get(f"{client.base}/films/{told['id']}").json()
    return told["id"], told


@pytest.mark.parametrize("ending", ["mp4", "gif", "webp"])
def test_a_walk_downloads_marked(client, own_cache, tmp_path, ending):
    id, told = film_of(client, ending=ending)
    assert (told["state"], told["done"]) == ("done", told["total"]), told
    answered = client.get(f"{client.base}/films/{id}/file")
    assert f'filename="x-1.{ending}"' in answered.headers["content-disposition"]
    file = tmp_path / f"walk.{ending}"
    file.write_bytes(answered.content)
    assert source_of(file) == "trainedAlgorithmicMedia"
    if ending == "mp4":
        with av.open(str(file)) as film:
            assert len(list(film.decode(video=0))) == 15
    assert client.delete(f"{client.base}/films/{id}").status_code == 200
    assert client.get(f"{client.base}/films/{id}/file").status_code == 404
    assert not list(own_cache.glob("film-*"))


def test_what_cannot_be_filmed_is_refused(client):
    _, told = film_of(client, keyframes=[{"number": i} for i in range(20)], ending="gif")
    assert (told["state"], told["told"]) == ("failed", "“Length: 0.5”: too short for 20 keyframes: 1.7 or more.")
    for wrong in (
        {"keyframes": [{"number": 0}]},
        {"label": "cat"},
        {"net": "641"},
        {"keyframes": [{"values": [1]}] * 2},
    ):
        asked = {"keyframes": [{"number": 0}, {"number": 1}]} | wrong
        assert client.post(f"{client.base}/films", json=asked).status_code == 400, wrong
    assert client.get(f"{client.base}/films/0123456789ab").status_code == 404


@pytest.fixture
def held_films(monkeypatch):
    """No film is made until this is set."""
    free = threading.Event()
    monkeypatch.setattr(films, "FILMS", films.Films())
    monkeypatch.setattr("figment.studio.play.operations.FILMS", films.FILMS)
    films.THREAD.submit(free.wait)
    yield free
    free.set()
    films.THREAD.submit(int).result()


def test_forty_films_wait_in_line_and_hold_nobody_up(client, held_films):
    asked = {"keyframes": [{"number": 0}, {"number": 1}], "seconds": 0.5}
    told = [client.post(f"{client.base}/films", json=asked).json() for _ in range(40)]
    assert [it["before"] for it in told] == list(range(40))
    assert client.get("/api/runs").status_code == 200  # as it is while they wait
    assert "isn't done yet" in client.get(f"{client.base}/films/{told[0]['id']}/file").json()["error"]
    for it in told[:38]:
        assert client.post(f"{client.base}/films/{it['id']}/stop").json()["state"] == "stopped"
    last = f"{client.base}/films/{told[39]['id']}"
    assert client.get(last).json()["before"] == 1
    held_films.set()
    while (now := client.get(last).json())["state"] != "done":
        assert now["state"] in ("waiting", "working")
        time.sleep(0.02)


def test_no_more_films_wait_than_so_many_and_few_are_kept(client, held_films, monkeypatch):
    monkeypatch.setattr(films, "MOST_WAITING", 1)
    asked = {"keyframes": [{"number": 0}, {"number": 1}], "seconds": 0.5}
    first = client.post(f"{client.base}/films", json=asked).json()["id"]
    assert "waited for already" in client.post(f"{client.base}/films", json=asked).json()["error"]
    assert client.post(f"{client.base}/films/{first}/stop").json()["state"] == "stopped"
    held_films.set()
    ids = [film_of(client)[0] for _ in range(films.MOST_KEPT + 1)]
    assert [client.get(f"{client.base}/films/{id}/file").status_code for id in ids] == [404] + [200] * films.MOST_KEPT


@pytest.mark.parametrize("why", ["stopped", "closing", "forgotten"])
def test_a_film_that_nobody_wants_ends_after_the_frame_at_hand(run, own_cache, why):
    studio, asked = Studio((run.folder,)), Film(keyframes=[Numbered(number=0), Numbered(number=1)], seconds=60)
    export, walk, seen = films.Export(run, asked), films.walk_of(run, asked), []

    class Decoding:
        """The generator, which learns after its first pictures that they are no longer wanted."""

        def __getattr__(self, name):
            return getattr(walk.generator, name)

        def decode(self, *more):
            seen.append(1)
            if why == "stopped":
                export.stopped.set()
            elif why == "closing":
                studio.closing.set()
            else:
                export.asked_at -= films.FORGOTTEN_SECONDS + 1
            return walk.generator.decode(*more)

    films.make(studio, export, films.Walk(Decoding(), walk.keyframes, walk.label))
    assert (export.state, export.done, export.content, len(seen)) == ("stopped", 0, b"", 1)
    assert not list(own_cache.glob("film-*"))


# ---- uploads -----------------------------------------------------------------------------------------------------


def png(side=40, seed=0):
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def bomb():
    """A PNG of a few bytes that says it has 10¹⁰ pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def test_an_upload_is_fitted_and_not_kept(client, run):
    before = sorted(run.folder.rglob("*"))
    answered = client.post(f"{client.base}/fit", content=png())
    assert answered.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answered.content)).size == (16, 16)
    assert sorted(run.folder.rglob("*")) == before


@pytest.mark.parametrize("content", [bomb(), b"just text", b"", png()[:200]], ids=["bomb", "text", "empty", "cut"])
def test_an_upload_that_is_no_picture_is_refused(client, content):
    answered = client.post(f"{client.base}/fit", content=content)
    assert answered.status_code == 400
    assert answered.json()["error"].startswith("This file can't be used (")


def test_a_huge_upload_is_refused(client):
    assert client.post(f"{client.base}/fit", content=b"\0" * 32_000_001).status_code == 413


def test_a_picture_is_looked_for_live_and_told_beside_its_like(socket, run, tmp_path):
    picture = base64.b64encode(png(16)).decode()
    socket.send_json({"do": "project", "seq": 4, "picture": picture, "steps": 7, "restarts": 2})
    heard = []
    while not heard or heard[-1][0]["kind"] != "found":
        heard.append(answer(socket))
    steps = [facts["step"] for facts, _ in heard[:-1]]
    assert steps == sorted(steps)
    facts, sheet = heard[-1]
    assert (len(facts["code"]), facts["draws"]) == (4, 14)
    assert facts["rms"] <= facts["nearest"]
    (tmp_path / "both.png").write_bytes(sheet)
    assert source_of(tmp_path / "both.png") == "compositeWithTrainedAlgorithmicMedia"
    drawn(socket, {"values": facts["code"]})


def test_a_search_that_is_cancelled_says_nothing_more(socket):
    picture = base64.b64encode(png(16)).decode()
    socket.send_json({"do": "project", "seq": 4, "picture": picture, "steps": 2000, "restarts": 8})
    answer(socket)
    socket.send_json({"do": "cancel", "seq": 5})
    socket.send_json({"do": "draw", "seq": 6, "codes": [{"number": 0}]})
    while (facts := answer(socket)[0])["kind"] != "picture":
        assert facts["kind"] == "descent"


@pytest.mark.parametrize("after", [3, 20])
def test_a_search_ends_after_the_step_at_hand(run, after):
    """As the studio ends: 14 samples are looked through first, then each step of a descent is one."""
    asked, shown, looks = (
        Project(do="project", seq=1, picture=base64.b64encode(png(16)).decode(), steps=7, restarts=2),
        [],
        [],
    )

    def is_cancelled():
        looks.append(1)
        return len(looks) >= after

    found = project(run, asked, shown.append, is_cancelled)
    assert (found is None) == (after == 3)
    assert len(looks) == min(after, 8)


# ---- favourites --------------------------------------------------------------------------------------------------


def test_favourites_are_kept_renamed_and_removed(client, run):
    asked = {"codes": [{"number": 3}], "name": "<b>one</b>", "truncation": 0.5}
    (one,) = client.post(f"{client.base}/favourites", json=asked).json()["favourites"]
    client.post(f"{client.base}/favourites", json={"codes": [{"number": 4}], "name": "two"})
    z, labels = codes.read(run.folder / "favourites.safetensors", 4)  # as figment sample --codes takes it
    assert labels is None
    assert torch.allclose(z, torch.cat([0.5 * load(run.folder).codes(1, start=3), load(run.folder).codes(1, start=4)]))
    client.patch(f"{client.base}/favourites/{one['id']}", json={"name": "first"})
    assert [it["name"] for it in client.get(client.base).json()["favourites"]] == ["two", "first"]
    for place in ("favourites/0123456789ab", "favourites/.."):
        assert client.delete(f"{client.base}/{place}").status_code in (404, 405)
    for it in client.get(f"{client.base}/favourites").json()["favourites"]:
        left = client.delete(f"{client.base}/favourites/{it['id']}").json()["favourites"]
    assert left == []
    assert not (run.folder / "favourites.safetensors").exists()


def test_a_full_disk_is_said_and_loses_nothing(client, run, monkeypatch):
    client.post(f"{client.base}/favourites", json={"codes": [{"number": 3}], "name": "one"})
    before = (run.folder / "favourites.safetensors").read_bytes()

    def full(contents):
        raise OSError(errno.ENOSPC, "No space left on device", str(next(iter(contents))))

    monkeypatch.setattr("figment.common.files.write_together", full)
    answered = client.post(f"{client.base}/favourites", json={"codes": [{"number": 4}], "name": "two"})
    assert answered.status_code == 400
    assert "No space left on device" in answered.json()["error"]
    assert (run.folder / "favourites.safetensors").read_bytes() == before


def test_damaged_favourites_are_said_and_all_else_plays(client, run):
    (run.folder / "favourites.safetensors").write_bytes(b"no such file")
    offered = client.get(client.base).json()
    assert "no whole file of codes" in offered["favourites_problem"]
    assert offered["favourites"] == []


# ---- directions --------------------------------------------------------------------------------------------------


def test_without_directions_the_weights_give_some(client, run):
    offered = client.get(client.base).json()
    assert [(it["name"], it["how"]) for it in offered["directions"]] == [
        (f"direction {i}", "weights") for i in range(1, 5)
    ]
    assert offered["stages"] == 2
    run.directions_file.write_bytes(b"damaged")
    assert list(directions_of(run)) == [f"direction {i}" for i in range(1, 5)]


def test_the_search_finds_and_keeps_directions(client, run, monkeypatch):
    monkeypatch.setenv("FIGMENT_REHEARSAL", "1")
    assert client.get(f"{client.base}/directions").json() == {"state": "none"}
    assert client.delete(f"{client.base}/directions").status_code == 404
    assert client.post(f"{client.base}/directions").json()["state"] in ("running", "done")
    while (found := client.get(f"{client.base}/directions").json())["state"] == "running":
        time.sleep(0.05)
    assert (found["state"], bool(found["told"])) == ("done", True)
    assert {it["how"] for it in client.get(client.base).json()["directions"]} == {"principal", "factorised"}
    assert (run.findings / "directions.json").is_file()


def test_a_search_that_is_called_off_keeps_nothing(run):
    search = Search()
    search.stopped.set()
    find(run, search, lambda: False)
    assert search.state == "cancelled"
    assert not run.directions_file.exists()
