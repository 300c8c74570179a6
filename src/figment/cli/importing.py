"""`figment import`: nets that other programs trained, as figment's."""

from pathlib import Path

import click

from figment.cli.console import tell, warm_up
from figment.cli.options import PathArgument
from figment.common.text import typed

LAYOUTS = ("dcgan-tutorial", "r3gan")


@click.command("import")
@click.argument("file", type=PathArgument)
@click.option("--as", "layout", required=True, type=click.Choice(LAYOUTS), help="Whose weights they are.")
@click.option("--out", required=True, type=PathArgument, metavar="FOLDER", help="Where the generator is put.")
def import_(file: Path, layout: str, out: Path) -> None:
    """Make a figment generator of FILE, the weights of a net that another program trained.

    dcgan-tutorial: the generator of PyTorch's DCGAN tutorial, its state dict as .safetensors or by torch.save, of which weights
    alone are read. r3gan: R3GAN's published nets, which can't be read, and why.

    \b
    Example:
      figment import netG.pth --as dcgan-tutorial --out imported
    """
    from figment.common.places import check_folder

    check_folder(out)
    warm_up("figment.sharing.importing")
    from figment.common.sizes import as_text
    from figment.sharing.importing import import_nets

    files, recipe = import_nets(file, layout, out)
    tell(
        f"{as_text(recipe.shape)} {'grey' if recipe.channels == 1 else 'colour'}, widths {'→'.join(map(str, recipe.widths))}, "
        f"codes of {recipe.code_size} numbers",
        *map(str, files), "Next:", f"  figment sample {typed(files[0])}",
    )  # fmt: skip
