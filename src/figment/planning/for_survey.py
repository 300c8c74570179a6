"""What figment train would do with pictures that were looked at: for figment data inspect, so that both say the same."""

from figment.common import sizes
from figment.common.machine import Machine
from figment.inspection.advice import Planned
from figment.planning.choose import auto_recipes, choose
from figment.planning.learning_curves import promise
from figment.planning.plan import augmentation
from figment.planning.starting import usual_start
from figment.presets import make

TOLD_IMAGES = "160k"  # seen in a training of about an hour of a CPU's core: what "auto" takes for it is told of


def planned(machine: Machine, size: tuple[int, int] | None, pictures: int, drawn: bool = False) -> Planned:
    """What is planned for so many pictures.

    size: height and width, as asked for; None where nobody asked. drawn: whether figment draws some of them itself. Raises
    InputError for a size that can't be trained at.
    """
    trained = int(0.9 * pictures)  # a tenth is held out
    chosen = {} if size is None else {"size": sizes.as_text(size)}
    recipe, _ = choose("auto", machine, None, TOLD_IMAGES, chosen)
    augmenting = [
        one.recipe for one in auto_recipes(machine) if augmentation(make(one.recipe), trained).get("augment") == "full"
    ]
    expects = promise(recipe, trained, start=False)
    if machine.kind == "cpu" and usual_start(recipe, drawn) is not None:
        from_known = promise(recipe, trained, start=True)
        expects = from_known or (f"from nothing (--from none) {expects}" if expects else "")
    return Planned(recipe.shape, size is not None, tuple(augmenting), expects)
