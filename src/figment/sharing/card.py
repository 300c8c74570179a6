"""A model card: README.md with the metadata that the Hugging Face hub reads, and what somebody asks who is given a generator."""

import json
import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from figment.common.jsontext import are_missing
from figment.common.text import shown, typed
from figment.common.units import as_images, as_time
from figment.data.public.catalog import PUBLIC_SETS, PublicSet
from figment.errors import InputError
from figment.generator import Generator
from figment.metrics.estimate import Estimate
from figment.metrics.kept import latest
from figment.metrics.verdicts import as_sentence
from figment.reals import are_moving_portraits, are_portraits
from figment.recipe import Recipe
from figment.run import Run
from figment.sharing.cleaned import cleaned, cleaned_text
from figment.sharing.parcel import content_of

CARD, PICTURE = "README.md", "card.png"
LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")  # as the hub writes them: apache-2.0
NEEDED = ("title", "value", "floor", "n", "better")  # of a score, to be shown
FINE = 128  # px of a side below which nothing fine is to be expected
MAX_CLASSES = 20


def card_of(run: Run, generator: Generator, licence: str | None = None) -> dict[str, bytes]:
    """README.md and the sheet that it shows, marked, by name; the same run gives the same bytes.

    licence: the hub's short name of the one that the weights are given under, such as cc-by-nc-4.0; None leaves it open. Nothing
    of where the run lies or who made it is in them. Raises InputError for a licence that is no such name.
    """
    if licence is not None and not LICENCE.fullmatch(licence):
        raise InputError(
            f"--licence {shown(licence)}: write it in the hub's short names: apache-2.0, cc-by-nc-4.0, other."
        )
    parts = [
        _metadata(run, licence), _head(run, generator), _use(run.recipe), _data(run), _made(run, generator), _scores(run),
        _originality(run), _limits(run), _marks(), _repeat(run),
    ]  # fmt: skip
    text = ("\n\n".join(parts) + "\n").encode()
    return {CARD: text + b"\n" + _seal(text) + b"\n", PICTURE: generator.sheet().png()}


def card_for_push(run: Run, generator: Generator, licence: str | None, there: bytes | None) -> dict[str, bytes]:
    """The card that goes up: the run's README.md, if somebody wrote on it; none where somebody wrote on the one that is there, on
    the hub; else a new one."""
    file = run.folder / CARD
    if file.is_file() and is_written_on(file.read_bytes()):
        return {name: content_of(run.folder / name, run) for name in (CARD, PICTURE) if (run.folder / name).is_file()}
    return {} if there is not None and is_written_on(there) else card_of(run, generator, licence)


def is_written_on(card: bytes) -> bool:
    """Whether a card isn't as figment wrote it."""
    lines = card.splitlines()
    return not lines or lines[-1] != _seal(b"\n".join(lines[:-1]))


def _seal(text: bytes) -> bytes:
    """A last line that a page doesn't show: by it a card is told that somebody has written on."""
    return f"<!-- figment {blake2b(text, digest_size=8).hexdigest()} -->".encode()


def _metadata(run: Run, licence: str | None) -> str:
    """The block of YAML on top; texts are JSON, which YAML takes."""
    kind = "unconditional-image-generation"
    tags = ["figment", "gan", run.recipe.nets, "synthetic-media", *(["video"] if run.recipe.frames else [])]
    lines = ["library_name: figment", f"pipeline_tag: {kind}", "tags:", *(f"- {tag}" for tag in tags)]
    if datasets := [name.removeprefix("hf:") for name in _names(run.data) if name.startswith("hf:")]:
        lines += ["datasets:", *(f"- {json.dumps(re.split('[@:#]', name)[0])}" for name in datasets)]
    lines.append(
        f"license: {licence}" if licence else "# license: yours to choose; see below what is known of the data's"
    )
    return "\n".join(["---", *lines, "---"])


def _head(run: Run, generator: Generator) -> str:
    recipe = run.recipe
    what = f"clips of {recipe.frames} frames" if recipe.frames else "pictures"
    colours = "grey" if recipe.channels == 1 else "colour"
    return (
        f"# {shown(run.name)}\n\nA generator of {colours} {what} of {_pixels(recipe)} pixels, a GAN trained "
        f"with figment. Everything that it makes is synthetic.\n\n"
        f"![Samples of the generator, chosen by nobody: the first of seed 0]({PICTURE})"
    )


def _pixels(recipe: Recipe) -> str:
    """Height × width."""
    return "×".join(map(str, recipe.shape))


def _use(recipe: Recipe) -> str:
    video = "\nfigment sample generator.safetensors --video --loop" if recipe.frames else ""
    return (
        f"## How to use it\n\n```bash\nfigment sample generator.safetensors{video}\n```\n\n```python\nimport figment\n\n"
        'figment.load("generator.safetensors").sheet().save("samples.png")\n```\n\n'
        "In place of the file both take `hf:OWNER/NAME`, where this page is on the Hugging Face hub. The nets are safetensors: "
        "reading them runs no code."
    )


def _data(run: Run) -> str:
    facts, recipe = run.facts, run.recipe
    counts = [
        f"{facts[key]:,} {words}"
        for key, words in (("pictures", "in all"), ("trained_on", "trained on"), ("held_out", "held out to measure by"))
        if isinstance(facts.get(key), int)
    ]
    lines = [f"- Source: {cleaned_text(str(facts.get('source') or 'not noted'))}"]
    lines += [f"- {'Frames' if recipe.frames else 'Pictures'}: {', '.join(counts)}"] * bool(counts)
    lines += [f"- Licence of the data: {line}" for line in _data_licences(run.data)]
    if recipe.classes:
        more = f" and {len(recipe.classes) - MAX_CLASSES} more" if len(recipe.classes) > MAX_CLASSES else ""
        lines.append(f"- Classes: {', '.join(map(shown, recipe.classes[:MAX_CLASSES]))}{more}")
    if isinstance(origin := facts.get("from"), dict):
        lines.append(
            f"- It began with the nets of {cleaned_text(str(origin.get('name')))}, which saw pictures of their own"
        )
    return "\n".join(["## What it was trained on", "", *lines])


def _data_licences(data: Any) -> list[str]:
    if are_portraits(data) or are_moving_portraits(data):
        return ["figment drew the pictures itself; they show nobody"]
    return [
        _licence_of(PUBLIC_SETS[name]) if name in PUBLIC_SETS
        else f"that of {name.removeprefix('hf:')} on the hub" if name.startswith("hf:")
        else "not known to figment: say here who made the pictures, and what they allow"
        for name in _names(data)
    ]  # fmt: skip


def _licence_of(public: PublicSet) -> str:
    return f"{public.title}: {public.licence} ({public.licence_url})"


def _names(data: Any) -> list[str]:
    return [data] if isinstance(data, str) else list(data or [])


def _made(run: Run, generator: Generator) -> str:
    recipe, facts = run.recipe, run.facts
    machine, versions = (
        found if isinstance(found := facts.get(name), dict) else {} for name in ("machine", "versions")
    )
    count = sum(numbers.numel() for numbers in generator.net.parameters())
    seconds = facts.get("seconds")
    memory = f", {machine['memory']:g} GiB" if isinstance(machine.get("memory"), int | float) else ""
    processes = facts.get("processes") or 1
    lines = [
        f"- Recipe: `{shown(recipe.name)}`, objective {recipe.objective}, batch {recipe.batch}; all of it in `recipe.json`",
        f"- Nets: {recipe.nets}, a generator of {count:,} parameters, codes of {recipe.code_size} numbers",
        f"- Budget: {as_images(facts.get('images') or 0)} images seen" + (f" in {as_time(seconds)}" if seconds else ""),
    ]
    if machine.get("name"):
        several = f", {processes} processes" if processes > 1 else ""
        lines.append(
            f"- Machine: {shown(machine['name'])} ({machine.get('device')}, {machine.get('cores')} cores{memory}){several}"
        )
    if versions:
        lines.append(f"- Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}")
    return "\n".join(["## How it was made", "", *lines])


def _scores(run: Run) -> str:
    records = latest(run.measures(), run.facts.get("source"))
    found = {record["score"]: record for record in records}
    rows = [_row(record) for record in records if not are_missing(NEEDED, record)]
    if not rows:
        return "## How good it is\n\nIt wasn't measured (`figment measure`)."
    summary = as_sentence(cleaned_text(str(found.get("summary", {}).get("summary") or "")))
    about = records[0]
    seen = f" after {about['images']:,} images" if isinstance(about.get("images"), int) else ""
    networks = ", ".join(about.get("networks") or {}) or "none"
    return "\n".join([
        "## How good it is", "", *([summary, ""] if summary else []),
        "| score | value ± error | as many other real pictures reach | better is | samples |", "|---|---|---|---|---|", *rows, "",
        f"Measured{seen} against {cleaned_text(str(about.get('data')))}, seed {about.get('seed')}, features: "
        f"{cleaned_text(networks)}. ± is a standard error.",
        "Numbers of other networks, sizes or counts can't be compared with these.",
    ])  # fmt: skip


def _row(record: dict[str, Any]) -> str:
    value, floor = (
        _estimate(record[name], record.get(error)) for name, error in (("value", "error"), ("floor", "floor_error"))
    )
    return f"| {shown(record['title'])} | {value} | {floor} | {record['better']} | {record['n']:,} |"


def _estimate(value: float, error: float | None) -> Estimate:
    return Estimate(value) if error is None else Estimate(value, error)


def _originality(run: Run) -> str:
    copying = next((r for r in latest(run.measures(), run.facts.get("source")) if r["score"] == "copying"), None)
    verdict = (copying or {}).get("verdict")
    said = (
        as_sentence(cleaned_text(str(verdict)))
        if verdict
        else "Nobody looked whether samples copy training pictures (`figment measure`)."
    )
    return f"## Whether it copies\n\n{said}\n\nNo number tells copying from learning in every case."


def _limits(run: Run) -> str:
    recipe = run.recipe
    lines = [
        f"- It draws {_pixels(recipe)} pixels and nothing else"
        + (": fine detail isn't there." if max(recipe.shape) < FINE else "."),
        "- It knows what its pictures showed, as often as they showed it: what was rare among them is rare or lost, and what was "
        "lopsided stays so.",
        "- It takes no text; "
        + (
            "a class can be asked for, and nothing beside."
            if recipe.classes
            else "nothing can be asked of it but another code."
        ),
        "- What it draws is no evidence of anything, and where its pictures showed people, a sample may resemble one.",
    ]
    return "\n".join(["## What it can't do", "", *lines])


def _marks() -> str:
    return (
        "## How its pictures are marked\n\nFiles that figment writes say in their metadata that they are synthetic (IPTC "
        "`DigitalSourceType`: `trainedAlgorithmicMedia`), and bear an invisible mark in their pixels, by which `figment check` "
        "finds them again. Saving a file anew removes the first. Whoever runs the weights with another program has to mark by "
        "themselves; where the EU's AI Act applies, generated pictures must be marked (Art. 50)."
    )


def _repeat(run: Run) -> str:
    facts = run.facts
    command = facts.get("command")
    words: Sequence[str] = cleaned(command) if isinstance(command, list) and command else _command_for(run)
    lines = [" ".join(typed(str(word)) for word in words)]
    if run.measures():
        lines.append("figment measure RUN")
    print_ = facts.get("fingerprint")
    told = f"The pictures' fingerprint was `{print_}`. " if isinstance(print_, str) else ""
    return (
        "## How to repeat it\n\n```bash\n"
        + "\n".join(lines)
        + f"\n```\n\n{told}Seed {run.recipe.seed}. With a budget of images the same "
        "command gives the same bits on one CPU; clocks and GPUs aren't exact."
    )


def _command_for(run: Run) -> list[str]:
    """A training's command where none was noted, as from Python."""
    data = [cleaned_text(name) for name in _names(run.data)]
    return ["figment", "train", *data, "--recipe", run.recipe.name, "--images", str(run.facts.get("images") or 0)]
