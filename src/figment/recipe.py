"""Recipe: every choice of a training run, frozen and validated; and the named recipes."""

import json
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from figment.common import sizes
from figment.common.in_python import in_python
from figment.common.jsontext import parsed
from figment.common.reasons import plain_reason
from figment.common.text import last_of_path, shown, suggestion
from figment.common.video_shape import VideoShape
from figment.errors import InputError

SIZES = (16, 32, 64, 128, 256, 512)
MAX_CODE_SIZE = 4096
MAX_WIDTH = 4096
MAX_IMAGES = 10**15
MAX_PARTS = 4096
MAX_SECONDS = 1e10  # three centuries
EARLIER_ORDER = "list"  # of runs whose recipe doesn't name one: the only one when they were begun
EARLIER_SCORES = "random"  # network that scored runs whose recipe doesn't name one: the only one when they were begun


class Recipe(BaseModel):
    """Every choice of a training run.

    The defaults are the DCGAN paper's (arXiv 1511.06434) at the article's widths, with pictures mirrored at random and an
    averaged generator, which the paper hasn't.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    name: str = "dcgan"
    # Pictures
    size: int | tuple[int, int] = Field(
        64, description="of the pictures, pixels: 16 to 512, or height and width such as 64x96"
    )
    channels: Literal["auto", 1, 3] = Field("auto", description="1 for grey, 3 for colour; auto takes the data's")
    fit: str = Field(
        "crop", description="pictures of other shapes: crop, first, pad, pad:#RRGGBB, pad:edge, stretch, face"
    )
    pictures: int | None = Field(
        None, ge=10, description="train on so many of the training pictures, always the same ones; none: on all"
    )
    order: Literal["auto", "list", "formula"] = Field(
        "auto",
        description="of the pictures in an epoch: a shuffled list, or a formula, which takes no memory; auto: the formula "
        "from ten million pictures on",
    )
    flips: bool = Field(True, description="show pictures mirrored, each with probability ½")
    parts: int = Field(
        1,
        ge=1,
        le=MAX_PARTS,
        description="parts that the pictures are dealt into, of which each machine holds its share only; 1: all on each",
    )
    labels: bool = Field(
        False, description="train on the pictures' labels, so that samples of a class can be asked for"
    )
    classes: tuple[str, ...] = Field((), description="names of the classes; settled by the data")
    frames: int = Field(0, ge=0, le=256, description="of a clip, to train on clips; 0: on pictures")
    fps: float = Field(12.0, ge=1, le=60, description="with frames: frames a second")
    motion_size: int = Field(
        0, ge=0, le=MAX_CODE_SIZE, description="with frames: numbers of the code that move while a clip plays"
    )
    images_first: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="with frames: share of the plan for which single frames are learnt, before motion is",
    )
    # Nets
    nets: Literal["dcgan", "r3gan"] = Field("dcgan", description="family of nets")
    width: int = Field(
        64,
        ge=1,
        le=MAX_WIDTH,
        description="dcgan: channels at half resolution, 64 gives 512→256→128→64; r3gan: most channels",
    )
    discriminator_width: int | None = Field(
        None, ge=1, le=MAX_WIDTH, description="dcgan: the discriminator's width; none: the same; scales widths, too"
    )
    widths: tuple[Annotated[int, Field(ge=1, le=MAX_WIDTH)], ...] = Field(
        (), description="channels of each stage, from the start grid up (dcgan: to half the size); none: by width"
    )
    blocks: int = Field(2, ge=1, le=16, description="r3gan: residual blocks a stage")
    group_channels: int = Field(
        16, ge=1, le=MAX_WIDTH, description="r3gan: channels in a group of the 3×3 convolutions"
    )
    code_size: int = Field(100, ge=1, le=MAX_CODE_SIZE, description="numbers in a latent code")
    prior: Literal["uniform", "normal"] = Field("uniform", description="what codes are drawn from: (-1, 1) or N(0, 1)")
    activation: Literal["relu", "leaky_relu"] = Field("relu", description="between the generator's layers")
    upsampling: Literal["transposed", "nearest"] = Field(
        "transposed", description="dcgan: by transposed 4×4 convolutions, or by doubling pixels and 3×3 convolutions"
    )
    modulated: bool = Field(
        False, description="dcgan: let the code scale and shift every stage of the generator (self-modulation)"
    )
    initial_weights: Literal["normal", "he"] = Field(
        "normal", description="dcgan: weights start N(0, .02²), as the paper's, or N(0, 2/(1.04·fan_in))"
    )
    discriminator_norm: Literal["batch", "none"] = Field("batch", description="normalisation in the discriminator")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of the discriminator's features dropped in training")
    # The game
    objective: Literal["bce", "mse", "ml", "hinge", "wgan", "relativistic"] = Field(
        "bce", description="losses that the two nets play for"
    )
    real_target: float = Field(1.0, gt=0.5, le=1, description="bce and ml: D's target for reals (one-sided smoothing)")
    label_flips: float = Field(0.0, ge=0, lt=0.5, description="bce and ml: share of D's labels that are swapped")
    gradient_penalty: float = Field(
        0.0, ge=0, description="weight of the Wasserstein gradient penalty; the paper's is 10"
    )
    gamma: float = Field(0.0, ge=0, description="weight γ of the penalties R1 + R2 on the squared gradient of D")
    penalised: Literal["both", "reals"] = Field(
        "both", description="where D's gradient is penalised: R1 + R2, or R1 alone"
    )
    gamma_final: float = Field(1.0, gt=0, le=1, description="γ at the end of the decay, as a share of gamma")
    penalty: Literal["exact", "finite"] = Field(
        "exact", description="R1 + R2 by differentiating twice, or estimated from finite differences"
    )
    penalty_share: float = Field(1.0, gt=0, le=1, description="share of a batch that R1 + R2 are taken on")
    penalty_every: int = Field(1, ge=1, le=64, description="steps from one R1 + R2 to the next, with γ as much larger")
    fresh: bool = Field(False, description="new reals and codes for the generator's phase, not those D has just seen")
    discriminator_steps: int = Field(1, ge=1, le=100, description="discriminator steps for each generator step")
    one_pass: bool = Field(
        False, description="one pass of the fakes through D for both nets, which then move at once and not in turn"
    )
    frozen_stages: int = Field(
        0,
        ge=0,
        le=8,
        description="D's first stages, from the picture's side, that keep the weights they start with; with --from",
    )
    # Augmentation of what D sees
    augment: Literal["auto", "few", "none", "full", "diffaugment"] = Field(
        "auto", description="which changes are made to all that D sees; auto, few: full, by the number of pictures"
    )
    augment_p: float = Field(
        0.0, ge=0, le=1, description="probability of each change (fixed, above .55 it leaks); adaptive: the first one"
    )
    augment_colours: float = Field(
        1.0, ge=0, le=1, description="probability of each of the five colour changes, as a share of augment_p"
    )
    augment_mode: Literal["fixed", "ramp", "adaptive"] = Field(
        "fixed", description="augment_p from the start, or risen to over the decay, or steered by D's signs on reals"
    )
    augment_target: float = Field(
        0.6, gt=0, lt=1, description="adaptive: mean sign of D on reals to be kept (ADA's r_t)"
    )
    # Optimisation
    batch: int = Field(128, ge=2, le=65536, description="pictures a step")
    lr: float = Field(2e-4, gt=0, le=1, description="Adam's learning rate")
    lr_discriminator: float = Field(1.0, gt=0, le=100, description="D's learning rate, as a share of lr")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's β₁")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's β₂")
    lr_final: float = Field(1.0, gt=0, le=1, description="learning rate at the planned end, as a share of lr")
    beta2_final: float | None = Field(None, ge=0, lt=1, description="Adam's β₂ at the end of the decay; none: the same")
    lr_decay_start: float = Field(
        0.5, ge=0, lt=1, description="where the decay (of rate, γ, β₂) begins, as a share of the planned images"
    )
    lr_decay_end: float = Field(1.0, gt=0, le=1, description="where it ends; all is held from there")
    ema_half_life: int = Field(
        10_000, ge=0, le=MAX_IMAGES, description="half-life of the averaged generator, images; 0: no average"
    )
    ema_ramp: bool = Field(
        False, description="let the half-life grow with the decay, not as a twentieth of images seen"
    )
    # Budget and machine
    seed: int = Field(0, ge=0, lt=2**63, description="seed of everything random")
    images: int | None = Field(None, ge=1, le=MAX_IMAGES, description="budget: images seen")
    seconds: float | None = Field(None, gt=0, le=MAX_SECONDS, description="budget: seconds of training")
    planned_images: int = Field(
        0, ge=0, le=MAX_IMAGES, description="images over which schedules are laid out; 0: not planned yet"
    )
    snapshots: int = Field(32, ge=2, le=1000, description="pictures and generators kept over the planned images")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="arithmetic of the nets in training")
    compile: Literal["auto", "on", "off"] = Field("auto", description="torch.compile the nets")
    scores: str = Field(
        "auto",
        description="network whose features score the samples while it trains: lite0, random, onnx:FILE, …; or none; "
        "auto: lite0, where its package is installed, else random",
    )
    save_seconds: float = Field(60.0, ge=0, description="seconds between saved states")

    @field_validator("size", mode="before")
    @classmethod
    def _size_as_text(cls, size: object) -> object:
        return sizes.parse(size)

    @field_validator("widths", mode="before")
    @classmethod
    def _widths_as_text(cls, widths: object) -> object:
        return tuple(widths.split(",")) if isinstance(widths, str) else widths

    @field_validator("size")
    @classmethod
    def _size_is_supported(cls, size: int | tuple[int, int]) -> int | tuple[int, int]:
        sizes.start_grid(*sizes.shape(size))
        return size

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("every class needs a name of its own")
        return classes

    @model_validator(mode="after")
    def _one_budget(self) -> "Recipe":
        if self.images is not None and self.seconds is not None:
            raise ValueError("a budget is in images or in time, not both")
        return self

    @model_validator(mode="after")
    def _penalty_is_per_sample(self) -> "Recipe":
        # arXiv 1704.00028, section 4: the penalty is on each input's own gradient, which batch norm mixes.
        if self.nets == "dcgan" and self.discriminator_norm == "batch":
            for field in ("gradient_penalty", "gamma"):
                if getattr(self, field):
                    raise ValueError(f"{field} needs --set discriminator_norm=none, since batch norm mixes samples")
        return self

    @model_validator(mode="after")
    def _nets_have_such_parts(self) -> "Recipe":
        for field in ("modulated", "discriminator_width"):
            if getattr(self, field) and self.nets != "dcgan":
                raise ValueError(f"{field} is for DCGAN's nets: it needs --set nets=dcgan")
        return self

    @model_validator(mode="after")
    def _parts_can_be(self) -> "Recipe":
        if self.parts > 1:
            # A part knows neither the classes of the others nor how many pictures they have; clips would have to stay whole.
            for field in ("labels", "frames", "pictures"):
                if getattr(self, field):
                    raise ValueError(f"parts are for pictures, all of them and without labels: leave {field} out")
        return self

    @model_validator(mode="after")
    def _clips_can_be(self) -> "Recipe":
        if not self.frames:
            if self.motion_size:
                raise ValueError("motion_size is for clips: it needs --video, 16x12 say")
            return self
        if self.frames < 4:
            raise ValueError("a clip has 4 frames at least: give --video 16x12, say")
        if not 2 <= self.motion_size < self.code_size:
            raise ValueError(
                f"motion_size must be 2 to {self.code_size - 1} with clips, for the code has {self.code_size} numbers"
            )
        if self.label_flips:
            raise ValueError("label_flips is for pictures: with clips it needs --set label_flips=0")
        if self.gamma and self.penalty == "finite":
            raise ValueError("penalty=finite is for pictures: clips need --set penalty=exact")
        return self

    @model_validator(mode="after")
    def _one_pass_can_be(self) -> "Recipe":
        if self.one_pass and self.bar_to_one_pass:
            raise ValueError(f"one_pass needs {self.bar_to_one_pass}")
        return self

    @model_validator(mode="after")
    def _something_learns(self) -> "Recipe":
        doublings = sizes.start_grid(*self.shape).doublings
        stages = doublings + (self.nets == "r3gan")  # whose start grid has a stage of its own
        if self.frozen_stages > stages:
            raise ValueError(
                f"frozen_stages={self.frozen_stages} freezes all of the discriminator: at this size it has {stages} stages "
                f"before its last layer, so give 0 to {stages}"
            )
        return self

    @model_validator(mode="after")
    def _augmentation_happens(self) -> "Recipe":
        if self.augment in {"full", "diffaugment"} and self.augment_mode != "adaptive" and not self.augment_p:
            raise ValueError(f"augment={self.augment} changes nothing with augment_p=0: add --set augment_p=0.3")
        return self

    @model_validator(mode="after")
    def _signs_mean_something(self) -> "Recipe":
        # ADA goes by D's signs on reals; where only differences of logits count, or the middle isn't 0, they say nothing.
        if self.augment_mode == "adaptive" and self.objective not in {"bce", "ml", "hinge"}:
            raise ValueError("augment_mode=adaptive goes by D's signs: it needs --set objective=bce, ml or hinge")
        return self

    @model_validator(mode="after")
    def _decay_ends_after_its_start(self) -> "Recipe":
        if self.lr_decay_end <= self.lr_decay_start:
            raise ValueError("lr_decay_end must lie behind lr_decay_start")
        return self

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return sizes.shape(self.size)

    @property
    def video(self) -> VideoShape | None:
        """The shape of the clips that it is for; None for pictures."""
        return VideoShape(self.frames, self.fps) if self.frames else None

    @property
    def bar_to_one_pass(self) -> str:
        """What would have to be another way for one pass to serve both nets, and why; empty if nothing."""
        if self.nets == "dcgan" and self.discriminator_norm == "batch":
            return "--set discriminator_norm=none, since batch norm mixes samples"
        if self.dropout:
            return "--set dropout=0, since each phase drops other features"
        if self.fresh:
            return "--set fresh=false, since both nets learn from the same fakes"
        if self.discriminator_steps > 1:
            return "--set discriminator_steps=1, since both nets move at once"
        if self.frames:
            return "pictures in place of clips, of which D says two things at once"
        if self.gamma and self.penalty == "finite" and self.penalised == "both":
            return "--set penalty=exact or penalised=reals, since finite differences at fakes move their logits, too"
        return ""

    @property
    def images_a_step(self) -> int:
        """Images seen in one step: reals shown to D, over its steps."""
        return self.batch * self.discriminator_steps


def validated(fields: dict[str, Any]) -> Recipe:
    """A recipe from fields, its numbers also as text. Raises InputError naming the first bad field, why and the mend."""
    try:
        return Recipe(**fields)
    except ValidationError as error:
        raise InputError(sentence(error)) from None


def from_json(text: bytes | str, origin: str) -> Recipe:
    """A recipe from its JSON, as kept in a run or a generator's header. Raises InputError naming origin if it is none."""
    mend = "restore it from a copy of the run"
    try:
        fields = parsed(text)
    except ValueError:
        raise InputError(f"{origin} holds no figment recipe (it is empty or damaged): {mend}.") from None
    if not isinstance(fields, dict) or "format" not in fields:
        raise InputError(f"{origin} holds no figment recipe (it is no JSON object with a format): {mend}.")
    if fields.pop("format") != 1:
        raise InputError(f"{origin} was written by a newer figment: update with pip install --upgrade figment-gan.")
    fields.setdefault("order", EARLIER_ORDER)
    fields.setdefault("scores", EARLIER_SCORES)
    try:
        return Recipe(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            raise InputError(
                f"{origin} was written by another version of figment: it has the field {first['loc'][0]}, which this one "
                "doesn't know."
            ) from None
        raise InputError(
            f"{origin} holds no figment recipe ({in_python(sentence(error)).rstrip('.')}): {mend}."
        ) from None


def to_json(recipe: Recipe) -> str:
    """The recipe as JSON, a field a line, with the format's number."""
    return json.dumps({"format": 1} | recipe.model_dump(), indent=2) + "\n"


def without_paths(recipe: Recipe) -> Recipe:
    """The recipe as files carry it that others are given: a network's file by its name, not where it lay."""
    kind, colon, file = recipe.scores.partition(":")
    return recipe.model_copy(update={"scores": f"{kind}{colon}{last_of_path(file)}"})


def choices(field: str) -> tuple[str, ...]:
    """The values that a field can have, where they have names."""
    kind = Recipe.model_fields[field].annotation
    return tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()


def changed(recipe: Recipe, **choices: Any) -> Recipe:
    """The recipe with some fields replaced, validated again."""
    return validated(recipe.model_dump() | choices)


def sentence(error: ValidationError) -> str:
    """The first complaint of a validation as one sentence that names the option."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return f"--set {field}: no such recipe field{suggestion(field, list(Recipe.model_fields))}"
    reason = plain_reason(first["msg"])
    if first["type"] == "value_error":
        return f"--{field} {shown(first['input'])}: {reason}." if field else f"--set: {reason}."
    option = f"--{field} " if field in {"size", "images", "seed"} else f"--set {field}="
    return f"{option}{shown(first['input'])}: must be {reason}."
