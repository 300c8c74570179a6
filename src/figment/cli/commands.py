"""figment's commands: where each is written, and what the list of them says of it. Nothing but words, so that --help is quick."""

from functools import cached_property
from importlib import import_module
from typing import Any

import click

# name: the file of cli/ that the command is written in, and the first sentence of its help.
TABLE = {
    "cache": ("cache", "See what lies in the cache folder, and clean it."),
    "check": ("check", "Tell what picture, film or page FILEs say of where they come from, whoever wrote it, and what that "
              "proves."),
    "compare": ("compare", "Compare RUNs: what differs in recipe, pictures and machine, which scores better, and whether that is "
                "more than chance."),
    "completion": ("completion", "Print the script that completes figment's commands in SHELL when Tab is pressed."),
    "data": ("data", "Look at pictures before you train on them, prepare them, find copies, list public sets."),
    "detect": ("detect", "Tell made pictures from real ones, with how sure that is."),
    "doctor": ("doctor", "Tell what is installed, what this machine can do, and what is wrong, with its mend."),
    "explain": ("explain", "Find out what the nets of a run do, and how."),
    "explore": ("explore", "Find out what the codes of a generator mean."),
    "export": ("export", "Write RUN's generator as a file for other programs: --onnx, for whatever reads ONNX; or --page or "
               "--card, for people."),
    "import": ("importing", "Make a figment generator of FILE, the weights of a net that another program trained."),
    "mark": ("mark", "Make what pictures are signed with: a certificate to try it."),
    "measure": ("measure", "Measure how real, how varied and how original RUN's pictures are; or those of a FOLDER, made by "
                "whatever tool; or of several, one after the other."),
    "pull": ("hub", "Take a run from the Hugging Face hub, hf:OWNER/NAME[@REVISION], as a run folder."),
    "push": ("hub", "Give RUN to the Hugging Face hub as OWNER/NAME, privately, after showing what goes up."),
    "recipes": ("recipes", "List the named recipes, or every field of the one called NAME."),
    "report": ("sample", "Write RUN's report.html anew: pictures early, midway and late, curves, recipe, machine, how to repeat "
               "it."),
    "resume": ("train", "Go on with RUN exactly where it was stopped: by Ctrl-C, a closed terminal, kill -9, a power cut, or the "
               "end of its budget."),
    "sample": ("sample", "New pictures from RUN (a run folder, a generator.safetensors or hf:OWNER/NAME), marked as synthetic in "
               "their metadata."),
    "studio": ("studio", "Watch runs learn, play with what they learned, and compare them, in a browser."),
    "study": ("study", "Weigh design choices methodically: losses, layer sizes, dropout or whatever a recipe has, with honest "
              "errors."),
    "timelapse": ("sample", "How RUN learned: the same codes from its first snapshot to its last, as a film: .mp4, .webp or "
                  ".gif."),
    "train": ("train", "Train a generator on DATA; on the built-in portraits where none is given."),
    "walk": ("sample", "A smooth closed loop through RUN's latent codes, as a film that can be repeated without a seam."),
}  # fmt: skip

PYTHON = {"import": "import_"}  # commands whose names are words of Python's


class LazyCommand(click.Command):
    """A command as the list of commands has it. Its file is imported when it is run, completed, or asked for its own help."""

    def __init__(self, name: str, file: str, sentence: str) -> None:
        super().__init__(name, help=sentence)
        self.file = file

    @cached_property
    def whole(self) -> click.Command:
        """The command itself."""
        from figment.cli.repeats import refuse_repeats

        assert self.name is not None
        return refuse_repeats(getattr(import_module(f"figment.cli.{self.file}"), PYTHON.get(self.name, self.name)))

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        return self.whole.make_context(*words, **more)


def lazy_commands() -> dict[str, click.Command]:
    """All commands by their names."""
    return {name: LazyCommand(name, *row) for name, row in TABLE.items()}
