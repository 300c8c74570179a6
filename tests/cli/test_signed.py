"""--c2pa of sample, walk and timelapse, and figment mark certificate."""

import json
from pathlib import Path

import pytest
from PIL import Image

from figtest.command import command

pytest.importorskip("c2pa")
pytest.importorskip("cryptography")


@pytest.fixture
def run(make_run) -> Path:
    made = make_run()
    made.generator_file.write_bytes(made.snapshot_file(10240).read_bytes())
    return made.folder


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    assert command("mark", "certificate", "--out", tmp_path / "test") == 0
    return [tmp_path / "test" / "certificates.pem", tmp_path / "test" / "key.pem"]


def state(path: Path, capsys: pytest.CaptureFixture) -> str:
    capsys.readouterr()
    assert command("check", path, "--json", "--trust", path.parents[1] / "test" / "root.pem") == 0
    return json.loads(capsys.readouterr().out)[0]["c2pa"]["state"]


@pytest.mark.parametrize(
    "words",
    ["sample -n 4 --out {}.jpg", "walk --seconds 0.5 --tiles 1 --out {}.mp4", "walk --seconds 0.5 --tiles 1 --out {}.webp",
     "timelapse --seconds 3 --tiles 1 --out {}.mp4", "timelapse --seconds 3 --fps 4 --tiles 1 --out {}.gif"],
)  # fmt: skip
def test_what_is_made_is_signed(words: str, run: Path, pair: list[Path], tmp_path: Path, capsys) -> None:
    name, *rest = words.format(tmp_path / "made" / "a").split()
    assert command(name, run, *rest, "--c2pa", *pair) == 0
    assert state(Path(rest[-1]), capsys) == "trusted"
    assert command(name, run, *rest) == 0  # signed or not, it is figment's, which may be replaced


def test_files_are_signed_again_and_the_picture_stays(run: Path, pair: list[Path], tmp_path: Path, capsys) -> None:
    asked = ["sample", run, "--files", "-n", 2, "--out", tmp_path / "made"]
    assert command(*asked) == 0
    path = tmp_path / "made" / "0-000000.png"
    with Image.open(path) as picture:
        before = picture.tobytes()
    for _ in range(2):
        assert command(*asked, "--c2pa", *pair) == 0
        assert state(path, capsys) == "trusted"
    with Image.open(path) as picture:
        assert picture.tobytes() == before
    Image.new("RGB", (16, 16)).save(path)
    assert command(*asked, "--c2pa", *pair) == 2
    assert "holds another picture" in capsys.readouterr().err


def test_the_command_for_others_signs_too(run: Path, pair: list[Path], capsys) -> None:
    assert command("sample", run, "--c2pa", *pair) == 0
    told = capsys.readouterr().out
    assert f"others: figment sample {run} --c2pa {pair[0]} {pair[1]} --seed 1\n" in told
    assert (run / "samples-0-signed.png").is_file()


@pytest.mark.parametrize("words", ["sample --out {}.png", "walk --out {}.mp4", "timelapse --out {}.webp"])
def test_nothing_is_written_where_it_cant_be_signed(
    words: str, run: Path, pair: list[Path], tmp_path: Path, capsys
) -> None:
    name, *rest = words.format(tmp_path / "a").split()
    capsys.readouterr()
    assert command(name, run, *rest, "--c2pa", *reversed(pair)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"figment: --c2pa {pair[1]} holds a key: name the certificates first, then the key."
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("a", ".a"))] == []


def test_a_webm_is_no_film_of_figment_s(run: Path, pair: list[Path], tmp_path: Path, capsys) -> None:
    assert command("walk", run, "--c2pa", *pair, "--out", tmp_path / "a.webm") == 2
    assert "let it end in .mp4, .webp or .gif." in capsys.readouterr().err


def test_a_test_certificate_says_that_it_is_one(tmp_path: Path, capsys) -> None:
    assert command("mark", "certificate", "--out", tmp_path / "test") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"A test certificate, vouched for by nobody, in {tmp_path / 'test'}\n")
    assert f"--c2pa {tmp_path / 'test' / 'certificates.pem'} {tmp_path / 'test' / 'key.pem'}\n" in told
    assert command("mark", "certificate", "--out", tmp_path / "test") == 2
    assert "exists and isn't empty: name another folder." in capsys.readouterr().err
