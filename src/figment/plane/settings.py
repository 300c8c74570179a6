"""What a game in the plane is played with: frozen, validated, refused in one sentence."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from figment.common.reasons import plain_reason
from figment.common.text import shown, suggestion
from figment.errors import InputError

Objective = Literal["bce", "ml", "mse", "hinge", "wgan", "relativistic"]
Points = Literal["eight", "grid", "lopsided", "pair", "dot", "ring", "rings", "spiral", "spirals", "moons", "drawn"]
Coordinate = Annotated[float, Field(ge=-1, le=1)]
MAX_DRAWN = 2000


class Settings(BaseModel):
    """Every choice of a game in the plane."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    points: Points = Field("eight", description="the true points")
    drawn: tuple[tuple[Coordinate, Coordinate], ...] = Field(
        (), max_length=MAX_DRAWN, description="points of your own, x and y in [-1, 1] each, for points=drawn"
    )
    objective: Objective = Field("relativistic", description="what the two nets play for")
    r1: float = Field(0.1, ge=0, le=100, description="γ of D's squared slope at true points; 0: none")
    r2: float = Field(0.1, ge=0, le=100, description="γ of D's squared slope at generated points; 0: none")
    gradient_penalty: float = Field(
        0.0, ge=0, le=100, description="λ of the Wasserstein penalty, which keeps D's slope near 1; 0: none"
    )
    code_size: int = Field(2, ge=1, le=16, description="numbers of a code; with 1 or 2 G's manifold can be drawn")
    generator_width: int = Field(32, ge=1, le=128, description="units in each of G's hidden layers")
    generator_depth: int = Field(2, ge=0, le=4, description="G's hidden layers; with 0 it shifts and stretches codes")
    discriminator_width: int = Field(32, ge=1, le=128, description="units in each of D's hidden layers")
    discriminator_depth: int = Field(2, ge=0, le=4, description="D's hidden layers; with 0 it knows straight lines")
    batch: int = Field(128, ge=1, le=512, description="points a step")
    lr_generator: float = Field(2e-3, gt=0, le=1, description="G's learning rate")
    lr_discriminator: float = Field(2e-3, gt=0, le=1, description="D's learning rate")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's β₁ of both")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's β₂ of both")
    discriminator_steps: int = Field(1, ge=1, le=20, description="D's steps in a turn")
    generator_steps: int = Field(
        1, ge=1, le=20, description="G's steps in a turn, on codes of their own from the second on"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of everything random")

    @model_validator(mode="after")
    def _somebody_drew(self) -> "Settings":
        if self.points == "drawn" and not self.drawn:
            raise ValueError("points=drawn needs points: draw some, or choose another set")
        return self


def validated(fields: dict[str, Any]) -> Settings:
    """Settings from fields. Raises InputError naming the first bad field, why and the mend."""
    try:
        return Settings(**fields)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return f"{first['msg'].removeprefix('Value error, ')}."
    field = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"{shown(field)}: the game has no such setting{suggestion(field, list(Settings.model_fields))}"
    if field == "drawn":
        return f"drawn: takes up to {MAX_DRAWN} points, x and y of each between -1 and 1."
    return f"{field}={shown(first['input'])}: must be {plain_reason(first['msg'])}."
