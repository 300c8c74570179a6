"""The traces that programs and services which generate pictures leave in a file's texts, by the names these have there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from figment.metadata.stored import Text

MAX_EXCERPT = 200  # characters of a text that a trace repeats
MAX_NAMING = 400  # … of one in which a program names itself
MAX_SEARCHED = 1 << 14  # characters of a text in which a sign is looked for


@dataclass(frozen=True)
class Trace:
    """generator: which program or service. where: the field that says so. text: how it begins."""

    generator: str
    where: str
    text: str


@dataclass(frozen=True)
class Sign:
    """A generator's way of writing. keys: the fields it writes, in lower letters. pattern: what such a text holds."""

    generator: str
    keys: frozenset[str]
    pattern: re.Pattern[str]


def _sign(generator: str, keys: str, pattern: str) -> Sign:
    return Sign(generator, frozenset(keys.split()), re.compile(pattern, re.IGNORECASE))


# Each where its own source code or papers have it; the first that fits a text counts.
SIGNS = (
    # mcmonkeyprojects/SwarmUI, src/Utils/Image.cs: JSON in "parameters".
    _sign("SwarmUI", "parameters usercomment", r'"sui_image_params"'),
    # lllyasviel/Fooocus, modules/meta_parser.py: "fooocus_scheme" beside "parameters"; in EXIF, MakerNote beside UserComment.
    _sign("Fooocus", "fooocus_scheme", r"fooocus|a1111"),
    _sign("Fooocus", "parameters usercomment comment", r'"(?:base_model|metadata_scheme|full_prompt)"'),
    # AUTOMATIC1111/stable-diffusion-webui, modules/images.py, save_image_with_geninfo: PNG's "parameters", EXIF's UserComment, a
    # GIF's comment. So do Forge, SD.Next and Civitai.
    _sign("Stable Diffusion web UI", "parameters usercomment comment", r"\bSteps: \d+,[^\n]{0,60}?\bSampler: "),
    # comfyanonymous/ComfyUI, nodes.py, SaveImage: PNG's "prompt" and "workflow"; comfy_extras/nodes_images.py,
    # SaveAnimatedWEBP: EXIF's Model "prompt:{…", Make "workflow:{…"; SaveVideo: a film's "prompt", "workflow", "comment".
    _sign("ComfyUI", "prompt model comment", r'^(?:prompt:)?\s*\{.*"class_type"\s*:|^prompt:\{'),
    _sign(
        "ComfyUI", "workflow make imagedescription comment",
        r'^(?:workflow:)?\s*\{.*"(?:last_node_id|nodes)"\s*:|^workflow:\{',
    ),
    # invoke-ai/InvokeAI, invokeai/app/services/image_files; before version 3 "sd-metadata" and "Dream". In its films, too.
    _sign("InvokeAI", "invokeai_metadata invokeai_graph invokeai_workflow sd-metadata", r"\{"),
    _sign("InvokeAI", "dream", r"-s ?\d+|-S ?\d+"),
    # https://docs.novelai.net/image/metadata: "Software", "Source", "Comment" (JSON with "uc"), in WebP within EXIF's comment.
    _sign("NovelAI", "software source title usercomment comment", r'\bNovelAI\b|\A(?=.*"uc"\s*:)(?=.*"(?:scale|sampler)"\s*:)'),
    # easydiffusion/easydiffusion, ui/easydiffusion/utils/save_utils.py.
    _sign("Easy Diffusion", "use_stable_diffusion_model", r"."),
    # midjourney.com's downloads: PNG's "Description" and dc:description, "PROMPT --v 6 Job ID: UUID"; Author beside it.
    _sign("Midjourney", "description imagedescription caption", r"\bJob ID: ?[0-9a-f]{8}-[0-9a-f]{4}-"),
    # https://support.google.com/merchants/answer/14743464 and IPTC's news of Google's use of it: photoshop:Credit, IIM's Credit.
    _sign(
        "Google", "credit source imagedescription",
        r"\b(?:Made|Edited|Created|Generated) with Google AI\b|\bAI.Generated with Google\b",
    ),
    # xAI's Grok: a signature in base64 as ImageDescription, with a UUID as Artist.
    _sign("Grok (xAI)", "imagedescription", r"^Signature: ?[A-Za-z0-9+/]{40,}={0,2}$"),
    # GB 45438-2025, annex E: services in China have to write it; Label 1, 2, 3: is, may be, is suspected to be generated.
    _sign("a service under China's labelling rules", "aigc", r'"?Label"?\s*:\s*"?[123]'),
    # IPTC Photo Metadata 2025.1: which system made it, and how it was asked.
    _sign("an AI system, by IPTC's field", "aisystemused aiprompt aipromptinformation", r"\S"),
)  # fmt: skip
# Fields in which a program names itself, and names that only generators have.
NAMING_KEYS = frozenset({
    "software", "creatortool", "originatingprogram", "source", "credit", "by-line", "author", "artist", "creator", "comment",
    "title", "model", "make", "encoder", "generator", "handler_name",
})  # fmt: skip
NAMES = {
    "Adobe Firefly": r"\bAdobe[ _]Firefly\b",
    "Midjourney": r"\bMidjourney\b",
    "DALL·E": r"\bDALL[·. -]?E\b",
    "OpenAI": r"\bOpenAI\b|\bChatGPT\b|\bGPT-4o\b|\bgpt-image\b",
    "Stable Diffusion": r"\bStable ?Diffusion\b|\bSDXL\b",
    "Google": r"\bGoogle Imagen\b|\bGemini [\d.]+ (?:Flash|Pro) Image\b",
    "FLUX": r"\bblack-forest-labs\b|\bFLUX\.[12]\b",
    "Ideogram": r"\bIdeogram\b",
    "Leonardo.Ai": r"\bLeonardo\.?Ai\b",
    "Bing Image Creator": r"\b(?:Bing|Microsoft) Image Creator\b",
    "Microsoft Designer": r"\bMicrosoft Designer\b",
    "Recraft": r"\bRecraft\b",
    "Draw Things": r"\bDraw Things\b",
    "Fooocus": r"\bFooocus\b",
    "ComfyUI": r"\bComfyUI\b",
    "InvokeAI": r"\bInvokeAI\b",
    "NovelAI": r"\bNovelAI\b",
    "Runway": r"\bRunway ?ML\b|\bRunway Gen-\d",
    "Craiyon": r"\bCraiyon\b",
    "NightCafe": r"\bNightCafe\b",
    "DreamStudio": r"\bDreamStudio\b",
    "Meta AI": r"\bMeta AI\b|\bImagined with AI\b",
}
_NAMED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in NAMES.items()}


def traces(texts: Iterable[Text]) -> tuple[Trace, ...]:
    """The traces in a file's texts, one a generator and field, in the order of the texts."""
    found: dict[tuple[str, str], Trace] = {}
    for text in texts:
        for generator in _generators(text):
            where = f"{text.where} {text.key}"
            found.setdefault((generator, where), Trace(generator, where, text.content[:MAX_EXCERPT]))
    return tuple(found.values())


def _generators(text: Text) -> Iterator[str]:
    key, content = text.key.lower(), text.content[:MAX_SEARCHED]
    by_sign = next((sign.generator for sign in SIGNS if key in sign.keys and sign.pattern.search(content)), None)
    if by_sign is not None:
        yield by_sign
    elif key in NAMING_KEYS:
        yield from (name for name, pattern in _NAMED.items() if pattern.search(content[:MAX_NAMING]))
