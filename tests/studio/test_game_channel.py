"""The Game's websocket: frames come as they are asked for, nonsense is answered, and a game ends with its page."""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.websockets import WebSocketDisconnect

from figment.plane.packing import HEAD as GAME_HEAD
from figment.plane.packing import STEPS
from figment.studio.game import channel
from figment.studio.game.channel import MAX_PLAYERS
from figment.studio.game.player import HEAD, MAX_ON_THE_WAY
from figtest.studios import PORT, asking, awaited

ADDRESS = f"ws://127.0.0.1:{PORT}/api/game"
SMALL = {"batch": 16, "points": "eight"}


class Page:
    """The browser's end."""

    def __init__(self, socket) -> None:
        self.socket = socket

    def say(self, do: str, **more) -> None:
        self.socket.send_text(json.dumps({"do": do, **more}))

    def sentence(self) -> dict:
        return json.loads(self.socket.receive_text())

    def frame(self) -> tuple[tuple, list[tuple]]:
        """The head of the next message with frames, and of each game's in it; says that it has been drawn."""
        message = self.socket.receive_bytes()
        head = HEAD.unpack_from(message)
        size = (len(message) - HEAD.size) // head[0]
        self.say("seen")
        return head, [GAME_HEAD.unpack_from(message, HEAD.size + i * size) for i in range(head[0])]

    def rest(self) -> int:
        """How many frames are still on the way; said to be drawn."""
        frames = 0
        self.say("start", games=[{"nonsense": 1}])
        while "bytes" in (message := self.socket.receive()):
            self.say("seen")
            frames += 1
        assert "nonsense" in json.loads(message["text"])["error"]
        return frames

    def stepped(self) -> int:
        """Steps of G after one turn more."""
        self.say("step")
        return self.frame()[1][0][0]

    def start(self, *games: dict) -> None:
        self.say("start", games=list(games))
        assert "true" in self.sentence()
        self.frame()


@pytest.fixture
def page(ask) -> Iterator[Page]:
    with ask.websocket_connect(ADDRESS) as socket:
        yield Page(socket)


def playing() -> list[threading.Thread]:
    return [it for it in threading.enumerate() if it.name == "figment-game"]


def test_a_start_shows_the_true_points_and_the_first_frame(page):
    page.say("start", games=[SMALL, {**SMALL, "objective": "bce"}])
    first, second = page.sentence()["true"]
    assert first == second
    assert len(first) == 1024
    assert max(map(abs, first)) < 1.1 * STEPS
    (games, turns), heads = page.frame()
    assert (games, turns, len(heads)) == (2, 0, 2)


def test_steps_are_made_one_by_one_and_of_either_net(page):
    page.start(SMALL)
    for who, steps in (("both", (1, 1)), ("discriminator", (1, 2)), ("generator", (2, 2))):
        page.say("step", who=who)
        _, (head,) = page.frame()
        assert head[:2] == steps


def test_it_plays_at_the_pace_that_is_asked_for_and_stands_still_when_told(page):
    page.start(SMALL)
    page.say("pace", steps=3, frames=30)
    page.say("play")
    frames = [page.frame() for _ in range(5)]
    turns = [head[1] for head, _ in frames]
    assert [games[0][0] for _, games in frames] == list(itertools.accumulate(turns))
    assert min(turns) >= 1
    page.say("pause")
    page.rest()
    before = page.stepped()
    assert page.stepped() == before + 1


def test_the_same_settings_play_the_same_game(ask):
    seen = []
    for _ in range(2):
        with ask.websocket_connect(ADDRESS) as socket:
            page = Page(socket)
            page.start(SMALL)
            for _ in range(3):
                page.say("step")
                seen.append(page.frame())
    assert seen[:3] == seen[3:]


def test_frames_are_left_out_where_the_browser_is_slow(page):
    page.start(SMALL)
    page.say("pace", steps=1, frames=30)
    page.say("play")
    time.sleep(0.6)
    page.say("pause")
    assert page.rest() <= MAX_ON_THE_WAY


@pytest.mark.parametrize(
    "message",
    ["", "{}", "null", "[]", "{", '{"do": "dance"}', '{"do": "start", "games": []}', '{"do": "pace", "steps": 51, "frames": 1}',
     '{"do": "step", "who": "nobody"}', '{"do": "play", "more": 1}', "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
     '{"do": "start", "games": [{"batch": 1e9}]}', '{"do": "start", "games": [{"points": "drawn"}]}', "9" * 9000],
)  # fmt: skip
def test_nonsense_is_answered_in_a_sentence_and_the_game_goes_on(page, message):
    page.socket.send_text(message)
    told = page.sentence()["error"]
    assert told.endswith((".", "?"))
    assert len(told) < 400
    page.start(SMALL)


def test_noise_is_refused_and_breaks_nothing(page):
    chance = random.Random(0)
    keys, values = (
        ("do", "games", "steps", "frames", "who"),
        ("start", "pace", [], {}, None, -1, 1e400, [[]], "x" * 300),
    )
    for _ in range(300):
        if chance.random() < 0.3:
            page.socket.send_bytes(chance.randbytes(40))
        else:
            page.socket.send_text(json.dumps({chance.choice(keys): chance.choice(values) for _ in range(3)}))
        assert "error" in page.sentence()
    page.start(SMALL)


def test_what_a_page_does_not_take_in_is_dropped():
    async def crowded() -> int:
        talk = channel.Talk(None)
        for _ in range(3 * channel.MAX_UNSENT):
            talk.put("more")
        return talk.outgoing.qsize()

    assert awaited(crowded()) == channel.MAX_UNSENT


def test_bytes_are_no_message(page):
    page.socket.send_bytes(b"\0\xff")
    assert "error" in page.sentence()


def test_a_closed_page_ends_its_game(ask):
    with ask.websocket_connect(ADDRESS) as socket:
        page = Page(socket)
        page.start(SMALL)
        page.say("play")
        page.frame()
        assert playing()
    for _ in range(100):
        if not playing():
            break
        time.sleep(0.05)
    assert not playing()


def test_only_so_many_play_at_once(ask):
    pages = [ask.websocket_connect(ADDRESS).__enter__() for _ in range(MAX_PLAYERS)]
    with ask.websocket_connect(ADDRESS) as one_more:
        assert "close the page of one" in json.loads(one_more.receive_text())["error"]
        with pytest.raises(WebSocketDisconnect):
            one_more.receive_text()
    pages.pop().__exit__(None, None, None)
    with ask.websocket_connect(ADDRESS) as another:
        Page(another).start(SMALL)
    for it in pages:
        it.__exit__(None, None, None)


def test_what_is_offered_can_be_played(ask, page):
    offer = ask.get("/api/game").json()
    assert len(offer["lessons"]) == 5
    assert offer["settings"]["batch"]["maximum"] == 512
    assert set(offer["points"]) == set(offer["settings"]["points"]["enum"])
    for lesson in offer["lessons"].values():
        page.start(*(game["settings"] for game in lesson["games"]))


def test_without_the_token_nobody_plays(shelf):
    with asking(shelf, token=None) as client, pytest.raises(WebSocketDisconnect), client.websocket_connect(ADDRESS):
        pass
