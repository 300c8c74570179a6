"""What to try against what ails a run: options that its recipe doesn't have already, as a command takes them."""

from figment.augment.pipeline import ADAPTION_IMAGES
from figment.recipe import Recipe

LOW_RATE, HIGH_RATE = 5e-5, 5e-3  # of Adam, beyond which it is what to change first
LEAST_MOTION = 8  # numbers of a code that move, below which more than these are to blame
KNOWN = "known nets to start from, --from RUN"  # of a run on more pictures, or for longer
HELD = "--recipe dcgan-r1, whose discriminator is held back by R1"


def against_collapse(recipe: Recipe) -> str:
    if recipe.discriminator_norm == "batch" or not recipe.gamma:
        return HELD
    return f"a smaller rate, {_slower(recipe)}"


def against_memorising(recipe: Recipe) -> str:
    if recipe.augment not in ("none", "auto", "few"):
        return "more pictures"
    # Those whose signs tell how much is needed, and time for it to rise: in minutes it would do next to nothing.
    steered = recipe.objective in ("bce", "ml", "hinge") and recipe.planned_images >= ADAPTION_IMAGES
    amount = "augment_mode=adaptive" if steered else "augment_p=0.3"
    return f"augmentation, --set augment=full --set {amount}; or more pictures"


def against_nothing_learnt(recipe: Recipe) -> str:
    if recipe.objective in ("mse", "ml"):
        return "--set objective=bce"
    if recipe.lr < LOW_RATE:
        return "a larger rate, --set lr=0.001"
    if recipe.discriminator_norm == "batch" and recipe.lr < HIGH_RATE:
        return HELD
    return f"a smaller rate, {_slower(recipe)}"


def against_chequers(recipe: Recipe) -> str:
    if recipe.nets == "dcgan" and recipe.upsampling == "transposed":
        return "--set upsampling=nearest"
    return f"a smaller rate, {_slower(recipe)}"


def against_stillness(recipe: Recipe) -> str:
    if recipe.images_first > 0:
        return f"more of the time for motion, --set images_first={recipe.images_first / 2:g}"
    return f"more numbers that move, --set motion_size={min(2 * recipe.motion_size, recipe.code_size - 1)}"


def against_flicker(recipe: Recipe) -> str:
    if recipe.motion_size >= 2 * LEAST_MOTION:
        return f"fewer numbers that move, --set motion_size={recipe.motion_size // 2}"
    return f"a smaller rate, {_slower(recipe)}"


def against_blindness(recipe: Recipe) -> str:
    if recipe.lr > HIGH_RATE:
        return f"a smaller rate, {_slower(recipe)}"
    if recipe.dropout > 0.5:
        return "--set dropout=0"
    if recipe.lr_discriminator < 0.5:
        return "--set lr_discriminator=1"
    if recipe.discriminator_width is not None and recipe.discriminator_width < recipe.width:
        return f"a discriminator as wide as the generator, --set discriminator_width={recipe.width}"
    if recipe.gamma:
        return f"--set gamma={recipe.gamma / 8:g}"
    return f"a discriminator that learns faster, --set lr_discriminator={2 * recipe.lr_discriminator:g}"


def against_certainty(recipe: Recipe) -> str:
    if recipe.discriminator_steps > 1 and recipe.objective != "wgan":
        return "--set discriminator_steps=1"
    if recipe.lr_discriminator > 1:
        return "--set lr_discriminator=1"
    if recipe.objective in ("mse", "ml"):
        return "--set objective=bce"
    if not recipe.gamma and recipe.objective != "wgan":
        return HELD
    if recipe.gamma:
        return f"--set gamma={8 * recipe.gamma:g}"
    return f"a discriminator that learns more slowly, --set lr_discriminator={recipe.lr_discriminator / 4:g}"


def against_standstill(recipe: Recipe) -> str:
    return f"a smaller rate, {_slower(recipe)}; another recipe (figment recipes); or {KNOWN}"


def _slower(recipe: Recipe) -> str:
    return f"--set lr={recipe.lr / 4:.2g}"
