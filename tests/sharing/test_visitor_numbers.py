"""Numbers that the page's TypeScript must give, too: what figment gives is kept beside its sources, where vitest reads it."""

import json
import os

import torch

from figment import codes
from figment.common import torch_numbers
from figment.common.seeds import seed_at
from figment.explore.direction_file import move_codes
from figment.explore.paths import slerp
from figment.explore.walk import along_loop
from figtest.paths import ROOT

KEPT = ROOT / "src/figment/studio/web/src/visitor/golden.json"
SEED = 20_261_201


def numbers():
    found = {
        "seeds": [
            seed_at(seed, place, i) & 0xFFFFFFFF for seed in (0, SEED) for place in ("sample", "class") for i in (0, 15)
        ],
        "uniform": torch_numbers.uniform(SEED, 700).tolist()[-4:],
        "below": [torch_numbers.below(seed, 7) for seed in range(8)],
        "normal": {str(n): torch_numbers.normal(SEED, n).tolist() for n in (7, 16, 21)},
    }
    for prior in ("uniform", "normal"):
        z = codes.numbered(SEED, 0, 4, 6, prior)
        gaussian = codes.to_gaussian(z.double(), prior)
        vector = torch.arange(6.0) / torch.arange(6.0).norm()
        rows = slerp(z[::2], z[1::2], torch.tensor([0.3]), prior)[:, 0]
        found[prior + "_ways"] = {
            "codes": z.tolist(),
            "moved": move_codes(z[:1], vector, -1.5, prior)[0].tolist(),
            "between": slerp(rows[:1], rows[1:], torch.tensor([0.8]), prior)[0, 0].tolist(),
            "loop": [
                codes.from_gaussian(along_loop(gaussian[:n], torch.tensor([t * n], dtype=torch.float64)), prior)[
                    0
                ].tolist()
                for n, t in ((3, 0.4), (4, 0.9))
            ],
        }
    return found


def test_the_kept_numbers_are_figments():
    """FIGMENT_KEEP=1 writes them anew."""
    if os.environ.get("FIGMENT_KEEP"):
        KEPT.write_text(json.dumps(numbers(), indent=1) + "\n")
    kept = json.loads(KEPT.read_text())
    assert close(kept, numbers())


def close(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return abs(one - other) < 1e-6  # processors differ in the last digits
