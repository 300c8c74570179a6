"""Keeping a run elsewhere while it trains: a thread that brings up what was saved, and never makes training wait."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Condition, Thread
from time import monotonic

from figment.common.progress import Say
from figment.common.signals import StopRequest
from figment.common.text import typed
from figment.run import Run
from figment.stores.captured import Captured, captured
from figment.stores.place import Place, note
from figment.stores.store import StoreError
from figment.stores.upload import Foreign, Uploader

HURRY_SECONDS = 20.0  # from a signal to the end: a spot machine is switched off 30 s after it
FINISH_SECONDS = 600.0  # that a run whose budget is spent waits, at most, for the store to take the last of it
WAIT_SECONDS = 1.0, 60.0  # between tries of a store that fails: the first, doubled up to the last
TOLD_SECONDS = 2.0  # of waiting at the end, before it is said what for
MARGIN = 1.25  # times as long as the slowest of the last uploads took, another may take


class Keeper:
    """Observes what a run saves and brings it up to a store.

    lead: how many seconds before save_seconds are over a state has to be saved, so that it is up there in time.
    lacking: after finish(), what isn't up there, in a sentence; None where all is.
    """

    def __init__(self, run: Run, place: Place, say: Say) -> None:
        self.run, self.place, self.say, self.address = run, place, say, place.store.address
        self.uploader = Uploader(place.store, place.writer, place.last, place.trusted)
        self.stop = StopRequest()
        self.lacking: str | None = None
        self.took: deque[float] = deque(maxlen=4)  # seconds from saving to being up there
        self.last: tuple[int, float] | None = None  # images and seconds of the state that was saved last
        self.up: int | None = None  # images of the set that is up there, of those of this training
        self.reason = ""  # why the last try failed
        self.is_foreign, self.is_over = False, False
        self.deadline: float | None = None
        self.waiting: Captured | None = None  # the newest set that isn't being uploaded yet
        self.is_busy = False
        self.changed = Condition()
        self.thread = Thread(target=self._work, daemon=True, name="keeper")
        self.thread.start()

    # ---- the trainer's side --------------------------------------------------------------------------------------------

    def lead(self, save_seconds: float) -> float:
        """Seconds by which a state is saved early: half of save_seconds at most, and until one upload was timed."""
        longest = max(self.took, default=save_seconds)
        return min(save_seconds / 2, MARGIN * longest)

    def saved(self, images: int, seconds: float) -> None:
        """A state was saved: what lies in the folder now belongs together. It takes the place of a set that still waits."""
        if self.is_foreign:
            return
        taken, self.last = captured(self.run, images, seconds), (images, seconds)
        with self.changed:
            if self.waiting is not None:
                self.waiting.close()
            self.waiting = taken
            self.changed.notify_all()

    def finish(self, is_spent: bool) -> None:
        """Bring up all that is there now, and say what couldn't be, as lacking.

        After a signal until HURRY_SECONDS from it; else for FINISH_SECONDS, which a signal shortens, and another ends.
        """
        if self.last is None:  # nothing was trained
            facts = self.run.facts
            self.last = int(facts.get("images") or 0), float(facts.get("seconds") or 0.0)
        images, seconds = self.last
        self.saved(images, seconds)
        begun = self.stop.at or monotonic()
        self._end_by(begun + (HURRY_SECONDS if self.stop or not is_spent else FINISH_SECONDS))
        if not self._wait(TOLD_SECONDS):
            self.say(f"bringing the last of the run up to {self.address}")
            try:
                self._wait()
            except KeyboardInterrupt:
                self._end_by(monotonic() + HURRY_SECONDS)
                self._wait()
        self._end_by(monotonic())
        self.lacking = self._lacking(images)
        self.say(self.lacking or f"{self.address} holds the run, at {images:,} images")

    def leave(self) -> None:
        """End, whatever isn't up there. A thread that waits for an answer that doesn't come ends with the process."""
        self._end_by(monotonic())
        self.thread.join(TOLD_SECONDS)
        with self.changed:
            if self.waiting is not None:
                self.waiting.close()

    def _end_by(self, deadline: float) -> None:
        with self.changed:
            self.deadline, self.is_over = deadline, True
            self.changed.notify_all()

    def _wait(self, seconds: float | None = None) -> bool:
        """Whether all is done that can be, within so many seconds."""
        assert self.deadline is not None
        left = self.deadline - monotonic()
        self.thread.join(max(0.0, left if seconds is None else min(left, seconds)))
        return not self.thread.is_alive()

    def _lacking(self, images: int) -> str | None:
        if self.is_foreign:
            return (
                f"{self.address} is kept by another training now: nothing more of this one was brought up. It is whole in "
                f"{typed(self.run.folder)}."
            )
        if self.waiting is None and not self.is_busy:
            return None
        why = self.reason or "there wasn't the time"
        has = "nothing of the run" if self.up is None else f"the run only as it was at {self.up:,} images"
        return (
            f"{self.address} holds {has}, not what it is at {images:,} ({why}): that is in {self.run.folder} on this machine "
            f"alone; figment resume {typed(self.run.folder)} brings it up."
        )

    # ---- the thread's side ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        wait, is_failing = WAIT_SECONDS[0], False
        while (taken := self._next()) is not None:
            try:
                done = self.uploader.bring_up(taken, lambda: self._goes_on())
            except Foreign:
                self.is_foreign = True
                self.say(f"{self.address} is kept by another training now: nothing more of this one is brought up.")
                self._done(taken, None)
                return
            except Exception as error:  # of whatever kind: it mustn't cost the training
                self.reason = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
                if not is_failing:
                    self.say(
                        f"{self.address} doesn't take the run ({self.reason}); training goes on, and it is tried again"
                    )
                is_failing = True
                self._done(taken, taken)
                self._pause(wait)
                wait = min(2 * wait, WAIT_SECONDS[1])
                continue
            if done:
                self.took.append(monotonic() - taken.at)
                self.up, self.reason, wait = taken.images, "", WAIT_SECONDS[0]
                if is_failing:
                    self.say(f"{self.address} takes the run again: it is there at {self.up:,} images")
                if not self.place.trusted:  # all was brought up anew
                    self.place = replace(self.place, trusted=True)
                    note(self.run, self.place)
                is_failing = False
            self._done(taken, None if done else taken)

    def _next(self) -> Captured | None:
        """The newest set, once there is one; None where there is to be none, or no time for it."""
        with self.changed:
            while self.waiting is None and not self.is_over:
                self.changed.wait()
            if self.waiting is None or self._is_late():
                return None
            taken, self.waiting, self.is_busy = self.waiting, None, True
            return taken

    def _done(self, taken: Captured, again: Captured | None) -> None:
        """A set is dealt with; or is to be tried again, unless there is a newer one."""
        with self.changed:
            self.is_busy = False
            if again is not None and self.waiting is None:
                self.waiting = again
            else:
                taken.close()

    def _pause(self, seconds: float) -> None:
        """Wait before the next try; at the end of the run no longer than a second."""
        until = monotonic() + seconds
        with self.changed:
            while (left := min(until, monotonic() + WAIT_SECONDS[0] if self.is_over else until) - monotonic()) > 0:
                if self.is_over:
                    self.changed.wait(min(left, WAIT_SECONDS[0]))
                    return
                self.changed.wait(left)

    def _goes_on(self) -> bool:
        """Whether the upload that is being made is still worth it: not where time presses and there is a newer set."""
        return not self._is_late() and not (self.stop and self.waiting is not None)

    def _is_late(self) -> bool:
        return self.deadline is not None and monotonic() >= self.deadline


@contextmanager
def kept_up(run: Run, place: Place | None, say: Say) -> Iterator[None]:
    """Within, what a run saves is brought up to its place, and at the end all of it; run.elsewhere tells what couldn't be."""
    if place is None:
        yield
        return
    note(run, place)
    run.elsewhere = keeper = Keeper(run, place, say)
    try:
        yield
        keeper.finish(run.state == "finished")
    except Exception:  # it ends by itself; what was saved before is brought up still
        keeper.finish(False)
        raise
    finally:
        keeper.leave()
