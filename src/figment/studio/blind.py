"""A blind test: pairs of pictures, one real and one generated, or of two runs, and what a person's answers tell.

A pair is one picture of both, so that no file name, mark or size tells them apart; which side is which stays here until it is
answered. How many pairs there are is settled before the first one: who may stop when it looks well proves nothing.
"""

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from starlette.responses import Response

from figment.common.progress import Silent
from figment.errors import InputError
from figment.studio.operation import Asked, Operation
from figment.studio.recent import Recent
from figment.studio.run_parts import generator_after, reals_of
from figment.studio.studio import Missing, Studio

if TYPE_CHECKING:
    from figment.generator import Generator
    from figment.media.provenance import DigitalSourceType

Side = Literal["left", "right"]
BATCH = 16  # samples drawn at once
MAX_TESTS = 32  # that are remembered
GAP = 2  # pixels between the two of a pair, which the page cuts away
SURE = 0.05  # how often chance alone may do as well, for a difference to be believed
LEVEL = 0.95  # of the interval
DRAWN: "DigitalSourceType" = "trainedAlgorithmicMedia"
MIXED: "DigitalSourceType" = "compositeWithTrainedAlgorithmicMedia"


class Begin(Asked):
    """kind: "real", which of two is real, of one run; "better", which of two is better, of two runs."""

    kind: Literal["real", "better"]
    runs: list[str] = Field(min_length=1, max_length=2)
    pairs: int = Field(20, ge=5, le=100)


class Answer(Asked):
    pair: int = Field(ge=0, lt=100)
    side: Side


@dataclass(eq=False)
class BlindTest:
    """names: of what stands on either side: real and generated, or two runs. answers: of each pair whether the first was taken.

    first_is_left: where the first of the two stands, by pair. reals: uint8 (N, C, H, W), one a pair.
    """

    kind: str
    names: tuple[str, str]
    pairs: int
    generators: "tuple[Generator, ...]"
    reals: NDArray[np.uint8] | None
    first_is_left: list[bool]
    seed: int
    mark: "DigitalSourceType"
    answers: list[bool] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    batches: "Recent[NDArray[np.uint8]]" = field(default_factory=lambda: Recent(4))

    def picture(self, pair: int) -> bytes:
        """A pair side by side, as a marked PNG."""
        from figment.media.images import encode, grid

        both = self._alike(self._first(pair), self._drawn(len(self.generators) - 1, pair))
        ordered = both if self.first_is_left[pair] else both[::-1]
        return encode(grid(np.stack(ordered), columns=2, gap=GAP), "PNG", self.mark)

    def _first(self, pair: int) -> NDArray[np.uint8]:
        return self._drawn(0, pair) if self.reals is None else self.reals[pair]

    def _drawn(self, which: int, pair: int) -> NDArray[np.uint8]:
        batch, place = divmod(pair, BATCH)
        seed = self.seed + which
        made = self.batches.get(
            (which, batch), lambda: self.generators[which].sample(BATCH, seed, start=BATCH * batch).numpy()
        )
        return made[place]

    def _alike(self, *pictures: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """In colour, and of one size: the larger."""
        from figment.common.pixels import to_rgb
        from figment.media.images import resized

        height, width = (max(picture.shape[axis] for picture in pictures) for axis in (1, 2))
        coloured = [to_rgb(picture[None])[0] for picture in pictures]
        return [
            it if it.shape[1:] == (height, width) else resized(np.ascontiguousarray(it), height, width)
            for it in coloured
        ]


TESTS: "Recent[BlindTest]" = Recent(MAX_TESTS)


def begin(studio: Studio, body: Begin) -> dict[str, Any]:
    """A new test. Raises InputError where there are no real pictures, or no generators."""
    runs = [studio.run(id) for id in body.runs]
    wanted = 1 if body.kind == "real" else 2
    if len(set(body.runs)) != wanted:
        raise InputError(
            "Which is real is asked of one run." if wanted == 1 else "Which is better is asked of two runs."
        )
    generators = tuple(generator_after(run, run.facts.get("images") or 0)[0] for run in runs)
    random, reals = np.random.default_rng(secrets.randbits(64)), None
    names, mark = (runs[0].name, runs[-1].name), DRAWN
    if body.kind == "real":
        bank, names, mark = reals_of(runs[0], Silent()), ("real", "generated"), MIXED
        rows = bank.held_out if len(bank.held_out) >= body.pairs else bank.train
        chosen = random.choice(rows, body.pairs, replace=len(rows) < body.pairs)
        reals = np.stack([bank.pictures[row] for row in chosen])
    sides, seed = (random.random(body.pairs) < 0.5).tolist(), int(random.integers(2**30))
    test = BlindTest(body.kind, names, body.pairs, generators, reals, sides, seed, mark)
    id = secrets.token_hex(8)
    TESTS.get(id, lambda: test)
    return {"test": id, "pairs": body.pairs}


def test_of(id: str) -> BlindTest:
    def gone() -> BlindTest:
        raise Missing("This test is no longer there: begin another one.")

    return TESTS.get(id, gone)


def pair(studio: Studio, test: str, number: str) -> Response:
    """A pair: the one that is to be answered, or the one after it."""
    its = test_of(test)
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else -1
    if not 0 <= place < min(its.pairs, len(its.answers) + 2):
        raise Missing("There is no such pair yet.")
    return Response(its.picture(place), media_type="image/png", headers={"cache-control": "no-store"})


def answer(studio: Studio, test: str, body: Answer) -> dict[str, Any]:
    """Take an answer. first: the side that the real one stood on, where that is what was asked; of runs nothing is told yet."""
    its = test_of(test)
    with its.lock:
        if body.pair != len(its.answers) or body.pair >= its.pairs:
            raise InputError("This pair has been answered, or it isn't its turn.")
        is_left = its.first_is_left[body.pair]
        its.answers.append((body.side == "left") == is_left)
    return {
        "answered": len(its.answers), "real": ("left" if is_left else "right") if its.kind == "real" else None,
        "right": its.answers[-1] if its.kind == "real" else None,
    }  # fmt: skip


def result(studio: Studio, test: str) -> dict[str, Any]:
    """What the answers tell. Raises InputError before the last one."""
    its = test_of(test)
    if len(its.answers) < its.pairs:
        raise InputError(f"{len(its.answers)} of {its.pairs} pairs are answered: the result comes after the last one.")
    taken = sum(its.answers)
    told = {"kind": its.kind, "names": list(its.names), "taken": taken, "pairs": its.pairs}
    return told | weighed(its.kind, its.names, taken, its.pairs)


def weighed(kind: str, names: tuple[str, str], taken: int, pairs: int) -> dict[str, Any]:
    """How likely chance alone does as well (exact binomial test), the share's interval (Clopper and Pearson), and a sentence."""
    from scipy.stats import binomtest

    test = binomtest(taken, pairs, 0.5, "greater" if kind == "real" else "two-sided")
    interval = binomtest(taken, pairs).proportion_ci(LEVEL, "exact")
    chance = float(test.pvalue)
    within = f"between {100 * interval.low:.0f} and {100 * interval.high:.0f} % of the time (95 %)"
    if kind == "real":
        verdict = "you can tell them apart" if chance < SURE else "that shows no more than guessing"
        sentence = (
            f"You were right {taken} of {pairs} times. Somebody who only guesses does as well or better in {percent(chance)} of"
            f" such tests: {verdict}. In the long run you would be right {within}."
        )
    else:
        better = names[0] if 2 * taken >= pairs else names[1]
        verdict = f"you find {better} better by more than chance" if chance < SURE else "no difference shows"
        sentence = (
            f"You took {names[0]} {taken} and {names[1]} {pairs - taken} of {pairs} times. By chance alone it is as uneven or"
            f" more in {percent(chance)} of such tests: {verdict}. In the long run you would take {names[0]} {within}."
        )
    return {"chance": chance, "low": float(interval.low), "high": float(interval.high), "sentence": sentence}


def percent(share: float) -> str:
    """.0005 → .05 %."""
    return "fewer than .01 %" if share < 1e-4 else f"{100 * share:.2g} %".removeprefix("0")


OPERATIONS = (
    Operation("POST", "/api/compare/tests", begin, "A new blind test", body=Begin),
    Operation(
        "GET", "/api/compare/tests/{test}/pairs/{number}", pair, "A pair of pictures, side by side", gives="image/png"
    ),
    Operation("POST", "/api/compare/tests/{test}/answers", answer, "The answer to a pair", body=Answer),
    Operation("GET", "/api/compare/tests/{test}", result, "What all answers together tell"),
)
