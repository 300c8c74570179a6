"""Where the discriminator looks when it calls a picture fake: on the samples it is surest of, and the reals it doubts most.

Maps can please the eye and be wrong, so two are made in different ways and each is tested twice: does the logit change
where a map says, and does the map change when the discriminator is one that has learnt nothing (Adebayo et al., arXiv
1810.03292)?
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.common.pixels import to_float, to_input, to_rgb
from figment.common.progress import Progress, Tally
from figment.data.bank.bank import Bank
from figment.discriminator import Discriminator, untrained
from figment.explain import saliency
from figment.explain.saliency import Done
from figment.finding import Finding, Sheet
from figment.game.calibration import Calibration
from figment.generator import Generator
from figment.media.heatmaps import BLUE, NINTHS, RED, overlay
from figment.media.provenance import DigitalSourceType, mark_of_reals
from figment.media.strips import Row
from figment.metrics.distinct import pixel_spread
from figment.metrics.two_samples import binomial_tail
from figment.reals import sample_rows

CANDIDATES = 256  # samples, and reals, that the pictures are chosen from
ALIKE = 0.1  # of the spread that reals have, below which samples are as good as one picture
SAMPLES_ALIKE = (
    "The samples shown are all but alike, so many of them tell no more than one: what follows is of the reals."
)
MEAN_PICTURES = 2048  # training pictures that the mean one is of, at most
CHUNK_PICTURES = 256  # read at once for it
MIN_SHOWN_SIDE = 128  # pixels, in which maps are shown
LEGEND = (("speaks for fake", RED), ("speaks for real", BLUE))
METHODS = ("occlusion", "integrated gradients")
MAX_P_VALUE = 0.05  # of the sign test, below which a map passes for right
MAX_RANK_CORRELATION = 0.5  # with an untrained discriminator's maps, above which they show the picture's own structure
COLUMNS = (
    "pictures, map", "in the top tenth", "logit, top tenth blurred", "elsewhere", "more", "untrained: blurred", "elsewhere",
    "agreement",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MapTest:
    """What one method's maps are worth, float (N,) each, of a discriminator, and in untrained_… of one that has learnt nothing.

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
class EvidenceMaps:
    """Maps of some pictures, and tests of them.

    pictures: uint8 (N, C, H, W), with titles. maps: by method, float (N, H, W), above 0 where a part speaks for fake;
    untrained: those of a discriminator that has learnt nothing. tests: by method. incomplete: how far the integrated
    gradients' sums are off, as a share of what they should be.
    """

    pictures: Tensor
    titles: list[str]
    maps: dict[str, Tensor]
    untrained: dict[str, Tensor]
    tests: dict[str, MapTest]
    incomplete: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for fake: in the samples that a discriminator is surest of, and in the real pictures that it doubts most.

    samples, reals: surest fake first. numbers: of the samples in their seed, int64 (N,); codes, float32 (N, code_size), and
    labels, int64 (N,), or None, are theirs. names: of the reals in their source. held_out: how many of these are held out;
    candidates: real pictures that they were chosen from. calibration: by which titles tell P(fake); None where they tell ranks.
    drawn: whether figment drew the reals itself.
    """

    samples: EvidenceMaps
    reals: EvidenceMaps
    seed: int
    numbers: NDArray[np.int64]
    codes: Tensor
    labels: Tensor | None
    names: list[str]
    held_out: int
    candidates: int
    calibration: Calibration | None = None
    drawn: bool = False

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet for each kind of pictures; name: tells it from others of its kind."""
        sets, titles = {"samples": self.samples, "reals": self.reals}, title_legend(self.calibration)
        squares = saliency.occlusion_squares(*self.samples.pictures.shape[2:])
        of_samples = (
            f"The {len(self.numbers)} of {CANDIDATES} samples of seed {self.seed} that the discriminator is surest are fake. "
            f"{titles} {_legend(self.samples)}"
        )
        of_reals = (
            f"The {len(self.names)} of {self.candidates} real pictures that it doubts most ({self.held_out} of them held out). "
            f"{titles} {_legend(self.reals)}"
        )
        return Finding(
            "evidence",
            sentence(self.samples, self.reals),
            {"": _sheet(self.samples, of_samples), "reals": _sheet(self.reals, of_reals, mark_of_reals(self.drawn))},
            {
                "seed": self.seed, "among": CANDIDATES, "samples": self.numbers.tolist(), "reals": self.names,
                "steps": saliency.PATH_STEPS, "squares": len(squares),
                "found": {
                    what: {"titles": its.titles, "incomplete": its.incomplete}
                    | {method: test.as_record() for method, test in its.tests.items()}
                    for what, its in sets.items()
                },
            },
            COLUMNS,
            tuple(_row(f"{what}, {method}", test) for what, its in sets.items() for method, test in its.tests.items()),
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def evidence(
    generator: Generator,
    discriminator: Discriminator,
    bank: Bank,
    count: int = 6,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evidence:
    """Maps of what speaks for fake and for real, by occlusion and by integrated gradients, with tests of both.

    Squares are covered with the mean training picture, which is the integrated gradients' baseline as well: it has nothing of
    a picture's own, so that the whole verdict is accounted for. What is deleted in a test is blurred instead, lest maps be
    tested by what they were made with.

    Parameters
    ----------
    generator, discriminator : Generator, Discriminator
        Those of one run.
    bank : Bank
        The run's real pictures. Held-out ones come first, since the discriminator may know those that it was trained on.
    count : int
        Of 256 samples those that the discriminator is surest are fake, and of as many reals those that it doubts most.
    seed : int
        Of the samples, of the draw of reals, and of the untrained discriminator.
    progress : callable, optional
        Told what is done, of how much.

    Returns
    -------
    Evidence
    """
    z, labels = generator.codes(CANDIDATES, seed), generator.labels(CANDIDATES, seed)
    rows = sample_rows(bank.held_out, CANDIDATES, seed, 0)
    rows = np.concatenate([rows, sample_rows(bank.train, CANDIDATES - len(rows), seed, 1)])
    classes = torch.from_numpy(bank.classes.numbers[rows]) if generator.classes else None
    mean = mean_picture(bank, discriminator)
    done = Tally(progress, 2 * 2 * (len(saliency.occlusion_squares(*generator.recipe.shape)) + saliency.PATH_STEPS))

    def of_surest(pictures: Tensor, own: Tensor | None) -> tuple[Tensor, EvidenceMaps]:
        logits = discriminator.logits(pictures, own)
        surest = logits.argsort(stable=True)[:count]
        titles = [title(discriminator, logits, place) for place in surest.tolist()]
        its = None if own is None else own[surest]
        return surest, maps_with_tests(discriminator, pictures[surest], its, titles, mean, seed, done)

    fakes, samples = of_surest(generator.sample(CANDIDATES, seed), labels)
    doubted, reals = of_surest(torch.from_numpy(np.asarray(bank.pictures[rows])), classes)
    real_rows = rows[doubted.numpy()]
    return Evidence(
        samples, reals, seed, fakes.numpy(), z[fakes], None if labels is None else labels[fakes],
        [bank.names[row] for row in real_rows], int(np.isin(real_rows, bank.held_out).sum()), len(rows),
        discriminator.calibration, bank.drawn,
    )  # fmt: skip


def maps_with_tests(
    discriminator: Discriminator, pictures: Tensor, labels: Tensor | None, titles: list[str], fill: Tensor, seed: int, done: Done
) -> EvidenceMaps:  # fmt: skip
    """Maps of pictures, uint8 (N, C, H, W), and tests of them; fill: what covers them, float (1, C, H, W)."""
    x = to_input(pictures).to(discriminator.device)
    labels = None if labels is None else labels.to(x.device)
    learnt_nothing = untrained(discriminator.recipe, seed, discriminator.device)
    blur = saliency.gaussian_blur(x)
    both, tested, incomplete = [], [], 0.0
    for net in (learnt_nothing, discriminator):
        gradients, missed = saliency.integrated_gradients(net, x, labels, fill, done=done)
        incomplete = float(missed.abs().mean() / (gradients.sum((1, 2)) - missed).abs().mean().clamp_min(1e-12))
        maps = (saliency.occlusion(net, x, labels, fill, done), saliency.gaussian_blur(gradients[:, None])[:, 0])
        of_method = dict(zip(METHODS, maps, strict=True))
        both.append({method: its.cpu() for method, its in of_method.items()})
        tested.append(
            {method: saliency.deletion_test(net, x, labels, its, blur, seed) for method, its in of_method.items()}
        )
    before, after = both
    tests = {
        method: MapTest(
            saliency.concentration(after[method]), *tested[1][method],
            saliency.concentration(before[method]), *tested[0][method],
            saliency.rank_correlation(after[method], before[method]),
        )
        for method in METHODS
    }  # fmt: skip
    return EvidenceMaps(pictures, titles, after, before, tests, incomplete)


def mean_picture(bank: Bank, discriminator: Discriminator) -> Tensor:
    """The mean of training pictures, float (1, C, H, W) in [-1, 1] on the discriminator's device."""
    rows = bank.train[:: -(-len(bank.train) // MEAN_PICTURES)]
    chunks = [rows[start : start + CHUNK_PICTURES] for start in range(0, len(rows), CHUNK_PICTURES)]
    total = sum(bank.pictures[chunk].sum(0, dtype=np.float64) for chunk in chunks)
    return to_float(torch.from_numpy(total / len(rows))[None]).to(discriminator.device)


def title(discriminator: Discriminator, logits: Tensor, place: int) -> str:
    """P(fake) where the discriminator's file tells how to read it, else its rank among all, 1 being the surest fake.

    Never "100 %": a fit to some pictures makes nobody certain.
    """
    probabilities = discriminator.p_fake(logits)
    if probabilities is not None:
        percent = 100 * float(probabilities[place])
        return "over 99 % fake" if percent > 99 else "under 1 % fake" if percent < 1 else f"{percent:.0f} % fake"
    return f"{int((logits < logits[place]).sum()) + 1}. of {len(logits)}"


def title_legend(calibration: Calibration | None) -> str:
    """What the titles are, in a sentence."""
    if calibration is None:
        return (
            "Above each its rank among all, 1 being the surest fake: how P(fake) is to be read the discriminator's file doesn't "
            "tell (an older figment's, or fewer than 30 pictures were held out)."
        )
    return (
        "Above each P(fake): the chance that it is one of this run's own fakes, where half of those shown are and half are real "
        f"pictures of its kind (fitted to {calibration.reals:,} held-out pictures and {calibration.fakes:,} fakes)."
    )


def sentence(samples: EvidenceMaps, reals: EvidenceMaps) -> str:
    """What the maps say, and whether they are right, in words."""
    alike = pixel_spread(samples.pictures) < ALIKE * pixel_spread(reals.pictures)
    shown = (reals,) if alike else (samples, reals)  # the same picture six times is one piece of evidence
    tested = [(method, [its.tests[method] for its in shown]) for method in METHODS]
    agreement = float(torch.cat([test.agreement for _, tests in tested for test in tests]).mean())
    learnt = ""
    if agreement > MAX_RANK_CORRELATION:
        learnt = " hardly differ, so these show a picture's own structure more than what was learnt"
    elif any(_are_right(tests) for _, tests in tested):
        learnt = " differ, so these show what was learnt"
    correlation = f"{round(agreement, 2) + 0.0:.2f}"
    told = (
        f"{learnt} (rank correlation {correlation})"
        if learnt
        else f" have a rank correlation of {correlation} with these"
    )
    last = f"Maps of an untrained discriminator{told}."
    first = SAMPLES_ALIKE if alike else _place(samples, _are_right(tested[0][1]))
    return " ".join([first, *(_tested(*one) for one in tested), last])


def _place(samples: EvidenceMaps, right: bool) -> str:
    """Where occlusion finds what speaks for fake, if it is in one ninth of more pictures than chance has it; and how dense.

    right: whether its maps are; else no more is said than where they are red.
    """
    what = "what speaks for it" if right else "what the maps by occlusion call fake"
    text = f"In the samples that the discriminator is surest are fake, {what} "
    ninths = F.adaptive_avg_pool2d(samples.maps["occlusion"].clamp_min(0), 3).flatten(1)
    counts = ninths.argmax(1).bincount(minlength=9)
    most, of = int(counts.argmax()), len(ninths)
    # Any of nine may be the one: Bonferroni's correction of the exact chance.
    if 9 * binomial_tail(int(counts[most]), of, 1 / 9) < MAX_P_VALUE:
        text += f"lies most often {NINTHS[most]} (in {int(counts[most])} of {of} pictures; by chance in one of nine)"
    else:
        text += f"lies in no one part (of nine: the most often told one in {int(counts[most])} of {of} pictures)"
    test = samples.tests["occlusion"]
    share, chance = float(test.concentration.mean()), float(test.untrained_concentration.mean())
    return f"{text}; a tenth of a picture holds {100 * share:.0f} % of the evidence (untrained: {100 * chance:.0f} %)."


def _are_right(tests: list[MapTest]) -> bool:
    """Whether more hangs on what maps say than on the rest, and in the direction that they say."""
    wins, pictures = sum(its.wins for its in tests), sum(len(its.deleted) for its in tests)
    deleted = float(torch.cat([its.deleted for its in tests]).mean())
    return deleted > 0 and binomial_tail(wins, pictures, 0.5) < MAX_P_VALUE


def _change(logit: float) -> str:
    """A change of a logit, with two digits also where it is small: of nets that have hardly begun +0.00 would be all."""
    return f"{logit:+.2f}" if abs(logit) >= 0.1 or not logit else f"{logit:+.2g}"


def _tested(method: str, tests: list[MapTest]) -> str:
    """Whether more hangs on what a map says than on the rest, by a sign test."""
    wins, pictures = sum(its.wins for its in tests), sum(len(its.deleted) for its in tests)
    deleted = float(torch.cat([its.deleted for its in tests]).mean())
    elsewhere = float(torch.cat([its.elsewhere for its in tests]).mean())
    p_value = binomial_tail(wins, pictures, 0.5)
    facts = (
        f"where the tenth that they call most fake is blurred, the logit changes by {_change(deleted)}, elsewhere by "
        f"{_change(elsewhere)} (more in {wins} of {pictures} pictures)"
    )
    if 0.5**pictures > MAX_P_VALUE:
        return f"Whether the maps by {method} are right, {pictures} pictures can't tell."
    if p_value >= MAX_P_VALUE:
        verdict = "can't be relied on here"
    elif deleted > 0:
        verdict = "are right"
    else:
        verdict = "tell where more hangs than elsewhere, though blurring makes even that look more fake"
    return f"The maps by {method} {verdict}: {facts}."


def _row(what: str, test: MapTest) -> tuple[str, ...]:
    """A row of the table."""
    means = test.as_record()
    return (
        what, f"{100 * means['concentration']:.0f} %", _change(means["deleted"]), _change(means["elsewhere"]),
        f"{test.wins} of {len(test.deleted)}", f"{means['untrained_deleted']:+.2g}",
        f"{means['untrained_elsewhere']:+.2g}", f"{means['agreement']:+.2f}",
    )  # fmt: skip


def _legend(its: EvidenceMaps) -> str:
    return (
        "Red places speak for fake, blue ones for real; the strongest of each picture has full colour. Two ways to ask, a row "
        "each. Occlusion: cover a place with the mean training picture, and see how the verdict changes. Integrated gradients: "
        "turn the mean picture into this one step by step, and add up what each pixel does to the verdict (blurred; the sums "
        f"miss the verdicts' difference by {100 * its.incomplete:.1f} %). A picture can be blue nearly everywhere and be called "
        "fake all the same: covering any one place makes it look worse still. The last two rows are of a discriminator that has "
        "learnt nothing: what looks the same there comes from the picture, not from learning."
    )


def _sheet(its: EvidenceMaps, caption: str, source: DigitalSourceType | None = "trainedAlgorithmicMedia") -> Sheet:
    rows: list[Row] = [("picture", to_rgb(its.pictures.numpy()))]
    for whose, maps in (("", its.maps), ("untrained: ", its.untrained)):
        rows += [(whose + method, overlay(its.pictures, one)) for method, one in maps.items()]
    return replace(Sheet.of_strips(rows, caption, source, its.titles, MIN_SHOWN_SIDE), legend=LEGEND)
