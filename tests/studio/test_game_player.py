"""The thread of the Game, called by hand: when it plays, when it waits, and when it has ended."""

import json

import numpy as np
import pytest

from figment.studio.game import player as module
from figment.studio.game.asked import Message, Said
from figment.studio.game.player import MAX_ON_THE_WAY, Player


def said(do: str, **more) -> Said:
    return Message.validate_python({"do": do, **more})


@pytest.fixture
def posted() -> list[bytes | str]:
    return []


@pytest.fixture
def player(posted) -> Player:
    made = Player(posted.append)
    made.obey(said("start", games=[{"batch": 8}]))
    made.obey(said("play"))
    return made


def turns(player: Player) -> int:
    return player.games[0][0].steps[0]


def test_as_many_turns_as_asked_for_where_there_is_time(player, monkeypatch):
    monkeypatch.setattr(module.time, "monotonic", lambda: 0.0)
    player.last_seen = 0.0
    player.obey(said("pace", steps=7, frames=30))
    player.turn_page()
    assert turns(player) == 7


def test_one_at_least_where_there_is_none(player, monkeypatch):
    clock = iter(range(0, 10**6, 1000))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(Player, "is_watched", True)
    player.obey(said("pace", steps=50, frames=30))
    player.turn_page()
    assert turns(player) == 1


def test_a_game_that_nobody_has_looked_at_for_a_while_waits(player, monkeypatch):
    player.last_seen -= module.PATIENCE + 1
    player.turn_page()
    assert turns(player) == 0
    assert player.spare() == module.NAP
    player.obey(said("seen"))
    player.turn_page()
    assert turns(player) == 1


def test_frames_on_the_way_are_few_and_turns_go_on(player, posted):
    for _ in range(10):
        player.turn_page()
    assert turns(player) == 10
    assert sum(isinstance(it, bytes) for it in posted) == MAX_ON_THE_WAY


def test_a_game_whose_numbers_overflow_is_shown_once_more_and_ends(player, posted):
    player.on_the_way = MAX_ON_THE_WAY
    player.games[0][0].generator.numbers[:] = np.nan
    player.turn_page()
    assert not player.is_playing
    assert player.spare() is None
    assert isinstance(posted[-1], bytes)


def test_without_a_game_there_is_nothing_to_play(posted):
    player = Player(posted.append)
    for do in ("play", "step", "seen"):
        player.obey(said(do))
    assert player.spare() is None
    assert all(len(it) == module.HEAD.size for it in posted)


def test_what_can_t_be_played_leaves_the_game_that_is_there(player, posted):
    before = player.games
    player.obey(said("start", games=[{"batch": 0}]))
    assert json.loads(posted[-1])["error"] == "batch=0: must be greater than or equal to 1."
    assert player.games is before


def test_it_ends_when_told(player):
    player.told.put(said("step"))
    player.told.put(None)
    player.play()
    assert turns(player) == 1
