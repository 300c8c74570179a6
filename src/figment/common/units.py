"""Budgets as people write them: 90s, 3m, 2h30m of time; 800, 500k, 2M of images seen; and numbers as people read them."""

import math
import re

from figment.errors import InputError

BYTES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
BINARY_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SCALES = {"": 1, "k": 1000, "M": 1_000_000}


def seconds(text: str) -> float:
    """ "10m" → 600.0; also 90s, 2h, 1h30m, 1.5h, 1d. Raises InputError."""
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        raise InputError(f"--for {text}: no time: write it as 90s, 3m, 2h or 1h30m.")
    total = sum(float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+)([smhd])", text))
    if total < 1:
        raise InputError(f"--for {text}: shorter than a step of training: give it seconds at least, minutes better.")
    return total


def images(text: str) -> int:
    """ "500k" → 500,000; also 800, 2M, 1.5M. Raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", text)
    if not match or (count := round(float(match[1]) * SCALES[match[2]])) < 1:
        raise InputError(f"--images {text}: no number of images: write it as 800, 500k or 2M.")
    return count


def byte_count(text: str, option: str) -> int:
    """ "500MB" → 500,000,000; also 500 MB, 1.5G, 2GiB, 800000. Raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if not match or (match[3] and not match[2]):
        raise InputError(f"{option} {text}: no number of bytes: write it as 500MB, 1.5GB or 2GiB.")
    return round(float(match[1]) * (BINARY_BYTES if match[3] else BYTES)[match[2]])


def as_time(value: float) -> str:
    """Seconds as 42 s, 3 min 05 s or 2 h 07 min."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def as_rough_time(value: float) -> str:
    """Seconds that nobody knows exactly, rounded up: 20 s, 3 min, 2 h."""
    for unit, whole, most in (("s", 10, 60), ("min", 60, 3600)):
        if value <= most:
            return f"{math.ceil(value / whole) * (whole if unit == 's' else 1)} {unit}"
    return f"{math.ceil(value / 3600)} h"


def as_images(count: float) -> str:
    """A count of images as 800, 12.3 kimg or 1.24 Mimg."""
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1000:.1f} kimg" if count < 1e6 else f"{count / 1e6:.2f} Mimg"


def as_bytes(count: int) -> str:
    """A count of bytes as 800 bytes, 12 kB, 3.2 MB, 180 MB or 1.44 GB."""
    if count >= 1e9:
        return f"{count / 1e9:,.2f} GB"
    if count >= 1e6:
        return f"{count / 1e6:.{int(count < 1e7)}f}".removesuffix(".0") + " MB"
    return f"{count / 1e3:.0f} kB" if count >= 1e3 else f"{count} bytes"


def digits(value: float, count: int = 4, sign: str = "") -> str:
    """A number to so many leading digits, never with an exponent: 18,120 and .0123. sign: "+" shows it always."""
    if not math.isfinite(value):
        return f"{value:{sign}g}"
    rounded = float(f"{value:.{count}g}")
    return f"{rounded:{sign},.0f}" if abs(rounded) >= 10 ** (count - 1) else f"{rounded:{sign},.{count}g}"
