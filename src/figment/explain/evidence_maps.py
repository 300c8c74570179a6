"""Where the discriminator looks when it calls a picture fake: on the samples it is surest of, and the reals it doubts most.

Maps can please the eye and be wrong, so two are made in different ways and each is tested twice: does the logit change
where a map says, and does the map change when the discriminator is one that has learnt nothing (Adebayo et al., arXiv
1810.03292)?
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.common.pixels import as_input, coloured
from figment.common.progress import Progress, Tally
from figment.data.bank.bank import Bank
from figment.discriminator import Discriminator, untrained
from figment.explain import saliency
from figment.explain.heatmaps import overlay
from figment.explain.saliency import Done
from figment.finding import Finding, Sheet
from figment.game.objectives import OBJECTIVES
from figment.generator import Generator
from figment.media.strips import Row, strips
from figment.reals import some

AMONG = 256  # samples, and reals, that the pictures are chosen from
MEAN_OF = 2048  # training pictures
LARGE = 128  # pixels a side, at least, in which maps are shown
METHODS = ("occlusion", "integrated gradients")
CHANCE = 0.05  # below which a map passes for right
ALIKE = (
    0.5  # rank correlation with an untrained discriminator's maps, above which they show the picture's own structure
)
SPREAD = 1.3  # times a ninth, which evidence must reach in a ninth of the picture to have a place
PLACES = ("at the upper left", "at the top", "at the upper right", "at the left", "in the middle", "at the right",
          "at the lower left", "at the bottom", "at the lower right")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Telling:
    """What one method's maps say, each (N,), of a discriminator, and in untrained_… of one that has learnt nothing.

    concentration: share of the evidence in the most telling tenth of a picture. deleted, elsewhere: how much the logit rises
    where the tenth that speaks most for fake is blurred, or a like one elsewhere. agreement: rank correlation of both
    discriminators' maps.
    """

    concentration: Tensor
    deleted: Tensor
    elsewhere: Tensor
    untrained_concentration: Tensor
    untrained_deleted: Tensor
    untrained_elsewhere: Tensor
    agreement: Tensor

    @property
    def wins(self) -> int:
        """Pictures in which more hangs on the tenth that speaks for fake than on a like one elsewhere."""
        return int((self.deleted > self.elsewhere).sum())

    def as_record(self) -> dict[str, float]:
        """The means."""
        return {name: float(values.double().mean()) for name, values in vars(self).items()} | {"wins": self.wins}


@dataclass(frozen=True, eq=False)
class Looked:
    """Pictures, uint8 (N, C, H, W), with titles, and what was found: maps (N, H, W), an untrained discriminator's, and what
    they say, by method; incomplete: how far the integrated gradients' sums are off, as a share of what they should be."""

    pictures: Tensor
    titles: list[str]
    maps: dict[str, Tensor]
    untrained: dict[str, Tensor]
    telling: dict[str, Telling]
    incomplete: float


def evidence(
    generator: Generator,
    discriminator: Discriminator,
    bank: Bank,
    count: int = 6,
    seed: int = 0,
    progress: Progress | None = None,
) -> Finding:
    """Maps of what speaks for fake and for real, by occlusion and by integrated gradients, with tests of both.

    count: the samples that the discriminator is surest are fake, of 256, and the reals that it doubts most, of as many,
    held-out ones first, since it may know those that it was trained on. Squares are covered with the mean training
    picture, which is the integrated gradients' baseline as well: it has nothing of a picture's own, so that the whole
    verdict is accounted for. What is deleted in a test is blurred instead, lest maps be tested by what they were made with.
    """
    z, labels = generator.codes(AMONG, seed), generator.labels(AMONG, seed)
    samples = generator.sample(AMONG, seed)
    rows = some(bank.held_out, AMONG, seed, 0)
    rows = np.concatenate([rows, some(bank.train, AMONG - len(rows), seed, 1)])
    reals = torch.from_numpy(np.asarray(bank.pictures[rows]))
    classes = torch.from_numpy(bank.classes.numbers[rows]) if generator.classes else None
    mean = mean_picture(bank, discriminator)
    work = 2 * 2 * (len(saliency.squares(*generator.recipe.shape)) + saliency.STEPS)
    done = Tally(progress, work)
    found, chosen = {}, {}
    for what, pictures, own in (("samples", samples, labels), ("reals", reals, classes)):
        logits = discriminator.logits(pictures, own)
        chosen[what] = logits.argsort(stable=True)[:count]
        titles = [title(discriminator, logits, place) for place in chosen[what].tolist()]
        of = None if own is None else own[chosen[what]]
        found[what] = look(discriminator, pictures[chosen[what]], of, titles, mean, seed, done)
    legend = (
        "Red speaks for fake, blue for real, each picture's strongest in full colour (a picture can be called fake though most "
        "of its parts, one by one, speak for real: what covers them looks worse). Occlusion: what covering each place with "
        "the mean training picture does to the verdict. Integrated gradients: from that picture to this one (their sum misses "
        "the verdicts' difference by {:.1f} %), blurred. Below, the same of a discriminator that has learnt nothing."
    )
    held_out = int(np.isin(rows[chosen["reals"]], bank.held_out).sum())
    return Finding(
        "evidence",
        sentence(found["samples"], found["reals"]),
        {
            "": Sheet(_sheet(found["samples"]), f"The {len(chosen['samples'])} of {AMONG} samples of seed {seed} that the "
                      f"discriminator is surest are fake. {legend.format(100 * found['samples'].incomplete)}"),
            "reals": Sheet(_sheet(found["reals"]), f"The {len(chosen['reals'])} of {len(rows)} real pictures that it doubts most "
                           f"({held_out} of them held out). {legend.format(100 * found['reals'].incomplete)}", None),
        },
        {
            "seed": seed, "among": AMONG, "samples": chosen["samples"].tolist(),
            "reals": [bank.names[row] for row in rows[chosen["reals"]]],
            "steps": saliency.STEPS, "squares": len(saliency.squares(*generator.recipe.shape)),
            "found": {
                what: {"titles": its.titles, "incomplete": its.incomplete}
                | {method: telling.as_record() for method, telling in its.telling.items()}
                for what, its in found.items()
            },
        },
        ("pictures, map", "in the top tenth", "logit, top tenth blurred", "elsewhere", "more", "untrained: blurred", "elsewhere",
         "agreement"),
        tuple(
            (f"{what}, {method}", f"{100 * m['concentration']:.0f} %", f"{m['deleted']:+.2f}", f"{m['elsewhere']:+.2f}",
             f"{m['wins']} of {len(its.titles)}", f"{m['untrained_deleted']:+.2g}", f"{m['untrained_elsewhere']:+.2g}",
             f"{m['agreement']:+.2f}")
            for what, its in found.items() for method, m in ((name, t.as_record()) for name, t in its.telling.items())
        ),
        z[chosen["samples"]],
        None if labels is None else labels[chosen["samples"]],
    )  # fmt: skip


def look(
    discriminator: Discriminator, pictures: Tensor, labels: Tensor | None, titles: list[str], fill: Tensor, seed: int, done: Done
) -> Looked:  # fmt: skip
    """Maps of pictures, uint8 (N, C, H, W), and tests of them; fill: what covers them, float (1, C, H, W)."""
    x = as_input(pictures).to(discriminator.device)
    labels = None if labels is None else labels.to(x.device)
    learnt_nothing = untrained(discriminator.recipe, seed, discriminator.device)
    blur = saliency.blurred(x)
    both, tested, incomplete = [], [], 0.0
    for net in (learnt_nothing, discriminator):
        gradients, missed = saliency.integrated_gradients(net, x, labels, fill, done=done)
        incomplete = float(missed.abs().mean() / (gradients.sum((1, 2)) - missed).abs().mean().clamp_min(1e-12))
        maps = (saliency.occlusion(net, x, labels, fill, done), saliency.blurred(gradients[:, None])[:, 0])
        of_method = dict(zip(METHODS, maps, strict=True))
        both.append({method: its.cpu() for method, its in of_method.items()})
        tested.append({method: saliency.deleted(net, x, labels, its, blur, seed) for method, its in of_method.items()})
    before, after = both
    telling = {
        method: Telling(
            saliency.concentration(after[method]), *tested[1][method],
            saliency.concentration(before[method]), *tested[0][method],
            saliency.agreement(after[method], before[method]),
        )
        for method in METHODS
    }  # fmt: skip
    return Looked(pictures, titles, after, before, telling, incomplete)


def mean_picture(bank: Bank, discriminator: Discriminator) -> Tensor:
    """The mean of training pictures, float (1, C, H, W) in [-1, 1] on the discriminator's device."""
    rows = bank.train[:: -(-len(bank.train) // MEAN_OF)]
    total = sum(bank.pictures[rows[i : i + 256]].sum(0, dtype=np.float64) for i in range(0, len(rows), 256))
    return (torch.from_numpy(total / len(rows))[None].float() / 127.5 - 1).to(discriminator.device)


def title(discriminator: Discriminator, logits: Tensor, place: int) -> str:
    """P(fake) where logits may be read so, else its rank among all, 1 being the surest fake."""
    if OBJECTIVES[discriminator.recipe.objective].calibrated:
        return f"{100 * float(torch.sigmoid(-logits[place])):.0f} % fake"
    return f"{int((logits < logits[place]).sum()) + 1}. of {len(logits)}"


def sentence(samples: Looked, reals: Looked) -> str:
    """What the maps say, and whether they are right, in words."""
    sets = (samples, reals)
    tests = [_tested(method, [its.telling[method] for its in sets]) for method in METHODS]
    agreement = float(torch.cat([telling.agreement for its in sets for telling in its.telling.values()]).mean())
    learnt = (
        "hardly differ, so these show a picture's own structure more than what was learnt"
        if agreement > ALIKE
        else "differ, so these show what was learnt"
    )
    return " ".join(
        [
            _place(samples),
            *tests,
            f"Maps of an untrained discriminator {learnt} (rank correlation {round(agreement, 2) + 0.0:.2f}).",
        ]
    )


def _place(samples: Looked) -> str:
    """Where on average occlusion finds what speaks for fake, and in how much of a picture the evidence lies."""
    share = float(samples.telling["occlusion"].concentration.mean())
    text = "In the samples that the discriminator is surest are fake, what speaks for it "
    ninths = F.adaptive_avg_pool2d(samples.maps["occlusion"].clamp_min(0), 3).flatten(1)
    shares = (ninths / ninths.sum(1, keepdim=True).clamp_min(1e-12)).mean(0)
    most = int(shares.argmax())
    if float(shares[most]) > SPREAD / 9:
        text += f"lies most often {PLACES[most]} ({100 * float(shares[most]):.0f} % of it in that ninth of the picture)"
    else:
        text += "lies in all parts"
    return f"{text}; a tenth of a picture holds {100 * share:.0f} % of the evidence."


def _tested(method: str, telling: list[Telling]) -> str:
    """Whether more hangs on what a map says than on the rest, by a sign test."""
    wins, pictures = sum(its.wins for its in telling), sum(len(its.deleted) for its in telling)
    deleted, elsewhere = (
        float(torch.cat([getattr(t, name) for t in telling]).mean()) for name in ("deleted", "elsewhere")
    )
    chance = sum(math.comb(pictures, more) for more in range(wins, pictures + 1)) / 2**pictures
    facts = (
        f"where the tenth that they call most fake is blurred, the logit changes by {deleted:+.2f}, elsewhere by "
        f"{elsewhere:+.2f} (more in {wins} of {pictures} pictures)"
    )
    if 0.5**pictures > CHANCE:
        return f"Whether the maps by {method} are right, {pictures} pictures can't tell."
    if chance >= CHANCE:
        verdict = "can't be relied on here"
    elif deleted > 0:
        verdict = "are right"
    else:
        verdict = "tell where more hangs than elsewhere, though blurring makes even that look more fake"
    return f"The maps by {method} {verdict}: {facts}."


def _sheet(looked: Looked) -> NDArray[np.uint8]:
    rows: list[Row] = [("picture", coloured(looked.pictures.numpy()))]
    for whose, maps in (("", looked.maps), ("untrained: ", looked.untrained)):
        rows += [(whose + method, overlay(looked.pictures, its)) for method, its in maps.items()]
    return strips(rows, looked.titles, LARGE)
