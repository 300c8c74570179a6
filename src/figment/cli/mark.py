"""`figment mark`: what pictures are marked with."""

from pathlib import Path

import click

from figment.cli.console import tell
from figment.cli.options import PathArgument


@click.group()
def mark() -> None:
    """Make what pictures are signed with: a certificate to try it.

    \b
      figment mark certificate --out test-certificate
    """


@mark.command()
@click.option("--out", type=PathArgument, required=True, metavar="FOLDER", help="A new folder for its three files.")
@click.option("--name", default="", metavar="NAME", help='Of the signer, behind "test signer".')
def certificate(out: Path, name: str) -> None:
    """Make a certificate with its key, to try Content Credentials (C2PA) with. Nobody vouches for it, and it says so.

    FOLDER gets key.pem, which only you may read, certificates.pem (the signer's own, then the root's), and root.pem, by which
    figment check --trust knows it. It lasts for ten years.

    \b
    Examples:
      figment mark certificate --out test-certificate
      figment mark certificate --out ada --name Ada
    """
    from figment.common.text import typed
    from figment.media.certificates import CERTIFICATES, KEY, ROOT_FILE, write_test_chain

    write_test_chain(out, name)
    tell(
        f"A test certificate, vouched for by nobody, in {out}",
        f"to sign:  figment sample RUN --c2pa {typed(out / CERTIFICATES)} {typed(out / KEY)}",
        f"to check: figment check FILE --trust {typed(out / ROOT_FILE)}",
    )
