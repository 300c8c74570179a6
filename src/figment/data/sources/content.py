"""Whether a file whose name tells nothing is a picture, by its first bytes: photo, photo.jpg_large, photo.jpg?w=640."""

from figment.data.sources.base import PICTURE_SUFFIXES, is_hidden

START_BYTES = 32  # of a file that tell what it is
# What isn't opened for it: files known for something else, and those that aren't there in full yet.
_OTHERS = """
    txt md rst csv tsv json jsonl ndjson xml xmp html htm css js ts yaml yml toml ini cfg conf log nfo srt vtt py ipynb sh
    bat r c h cpp java go rs lua pl sql tex bib pdf ps eps ai svg psd psb xcf kra doc docx odt rtf xls xlsx ods ppt pptx
    zip tar gz tgz bz2 tbz tbz2 xz txz zst tzst lz4 7z rar iso dmg jar whl npy npz mat h5 hdf5 pt pth ckpt safetensors onnx
    pb tflite pkl pickle joblib parquet pq arrow feather avro orc db sqlite lmdb mdb idx rec tfrecord tfrecords cls mp4
    m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts mp3 wav flac ogg m4a aac mid ttf otf woff woff2 obj stl ply gltf glb blend
    exe dll so dylib o a lnk url desktop ico icns cur part crdownload download tmp lock aae thm ctg dng cr2 cr3 crw
    nef nrw arw sr2 srf raf rw2 orf pef x3f raw 3fr iiq erf mrw kdc dcr dcm nii lrprev lrcat lrdata
"""
OTHER_SUFFIXES = frozenset(_OTHERS.split())
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # sizes of a BMP's second header


def may_be_picture(name: str) -> bool:
    """Whether a name tells nothing, so that the first bytes must: its suffix is none, or unknown."""
    suffix = name.rpartition("/")[2].rpartition(".")[2].lower()
    told = "." in name.rpartition("/")[2] and (suffix in PICTURE_SUFFIXES or suffix in OTHER_SUFFIXES)
    return not told and not is_hidden(name)


def starts_picture(start: bytes) -> bool:
    """Whether these are the first bytes of a picture, of the formats that can be told by them."""
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")):
        return True
    if start.startswith((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")):  # JPEG 2000, in its box or bare
        return True
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    if start[4:8] == b"ftyp":
        return start[8:12] in (b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
    if start[:2] == b"BM":
        return start[6:10] == bytes(4) and int.from_bytes(start[14:18], "little") in _BITMAP_HEADERS
    return start[:2] in (b"P4", b"P5", b"P6") and start[2:3] in (b" ", b"\n", b"\t", b"\r")
