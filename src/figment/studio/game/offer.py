"""What the Game offers: sets of points, settings with their limits, lessons."""

from typing import Any

from figment.studio.operation import Operation
from figment.studio.studio import Studio


def offered(studio: Studio) -> dict[str, Any]:
    """lessons: each with one or two games' settings; points: names of the sets; settings: as a JSON schema."""
    from figment.plane.lessons import LESSONS
    from figment.plane.points import NAMES
    from figment.plane.settings import Settings

    return {
        "points": NAMES,
        "settings": Settings.model_json_schema()["properties"],
        "lessons": {
            name: {
                "title": it.title, "sentences": it.sentences, "question": it.question,
                "games": [{"title": title, "settings": game.model_dump(mode="json")} for title, game in it.games.items()],
            }
            for name, it in LESSONS.items()
        },
    }  # fmt: skip


OPERATIONS = (Operation("GET", "/api/game", offered, "Lessons, sets of points and settings of the Game"),)
