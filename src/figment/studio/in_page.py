"""What is said to the command line's users, in the words of the pages: --for 3m is “Budget: time, 3m” there."""

import re

from figment.common.in_python import SPOKEN, speaking

#: The page's control for an option: without a value, and what stands before one.
CONTROLS = {
    "for": "Budget: time", "images": "Budget: images seen", "recipe": "Recipe", "size": "Size in pixels", "seed": "Seed",
    "fit": "Pictures of other shapes", "from": "Begin with", "out": "Name of the run", "labels": "Learn the labels",
    "no-labels": "Learn the labels", "seconds": "Length", "video": "What is learnt",
}  # fmt: skip
STARTS = {
    "none": "nets that have learnt nothing", "start": "figment's own nets", "RUN": "those of a run", "auto": "what auto takes",
}  # fmt: skip
WITHOUT = {"no-labels": "not chosen"}  # options that stand for a control left alone

#: Advice that the page has another way for.
PHRASES = {"name a folder on another disk with --out": "start the studio on a folder of another disk"}


def in_page(sentence: str) -> str:
    """A sentence that names options of the command line, with the page's controls in their place. What the page has no control
    for is said as what it sets, and that the command line sets it."""
    for said, here in PHRASES.items():
        sentence = sentence.replace(said, here)
    return SPOKEN.sub(_control, sentence.replace("--set: ", ""))


speaking_page = speaking(in_page)


def _control(found: re.Match[str]) -> str:
    if found["kept"] is not None:
        return found["kept"]
    colon = found["asks"] or found["colon"] or ""
    if found["field"]:
        return f"{found['field']}{'=' + found['chosen'] if found['chosen'] else ''} (set on the command line){colon}"
    option, value = found["option"], found["value"]
    if option not in CONTROLS:
        return f"{option.replace('-', ' ')}{' ' + value if value else ''} (an option of the command line){colon}"
    if option == "from":
        value = STARTS.get(value or "", value)
    value = WITHOUT.get(option, value)
    between = ", " if ":" in CONTROLS[option] else ": "
    return f"“{CONTROLS[option]}{between + value if value else ''}”{colon}"
