"""What tests with several processes share: a training that all kinds of state are carried through, and what must come out."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from figment.run import Run

TOLERANCE = 1e-4  # of float32 sums that were added in another order, over some dozens of steps of Adam
BATCH = 16
RECIPES = {
    # Batch norm and smoothed targets, some swapped; rates that fall; augmentation steered by D's signs.
    "dcgan": dict(
        width=4, real_target=0.9, label_flips=0.05, lr_final=0.1, augment="full", augment_p=0.3, augment_mode="adaptive",
    ),
    # Penalties by finite differences on a quarter of the batch; augmentation that rises.
    "r3gan": dict(
        width=16, blocks=1, code_size=8, penalty="finite", penalty_share=0.25,
        augment="full", augment_p=0.3, augment_mode="ramp",
    ),
}  # fmt: skip


def training(data: Path | None, out: Path, recipe: str, images: int, **more: object) -> list[str]:
    """The words of figment train."""
    choices = {"batch": BATCH, "save_seconds": 0, **RECIPES[recipe], **more}
    sets = [word for name, value in choices.items() for word in ("--set", f"{name}={value}")]
    sources = [] if data is None else [str(data)]
    return ["train", *sources, "--recipe", recipe, "--size", "16", "--images", str(images), "--out", str(out), *sets]


def alike(a: Run, b: Run) -> None:
    """The state, the counters and the pictures are the same, but for the order of sums."""
    assert a.facts["images"] == b.facts["images"]
    x, y = load_file(a.state_file), load_file(b.state_file)
    assert x.keys() == y.keys()
    for name in x:
        torch.testing.assert_close(x[name], y[name], rtol=TOLERANCE, atol=TOLERANCE, msg=lambda m, n=name: f"{n}: {m}")
    assert list(a.pictures()) == list(b.pictures())
    assert list(a.snapshots()) == list(b.snapshots())
    assert [e["images"] for e in a.events("tick")] == [e["images"] for e in b.events("tick")]
