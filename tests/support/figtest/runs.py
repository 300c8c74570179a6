"""Runs as the trainer would leave them, made without training."""

import math

import torch

from figment import nets, presets
from figment.generator import Generator
from figment.media.images import grid, write
from figment.metrics.distinct import pixel_spread
from figment.nets.serialization import packed, unpacked
from figment.run import Run

SNAPSHOTS = (0, 640, 2560, 10240)


def tick(images, share, **changes):
    """A reading at a share of the training; values that nothing else gives, so that a test can find them."""
    return {
        "event": "tick", "images": images, "seconds": 60 * share,
        "loss_discriminator": 0.7 - 0.3 * share, "loss_generator": 0.8 + share + 0.1 * math.sin(images),
        "separation": 0.9 - 0.1 * share, "memorising": 0.5 + 0.04 * share,
        "p_fake_real": 0.2, "p_fake_held_out": 0.25, "p_fake_fake": 0.7 + 0.1 * share,
        "calibration_pictures": 128, "spread": 0.5 + 0.4 * share, "distance": 0.3 - 0.2 * share, "detail": 0.4 + 0.3 * share,
        "norm_generator": 1.0, "norm_discriminator": 2.0, "images_per_second": 170.0 + 5 * math.cos(images),
        "memory_mb": 512, "lr": 2e-4, "diagnosis": ["the two nets are in balance"],
    } | changes  # fmt: skip


def facts(**changes):
    return {
        "state": "finished", "data": ["faces.zip"], "source": "faces", "fingerprint": "f00dcafe", "pictures": 3600,
        "trained_on": 3400, "held_out": 200, "skipped": [{"name": "broken.png", "reason": "cut off"}], "duplicates": 3,
        "machine": {"device": "cpu", "name": "Example CPU", "cores": 2, "memory": 7.8},
        "versions": {"figment": "0.1.0", "torch": "2.13.0", "python": "3.11.7"},
        "command": ["figment", "train", "my faces.zip", "--for", "1m"], "seconds": 60.0, "images": 10240,
    } | changes  # fmt: skip


def build(folder, ticks=40, snapshots=SNAPSHOTS, choices=(), **changes):
    """A Run of tiny nets with so many readings, and pictures and generators after so many images."""
    tiny = dict(size=16, channels=3, width=2, code_size=4, images=10240, planned_images=10240)
    choices = presets.make("dcgan", **tiny | dict(choices))
    run = Run.create(folder / "runs" / "x-1", choices, facts(**changes))
    run.log({"event": "start", "images": 0, "seconds": 0.0})
    for i in range(1, ticks + 1):
        run.log(tick(10240 * i // ticks, i / ticks))
    for images in snapshots:
        net = nets.initialised(nets.generator(choices), images, "generator")
        with torch.no_grad():  # or all snapshots would draw nearly the same grey
            net.get_submodule(last_layer(net)).weight.mul_(20)
        run.snapshot_file(images).write_bytes(packed(net, choices, "generator"))
        write(run.picture_file(images), grid(Generator(net, choices).sample(16)))
        run.log({"event": "snapshot", "images": images, "seconds": 60 * images / 10240})
    return run


def last_layer(net):
    return [name for name, m in net.named_modules() if isinstance(m, torch.nn.ConvTranspose2d)][-1]


def played(folder, **choices):
    """The same with a generator whose pictures differ as trained ones do: those of weights as they are drawn are all but grey."""
    run = build(folder, choices={"width": 8} | choices)
    for images in SNAPSHOTS:
        net, recipe = unpacked(run.snapshot_file(images), "generator")
        last, generator = net.get_submodule(last_layer(net)), Generator(net, recipe)
        spread = pixel_spread(generator.sample(16))
        last.weight.mul_(60 / spread)  # levels, as far as they don't leave 0 … 255
        run.snapshot_file(images).write_bytes(packed(net, recipe, "generator"))
    run.generator_file.write_bytes(run.snapshot_file(SNAPSHOTS[-1]).read_bytes())
    return run
