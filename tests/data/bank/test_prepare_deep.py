"""Sets with deep pictures and colour profiles: one scale for all, whatever interrupts it; old banks made anew."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.bank.bank import open_bank
from figment.data.bank.prepare import prepare
from figment.errors import Interrupted
from figtest.banks import files_of
from figtest.pictures import noise, noise_folder


def deep_folder(folder: Path, count: int, high: int) -> Path:
    """16-bit files, each as light as its number, the last of them high."""
    folder.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        values = noise(10, 12, 1, seed=number).astype(np.float64) / 255 * high * number / count
        values[0, 0] = high * number // count
        Image.fromarray(values.astype(np.uint16)).save(folder / f"deep{number:03d}.png")
    return folder


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    return deep_folder(noise_folder(tmp_path / "data", 30), 70, 4080)


def test_deep_pictures_share_one_scale_and_others_none(mixed):
    seen: list[int] = []
    bank = prepare(mixed, 10, progress=lambda done, total: seen.append(done))
    at = {name: bank.pictures[place] for place, name in enumerate(bank.names)}
    assert at["deep070.png"].max() == round(4080 / 4095 * 255)
    assert abs(int(at["deep035.png"].max()) - 127) <= 1
    assert at["0003.png"].mean() == pytest.approx(noise(10, 12, seed=3).mean(), abs=3)
    assert "16-bit PNG: values from 0 to 4,080, taken as 12 bits." in bank.summary()
    assert seen == sorted(seen)
    assert seen[-1] == 100


def test_an_interrupted_preparation_goes_on_to_the_same(mixed, tmp_path, monkeypatch):
    whole = files_of(prepare(mixed, 10))
    for when in (1, 3):  # looking at the deep ones; preparing them
        monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / f"another{when}"))
        calls = iter(range(1, 10))

        def interrupt(done: int, total: int, calls=calls, when=when) -> None:
            if next(calls) == when:
                raise KeyboardInterrupt

        with pytest.raises(Interrupted):
            prepare(mixed, 10, progress=interrupt)
        assert files_of(prepare(mixed, 10)) == whole


def test_arrays_have_one_scale_too(tmp_path):
    values = np.arange(40 * 36).reshape(40, 6, 6)
    np.savez(tmp_path / "a.npz", x=values.astype(np.uint16), y=np.arange(40) % 2)
    bank = prepare(tmp_path / "a.npz", 6)
    assert np.array_equal(bank.pictures[:][:, 0], np.rint(values / 2047 * 255))
    assert bank.labels[:2] == ["0", "1"]
    np.save(tmp_path / "b.npy", values / values.max() * 1.004)
    bank = prepare(tmp_path / "b.npy", 6)
    assert np.array_equal(bank.pictures[:][:, 0], np.rint(np.minimum(values / values.max() * 1.004, 1) * 255))
    # Beside pictures of bytes, other arrays are no pictures.
    np.savez(tmp_path / "c.npz", masks=values, x=noise(40, 36, 1).reshape(40, 6, 6))
    assert prepare(tmp_path / "c.npz", 6).names[0] == "x/000000"


def test_profiles_are_counted(tmp_path):
    data = noise_folder(tmp_path / "data", 40)
    for seed in range(3):
        Image.fromarray(noise(10, 12, seed=seed)).save(data / f"{seed:04d}.png", icc_profile=b"rubbish")
    bank = prepare(data, 8)
    assert (bank.converted_profiles, bank.broken_profiles) == (0, 3)
    assert "3 with a broken colour profile were taken as sRGB" in bank.summary()


def test_banks_of_an_older_decoding_are_made_anew_under_their_name(tmp_path, mixed):
    for data, changed in ((noise_folder(tmp_path / "plain", 40), False), (mixed, True)):
        bank = prepare(data, 8)
        facts = json.loads((bank.folder / "bank.json").read_text())
        for added in ("decoding", "ranges", "converted_profiles", "broken_profiles"):
            del facts[added]
        (bank.folder / "bank.json").write_text(json.dumps(facts))
        old = open_bank(bank.folder)  # a run that is under way still opens its own
        assert (old.fingerprint != bank.fingerprint) == changed
        assert files_of(prepare(data, 8)) == files_of(bank)
        assert prepare(data, 8).fingerprint == bank.fingerprint
