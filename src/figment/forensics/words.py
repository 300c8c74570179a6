"""What a detector was made of and what it is worth, in words and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from figment.common.text import shown
from figment.forensics.detector import Detector

MEASURES = {
    "auroc": "AUROC", "ap": "AP", "eer": "EER", "found_at_1": "found at 1 %", "found_at_01": "found at .1 %", "ece": "ECE",
}  # fmt: skip
LEGEND = (
    "AUROC: how often a made picture scores higher than a real one; found at 1 %: share of the made ones that are found where 1 "
    "% of real ones are called made, too; ECE: how far P(fake) is from the share of fakes. In brackets: 95 % of repetitions."
)


def card_lines(detector: Detector) -> list[str]:
    """The card of a detector."""
    card = detector.card
    height, width = card["size"]
    counts = card["pictures"]
    return [
        *set_lines(card["sets"]),
        f"at {height}×{width} pixels; {card['conditions']}",
        "",
        f"What it is worth on {counts['real']:,} real and {counts['fake']:,} made pictures that it didn't learn from:",
        *worth_table(card["worth"], "read by"),
        LEGEND,
        f"{detector.default} speaks. It answers for {card['known_share']:.1%} of pictures like these, and doesn't know others.",
    ]


def set_lines(sets: Sequence[Mapping[str, Any]]) -> list[str]:
    """What pictures were taken from where, real ones first."""
    return [
        f"{one['kind']:<5} {one['pictures']:,} pictures: {shown(one['name'])}"
        for kind in ("real", "fake") for one in sets if one["kind"] == kind
    ]  # fmt: skip


def found_lines(record: Mapping[str, Any]) -> list[str]:
    """What an examination's record says."""
    answered = record["readings"][record["default"]]["answered"]
    lines = [
        *set_lines(record["sets"]),
        "",
        *worth_table({name: one["worth"] for name, one in record["readings"].items()}, "read by"),
        LEGEND,
        f"{record['default']} speaks. It answers for {answered['real']:.1%} of the real and {answered['fake']:.1%} of the made "
        "pictures; the others are unlike those that it knows.",
    ]
    if record["sweep"]:
        lines += ["", *sweep_table(record["sweep"])]
    return lines


def worth_table(rows: Mapping[str, Mapping[str, Any] | None], title: str) -> list[str]:
    """Accuracies as records, a line each."""
    lines = [[title, *MEASURES.values()]]
    lines += [[name, *(interval_text(worth and worth[key]) for key in MEASURES)] for name, worth in rows.items()]
    return aligned(lines)


def sweep_table(sweep: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a detector is worth under conditions, of all pictures and of those that it answers for, a line each."""
    lines = [["condition", "AUROC", "found at 1 %", "answered: real", "made", "ECE of answers"]]
    for name, one in sweep.items():
        worth, answers = one["worth"], one["worth_of_answers"]
        shares = [f"{one['answered'][kind]:.0%}" for kind in ("real", "fake")]
        lines.append(
            [name, *(interval_text(worth and worth[key]) for key in ("auroc", "found_at_1")), *shares,
             interval_text(answers and answers["ece"])]
        )  # fmt: skip
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of cells as text, columns under one another."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def interval_text(interval: Mapping[str, float | None] | None) -> str:
    """.930 (.910–.950), or a dash for what too few pictures tell."""
    value, low, high = ((interval or {}).get(key) for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{value:.3f} ({low:.3f}–{high:.3f})"
