"""What a file's metadata say of where it comes from: IPTC's mark, generators' own traces, a camera's name."""

import re
from dataclasses import dataclass

from figment.common.marks import has_own_mark
from figment.metadata.generators import Trace, traces
from figment.metadata.stored import Stored, Text
from figment.metadata.xmp import SOURCE_TYPE, values, words_of

# Properties of XMP in which programs name themselves, or generators write as in PNG's texts: XMP specification, part 2
# (CreatorTool, description); photoshop:Credit; IPTC Photo Metadata 2025.1 (AI…); GB 45438-2025 (AIGC).
PROPERTIES = (
    "CreatorTool", "Credit", "description", "AIGC", "AISystemUsed", "AIPromptInformation", "Make", "Model", "Software",
    "UserComment", "parameters",
)  # fmt: skip
ELSEWHERE = "provenance"  # dcterms:provenance: the address of a manifest that isn't in the file (C2PA 2.1, section A.4)
ADDRESS = re.compile("https?://", re.IGNORECASE)
OTHERS = (SOURCE_TYPE, ELSEWHERE)
MAX_NAME = 100  # characters of a camera's or a program's name


@dataclass(frozen=True)
class Metadata:
    """source_type: the word of IPTC's DigitalSourceType, None for none; others: further words of it, where they differ. own: it
    is written as figment writes it. traces: of generators. camera, software: by the names that the file gives.
    manifest_address: where on the web its Content Credentials are said to lie. problem: what of
    the file couldn't be read."""

    kind: str
    source_type: str | None = None
    others: tuple[str, ...] = ()
    own: bool = False
    traces: tuple[Trace, ...] = ()
    camera: str | None = None
    software: str | None = None
    manifest_address: str | None = None
    problem: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether nothing in it speaks of where the file comes from, for or against."""
        return self.source_type is None and not self.traces


def metadata_of(stored: Stored) -> Metadata:
    """What stands in a file, put in order."""
    properties = [Text("XMP", name, value) for name, value in values(stored.packets, *PROPERTIES, *OTHERS) if value]
    texts = [*stored.texts, *(text for text in properties if text.key not in OTHERS)]
    words = stored.declared or words_of(text.content for text in properties if text.key == SOURCE_TYPE)
    address = next((text.content for text in properties if text.key == ELSEWHERE and ADDRESS.match(text.content)), None)
    found = traces(texts)
    # Some generators put their settings where cameras put their names.
    taken = {trace.where for trace in found}
    named = [text for text in texts if f"{text.where} {text.key}" not in taken]
    own = stored.own or any(map(has_own_mark, stored.packets))
    return Metadata(
        stored.kind, next(iter(words), None), tuple(words[1:]), own and bool(words), found,
        _camera(named), _named(named, "software", "creatortool", "originatingprogram"), address, stored.problem,
    )  # fmt: skip


def _camera(texts: list[Text]) -> str | None:
    """A camera's make and model, by EXIF, XMP or a film's own fields."""
    make, model = _named(texts, "make"), _named(texts, "model")
    if make and model and model.lower().startswith(make.lower()):
        return model
    return " ".join(filter(None, (make, model))) or None


def _named(texts: list[Text], *keys: str) -> str | None:
    found = (text.content for key in keys for text in texts if text.key.lower() == key)
    return next((content[:MAX_NAME] for content in found if content.isprintable()), None)
