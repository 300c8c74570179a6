"""figment's DINOv2 against transformers': random weights, the whole table of positions and an interpolated one."""

import numpy as np
import torch

from figment.features import dinov2


def test_features_are_those_of_transformers(tmp_path, asked, monkeypatch):
    random = np.random.default_rng(0)
    x = {
        "whole": random.normal(size=(1, 3, 518, 518)).astype(np.float32),
        "interpolated": random.normal(size=(2, 3, 224, 224)).astype(np.float32),
        "oblong": random.normal(size=(1, 3, 140, 210)).astype(np.float32),
    }
    np.savez(tmp_path / "pictures.npz", **x)
    asked("ask_transformers.py", *(tmp_path / name for name in ("net", "pictures.npz", "answers.npz")))
    answers = np.load(tmp_path / "answers.npz")
    size, net = dinov2.load_dinov2(tmp_path / "net" / "model.safetensors", "the test")
    assert size == "s"
    offset = dinov2.POSITION_OFFSET
    monkeypatch.setattr(dinov2, "POSITION_OFFSET", 0.0)  # transformers interpolates without it
    for name, pictures in x.items():
        with torch.inference_mode():
            found = net(torch.from_numpy(pictures)).numpy()
        furthest, largest = np.abs(found - answers[name]).max(), np.abs(answers[name]).max()
        print(f"{name}: differ by at most {furthest:.2g} of {largest:.3g}")
        assert furthest < 1e-4 * largest
    monkeypatch.setattr(dinov2, "POSITION_OFFSET", offset)
    with torch.inference_mode():
        found = net(torch.from_numpy(x["interpolated"])).numpy()
    print(f"with the published code's offset: {np.abs(found - answers['interpolated']).max():.2g}")
    assert not np.allclose(found, answers["interpolated"], atol=1e-3)
