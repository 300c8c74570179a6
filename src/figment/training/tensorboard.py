"""A run's events as TensorBoard's: readings as curves over images seen, sheets, words."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figment.common.extras import require
from figment.recipe import to_json
from figment.run import Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

# What of a tick is drawn, and where; all else that is a number is drawn under "more".
PLACES = {
    "loss_discriminator": "loss/discriminator", "loss_generator": "loss/generator",
    "separation": "AUC/reals against fakes", "memorising": "AUC/training against held-out reals",
    "p_fake_real": "P(fake)/training reals", "p_fake_held_out": "P(fake)/held-out reals", "p_fake_fake": "P(fake)/fakes",
    "spread": "pictures/spread", "detail": "pictures/detail", "distance": "pictures/distance", "distinct": "pictures/distinct",
    "motion": "clips/motion",
    "lr": "schedule/lr", "gamma": "schedule/gamma", "augment_p": "schedule/augment_p",
    "images_per_second": "machine/images a second", "memory_mb": "machine/memory, MiB",
}  # fmt: skip
NO_READINGS = {"images", "seconds"}


class TensorBoard:
    """A callback for train() and resume(): writes what a run tells as event files, in its folder `tensorboard`.

    A resumed run goes on in the same files; what it takes back, TensorBoard forgets. Where there are none yet, all that has
    happened so far is written, too.

    Parameters
    ----------
    folder : path, optional
        Another folder.

    Raises
    ------
    InputError
        Where the package tensorboard isn't installed.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        require("tensorboard", "TensorBoard's log")
        self.folder = None if folder is None else Path(folder)
        self.writer: SummaryWriter | None = None
        self.words = ""

    def __call__(self, run: Run, event: dict[str, Any]) -> None:
        if event["event"] in ("begin", "setback"):
            self._open(run, event["images"])
        if self.writer is None:
            return
        self._write(self.writer, run, event)
        self.writer.flush()
        if event["event"] == "end":
            self._close()

    def _open(self, run: Run, images: int) -> None:
        """Go on after so many images; in new files, from the beginning."""
        from torch.utils.tensorboard import SummaryWriter

        self._close()
        folder = self.folder or run.folder / "tensorboard"
        begun = any(folder.glob("events.out.tfevents.*"))
        self.writer = SummaryWriter(str(folder), purge_step=images + 1 if begun else None)
        if not begun:
            self.writer.add_text("recipe", f"```json\n{to_json(run.recipe)}\n```", 0)
            for event in run.events():
                self._write(self.writer, run, event)

    def _close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    def _write(self, writer: "SummaryWriter", run: Run, event: dict[str, Any]) -> None:
        images = event["images"]
        for name, value in curves(event).items():
            writer.add_scalar(name, value, images)
        if event["event"] == "snapshot" and run.picture_file(images).is_file():
            _add_sheet(writer, run.picture_file(images), images)
        words = "; ".join(event.get("diagnosis", [])) or event.get("text", "")
        if words and words != self.words:
            self.words = words
            writer.add_text("words", words, images)


def curves(event: dict[str, Any]) -> dict[str, float]:
    """The numbers of an event by the names of their curves; none where there are none, or they aren't known."""
    if event["event"] == "tick":
        found = {PLACES.get(name, f"more/{name}"): value for name, value in event.items() if name not in NO_READINGS}
    elif event["event"] == "score":
        found = {f"score/{event['title']}": event["fd"], f"score/{event['title']} of other reals": event["floor"]}
    else:
        return {}
    return {name: float(value) for name, value in found.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _add_sheet(writer: "SummaryWriter", file: Path, images: int) -> None:
    """The sheet's own bytes, so that the mark in them says there, too, that it is synthetic."""
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(file) as picture:
        width, height = picture.size
    image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=file.read_bytes())
    writer._get_file_writer().add_summary(Summary(value=[Summary.Value(tag="samples", image=image)]), images)
