"""What can be asked of Play beside its websocket: what a run offers, downloads, uploads, favourites, directions."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from figment.common.text import printable
from figment.errors import InputError
from figment.studio.operation import Operation
from figment.studio.play import favourites
from figment.studio.play.asked import Film, Keep, Print, Rename
from figment.studio.play.downloads import film, printed
from figment.studio.play.films import FILMS
from figment.studio.play.looks import class_names, labels_of, moved_codes
from figment.studio.play.players import directions_of, generator_of
from figment.studio.play.projecting import MAX_UPLOAD_BYTES, fitted, lossless
from figment.studio.play.searching import SEARCHES
from figment.studio.standing import standing
from figment.studio.studio import Missing, Studio


def offered(studio: Studio, id: str) -> dict[str, Any]:
    """What a run can be played with."""
    from figment.explore.style_mixing import stages

    run = studio.run(id)
    standing(run)  # a run that the other pages can't read isn't played with as if nothing were wrong
    generator, directions = generator_of(run), directions_of(run)
    recipe = generator.recipe
    try:
        kept, problem = favourites.listed(run, generator), None
    except InputError as error:
        kept, problem = [], str(error)
    return {
        "name": printable(run.name), "shape": list(recipe.shape), "channels": recipe.channels, "code_size": recipe.code_size,
        "prior": recipe.prior, "seed": recipe.seed, "classes": class_names(generator), "stages": stages(generator),
        "moves": bool(recipe.frames),
        "directions": [_direction(name, one) for name, one in directions.items()],
        "snapshots": list(run.snapshots()), "has_best": run.best_file.is_file(),
        "favourites": kept, "favourites_problem": problem,
    }  # fmt: skip


def _direction(name: str, one: Any) -> dict[str, Any]:
    """A direction for a slider. moves: the attribute that it moves most, where that was read, and how surely, −1 to 1."""
    moves, correlation = one.facts.get("moves"), one.facts.get("correlation")
    is_sound = isinstance(moves, str) and isinstance(correlation, int | float)
    return {
        "name": name, "how": printable(one.how), "moves": printable(moves) if is_sound else None,
        "correlation": round(correlation, 2) if is_sound else None,
    }  # fmt: skip


def picture(studio: Studio, id: str, body: Print) -> Response:
    return printed(studio.run(id), body)


def begin_film(studio: Studio, id: str, body: Film) -> dict[str, Any]:
    return FILMS.start(studio, studio.run(id), body)


def film_state(studio: Studio, id: str, key: str) -> dict[str, Any]:
    """Who doesn't ask for minutes no longer waits for it: see films.py."""
    return FILMS.told(FILMS.of(studio.run(id), key))


def film_file(studio: Studio, id: str, key: str) -> Response:
    return film(FILMS.of(studio.run(id), key))


def stop_film(studio: Studio, id: str, key: str) -> dict[str, Any]:
    return FILMS.stop(FILMS.of(studio.run(id), key))


def end_film(studio: Studio, id: str, key: str) -> dict[str, Any]:
    FILMS.forget(FILMS.of(studio.run(id), key))
    return {}


def fit(studio: Studio, id: str, body: bytes) -> Response:
    """An uploaded picture as the generator's are; it isn't kept."""
    recipe = generator_of(studio.run(id)).recipe
    return Response(lossless(fitted(recipe, body)), media_type="image/webp", headers={"cache-control": "no-store"})


def keep(studio: Studio, id: str, body: Keep) -> dict[str, Any]:
    run = studio.run(id)
    generator = generator_of(run)
    labels = labels_of(generator, body.codes, body.label)
    z = moved_codes(generator, directions_of(run) if body.moves else {}, body)[0]
    favourites.add(run, generator, body.name, z, None if labels is None else int(labels[0]))
    return shelf(studio, id)


def shelf(studio: Studio, id: str) -> dict[str, Any]:
    run = studio.run(id)
    return {"favourites": favourites.listed(run, generator_of(run))}


def rename(studio: Studio, id: str, key: str, body: Rename) -> dict[str, Any]:
    run = studio.run(id)
    favourites.rename(run, generator_of(run), key, body.name)
    return shelf(studio, id)


def remove(studio: Studio, id: str, key: str) -> dict[str, Any]:
    run = studio.run(id)
    favourites.remove(run, generator_of(run), key)
    return shelf(studio, id)


def search(studio: Studio, id: str) -> dict[str, Any]:
    """Begin the search for directions, or tell of the one that is under way."""
    run = studio.run(id)
    generator_of(run)  # one without a generator is refused before a thread is started
    return SEARCHES.start(run, studio.closing.is_set).as_json()


def found(studio: Studio, id: str) -> dict[str, Any]:
    it = SEARCHES.of(studio.run(id))
    return it.as_json() if it else {"state": "none"}


def call_off(studio: Studio, id: str) -> dict[str, Any]:
    it = SEARCHES.of(studio.run(id))
    if it is None:
        raise Missing("No directions are looked for.")
    it.stopped.set()
    return it.as_json()


BASE = "/api/play/{id}"
OPERATIONS = (
    Operation("GET", BASE, offered, "What a run can be played with"),
    Operation("POST", f"{BASE}/picture", picture, "A picture or a sheet, a marked PNG", body=Print, gives="image/png"),
    Operation("POST", f"{BASE}/films", begin_film, "Begin to film a walk past keyframes", body=Film),
    Operation("GET", f"{BASE}/films/{{key}}", film_state, "How far a film is, or how many come before it"),
    Operation("GET", f"{BASE}/films/{{key}}/file", film_file, "A film that is done, marked", gives="video/mp4"),
    Operation("POST", f"{BASE}/films/{{key}}/stop", stop_film, "Make a film no further"),
    Operation("DELETE", f"{BASE}/films/{{key}}", end_film, "Make a film no further, or forget it"),
    Operation(
        "POST", f"{BASE}/fit", fit, "A picture as the generator would see it; it isn't kept", body=bytes,
        gives="image/webp", max_bytes=MAX_UPLOAD_BYTES,
    ),
    Operation("GET", f"{BASE}/favourites", shelf, "The codes that were kept"),
    Operation("POST", f"{BASE}/favourites", keep, "Keep a code", body=Keep),
    Operation("PATCH", f"{BASE}/favourites/{{key}}", rename, "Rename a kept code", body=Rename),
    Operation("DELETE", f"{BASE}/favourites/{{key}}", remove, "Remove a kept code"),
    Operation("POST", f"{BASE}/directions", search, "Begin the search for directions"),
    Operation("GET", f"{BASE}/directions", found, "How far the search for directions is"),
    Operation("DELETE", f"{BASE}/directions", call_off, "Call the search for directions off"),
)  # fmt: skip
