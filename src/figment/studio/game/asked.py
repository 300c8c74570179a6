"""What a page of the Game says over its websocket, as JSON."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from figment.studio.operation import Asked

MAX_STEPS, MAX_FRAMES = 50, 60


class Start(Asked):
    """Begin anew. games: the settings of one game, or of two that are played side by side (plane/settings.py)."""

    do: Literal["start"]
    games: list[dict[str, Any]] = Field(min_length=1, max_length=2)


class Pace(Asked):
    """steps: turns a frame; frames: a second; both as many as there is time for."""

    do: Literal["pace"]
    steps: int = Field(ge=1, le=MAX_STEPS)
    frames: int = Field(ge=1, le=MAX_FRAMES)


class Step(Asked):
    """One turn, or one step of one of the nets, and stand still."""

    do: Literal["step"]
    who: Literal["both", "discriminator", "generator"] = "both"


class Plain(Asked):
    """seen: a frame has been drawn, and another may come."""

    do: Literal["play", "pause", "seen"]


Said = Start | Pace | Step | Plain
Message: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="do")])
