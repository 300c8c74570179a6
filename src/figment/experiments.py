"""The experiments on a run in one table: a row for each, in the order of the run's report and of docs/understand.md.

The command line, the report, and the public names of figment.explore and figment.explain are made from it. It holds nothing
but words: the functions are imported by the rooms that they live in.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    kind: as it is stored in findings, and as its command and its public function are called. room: "explore" or "explain".
    title: of its section in a report. summary: of its line in the room's help. function: "module:function" of what carries it
    out; its result's .finding() is what is kept.
    """

    kind: str
    room: str
    title: str
    summary: str
    function: str


_ROWS = (
    Experiment(
        "interpolate", "explore", "Between codes",
        "what lies between two codes",
        "figment.explore.interpolation:interpolate",
    ),
    Experiment(
        "arithmetic", "explore", "Arithmetic with codes",
        '"A − B + C" with the mean codes of a few samples each',
        "figment.explore.code_arithmetic:arithmetic",
    ),
    Experiment(
        "directions", "explore", "Directions in the latent space",
        "what can be turned by itself: smile, light, …; named, for sample and walk",
        "figment.explore.direction_search:directions",
    ),
    Experiment(
        "motion", "explore", "The motion of one with the content of another",
        "of clips: what one shows, moving as another does",
        "figment.explore.motion_transfer:motion",
    ),
    Experiment(
        "project", "explore", "Real pictures found again",
        "real pictures, rebuilt by the generator",
        "figment.explore.projection:project",
    ),
    Experiment(
        "neighbours", "explore", "Nearest training pictures",
        "the training pictures nearest to samples",
        "figment.explore.nearest_training:neighbours",
    ),
    Experiment(
        "filters", "explain", "What the discriminator's filters respond to",
        "what the discriminator's filters respond to",
        "figment.explain.filter_patches:filters",
    ),
    Experiment(
        "evidence", "explain", "Where the discriminator looks",
        "where the discriminator looks when it calls a picture fake",
        "figment.explain.evidence_maps:evidence",
    ),
    Experiment(
        "forget", "explain", "Forgetting an object",
        "which feature maps of the generator draw an object",
        "figment.explain.forgetting:forget",
    ),
    Experiment(
        "features", "explain", "The discriminator as a reader of pictures",
        "what the discriminator is worth as a reader of pictures",
        "figment.explain.linear_probe:features",
    ),
    Experiment(
        "memorised", "explain", "Does it know its pictures by heart?",
        "does it know its pictures by heart, after one pass and at the end",
        "figment.explain.memorising:memorised",
    ),
)  # fmt: skip
EXPERIMENTS = {row.kind: row for row in _ROWS}


def functions(room: str) -> dict[str, str]:
    """The public functions of a room, "explore" or "explain": "module:function" by kind."""
    return {row.kind: row.function for row in _ROWS if row.room == room}
