"""`figment export --page`: what is refused before any work, and where onnxruntime-web comes from."""

import io
import tarfile
from hashlib import sha256

import pytest

from figment.cli.pages import check_page
from figment.errors import InputError
from figment.media.provenance import page_mark
from figment.sharing import browser_runtime, web_page
from figtest.command import command
from figtest.onnx_nets import matrix_generator


def packed(contents):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def pinned(monkeypatch, tmp_path):
    """An archive in the place of npm's, and a cache of the test's own; gives the archive's bytes."""
    contents = {browser_runtime.SCRIPT: b"script", browser_runtime.WASM: b"wasm", "other.js": b"other"}
    archive = packed(contents)
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(browser_runtime, "SIZE", len(archive))
    monkeypatch.setattr(browser_runtime, "SHA256", sha256(archive).hexdigest())
    monkeypatch.setattr(
        browser_runtime, "DIGESTS",
        {name: sha256(contents[name]).hexdigest() for name in (browser_runtime.SCRIPT, browser_runtime.WASM)},
    )  # fmt: skip
    return archive


def test_an_archive_that_lies_in_the_cache_is_unpacked_once(pinned, tmp_path):
    folder = tmp_path / "cache" / "browser"
    folder.mkdir(parents=True)
    (folder / browser_runtime.ARCHIVE).write_bytes(pinned)
    for _ in range(2):
        assert browser_runtime.browser_runtime() == (b"script", b"wasm")
        kept = sorted(path.name for path in (folder / browser_runtime.VERSION).iterdir())
        assert kept == sorted([browser_runtime.SCRIPT, browser_runtime.WASM])
        assert not (folder / browser_runtime.ARCHIVE).exists()


def test_without_a_network_it_says_how_it_is_put_there_by_hand(pinned, monkeypatch, tmp_path):
    monkeypatch.setenv("FIGMENT_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setattr("figment.data.public.download.sleep", lambda seconds: None)
    with pytest.raises(InputError) as told:
        browser_runtime.browser_runtime()
    assert "--page needs onnxruntime-web once, which isn't in the cache yet" in str(told.value)
    assert "npm pack onnxruntime-web@1.30.0" in str(told.value)
    assert str(tmp_path / "cache" / "browser" / browser_runtime.ARCHIVE) in str(told.value)


def test_what_figment_did_not_write_is_left_alone(tmp_path):
    (tmp_path / "mine.html").write_text("<title>mine</title>")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    for place, said in (("mine.html", "isn't a page that figment made"), ("site", "holds no page of figment's")):
        with pytest.raises(InputError, match=said):
            check_page(tmp_path / place)
    (tmp_path / "text.txt").touch()
    with pytest.raises(InputError, match=r"let it end in \.html, or name a folder"):
        check_page(tmp_path / "text.txt")
    (tmp_path / "site" / "index.html").write_text(f"<head>{page_mark('trainedAlgorithmicMedia')}")
    with pytest.raises(InputError, match=r"let it end in \.html, or name a folder"):
        check_page(tmp_path / "page.htm")
    check_page(tmp_path / "site")
    check_page(tmp_path / "new")
    check_page(tmp_path / "new.html")


def test_a_generator_too_large_for_one_file_is_sent_to_a_folder(monkeypatch):
    monkeypatch.setattr(web_page, "MAX_INLINE_BYTES", 3)
    with pytest.raises(InputError, match="browsers open up to 0 MB of: name a folder"):
        web_page.one_file(matrix_generator(), "x", b"1234", browser_runtime.BrowserRuntime(b"", b""), [])


def test_a_page_is_asked_for_where_it_can_be_written(finished, tmp_path, capsys):
    (tmp_path / "mine.html").write_text("mine")
    assert command("export", finished.folder, "--page", tmp_path / "mine.html") == 2
    assert "exists and isn't a page that figment made: name another file." in capsys.readouterr().err
    assert command("export", "--card", finished.folder) == 2  # a run that was taken for the card's place
    assert "write it before the options, as in figment export RUN --card." in capsys.readouterr().err
