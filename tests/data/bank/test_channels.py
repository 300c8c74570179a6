"""Grey or colour, where nobody says."""

from PIL import Image

from figment.data.bank.prepare import prepare
from figtest.pictures import noise, noise_folder


def test_channels_follow_the_pictures_unless_told(tmp_path):
    data = noise_folder(tmp_path / "data", 40)
    grey = tmp_path / "grey"
    grey.mkdir()
    for seed in range(40):
        mode = "L" if seed % 2 else "RGB"
        Image.fromarray(noise(10, 12, seed=seed)).convert("L").convert(mode).save(grey / f"{seed}.png")
    assert prepare(data, 8).channels == 3
    assert prepare(grey, 8).channels == 1
    assert prepare(grey, 8).pictures.shape == (40, 1, 8, 8)
    assert prepare(grey, 8, channels=3).channels == 3
    assert prepare(data, 8, channels=1).channels == 1
    (grey / "0.png").unlink()
    Image.fromarray(noise(10, 12, seed=99)).save(grey / "colour.png")
    assert prepare(grey, 8).channels == 3
