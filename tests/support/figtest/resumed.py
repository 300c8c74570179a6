"""What tests that stop runs and resume them share."""

import signal

import pytest
import torch
from safetensors.torch import load_file

from figment.run import Run
from figment.training import loop


def same(a: Run, b: Run) -> None:
    """State (nets, average, optimisers, counters), result and pictures are equal to the byte."""
    x, y = load_file(a.state_file), load_file(b.state_file)
    assert x.keys() == y.keys()
    assert all(torch.equal(x[k], y[k]) for k in x)
    assert a.generator_file.read_bytes() == b.generator_file.read_bytes()
    assert a.discriminator_file.read_bytes() == b.discriminator_file.read_bytes()  # with how P(fake) is read
    assert {i: p.read_bytes() for i, p in a.pictures().items()} == {i: p.read_bytes() for i, p in b.pictures().items()}
    assert list(a.snapshots()) == list(b.snapshots())
    timeless = [[{k: v for k, v in e.items() if k not in {"seconds", "images_per_second", "memory_mb"}}
                 for e in run.events("tick")] for run in (a, b)]  # fmt: skip
    assert timeless[0] == timeless[1]


def stopping_after(steps: int, monkeypatch: pytest.MonkeyPatch, number: int = signal.SIGINT) -> None:
    """Send ourselves a signal after so many steps."""
    play, played = loop.train_step, [0]

    def counted(*args) -> None:
        play(*args)
        played[0] += 1
        if played[0] == steps:
            signal.raise_signal(number)

    monkeypatch.setattr(loop, "train_step", counted)
