"""Is motion learnt, or would a walk do? figment's clips against the simplest rivals at equal minutes, one core each.

    python benchmarks/video_rivals.py portraits-moving --minutes 15 --out FOLDER [--video 16x12] [--size 64] [--samples 300]
        [--contenders figment walk conv3d] [--seed 0]

    figment  figment train DATA --video … --for …: pictures first, then motion
    walk     figment train DATA --video … --for … that learns single frames all the time, and clips that are walks: the whole
             code follows a smooth random path, of the pace at which frames differ by as much as in real clips
    conv3d   a 3-D convolutional GAN, a code in and a whole clip out (after VGAN, arXiv 1609.02612, one stream), of about as many
             weights; D of 3-D convolutions over whole clips; R1, averaged weights, mirrored clips and decay as figment's

Each has one thread; what follows once the clips are prepared counts. Then the scores of `figment measure`, on clips of the same
length: clip KID, with frozen and shuffled controls, motion, spectrum, drift; of the moving portraits also the truth. Clips lie in
FOLDER/NAME.npy, strips in NAME.png, scores in FOLDER/scores.json; a contender whose clips are there isn't made again.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import figment
from figment import motion
from figment.attributes.moving_reader import moving_reader
from figment.common.pixels import to_uint8
from figment.common.progress import Silent
from figment.data.bank.bank import Bank
from figment.features.registry import extractor
from figment.generator import Generator
from figment.media.images import grid, write
from figment.metrics.clip_scores import clip_scores, held_out_first, real_windows, split_clips
from figment.metrics.clip_scores import motion as energy
from figment.metrics.clip_truth import measure_truth
from figment.reals import are_moving_portraits, bank_of
from figment.run import Run
from trials import machine

ONLY_STILLS = 0.999  # images_first: all of the plan but its last steps
PACE_CLIPS = 32  # by which a walk's pace is found
SHOWN = 8  # clips on a sheet


def trained(options: argparse.Namespace, name: str, **choices: Any) -> Run:
    """A run of figment for the time that there is; taken again where it is finished."""
    folder = options.out / name
    if not (folder / "generator.safetensors").exists():
        figment.train(
            options.data, time=f"{options.minutes:g}m", video=options.video, out=folder, size=options.size, seed=options.seed,
            recipe=options.recipe, **choices,
        )  # fmt: skip
    return Run(folder)


def learnt(options: argparse.Namespace, bank: Bank) -> np.ndarray:
    """figment's clips."""
    generator = figment.load(trained(options, "figment").folder)
    return generator.clips(options.samples, options.seed).numpy()


def walked(options: argparse.Namespace, bank: Bank) -> np.ndarray:
    """Walks through the codes of a generator of single frames, as restless as the real clips."""
    generator = figment.load(trained(options, "walk", images_first=ONLY_STILLS).folder)
    _, reference = split_clips(bank, options.frames, options.samples, options.seed)
    wanted = energy(reference).mean()
    low, high = 0.05, 1e4  # frames from knot to knot
    for _ in range(24):
        spacing = (low * high) ** 0.5
        moved = energy(walk(generator, PACE_CLIPS, options.frames, spacing, options.seed)).mean()
        low, high = (spacing, high) if moved > wanted else (low, spacing)
    print(f"walk: a knot every {spacing:.1f} frames", flush=True)
    return walk(generator, options.samples, options.frames, spacing, options.seed)


@torch.no_grad()
def walk(generator: Generator, count: int, frames: int, spacing: float, seed: int) -> np.ndarray:
    """Clips whose whole code follows a path with a knot every so many frames, on the prior: uint8 (count, frames, C, H, W)."""
    random = torch.Generator().manual_seed(seed)
    size, found = generator.recipe.code_size, []
    for _ in range(count):
        knots = torch.randn(1, int(frames / spacing) + motion.DEGREE + 2, size, generator=random)
        times = torch.arange(frames)[None] / spacing + torch.rand(1, 1, generator=random)
        found.append(generator.decode(motion.path(knots, times)[0]))
    return torch.stack(found).numpy()


class Conv3dGenerator(nn.Sequential):
    """Codes (N, 128) → clips (N, C, 16, 64, 64), by transposed convolutions in time and space; four doublings of each."""

    def __init__(self, channels: int, frames: int, size: int) -> None:
        start = (frames // 8, size // 16, size // 16)
        widths = [72, 36, 18, 9]
        first = nn.ConvTranspose3d(128, widths[0], start, bias=False)
        layers: list[nn.Module] = [nn.Unflatten(1, (128, 1, 1, 1)), first]
        steps = [(2, 2, 2)] * 3 + [(1, 2, 2)]
        for place, (width, step) in enumerate(zip(widths, steps, strict=True)):
            layers += [nn.BatchNorm3d(width), nn.ReLU()]
            after = widths[place + 1] if place + 1 < len(widths) else channels
            kernel = (4 if step[0] == 2 else 3, 4, 4)
            layers += [nn.ConvTranspose3d(width, after, kernel, step, 1, bias=after == channels)]
        super().__init__(*layers, nn.Tanh())


def conv3d_discriminator(channels: int, frames: int, size: int) -> nn.Sequential:
    """Clips (N, C, T, S, S) → logits (N,)."""
    widths = [12, 24, 48, 96]
    layers: list[nn.Module] = []
    for before, width, t in zip([channels, *widths], widths, (1, 2, 2, 2), strict=False):
        layers += [nn.Conv3d(before, width, (4 if t == 2 else 3, 4, 4), (t, 2, 2), 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv3d(widths[-1], 1, (frames // 8, size // 16, size // 16)), nn.Flatten(0))


def convolved(options: argparse.Namespace, bank: Bank) -> np.ndarray:
    """Clips of the 3-D convolutional GAN, after as many minutes as the others had."""
    assert bank.clips is not None
    torch.manual_seed(options.seed)
    frames, size, channels = options.frames, bank.height, bank.pictures.shape[1]
    g, d = Conv3dGenerator(channels, frames, size), conv3d_discriminator(channels, frames, size)
    average = Conv3dGenerator(channels, frames, size)
    average.load_state_dict(g.state_dict())
    of_g, of_d = (torch.optim.Adam(net.parameters(), 1e-3, (0.5, 0.99)) for net in (g, d))
    ranges = bank.clips.ranges()[bank.clips.of(bank.train)]
    random, batch, clips = np.random.default_rng(options.seed), 16, 0

    def reals() -> Tensor:
        chosen = ranges[random.integers(0, len(ranges), batch)]
        begins = [first + random.integers(0, length - frames + 1) for first, length in chosen]
        seen = np.stack([np.asarray(bank.pictures[b : b + frames]) for b in begins])
        seen = np.where(random.random(batch)[:, None, None, None, None] < 0.5, seen, seen[..., ::-1])
        return torch.from_numpy(seen).transpose(1, 2).float() / 127.5 - 1

    begun, step, seconds = time.process_time(), 0, 60 * options.minutes
    while (spent := time.process_time() - begun) < seconds:
        for optimiser in (of_g, of_d):  # the decay of video-small
            done = max(0.0, (spent / seconds - 0.4) / 0.6)
            optimiser.param_groups[0]["lr"] = 1e-3 * (1 - 0.98 * (1 - np.cos(np.pi * done)) / 2)
        real = reals().requires_grad_(step % 8 == 0)
        fake = g(torch.randn(batch, 128))
        of_real = d(real)
        loss = F.softplus(-of_real).mean() + F.softplus(d(fake.detach())).mean()
        if step % 8 == 0:
            (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            loss = loss + 0.5 * 8 / 2 * slope.square().sum((1, 2, 3, 4)).mean()
        of_d.zero_grad()
        loss.backward()
        of_d.step()
        of_g.zero_grad()
        F.softplus(-d(fake)).mean().backward()
        of_g.step()
        step, clips = step + 1, clips + batch
        keep = 0.5 ** (batch / min(10_000, clips / 20))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), g.parameters(), strict=True):
                mean.data.lerp_(now, 1 - keep)
            for kept, buffer in zip(average.buffers(), g.buffers(), strict=True):
                kept.copy_(buffer)
    print(f"conv3d: {clips:,} clips, {sum(p.numel() for p in g.parameters()):,} weights", flush=True)
    average.eval()
    codes = torch.randn(options.samples, 128, generator=torch.Generator().manual_seed(options.seed))
    with torch.no_grad():
        return torch.cat([to_uint8(average(z)).transpose(1, 2) for z in codes.split(20)]).numpy()


CONTENDERS: dict[str, Callable[[argparse.Namespace, Bank], np.ndarray]] = {
    "figment": learnt, "walk": walked, "conv3d": convolved,
}  # fmt: skip


def scored(options: argparse.Namespace, bank: Bank, clips: np.ndarray) -> dict[str, Any]:
    """The scores of `figment measure`; of moving portraits the truth, too."""
    others, reference = split_clips(bank, options.frames, options.samples, options.seed)
    found = clip_scores(clips, others, reference, extractor("lite0"), options.seed)
    print(*found.lines(), sep="\n", flush=True)
    record = found.as_record()
    if are_moving_portraits(options.data):
        known = real_windows(bank, held_out_first(bank, options.seed)[0], options.frames, options.samples)
        fps = float(options.video.split("x")[1])
        truth = measure_truth(clips, known, fps, lambda tally: moving_reader(bank.height, tally))
        print(*truth.lines(), sep="\n", flush=True)
        record["truth"] = truth.as_record()
    return record


def main() -> None:
    """Train or load each contender's clips, then score them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--video", default="16x12")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--recipe", default="auto")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    options = parser.parse_args()
    options.frames = int(options.video.split("x")[0])
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    bank = bank_of(trained(options, "figment"), Silent())
    scores = options.out / "scores.json"
    record = json.loads(scores.read_text()) if scores.exists() else {}
    for name in options.contenders:
        file = options.out / f"{name}.npy"
        if not file.exists():
            np.save(file, CONTENDERS[name](options, bank))
        clips = np.load(file)
        rows = clips[:SHOWN, :: max(1, options.frames // 8)]
        write(options.out / f"{name}.png", grid(rows.reshape(-1, *rows.shape[2:]), rows.shape[1]))
        print(f"\n{name}, {options.minutes:g} minutes", flush=True)
        record[name] = scored(options, bank, clips) | {"minutes": options.minutes, "machine": machine()}
        scores.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
