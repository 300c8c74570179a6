"""What generators leave in a file, as they write it, and what only looks like it."""

import json

import pytest
from PIL import Image

from figment.forensics.check import check
from figtest.metadata import PICTURE, exif, packet, png, text, xmp_chunk

A1111 = "a cat\nNegative prompt: dogs\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Model: v1-5"
COMFY = json.dumps({"3": {"inputs": {"seed": 1}, "class_type": "KSampler"}})
WORKFLOW = json.dumps({"last_node_id": 9, "nodes": []})


def generators(path) -> set[str]:
    found = check(path).metadata
    assert found is not None
    return {trace.generator for trace in found.traces}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"parameters": A1111}, "Stable Diffusion web UI"),
        ({"parameters": json.dumps({"sui_image_params": {"prompt": "a cat"}})}, "SwarmUI"),
        ({"fooocus_scheme": "fooocus", "parameters": json.dumps({"base_model": "x"})}, "Fooocus"),
        ({"prompt": COMFY, "workflow": WORKFLOW}, "ComfyUI"),
        ({"invokeai_metadata": json.dumps({"positive_prompt": "a cat"})}, "InvokeAI"),
        ({"sd-metadata": json.dumps({"model": "stable diffusion"})}, "InvokeAI"),
        ({"Dream": '"a cat" -s 50 -S 42 -W 512'}, "InvokeAI"),
        ({"Software": "NovelAI", "Comment": json.dumps({"steps": 28})}, "NovelAI"),
        ({"Comment": json.dumps({"scale": 5, "uc": "", "sampler": "k_euler"})}, "NovelAI"),
        ({"use_stable_diffusion_model": "sd-v1-4"}, "Easy Diffusion"),
        ({"Description": "a cat --v 6 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"}, "Midjourney"),
        ({"Software": "Adobe Firefly"}, "Adobe Firefly"),
        ({"AIGC": json.dumps({"Label": "1", "ContentProducer": "x"})}, "a service under China's labelling rules"),
        ({"Software": "DALL-E 3"}, "DALL·E"),
        ({"parameters": "of a camera"}, None),
        ({"prompt": "say it"}, None),
        ({"workflow": "approved"}, None),
        ({"Software": "GIMP 2.10", "Comment": "I don't like Midjourney's look much" * 40}, "Midjourney"),
        ({"Software": "Flux capacitor", "Description": "Job ID: 12"}, None),
        ({"Caption2": "Midjourney"}, None),
    ],
)
def test_texts_of_png(texts, expected, tmp_path):
    (path := tmp_path / "a.png").write_bytes(png(*[text(key, value) for key, value in texts.items()]))
    assert generators(path) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("property_", "expected"),
    [
        ("<photoshop:Credit>Made with Google AI</photoshop:Credit>", "Google"),
        ('<b xmp:CreatorTool="Adobe Firefly"/>', "Adobe Firefly"),
        ('<b Iptc4xmpExt:AISystemUsed="Painter 2"/>', "an AI system, by IPTC's field"),
        ("<TC260:AIGC>{&quot;Label&quot;:&quot;1&quot;}</TC260:AIGC>", "a service under China's labelling rules"),
        (
            "<dc:description><rdf:Alt><rdf:li>x Job ID: a7421d2f-b262-44f9</rdf:li></rdf:Alt></dc:description>",
            "Midjourney",
        ),
        ("<photoshop:Credit>Ann, made with love</photoshop:Credit>", None),
    ],
)
def test_properties_of_xmp(property_, expected, tmp_path):
    (path := tmp_path / "a.png").write_bytes(png(xmp_chunk(packet(property_))))
    assert generators(path) == ({expected} if expected else set())


def test_settings_in_exif(tmp_path):
    comment = b"UNICODE\0" + A1111.encode("utf-16-be")
    Image.fromarray(PICTURE).save(tmp_path / "a.jpg", exif=exif({271: "Maker"}, comment))
    assert generators(tmp_path / "a.jpg") == {"Stable Diffusion web UI"}


def test_settings_where_cameras_put_their_names_make_no_camera(tmp_path):
    """As ComfyUI writes WebP."""
    Image.fromarray(PICTURE).save(tmp_path / "a.webp", exif=exif({271: f"workflow:{WORKFLOW}", 272: f"prompt:{COMFY}"}))
    assert generators(tmp_path / "a.webp") == {"ComfyUI"}
    found = check(tmp_path / "a.webp").metadata
    assert found is not None
    assert found.camera is None
