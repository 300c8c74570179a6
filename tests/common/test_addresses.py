"""What looks like a path and isn't one is told what to do about it, by what it names."""

from pathlib import Path

import pytest

from figment.common.addresses import elsewhere
from figment.data.sources.open import open_source
from figment.errors import InputError
from figment.run import Run
from figtest.command import command

MENDS = {
    "https://example.org/faces.zip": "download it first",
    "http://example.org/{0..9}.tar": "download it first",
    "https://huggingface.co/datasets/owner/name": "as hf:owner/name",
    "hf://datasets/owner/name": "as hf:owner/name",
    "s3://bucket/faces": "aws s3 cp",
    "gs://bucket/*.tar": "gcloud storage cp",
    "abfss://box@account/faces": "azcopy",
    "smb://nas/faces": "mount the share",
    r"\\nas\faces": "mount the share",
    "file:///home/me/faces": "alone: /home/me/faces",
    r"C:\Users\me\faces": "/mnt/c/Users/me/faces",
    "D:/faces": "/mnt/d/faces",
    "me@server:faces": "scp",
    "server.lan:/srv/faces": "scp",
    "nas:/srv/faces": "scp",
}


@pytest.mark.parametrize(("text", "mend"), MENDS.items())
def test_data_elsewhere(text: str, mend: str) -> None:
    with pytest.raises(InputError) as told:
        open_source(text)
    assert mend in str(told.value)
    assert text in str(told.value)
    assert "built-in portraits" not in str(told.value)


@pytest.mark.parametrize(
    "text", ["faces", "./a:b", "my pics/2024: summer", "a-{0..9}.tar", "hf:owner/name", "x:1/2", "a@b"]
)
def test_what_may_be_a_path_is_left_alone(text: str) -> None:
    assert elsewhere(text) is None


def test_a_folder_of_such_a_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "C:\\pics").mkdir()
    assert open_source("C:\\pics").where == "C:\\pics"


def test_a_run_elsewhere(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(InputError, match="doesn't exist: it is in a bucket"):
        Run("s3://bucket/runs/faces-1")
    for words in (["sample", "https://example.org/generator.safetensors"], ["report", "https://example.org/run"]):
        assert command(*words) == 2
        assert "download it first" in capsys.readouterr().err
