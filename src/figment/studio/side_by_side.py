"""Runs compared: what differs, how they score and whether by more than chance, as figment.comparing has it; and their samples."""

from typing import TYPE_CHECKING, Any

from pydantic import Field
from starlette.responses import Response

from figment.errors import InputError
from figment.run import Run
from figment.run_files import MAX_COUNT
from figment.studio.operation import Asked, Operation
from figment.studio.recent import Recent
from figment.studio.run_parts import generator_after
from figment.studio.studio import Studio

if TYPE_CHECKING:
    from figment.comparing.comparison import Comparison

MAX_RUNS = 24
MAX_PAIRS = 60  # of settings that are told of
MAX_SAMPLES = 16
QUALITY = 92  # of the samples as JPEG


class Which(Asked):
    """runs: ids of two runs or more, with commas between."""

    runs: str = Field(max_length=13 * MAX_RUNS)


class Codes(Asked):
    """Samples start … start + count - 1 of a seed, by the kept generator nearest to so many images seen."""

    images: int = Field(ge=0, le=MAX_COUNT)
    seed: int = Field(0, ge=0, lt=2**31)
    start: int = Field(0, ge=0, lt=1_000_000)
    count: int = Field(8, ge=1, le=MAX_SAMPLES)


def compared(studio: Studio, query: Which) -> dict[str, Any]:
    """The comparison as plain values, with the runs' own names by their ids."""
    ids = [id for id in query.runs.split(",") if id]
    if len(ids) > MAX_RUNS:
        raise InputError(f"{len(ids)} runs are too many to look at side by side: take {MAX_RUNS} at most.")
    runs = [studio.run(id) for id in ids]
    from figment.comparing.comparison import compare

    return _plain(compare(*runs), dict(zip([run.folder for run in runs], ids, strict=True)))


def _plain(found: "Comparison", ids: dict[Any, str]) -> dict[str, Any]:
    from figment.comparing import table
    from figment.comparing.same_codes import draw_alike
    from figment.comparing.words import how_much

    judge = found.judge
    return {
        "settings": [
            {
                "label": setting.label,
                "runs": [{"id": ids[run.run.folder], "name": run.name, "seed": run.seed} for run in setting.runs],
            }
            for setting in found.settings
        ],
        "sentences": found.sentences, "command": found.command, "alike": draw_alike(found.settings),
        "scores": table.score_table(found.settings, found.scores) if found.scores else [],
        "meanings": [f"{score.meaning}; {'less' if score.better == 'lower' else 'more'} is better" for score in found.scores],
        "judge": judge.title if judge else None,
        "pairs": [
            {"first": one.first, "second": one.second, "by": how_much(one), "sure": one.is_sure and one.way != "one seed"}
            for one in (judge.contrasts[:MAX_PAIRS] if judge else ())
        ],
        "differences": [one._asdict() for one in found.differences],
    }  # fmt: skip


SAMPLES: "Recent[bytes]" = Recent(512)


def samples(studio: Studio, id: str, query: Codes) -> Response:
    """A row of samples as JPEG, marked. X-Images: what the generator that drew them had seen."""
    run = studio.run(id)
    kept = run.snapshots()
    seen = min(kept, key=lambda images: abs(images - query.images), default=query.images)
    key = (
        run.folder,
        kept[seen].stat().st_mtime_ns if seen in kept else None,
        seen,
        query.seed,
        query.start,
        query.count,
    )
    content = SAMPLES.get(key, lambda: _row(run, query, seen))
    headers = {"cache-control": "no-cache", "x-images": str(seen)}
    return Response(content, media_type="image/jpeg", headers=headers)


def _row(run: Run, asked: Codes, images: int) -> bytes:
    from figment.media.images import encode, grid

    generator, _ = generator_after(run, images)
    pictures = generator.sample(asked.count, asked.seed, start=asked.start)
    return encode(grid(pictures, columns=asked.count), "JPEG", quality=QUALITY, mark=generator.mark)


OPERATIONS = (
    Operation("GET", "/api/compare", compared, "What differs between runs, and which scores better", Which),
    Operation("GET", "/api/runs/{id}/samples", samples, "A row of samples as JPEG, marked", Codes, gives="image/jpeg"),
)
