"""OnnxGenerator: a generator that `figment export --onnx` wrote, run by onnxruntime. Torch isn't read.

Loading a file runs no code of anybody's: its bytes are looked through first (common/onnx_wire.py), and onnxruntime builds it
from ONNX's own operators alone. Operators of other libraries, and numbers that lie in other files, are refused.
"""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common import torch_numbers
from figment.common.extras import require
from figment.common.onnx_wire import OnnxFile, onnx_file
from figment.common.pointers import refuse_pointer
from figment.common.refusals import naming_refusals
from figment.common.seeds import seed_at
from figment.errors import InputError
from figment.media.choosing import class_number, samples_shown
from figment.media.watermark import Mark
from figment.recipe import Recipe, from_json

OPSET = 20  # version of ONNX's operators that figment writes, and takes
FORMAT = 1  # of what is said in the metadata
MAX_BYTES = 2**31 - 1  # of a protobuf message
BLOCK_SAMPLES = 16  # samples decoded at once, always at the same place in their block, as in figment.generator
MEND = "name a file that figment export --onnx wrote"
AGAIN = "export it again: figment export RUN --onnx FILE"
# What the metadata say, by name; docs/export.md has the table.
FORMAT_KEY, RECIPE_KEY, DIGEST_KEY, MARK_KEY = "figment.format", "figment.recipe", "figment.generator", "figment.mark"


class OnnxGenerator:
    """A generator that samples; what it draws for a seed is what the generator drew that it was exported from.

    recipe: what it follows. file: where it was loaded from. digest: of the weights that were exported. mark: the invisible mark
    of its pictures.
    """

    def __init__(self, session: Any, recipe: Recipe, file: Path, digest: str, mark_key: str | None) -> None:
        self.session, self.recipe, self.file, self.digest = session, recipe, file, digest
        self.mark = Mark(bytes.fromhex(mark_key or digest))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that can be asked for; none where it was trained without labels."""
        return self.recipe.classes

    def codes(self, n: int, seed: int = 0, start: int = 0) -> NDArray[np.float32]:
        """Codes number start … start + n - 1 of a seed, float32 (n, code_size): as figment.codes.numbered draws them, to the bit
        from a uniform prior, else to the last digits (see common/torch_numbers.py)."""
        size = self.recipe.code_size
        seeds = [seed_at(seed, "sample", i) for i in range(start, start + n)]
        if self.recipe.prior == "uniform":
            rows = [torch_numbers.uniform(s, size) * np.float32(2) - np.float32(1) for s in seeds]
        else:
            rows = [torch_numbers.normal(s, size) for s in seeds]
        return np.stack(rows) if rows else np.empty((0, size), np.float32)

    def labels(self, n: int, seed: int = 0, start: int = 0, label: str | None = None) -> NDArray[np.int64] | None:
        """Classes of samples number start … start + n - 1 of a seed, int64 (n,), as Generator.labels has them."""
        if label is not None:
            return np.full(n, self.class_number(label), np.int64)
        count = len(self.classes)
        drawn = [torch_numbers.below(seed_at(seed, "class", i), count) for i in range(start, start + n) if count]
        return np.array(drawn, np.int64) if count else None

    def class_number(self, label: str) -> int:
        """The number that the nets know a class by. Raises InputError, with the nearest one, for an unknown name."""
        return class_number(self.classes, label)

    def shown(self, n: int | None, labels: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        """How many samples a sheet shows, of each of which labels: see samples_shown. Of clips they are single frames."""
        return samples_shown(self.recipe, n, labels)

    def decode(
        self, codes: NDArray[np.float32], labels: NDArray[np.int64] | None = None, truncation: float = 1.0
    ) -> NDArray[np.uint8]:
        """Codes (N, code_size), and classes (N,) where there are some → pictures, uint8 (N, C, H, W).

        Raises InputError where onnxruntime can't compute them.
        """
        given: dict[str, Any] = {"codes": codes, "truncation": np.array(truncation, np.float32)}
        found = [np.empty((0, int(self.recipe.channels), *self.recipe.shape), np.uint8)]
        for first in range(0, len(codes), BLOCK_SAMPLES):
            block = slice(first, first + BLOCK_SAMPLES)
            given |= {"codes": codes[block]} | ({} if labels is None else {"labels": labels[block]})
            try:
                found.append(self.session.run(["pictures"], given)[0])
            except Exception as error:  # onnxruntime's classes of errors can't be named
                raise InputError(f"{self.file} can't be run ({_first_line(error)}): {AGAIN}.") from None
        return np.concatenate(found)

    def sample(
        self, n: int = 64, seed: int = 0, truncation: float = 1.0, start: int = 0, label: str | None = None,
        shift: object = None, pick: int = 1,
    ) -> NDArray[np.uint8]:  # fmt: skip
        """Pictures number start … start + n - 1 of a seed, uint8 (n, C, H, W), whatever n is asked for: see Generator.sample.

        Raises InputError for shift and pick, which need the run.
        """
        if shift is not None or pick > 1:
            raise InputError(f"{self.file} holds a generator alone: for directions and --pick name its run.")
        first = start - start % BLOCK_SAMPLES
        count = -(-(start + n - first) // BLOCK_SAMPLES) * BLOCK_SAMPLES if n else 0
        pictures = self.decode(self.codes(count, seed, first), self.labels(count, seed, first, label), truncation)
        return pictures[start - first : start - first + n]


def load_onnx(file: Path) -> OnnxGenerator:
    """The generator of a .onnx file, to be run on the CPU, on OMP_NUM_THREADS threads where that is set.

    Raises InputError without onnxruntime, and where the file is missing, cut off, damaged, another's, or keeps numbers elsewhere.
    """
    require("onnx", f"{file}", "onnxruntime")
    content = _content(file)
    try:
        said = onnx_file(content)
    except ValueError as error:
        raise InputError(f"{file} is no whole ONNX file ({error}): {MEND}, or {AGAIN}.") from None
    _check_said(file, said)
    recipe, digest = from_json(said.metadata[RECIPE_KEY], str(file)), said.metadata.get(DIGEST_KEY, "")
    mark_key = said.metadata.get(MARK_KEY)
    if recipe.channels == "auto" or not re.fullmatch("[0-9a-f]{16}", digest):
        raise InputError(f"{file} doesn't say in its metadata what it draws: {AGAIN}.")
    if mark_key is not None and not re.fullmatch("[0-9a-f]{32}", mark_key):
        mark_key = None  # as Generator takes it
    session = session_of(file, content)
    _check_ends(file, session, recipe)
    return OnnxGenerator(session, recipe, file, digest, mark_key)


def check_replaced(path: Path) -> None:
    """Raise InputError where what lies at a path is no export of figment's: it mustn't be lost to one."""
    if path.is_file() and path.stat().st_size and not _is_export(path):
        raise InputError(f"--onnx {path} exists and isn't a file that figment exported: name another one.")


def _is_export(path: Path) -> bool:
    try:
        return FORMAT_KEY in onnx_file(_content(path)).metadata
    except ValueError:
        return False


def _content(file: Path) -> bytes:
    refuse_pointer(file)
    with naming_refusals(file, done="read"):
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file} is larger than the 2 GB that an ONNX file can have: {MEND}.")
        return file.read_bytes()


def _check_said(file: Path, said: OnnxFile) -> None:
    """Raise InputError for a file that isn't figment's, or has what no export of figment's has."""
    if FORMAT_KEY not in said.metadata or RECIPE_KEY not in said.metadata:
        raise InputError(f"{file} is an ONNX network, but no generator that figment exported: {MEND}.")
    if said.metadata[FORMAT_KEY] != str(FORMAT):
        raise InputError(f"{file} was written by a newer figment: update with pip install --upgrade figment-gan.")
    if said.has_external:
        raise InputError(f"{file} keeps its numbers in other files, which figment doesn't read: {AGAIN}.")
    others = {*said.opsets, *said.domains} - {"", "ai.onnx"}
    if others or said.has_more:
        what = f"operators of {', '.join(sorted(others))}" if others else "functions of its own"
        raise InputError(f"{file} asks for {what}, and figment runs ONNX's operators alone: {AGAIN}.")
    if (version := said.opsets.get("", said.opsets.get("ai.onnx"))) != OPSET:
        raise InputError(f"{file} is written in opset {version}, and figment takes opset {OPSET}: {AGAIN}.")


def session_of(file: Path, content: bytes) -> Any:
    """onnxruntime's session on the bytes of a file, on the CPU. Raises InputError where it can't build it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.log_severity_level = 4  # what is wrong, is raised
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise InputError(f"{file} isn't a network that can be run ({_first_line(error)}): {AGAIN}.") from None


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(asked) if asked.isdecimal() and int(asked) else cores


def _check_ends(file: Path, session: Any, recipe: Recipe) -> None:
    """Raise InputError where what a network takes and gives isn't what its recipe says."""
    takes = {source.name: (source.type, source.shape[1:]) for source in session.get_inputs()}
    gives = {result.name: (result.type, result.shape[1:]) for result in session.get_outputs()}
    wanted = {"codes": ("tensor(float)", [recipe.code_size]), "truncation": ("tensor(float)", [])}
    wanted |= {"labels": ("tensor(int64)", [])} if recipe.classes else {}
    drawn = [recipe.channels, *recipe.shape]
    if takes != wanted or gives.get("pictures") != ("tensor(uint8)", drawn):
        raise InputError(
            f"{file} doesn't fit the recipe in its metadata: it is damaged or was changed by hand: {AGAIN}."
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].strip().rstrip(".")
