"""Runs that were measured: small ones without training, with scores that a test chooses."""

import json

from figtest.runs import build


def record(score, value, error=1.0, floor=0.0, **changes):
    """A line of measures.jsonl."""
    title = {"fd": "FD-lite0", "kid": "KID", "recall": "recall"}[score]
    return {
        "score": score, "title": title, "value": value, "error": error, "floor": floor, "floor_error": error / 2,
        "difference": value - floor, "difference_error": error, "n": 500, "reference": 700, "features": "lite0",
        "better": "higher" if score == "recall" else "lower", "meaning": "how it is", "verdict": "far",
        "at": "2026-01-01T00:00:00+00:00", "images": 10240, "codec": "none", "seed": 0, "pick": None, "data": "faces",
        "networks": {"lite0": {"digest": "abc", "resize": "64 px"}}, "fingerprint": "f00dcafe", "size": [16, 16],
        "figment": "0.1.0",
    } | changes  # fmt: skip


def look(images, fd, **changes):
    """A look while it trained."""
    return {
        "event": "score", "images": images, "seconds": images / 170, "fd": fd, "error": 2.0, "floor": 20.0, "took": 1.0,
        "title": "FD-lite0", "features": "lite0", "samples": 200, "reals": 300,
    } | changes  # fmt: skip


def scored_run(folder, name, records=(), looks=(), snapshots=(640, 2560, 10240), seed=0, choices=(), **facts):
    """A run called so, in a folder of its own, with these measurements and looks."""
    run = build(folder / name, ticks=20, snapshots=snapshots, choices=dict(choices) | {"seed": seed}, **facts)
    run.folder.rename(folder / f"{name}-run")
    (folder / name / "runs").rmdir()
    (folder / name).rmdir()
    (folder / f"{name}-run").rename(folder / name)
    run = type(run)(folder / name)
    run.measures_file.write_text("".join(json.dumps(line) + "\n" for line in records))
    for event in looks:
        run.log(event)
    return run
