"""What was meant by commands and options that other programs have under other names."""

import click

COMMANDS = {
    **dict.fromkeys(("generate", "gen", "create", "draw", "synthesize"), "figment sample RUN draws new pictures"),
    **dict.fromkeys(("eval", "evaluate", "score", "fid", "kid", "test"), "figment measure RUN says how good it is"),
    **dict.fromkeys(("fit", "new", "run"), "figment train DATA trains a generator"),
    **dict.fromkeys(("continue", "restart"), "figment resume RUN goes on with a run"),
    **dict.fromkeys(("interpolate", "morph"), "figment walk RUN films the way between pictures, figment explore interpolate RUN "
                    "sets them side by side"),
    **dict.fromkeys(("video", "film", "animate"), "figment timelapse RUN films the training, figment walk RUN the way between "
                    "pictures"),
    **dict.fromkeys(("verify", "provenance", "metadata"), "figment check FILE says what a picture says of itself, figment detect "
                    "score what its pixels tell"),
    **dict.fromkeys(("classify", "detector"), "figment detect score FILE says how likely a picture is made"),
    **dict.fromkeys(("plot", "show", "view", "open"), "figment report RUN writes a page about a run"),
    **dict.fromkeys(("datasets", "download"), "figment data list has the public sets, which train fetches by name"),
}  # fmt: skip
LENGTH = "figment counts images seen: --images 500k, or give it a time: --for 2h"
OPTIONS = {
    **dict.fromkeys(("--epochs", "--epoch", "--steps", "--iterations", "--iters", "--max-steps", "--kimg", "-e"), LENGTH),
    **dict.fromkeys(("--gpus", "--num-gpus", "--ngpu"), "a GPU is taken where there is one; several: torchrun "
                    "--nproc-per-node=K -m figment train … (docs/scale.md)"),
    **dict.fromkeys(("--gpu", "--cuda"), "--device cuda, which auto takes where it is there"),
    "--cpu": "--device cpu",
    **dict.fromkeys(("--resume", "--continue", "--checkpoint", "--ckpt"), "figment resume RUN goes on with a run, figment train "
                    "DATA --from RUN begins one from its nets"),
    **dict.fromkeys(("--data", "--dataset", "--data-dir", "--dataroot", "--input", "--path"), "the pictures stand there without "
                    "an option: figment train my-pictures"),
    **dict.fromkeys(("--outdir", "--output", "--output-dir", "--save-dir"), "--out FOLDER"),
    **dict.fromkeys(("--resolution", "--image-size", "--img-size", "--imsize"), "--size 64"),
    **dict.fromkeys(("--workers", "--num-workers"), "pictures are prepared once and kept, so there are no workers to number"),
    **dict.fromkeys(("--model", "--arch"), "--recipe NAME (figment recipes lists them)"),
    "--cfg": "--config FILE.toml, or --recipe NAME (figment recipes lists them)",
    **dict.fromkeys(("--conditional", "--cond", "--class-cond"), "--labels"),
    **dict.fromkeys(("--time", "--duration", "--minutes"), "--for 30m"),
    **dict.fromkeys(("--pretrained", "--init"), "--from RUN"),
}  # fmt: skip
FIELDS = {
    "batch-size": "batch", "bs": "batch", "learning-rate": "lr", "z-dim": "code_size", "nz": "code_size",
    "latent-dim": "code_size", "ngf": "width", "ndf": "discriminator_width", "loss": "objective", "aug": "augment",
    "mirror": "flips", "amp": "precision",
}  # fmt: skip


def command_hint(name: str) -> str:
    """ ": figment sample RUN …" for a command of another name elsewhere; "" for one that nobody knows."""
    return f": {COMMANDS[name]}" if name in COMMANDS else ""


def hinted(error: click.ClickException) -> str:
    """A refusal's sentence, on one line and with a stop; of an option of train that has another name here, with that."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None and error.ctx.info_name == "train":
        hint = OPTIONS.get(error.option_name) or _field(error.option_name.lstrip("-"))
        if hint:
            return f"No such option '{error.option_name}': {hint}."
    if isinstance(error, click.MissingParameter) and error.ctx is not None and error.ctx.info_name == "export":
        return "Missing argument 'RUN': write it before the options, as in figment export RUN --card."
    message = " ".join(line.strip() for line in error.format_message().splitlines())
    return message if message.endswith((".", "?", "?)")) else f"{message}."


def _field(name: str) -> str:
    """How a recipe's field is set, where the option would be one's name."""
    from figment.recipe import Recipe

    field = FIELDS.get(name, name.replace("-", "_"))
    info = Recipe.model_fields.get(field)
    if info is None:
        return ""
    default = info.default
    value = (
        str(default).lower()
        if isinstance(default, bool)
        else default
        if isinstance(default, str | int | float)
        else "…"
    )
    return f"--set {field}={value} sets a recipe's field"
