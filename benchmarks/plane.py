"""How fast the Game plays: frames and turns a second with 512 points and a 40×40 field, and what a turn and a frame cost.

    python benchmarks/plane.py [--seconds 4]

On one thread. The thread that plays is the studio's own (studio/game/player.py); the browser is one that draws at once. Of the
default game, one with nets of 64 and 64 units, one with a penalty for Wasserstein, and the two of the lesson on mode collapse.
A turn's and a frame's cost are processor time, the least of several rounds; frames and turns a second are by the clock. Then the
same turn by torch: figment's own losses through autograd, its Adam.
"""

import argparse
import threading
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from figment.game.phase_losses import Batch, LossSettings, discriminator_phase, generator_phase
from figment.plane.frame import frame, view
from figment.plane.lessons import LESSONS
from figment.plane.match import Match
from figment.plane.packing import pack
from figment.plane.settings import Settings
from figment.studio.game.asked import Pace, Plain, Start
from figment.studio.game.player import HEAD, Player

GAMES: dict[str, list[Settings]] = {
    "relativistic, R1 + R2 (default)": [Settings()],
    "64 and 64 units": [Settings(generator_width=64, discriminator_width=64)],
    "Wasserstein with its penalty": [Settings(objective="wgan", r1=0, r2=0, gradient_penalty=1)],
    "lesson: collapse, two games": list(LESSONS["collapse"].games.values()),
}
STEPS = (1, 10, 50)  # turns a frame asked for
ROUNDS = 8


def least(work: Callable[[], Any], count: int) -> float:
    """Milliseconds of processor time that a piece of work takes, the least of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(count):
            work()
        taken.append((time.process_time() - began) / count * 1000)
    return min(taken)


def watched(games: list[Settings], steps: int, seconds: float) -> tuple[float, float, int]:
    """Frames and turns a second, and the bytes of a frame, with a browser that draws at once."""
    seen: list[tuple[int, int]] = []

    def post(message: bytes | str) -> None:
        if isinstance(message, bytes):
            seen.append((HEAD.unpack_from(message)[1], len(message)))
            player.told.put(Plain(do="seen"))

    player = Player(post)
    player.told.put(Start(do="start", games=[game.model_dump() for game in games]))
    player.told.put(Pace(do="pace", steps=steps, frames=30))
    player.told.put(Plain(do="play"))
    thread = threading.Thread(target=player.play)
    thread.start()
    time.sleep(1)  # to get going
    seen.clear()
    began = time.monotonic()
    time.sleep(seconds)
    counted, took = list(seen), time.monotonic() - began
    player.told.put(None)
    thread.join()
    return len(counted) / took, sum(turns for turns, _ in counted) / took, counted[-1][1]


def turn_by_torch() -> Callable[[], None]:
    """A turn of the default game as one would write it by figment's losses."""
    s = Settings()

    def mlp(wide: int, out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(wide, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, out)
        )

    generator, discriminator = mlp(2, 2), mlp(2, 1)
    moves = [torch.optim.Adam(net.parameters(), 2e-3, (0.0, 0.99), fused=True) for net in (generator, discriminator)]
    settings, gamma = LossSettings(s.objective, "exact"), torch.tensor(s.r1)

    def logits(points: torch.Tensor, _: torch.Tensor | None = None) -> torch.Tensor:
        return discriminator(points.flatten(1))[:, 0]

    def turn() -> None:
        real = Batch(torch.randn(s.batch, 2, 1, 1))
        made = generator(torch.randn(s.batch, 2))[:, :, None, None]
        loss = discriminator_phase(logits, real, Batch(made.detach()), settings, gamma=gamma).loss
        for which, loss_of in ((1, lambda: loss), (0, lambda: generator_phase(logits, Batch(made), real, settings))):
            moves[which].zero_grad()
            loss_of().backward()
            moves[which].step()

    return turn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="that each pace is watched for")
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    print(f"{'game':34}{'turn ms':>9}{'frame ms':>10}{'bytes':>8}  " + "".join(f"{f'{n} a frame':>22}" for n in STEPS))
    for name, games in GAMES.items():
        matches = [Match(game) for game in games]
        looks = [(match, view(match)) for match in matches]
        turn = least(lambda matches=matches: [match.step() for match in matches], 50)
        shown = least(lambda looks=looks: [pack(frame(match, look)) for match, look in looks], 10)
        paces = [watched(games, steps, seconds) for steps in STEPS]
        told = "".join(f"{frames:10.1f} f/s {turns:5.0f} t/s" for frames, turns, _ in paces)
        print(f"{name:34}{turn:9.2f}{shown:10.2f}{paces[0][2]:8,}  {told}", flush=True)
    print(f"{'the default game by torch':34}{least(turn_by_torch(), 20):9.2f}")


if __name__ == "__main__":
    main()
