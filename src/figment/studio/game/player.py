"""The thread that plays: as many turns as fit a frame, and a frame whenever the browser has room for one."""

import json
import queue
import struct
import time
from collections.abc import Callable

from threadpoolctl import threadpool_limits

from figment.errors import InputError
from figment.plane.frame import View, frame, view
from figment.plane.match import Match
from figment.plane.packing import pack, whole
from figment.plane.settings import validated
from figment.studio.game.asked import Pace, Said, Start, Step

HEAD = struct.Struct("<HH")  # before the games' frames: how many games, and turns since the last message
MAX_ON_THE_WAY = 3  # frames that the browser hasn't drawn yet, from which on they are left out
PATIENCE = 5.0  # seconds without a drawn frame, after which the game waits for the browser: it may be asleep
NAP = 0.5  # seconds between looks at whether it is back
SMOOTHING = 0.2  # weight of the newest frame in how long one takes

Post = Callable[["bytes | str"], None]


class Player:
    """One or two games, for one connection. post: takes a message for the browser, from any thread."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.told: queue.SimpleQueue[Said | None] = queue.SimpleQueue()  # None: the end
        self.games: list[tuple[Match, View]] = []
        self.pace = Pace(do="pace", steps=1, frames=30)
        self.is_playing = False
        self.on_the_way = self.turns = 0  # frames that aren't drawn yet; turns since the last frame
        self.last_seen = self.due = time.monotonic()
        self.showing = 0.005  # seconds that a frame takes

    def play(self) -> None:
        """Until told to end."""
        with threadpool_limits(1, "blas"):  # on matrices of this size threads only wait for one another
            while True:
                try:
                    said = self.told.get(timeout=self.spare())
                except queue.Empty:
                    self.turn_page()
                    continue
                if said is None:
                    return
                self.obey(said)

    def spare(self) -> float | None:
        """Seconds until something is to be done unasked; None: nothing is."""
        if not self.is_playing:
            return None
        return max(0.0, self.due - time.monotonic()) if self.is_watched else NAP

    @property
    def is_watched(self) -> bool:
        return time.monotonic() - self.last_seen < PATIENCE

    def obey(self, said: Said) -> None:
        if isinstance(said, Start):
            self.start(said)
        elif isinstance(said, Pace):
            self.pace = said
        elif isinstance(said, Step):
            self.is_playing = False
            for match, _ in self.games:
                {"both": match.step, "discriminator": match.discriminator_step, "generator": match.generator_step}[
                    said.who
                ]()
            self.turns += said.who == "both"
            self.show()
        elif said.do == "seen":
            self.on_the_way, self.last_seen = max(0, self.on_the_way - 1), time.monotonic()
        else:
            self.is_playing = said.do == "play" and bool(self.games)
            self.due = self.last_seen = time.monotonic()

    def start(self, said: Start) -> None:
        """Begin anew; where the settings can't be played, go on with the games that are there."""
        try:
            matches = [Match(validated(fields)) for fields in said.games]
        except InputError as error:
            self.post(json.dumps({"error": str(error)}))
            return
        self.games = [(match, view(match)) for match in matches]
        self.turns = 0
        self.post(json.dumps({"true": [whole(seen.true).ravel().tolist() for _, seen in self.games]}))
        self.show()

    def turn_page(self) -> None:
        """Make the turns of one frame, or as many as there is time for, and show it where the browser keeps up.

        Turns have the time that the frame leaves them, on a busy machine as much as it takes itself.
        """
        if not self.is_watched:
            return
        began, span = time.monotonic(), 1 / self.pace.frames
        until = began + max(span - self.showing, self.showing)
        for _ in range(self.pace.steps):
            for match, _ in self.games:
                match.step()
            self.turns += 1
            if time.monotonic() >= until:
                break
        if not any(match.is_finite for match, _ in self.games):
            self.is_playing = False
        if self.on_the_way < MAX_ON_THE_WAY or not self.is_playing:
            self.show()
        self.due = max(self.due + span, time.monotonic())

    def show(self) -> None:
        """Send a frame of each game."""
        now = time.monotonic()
        frames = [pack(frame(match, seen)) for match, seen in self.games]
        self.post(HEAD.pack(len(frames), min(self.turns, 2**16 - 1)) + b"".join(frames))
        self.on_the_way, self.turns = self.on_the_way + 1, 0
        self.showing += SMOOTHING * (time.monotonic() - now - self.showing)
