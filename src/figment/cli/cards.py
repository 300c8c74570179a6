"""`figment export --card`: where a run's model card goes, and what it mustn't replace."""

from pathlib import Path

from figment.cli.console import progress_bar, warm_up
from figment.common.called import check_run
from figment.common.places import check_file, check_folder
from figment.errors import InputError


def write_card(run: Path, place: Path, licence: str | None) -> list[Path]:
    """Write a run's card as a .md file, or into a folder as README.md, and its picture beside it; gives both.

    Raises InputError where the run is a generator alone, and where somebody wrote on the card that is there.
    """
    if run.is_file():
        raise InputError(f"{run} is a file: --card tells of the whole run: name its folder.")
    check_run(run)
    is_file = place.suffix == ".md"
    check_file(place, "--card") if is_file else check_folder(place, "--card")
    warm_up("figment.sharing.card")
    from figment.common.files import write_outputs
    from figment.generator import load
    from figment.media.provenance import check_replaced
    from figment.run import Run
    from figment.sharing.card import CARD, PICTURE, card_of, is_written_on

    folder, name = (place.parent, place.name) if is_file else (place, CARD)
    if (folder / name).is_file() and is_written_on((folder / name).read_bytes()):
        raise InputError(f"--card {folder / name} exists and somebody wrote on it: name another place.")
    check_replaced(folder / PICTURE)
    with progress_bar(0, "writing the card"):
        made = card_of(Run(run), load(run), licence)
    write_outputs(folder, {name: made[CARD], PICTURE: made[PICTURE]})
    return [folder / name, folder / PICTURE]
