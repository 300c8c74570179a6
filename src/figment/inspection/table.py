"""A survey as lines for the terminal."""

from collections import Counter

import numpy as np

from figment.common.text import shown
from figment.data.sources.aside import told_places
from figment.inspection.survey import Survey

MAX_NAMED = 5  # kinds, or broken pictures
TITLES = {
    "outliers": "outliers",
    "small": "small",
    "dark": "very dark",
    "light": "very bright",
    "flat": "flat",
    "blurred": "blurred",
    "made": "marked as made",
}


def lines(survey: Survey) -> list[str]:
    """The facts of a survey in aligned rows, the last of them `usable N, skipped M`, in the words of a training.

    N: pictures that can be trained on, readable and each of its own, as `figment data prepare` keeps them; M: those that
    can't be read. Behind them stands how many are exact duplicates or made by figment, where there are any.
    """
    rows = facts(survey)
    wide = max(len(name) for name, _ in rows)
    return [
        *(f"{name:<{wide}}  {value}" for name, value in rows),
        ", ".join([f"usable {len(survey.usable)}", *(f"{what} {count}" for what, count in left_out(survey).items())]),
    ]


def left_out(survey: Survey) -> dict[str, int]:
    """How many pictures aren't trained on, by why, as a training tells it; of those that are skipped also that none is."""
    others = {"exact duplicates": len(survey.copies), "made by figment": len(survey.marked)}
    return {"skipped": len(survey.skipped), **{what: count for what, count in others.items() if count}}


def facts(survey: Survey) -> list[tuple[str, str]]:
    """Names and values of all that can be said in one line each; what there is none of is left out."""
    found = [("usable", f"{len(survey.usable):,} pictures from {survey.source}")]
    if len(survey.usable):
        rows = survey.rows
        found += [
            ("width", _range(rows["width"])),
            ("height", _range(rows["height"])),
            ("width to height", _range(rows["width"] / rows["height"], ".2f")),
            ("formats", listed(survey.formats)),
            ("modes", listed(survey.modes)),
            ("depth", _depth(survey)),
            ("colour profiles", listed(survey.profiles)),
            ("grey", _count(survey.grey, survey)),
            ("animated", _count(int(rows["animated"].sum()), survey)),
            ("classes", _classes(survey)),
            ("told", " ".join(survey.notes)),
            ("brightness", f"{rows['brightness'].mean():.0f} ± {rows['brightness'].std():.0f} of 255"),
            ("saturation", f"{rows['saturation'].mean():.0f} ± {rows['saturation'].std():.0f} of 255"),
            ("near-duplicates", _near(survey)),
        ]
        found += [(title, _found(survey, kind)) for kind, title in TITLES.items() if kind != "made"]
        found.append((TITLES["made"], _made(survey)))
    copies = len(survey.copies)
    found += [
        ("exact duplicates", f"{copies:,}" if copies else ""),
        ("skipped", _skipped(survey)),
        ("left out", ", ".join(told_places(survey.aside))),
        ("made by figment", f"{len(survey.marked):,} (--keep-marked keeps them)" if survey.marked else ""),
        ("other files", f"{survey.ignored:,}" if survey.ignored else ""),
    ]
    return [(name, value) for name, value in found if value]


def _classes(survey: Survey) -> str:
    counts = survey.label_counts
    return f"{len(counts):,}: {listed(counts)}" if len(counts) > 1 else ""


def listed(counts: Counter[str]) -> str:
    """The commonest with their counts, and how many more there are."""
    named = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(MAX_NAMED))
    return named + (f" and {len(counts) - MAX_NAMED:,} more" if len(counts) > MAX_NAMED else "")


def _range(values: np.ndarray, form: str = ",") -> str:
    low, middle, high = (np.quantile(values, q, method="nearest") for q in (0, 0.5, 1))
    if low == high:
        return f"{low:{form}}"
    return f"{low:{form}} to {high:{form}}, median {middle:{form}}"


def _count(count: int, survey: Survey) -> str:
    return f"{count:,} ({count / len(survey.usable):.1%})" if count else ""


def _depth(survey: Survey) -> str:
    """How many pictures have how many bits, and what is made of the deep ones."""
    return "; ".join([listed(survey.depths), *survey.ranges.sentences()])


def _near(survey: Survey) -> str:
    if not survey.near:
        return ""
    groups = f"{len(survey.near):,} picture{'s' if len(survey.near) > 1 else ''}"
    return f"{survey.near_extra:,}, of {groups}"


def _found(survey: Survey, kind: str) -> str:
    slots = survey.found[kind]
    if not len(slots):
        return ""
    notes = {"outliers": f" in {survey.features} features", "small": f" (below {survey.size} pixels)"}
    names = ", ".join(shown(survey.names[slot]) for slot in slots[:2].tolist())
    return f"{_count(len(slots), survey)}{notes.get(kind, '')}: {names}{', …' if len(slots) > 2 else ''}"


def _made(survey: Survey) -> str:
    """How many pictures are marked as made by machine, by what; and where the pixels of not all were looked at, of how many."""
    by = f", by {listed(survey.made_counts)}" if survey.made else ""
    looked = f"{survey.looked:,} pictures looked at for figment's invisible mark, {survey.unlooked:,} not"
    said = [f"{_found(survey, 'made')}{by}"] if survey.made else []
    return "; ".join([*said, looked] if survey.unlooked else said)


def _skipped(survey: Survey) -> str:
    if not survey.skipped:
        return ""
    named = "; ".join(f"{shown(item.name)}: {item.reason}" for item in survey.skipped[:MAX_NAMED])
    return f"{len(survey.skipped):,} ({named}{'; …' if len(survey.skipped) > MAX_NAMED else ''})"
