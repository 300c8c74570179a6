"""The key of the invisible mark in a run's pictures (media/watermark.py)."""

import hashlib
import json

import numpy as np

from figment import recipe as recipes
from figment.data.bank.bank import Bank
from figment.recipe import Recipe

PICTURES = 64  # that it is made of
#: Fields of a recipe that tell how long it is trained and how that is watched.
LENGTHS = {"images", "seconds", "planned_images", "snapshots", "scores", "save_seconds"}


def mark_key(recipe: Recipe, bank: Bank) -> str:
    """32 hex digits for a new run: the same for the same pictures, recipe and seed, however long it is trained and wherever the
    pictures lie; who hasn't the pictures doesn't guess it."""
    told = {k: v for k, v in json.loads(recipes.to_json(recipes.without_paths(recipe))).items() if k not in LENGTHS}
    key = hashlib.blake2b(json.dumps(told).encode(), digest_size=16)
    for row in bank.train[:: -(-len(bank.train) // PICTURES)]:
        key.update(np.ascontiguousarray(bank.pictures[int(row)]).tobytes())
    return key.hexdigest()
