"""What is said of a run when its training ends: what ails it and what to try, what it has come to, and how to go on."""

from collections.abc import Sequence
from typing import Any

from figment.common.jsontext import are_missing
from figment.common.progress import Say
from figment.metrics.estimate import Estimate
from figment.recipe import Recipe
from figment.run import Run
from figment.run_files import NEEDED
from figment.training.best import looks
from figment.training.diagnosis import KEPT_READINGS, RECENT_READINGS, Outlook, gained, signs, standing
from figment.training.movement import short


def outlook_of(events: Sequence[dict[str, Any]], recipe: Recipe) -> Outlook:
    """What the words go by, of a run's events."""
    ticks = [event for event in events if event["event"] == "tick" and not are_missing(NEEDED["tick"], event)]
    widest = max((tick["spread"] for tick in ticks), default=0.0)
    return Outlook(ticks[-KEPT_READINGS:], recipe, looks(events), widest)


def closing_words(events: Sequence[dict[str, Any]], recipe: Recipe) -> list[str]:
    """Sentences for the end of a run, by its events; none where it was too short for a diagnosis."""
    outlook = outlook_of(events, recipe)
    if len(outlook.ticks) < RECENT_READINGS:
        return []
    found = signs(outlook)
    if found:
        ills = "; ".join(sign.says(outlook) for sign in found)
        mends = dict.fromkeys(sign.mend(recipe) for sign in found)  # each once
        return [f"By the last readings {ills}", f"To try: {'; or '.join(mends)}", reached(outlook)]
    known = "" if outlook.now("memorising") is None else ", memorising"  # not without held-out pictures
    fine = f"No sign of collapse{known} or standstill in the last readings: {standing(outlook)}"
    return [fine, reached(outlook), *(["They were still gaining: it pays to train longer"] if gained(outlook) else [])]


def keep_closing(run: Run, recipe: Recipe, came: dict[str, Any], is_spent: bool, say: Say) -> None:
    """Note and say these. came: how many images it has seen, in how many seconds. is_spent: whether its budget is."""
    words = closing_words(run.events(), recipe)
    if is_spent and not came["images"]:
        words = [
            "The time was over before the first step: no image was seen, and the nets are as they began. Give it more"
        ]
    if words:
        run.log({"event": "closing"} | came | {"text": ". ".join(words)})
    for sentence in words:
        say(sentence)


def reached(outlook: Outlook) -> str:
    """What the pictures have come to, in numbers of the last readings."""
    parts = []
    if (detail := outlook.now("detail")) is not None:
        parts.append(f"detail {short(detail)} of the reals'")
    parts.append(f"spread {short(outlook.now('spread'))}")
    parts.append(f"told from reals with AUC {short(outlook.now('separation'))}")
    if outlook.scores:
        last = outlook.scores[-1]
        parts.append(f"{last['title']} {Estimate(last['fd'])} (reals {Estimate(last['floor'])})")
    return f"The pictures: {', '.join(parts)}"
