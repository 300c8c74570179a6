"""Every picture and number in README.md and docs/ that figment's defaults produced: made anew by one command.

    python docs/figures.py [--list | --plan] [--only NAME …] [--work FOLDER] [--celeba FOLDER] [--congress FOLDER]

It prints what it is going to do and about how long that takes, trains what it needs into --work (a training that is there
is used as it is, an interrupted one goes on), writes pictures to docs/images, and puts each number in the place of the
last one on its page. docs/figures.json keeps of each figure the commands, the machine, the day, and each number as its page
has it, with its error; tests/test_figures.py holds pages and pictures to it. Figures of pictures that aren't given (CelebA
may not be passed on) are left out, and told. All trainings have image budgets, so they give the same again.

What isn't here: times and speeds, which are their machine's (LOG.md), and docs/minutes.md, which
benchmarks/quality_per_minute.py makes by the command that stands there.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from figment.common.progress import Silent
from figment.data.portraits.moving import CLIP_SECONDS, moving_portraits
from figment.data.sources.names import MOVING_SHAPE
from figment.data.world.world import world
from figment.media.images import grid, write
from figment.metrics.verdicts import as_sentence
from figment.reals import bank_of
from figment.run import Run

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "benchmarks")]
from lesson import curves, learning, said_by_discriminator  # noqa: E402
from workshop import RECORD, Training, Workshop, is_done, keep, number  # noqa: E402

from scoring import face_rate  # noqa: E402
from trials import machine, samples, side_by_side  # noqa: E402

DRAWN = 60  # pictures of the drawn world on a sheet
CLIPS, CLIP_FRAMES = 6, 12  # moving portraits on a sheet, and frames of each
SHOWN = 16  # first samples on a sheet of its own, four by four
HAAR = 500  # samples that a face is looked for in


GROUP = r"--group '^(\d+)_'"
LOSSES = {"bce": 80_000, "mse": 80_000, "ml": 80_000, "hinge": 80_000, "wgan": 29_440}  # images seen
TRAININGS = {
    # What the first command of README.md saw in its three minutes (LOG 37).
    "portraits-3m": Training("portraits", "--images 72160 --recipe dcgan-r1 --set precision=bf16", 4),
    # The lesson's: small pictures, so that a class can make it on the spot.
    "portraits-32": Training("portraits", "--images 60k --recipe dcgan-r1 --size 32", 3),
    # One that goes wrong: a grey picture, whatever the code.
    "portraits-mse": Training("portraits", "--images 10k --recipe dcgan-small --size 32 --set objective=mse", 1),
    "portraits-600k": Training("portraits", "--images 600k --recipe dcgan-r1 --set precision=bf16", 54),
    # What 20 minutes of two cores saw.
    "celeba-small": Training("celeba", f"--images 884864 --recipe dcgan-small {GROUP}", 62),
    "celeba-r1": Training("celeba", f"--images 530k --recipe dcgan-r1 --set precision=bf16 {GROUP}", 54),
    "celeba-wide": Training("celeba", f"--images 13824 --recipe dcgan {GROUP}", 6),
    "congress": Training("congress", "--images 126720 --recipe dcgan-small", 12),
    **{
        f"loss-{loss}": Training("celeba", f"--images {images} --recipe dcgan-small --set objective={loss} {GROUP}", 8)
        for loss, images in LOSSES.items()
    },
}  # fmt: skip


# ---- the figures ---------------------------------------------------------------------------------------------------


def article_nets(at: Workshop) -> None:
    plan = at.figment("train", "--recipe", "dcgan", "--images", "1M", "--dry-run")
    for net in ("generator", "discriminator"):
        row = next(line for line in plan.splitlines() if line.startswith(f"{net} ") and "parameters" in line)
        at.say("docs/article.md", net, row, int(row.split()[1].replace(",", "")))


def drawn_world(at: Workshop) -> None:
    at.commands.append(f"figment.data.world.world.world({DRAWN})")
    sheet = at.work / "world.png"
    write(sheet, grid(world(DRAWN), columns=12), "algorithmicMedia")
    at.show(sheet, "world.png")


def moving(at: Workshop) -> None:
    frames, fps = MOVING_SHAPE.frames_in(CLIP_SECONDS), MOVING_SHAPE.fps
    at.commands.append(f"figment.data.portraits.moving.moving_portraits({CLIPS * frames}, frames={frames}, fps={fps})")
    clips = moving_portraits(CLIPS * frames, frames=frames, fps=fps).reshape(CLIPS, frames, 3, 64, 64)
    sheet = at.work / "portraits-moving.webp"
    shown = clips[:, :CLIP_FRAMES].reshape(-1, 3, 64, 64)
    write(sheet, grid(shown, columns=CLIP_FRAMES), "algorithmicMedia")
    at.show(sheet, "portraits-moving.webp")


def first_run(at: Workshop) -> None:
    run = at.run("portraits-3m")
    at.show(list(run.pictures().values())[-1], "portraits-3m.png")
    at.say("docs/minutes.md", "portraits", f"{run.facts['trained_on']:,} built-in portraits", run.facts["trained_on"])
    at.say("docs/measure.md", "summary", as_sentence(at.measured("portraits-3m")["summary"]))


def lesson(at: Workshop) -> None:
    run = at.run("portraits-32")
    for name, draw, source in (
        ("learning", learning, "compositeWithTrainedAlgorithmicMedia"),
        ("discriminator", said_by_discriminator, "compositeWithTrainedAlgorithmicMedia"),
        ("curves", curves, None),
    ):
        sheet = at.work / f"lesson-{name}.png"
        write(sheet, draw(run), source)
        at.show(sheet, sheet.name)
    last = list(run.events("tick"))[-1]
    said = f"At the end D ranks a real picture above a drawn one in {100 * last['separation']:.2f} %"
    at.say("docs/how-it-works.md", "separation", said, last["separation"])


def lesson_gone_wrong(at: Workshop) -> None:
    run = at.run("portraits-mse")
    at.sheet("portraits-mse", SHOWN, "lesson-wrong.png")
    words = list(run.events("tick"))[-1]["diagnosis"]
    at.say("docs/how-it-works.md", "said", "; ".join(sign.split(" (try")[0] for sign in words))


def real_faces(at: Workshop) -> None:
    run = at.run("celeba-small")
    pictures = run.pictures()
    seen = [min(pictures, key=lambda images: abs(images - wanted)) for wanted in (20_736, 101_632, 884_864)]
    for images, when in zip(seen, ("early", "middle", "late"), strict=True):
        at.show(pictures[images], f"celeba-{when}.png")
    samples, reals = faces_found(run), real_faces_found(run)
    head = f"{seen[0]:,} images seen | 2 min 45 s, {seen[1]:,} | 20 min, {seen[2]:,} |"
    at.say("docs/article.md", "article seen", head, seen[-1])
    both = f"face in {100 * samples:.1f} % of {HAAR} samples doubled to 128 px, against {100 * reals:.1f} %"
    at.say("docs/article.md", "article faces", both, samples)


def article_widths(at: Workshop) -> None:
    seen = at.run("celeba-wide").facts["images"]
    at.sheet("celeba-wide", SHOWN, "article-widths.png")
    at.say("docs/article.md", "seen", f"{seen:,} images seen (38 a second", seen)


def losses(at: Workshop) -> None:
    kids, faces = [], []
    for loss in LOSSES:
        faces.append(faces_found(at.run(f"loss-{loss}")))
        at.sheet(f"loss-{loss}", SHOWN, f"loss-{loss}.png")
        kids.append(f"{at.measured(f'loss-{loss}', '-n', '1000')['scores']['kid']['value']:,.0f}")
    at.run("celeba-small")
    late = at.measured("celeba-small", "-n", "1000")["scores"]["kid"]
    at.say("docs/article.md", "kid", f"| KID {' | '.join(kids)} |")
    at.say("docs/article.md", "haar", f"| Haar {' | '.join(f'{100 * share:.0f} %' for share in faces)} |")
    told = (
        f"({late['title']} ×1000, 1,000 samples against 1,000 faces, lower is better, floor {late['floor']:.0f}; the "
        f"20-minute run above has {late['value']:,.0f}."
    )
    at.say("docs/article.md", "late", told, late["value"], late["error"])


def congress(at: Workshop) -> None:
    run = at.run("congress")
    at.show(list(run.pictures().values())[-1], "congress.png")
    share = faces_found(run)
    at.say("docs/article.md", "faces", f"Haar face in {100 * share:.1f} % of {HAAR} samples", share)


# Of docs/understand.md: the run, the command, minutes.
EXPERIMENTS = {
    "between": ("celeba-r1", "explore interpolate", 1),
    "arithmetic": (
        "portraits-600k",
        "explore arithmetic --a 'smile>0.4, no glasses' --b 'smile<0, no glasses' --c 'smile<0, glasses' --exemplars 5", 3,
    ),
    "directions": ("portraits-600k", "explore directions --how labelled", 4),
    "celeba-directions": ("celeba-r1", "explore directions --how principal --name principal", 1),
    # From four that look to one side to four that look to the other, found by eye on a numbered sheet of this very run.
    "turn": ("celeba-r1", "explore directions --from 28,54,76,101 --to 36,42,73,91 --name turn", 1),
    "project": ("portraits-600k", "explore project", 3),
    "filters": ("portraits-600k", "explain filters", 2),
    "evidence": ("portraits-3m", "explain evidence", 2),
    "forget": ("portraits-600k", "explain forget --attribute glasses", 4),
}  # fmt: skip


def experiment(at: Workshop, name: str) -> None:
    run, command, _ = EXPERIMENTS[name]
    at.run(run)
    room, kind, *options = shlex.split(command)
    at.figment(room, kind, run, *options)
    findings, stem = at.work / run / "findings", f"{kind}-{options[-1]}" if "--name" in options else kind
    record = json.loads((findings / f"{stem}.json").read_text())
    at.show(findings / record["sheets"][0]["file"], f"understand-{name}.png")
    if name in SAID:
        SAID[name](at, record)


def of_directions(at: Workshop, record: dict[str, Any]) -> None:
    shares = [row[-1].rstrip("%") for row in record["rows"]]  # that the attribute which comes along moves as far
    alone = sum(share == "–" or float(share) < 50 for share in shares)
    at.say("docs/understand.md", "alone", f"On the portraits {alone} of {len(shares)} are", alone)


def of_forgetting(at: Workshop, record: dict[str, Any]) -> None:
    found, effect = record["numbers"], next(iter(record["numbers"]["effects"].values()))
    maps = f"{len(found['maps'])} of {found['of']}"
    lost, sound = (f"{100 * effect[of]:.0f} %" for of in ("lost", "whole"))
    text = f"{maps} maps draw {lost} of the glasses, and without them {sound} are sound"
    at.say("docs/understand.md", "lost", text, effect["lost"])


SAID = {"directions": of_directions, "forget": of_forgetting}


def measured(at: Workshop) -> None:
    names = ("celeba-small", "celeba-r1")
    runs = [at.run(name) for name in names]
    measures = [at.measured(name) for name in names]
    found = [side["scores"] for side in measures]
    side_by_side(at.work / "measured.png", [samples(run, 36) for run in runs])
    at.show(at.work / "measured.png", "measured.png")
    for name, side in zip(names, measures, strict=True):
        at.say("docs/measure.md", f"summary of {name}", as_sentence(side["summary"]))
    for score in ("fd", "fd_limit", "kid", "precision", "density", "recall", "coverage", "swd"):
        ours = found[1][score]
        cells = [number(side[score]["value"], side[score]["error"]) for side in found]
        row = f"| {ours['title']} | {' | '.join(cells)} | {number(ours['floor'], ours['floor_error'])} |"
        at.say("docs/measure.md", score, row, ours["value"], ours["error"])


# ---- what they share -----------------------------------------------------------------------------------------------


def faces_found(run: Run) -> float:
    """Share of a run's first samples in which OpenCV's Haar detector finds a face at 128 px."""
    return float(face_rate(samples(run, HAAR)))


def real_faces_found(run: Run) -> float:
    """The same of held-out real pictures."""
    bank = bank_of(run, Silent())
    return float(face_rate(np.asarray(bank.pictures[np.sort(bank.held_out[:HAAR])])))


class Figure(NamedTuple):
    """What is made together. pictures: their names in docs/images; minutes: of one core, beside the trainings."""

    name: str
    make: Callable[[Workshop], None]
    trainings: tuple[str, ...]
    pictures: tuple[str, ...]
    minutes: int

    @property
    def needs(self) -> set[str]:
        """The options that have to be given."""
        return {TRAININGS[name].data for name in self.trainings} - {"portraits"}


FIGURES = (
    Figure("article-nets", article_nets, (), (), 1),
    Figure("drawn-world", drawn_world, (), ("world.png",), 1),
    Figure("moving-portraits", moving, (), ("portraits-moving.webp",), 1),
    Figure("first-run", first_run, ("portraits-3m",), ("portraits-3m.png",), 2),
    Figure(
        "lesson", lesson, ("portraits-32",), ("lesson-learning.png", "lesson-discriminator.png", "lesson-curves.png"), 1
    ),
    Figure("lesson-wrong", lesson_gone_wrong, ("portraits-mse",), ("lesson-wrong.png",), 1),
    Figure("real-faces", real_faces, ("celeba-small",), ("celeba-early.png", "celeba-middle.png", "celeba-late.png"), 2),
    Figure("article-widths", article_widths, ("celeba-wide",), ("article-widths.png",), 1),
    Figure(
        "losses", losses, (*(f"loss-{loss}" for loss in LOSSES), "celeba-small"),
        tuple(f"loss-{loss}.png" for loss in LOSSES), 8,
    ),
    Figure("congress", congress, ("congress",), ("congress.png",), 1),
    Figure("measured", measured, ("celeba-small", "celeba-r1"), ("measured.png",), 8),
    *(
        Figure(name, partial(experiment, name=name), (run,), (f"understand-{name}.png",), minutes)
        for name, (run, _, minutes) in EXPERIMENTS.items()
    ),
)  # fmt: skip


# ---- what is to be done --------------------------------------------------------------------------------------------


def plan(figures: Iterable[Figure], given: set[str], work: Path) -> tuple[list[Figure], list[str]]:
    """The figures that can be made, and a line for each: what it takes, or why it is left out."""
    possible, lines, counted = [], [], set()
    for figure in figures:
        lacking = sorted(f"--{name} FOLDER" for name in figure.needs - given)
        if lacking:
            lines.append(f"{figure.name:18} left out: give {' and '.join(lacking)}")
            continue
        possible.append(figure)
        train = [name for name in figure.trainings if name not in counted and not is_done(work, name)]
        counted |= set(train)
        minutes = figure.minutes + sum(TRAININGS[name].minutes for name in train)
        lines.append(f"{figure.name:18} {minutes:4} min" + (f", of which training {', '.join(train)}" if train else ""))
    return possible, lines


def listing(record: dict[str, Any]) -> list[str]:
    """A line a figure: when it was made last, what of, what it shows."""
    lines = []
    for figure in FIGURES:
        made = record.get(figure.name, {})
        pages = sorted({value["page"] for value in made.get("values", {}).values()})
        shows = ", ".join([*pages, *figure.pictures])
        lines.append(
            f"{figure.name:18} {made.get('made', 'never'):10}  {', '.join(figure.trainings) or '-':40} {shows}"
        )
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [figure.name for figure in FIGURES]
    parser.add_argument("--list", action="store_true", help="what there is, and when it was made last")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--work", type=Path, default=Path("figures"), help="where trainings and experiments lie")
    parser.add_argument("--celeba", type=Path, help="CelebA's faces, or the name celeba where figment has them")
    parser.add_argument("--congress", type=Path, help="portraits of members of Congress, 64 px")
    options = parser.parse_args(arguments)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    if options.list:
        print("\n".join(listing(record)))
        return 0
    data = {name: getattr(options, name) for name in ("celeba", "congress")}
    data = {name: place.resolve() if place and place.exists() else place for name, place in data.items()}
    wanted = [figure for figure in FIGURES if figure.name in options.only]
    possible, lines = plan(wanted, {name for name, place in data.items() if place}, options.work)
    print("\n".join(lines), flush=True)
    if options.plan:
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    by_hand = []
    for figure in possible:
        start, at = time.monotonic(), Workshop(options.work.resolve(), TRAININGS, data)
        try:
            figure.make(at)
        except RuntimeError as error:  # a command's; the other figures don't hang on it
            by_hand.append(f"{figure.name}: not made: {error}")
            continue
        by_hand += keep(figure.name, at, machine(), record)
        print(f"{figure.name}: made in {time.monotonic() - start:.0f} s", flush=True)
    print("\n".join(by_hand))
    return 1 if by_hand else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Interrupted: the same command goes on from what is trained.", file=sys.stderr)
        sys.exit(130)
