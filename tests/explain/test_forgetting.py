"""Dropping feature maps, against nets taken apart by hand and objects planted in a known map; boxes; what is said."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from figment.attributes.predictor import AttributePredictor
from figment.common.pixels import to_uint8
from figment.errors import InputError
from figment.explain.ablated_samples import AblationEffect, soundness_by
from figment.explain.ablation import (
    Ablation,
    LayerMaps,
    activations,
    candidate_ablations,
    change_pictures,
    decode_ablated,
    logistic_weights,
    pixel_changes,
)
from figment.explain.boxes import box_mask, draw_boxes, read_boxes
from figment.explain.forgetting import Forgetting, forget, sentence
from figment.explain.forgetting_boxes import BoxedForgetting, forget_boxed
from figment.generator import Generator
from figment.media.provenance import source_of
from figment.nets.hooks import layers
from figment.workbench import Workbench
from figtest.command import command

Make = Callable[..., Generator]
BOTH = pytest.mark.parametrize("kind", ["dcgan", "dcgan-r1", "r3gan"])
PLANTED = 2  # the map of the last layer that draws the object


def planted(generator: Generator) -> Generator:
    """The generator with one map of its last layer drawing almost all that is seen."""
    last = next(
        m for m in reversed(list(generator.net.modules())) if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
    )
    with torch.no_grad():
        weight = last.weight if isinstance(last, torch.nn.ConvTranspose2d) else last.weight.transpose(0, 1)  # from, to
        weight *= 0.02
        weight[PLANTED] = weight[PLANTED].abs() * 0 + 0.4
    return generator


def brightness(limit: float) -> AttributePredictor:
    """Reads whether pictures are bright, and how varied they are."""

    def read(pictures: np.ndarray) -> dict[str, np.ndarray]:
        flat = pictures.reshape(len(pictures), -1).astype(np.float32)
        return {"bright": flat.mean(1) - limit, "varied": flat.std(1)}

    return AttributePredictor(
        ("bright", "varied"), frozenset({"varied"}), {"bright": 1.0, "varied": 1.0}, read, "the mean of pixels"
    )


def middle(generator: Generator, count: int = 256) -> float:
    """A brightness that a quarter of samples exceed."""
    return float(np.quantile(generator.sample(count).numpy().mean((1, 2, 3)), 0.75))


@BOTH
def test_pictures_without_maps_are_those_of_a_net_taken_apart(generator_of: Make, kind: str) -> None:
    generator = generator_of(kind)
    z = generator.codes(5, 1)
    found = decode_ablated(generator, Ablation(1, (0, 3), 8, "mean", torch.tensor([0.5, -1.0])[:, None, None]), z)
    first, *_ = layers(generator.net)
    behind = {}

    def hook(module: torch.nn.Module, inputs: tuple, result: torch.Tensor) -> torch.Tensor:
        behind["maps"] = result.clone()
        result = result.clone()
        result[:, 0], result[:, 3] = 0.5, -1.0
        return result

    handle = first.register_forward_hook(hook)
    with torch.inference_mode():
        expected = to_uint8(generator.net(z))
    handle.remove()
    assert np.array_equal(found, expected.numpy())
    assert torch.equal(activations(generator, z, None, [1])[0], behind["maps"])
    before = generator.decode(z).numpy()
    assert not np.array_equal(found, before)
    assert np.array_equal(before, generator.decode(z).numpy())  # the net is left as it was


def test_a_layers_strongest_maps_and_the_others() -> None:
    layer = LayerMaps(2, np.array([0.5, -1, 2, 0.1, -0.2, 1]), torch.arange(6.0)[:, None, None])
    assert layer.strongest() == [2, 5, 0, 3]
    assert layer.strongest(0.5) == [2, 5]
    assert layer.strongest(0.01) == [2]
    assert layer.ablation([2, 5], "mean").values.flatten().tolist() == [2, 5]
    assert not layer.ablation([2, 5], "zero").values.any()
    dropped = layer.ablation([2, 5], "mean")
    for seed in range(5):
        others = layer.control(dropped, seed)
        assert len(others.maps) == 2
        assert not set(others.maps) & {2, 5}
        assert others.values.flatten().tolist() == list(others.maps)
    assert set(layer.control(layer.ablation([2, 5, 0, 3], "zero"), 0).maps) == {1, 4}
    tried = candidate_ablations([layer], (0.01, 0.02, 1.0), ("zero", "mean"))
    assert [(one.maps, one.by) for one in tried] == [
        ((2,), "zero"), ((2,), "mean"), ((2, 5, 0, 3), "zero"), ((2, 5, 0, 3), "mean"),
    ]  # fmt: skip


def test_weights_tell_which_features_count_whatever_their_scale() -> None:
    random = np.random.default_rng(0)
    positive = np.arange(400) % 10 == 0  # rare
    x = random.standard_normal((400, 4)).astype(np.float32)
    x[:, 1] += 2 * positive
    x[:, 2] -= 2 * positive
    x[:, 1] *= 1000
    x[:, 3] = 5
    found = logistic_weights(x, positive)
    assert found[1] > 0.5
    assert found[2] < -0.5
    assert abs(found[0]) < 0.3
    assert found[3] == 0


def test_change_is_a_share_of_the_range_and_shown_relative_to_the_largest() -> None:
    before = np.zeros((1, 3, 2, 2), np.uint8)
    after = before.copy()
    after[0, :, 0, 0], after[0, 0, 1, 1] = 51, 51
    assert pixel_changes(before, after).tolist() == [[[0.2, 0], [0, pytest.approx(0.2 / 3)]]]
    assert change_pictures(before, after)[0, :, 0, 0].tolist() == [255] * 3
    assert change_pictures(before, after)[0, :, 1, 1].tolist() == [85] * 3
    assert not change_pictures(before, before).any()


@BOTH
def test_a_planted_object_is_found_and_forgotten(generator_of: Make, kind: str) -> None:
    generator = planted(generator_of(kind))
    predictor = brightness(middle(generator))
    result = forget(generator, predictor, "bright", layer=len(layers(generator.net)), count=400)
    assert isinstance(result, Forgetting)
    assert PLANTED in result.ablation.maps
    assert np.array_equal(result.pictures, generator.sample(400).numpy()[result.numbers])
    assert np.array_equal(result.without, decode_ablated(generator, result.ablation, result.codes))
    assert result.without_others.shape == result.without.shape == (len(result.numbers), 3, 16, 16)
    assert torch.equal(result.codes, generator.codes(400)[result.numbers])
    finding = result.finding("a")
    assert finding.name == "a"
    found = finding.numbers
    assert PLANTED in found["maps"]
    ours, others, *_ = found["effects"].values()
    assert ours["lost"] >= 0.9
    assert others["lost"] <= 0.5
    assert 60 <= found["with"] <= 140
    assert finding.sheets[""].source == "trainedAlgorithmicMedia"
    assert torch.equal(finding.codes, torch.cat([generator.codes(1, 0, number) for number in found["shown"]]))
    assert min(found["shown"]) >= 300  # of the last quarter, which nothing was chosen on
    # The planted map lights all of the picture: whether that is much, the nets' other few maps decide.
    much = ours["pixels"] > found["samples_differ"] / 3
    verdict = "The object goes, and with it much" if much else "The object is drawn by maps that can be told apart"
    assert finding.sentence.startswith(verdict)
    others = np.roll(generator.sample(400).numpy()[300:].astype(float), 1, 0)
    assert found["samples_differ"] == pytest.approx(np.abs(generator.sample(400).numpy()[300:] - others).mean() / 255)


def test_choices_are_obeyed_and_progress_ends(generator_of: Make) -> None:
    generator = planted(generator_of("dcgan-r1", classes=("a", "b"), labels=True))
    predictor, told = brightness(float(np.median(generator.sample(128).numpy().mean((1, 2, 3))))), []
    finding = forget(
        generator, predictor, "no bright", None, 1, 1.0, "zero", 128, 3, lambda done, total: told.append(done / total)
    ).finding()
    assert finding.numbers["by"] == "zero"
    assert finding.numbers["layer"] == 1
    assert told[-1] == 1
    assert told == sorted(told)
    assert finding.labels is not None
    assert len(finding.labels) == len(finding.codes)
    assert torch.equal(finding.labels, torch.cat([generator.labels(1, 3, n) for n in finding.numbers["shown"]]))


@pytest.mark.parametrize(
    ("ours", "others", "before", "words"),
    [
        (AblationEffect(0.9, 0.7, 0.8, 0.1, 0.01), AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01), 0.75, "can be told apart"),
        (
            AblationEffect(0.9, 0.3, 0.3, 0.1, 0.01),
            AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01),
            0.75,
            "much of the picture",
        ),
        (
            AblationEffect(0.9, 0.7, 0.8, 0.1, 0.10),
            AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01),
            0.75,
            "much of the picture",
        ),
        (AblationEffect(0.4, 0.7, 0.3, 0.1, 0.01), AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01), 0.75, "have a part in"),
        (
            AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01),
            AblationEffect(0.1, 0.7, 0.1, 0.1, 0.01),
            0.75,
            "No maps were found",
        ),
        (
            AblationEffect(0.9, 0.7, 0.8, 0.1, 0.01),
            AblationEffect(0.9, 0.7, 0.8, 0.1, 0.01),
            0.75,
            "No maps were found",
        ),
    ],
)
def test_the_sentence_follows_what_was_measured(
    ours: AblationEffect, others: AblationEffect, before: float, words: str
) -> None:
    best = Ablation(1, (0,), 4, "zero", torch.zeros(1, 1, 1))
    assert words in sentence("hats", best, [ours, others], before, 0.2, 100, "nobody")


def test_a_share_of_few_samples_is_not_taken_for_the_truth() -> None:
    best = Ablation(1, (0,), 4, "zero", torch.zeros(1, 1, 1))
    ours, others = (AblationEffect(lost, 0.7, 0.8, 0.1, 0.01) for lost in (1.0, 0.1))
    told = sentence("hats", best, [ours, others], 0.75, 0.2, 4, "nobody")
    assert "it can't be said that they draw it alone" in told
    assert "100 % (51 % to 100 %) of 4 samples" in told
    ours, others = (AblationEffect(lost, 0.7, 0.8, 0.1, 0.01) for lost in (0.5, 0.25))
    assert "No maps were found" in sentence("hats", best, [ours, others], 0.75, 0.2, 8, "nobody")
    assert "have a part in" in sentence("hats", best, [ours, others], 0.75, 0.2, 80, "nobody")


def test_a_discriminator_takes_all_but_the_worst_samples_for_sound(critic: object, generator_of: Make) -> None:
    samples = generator_of("dcgan").sample(200).numpy()
    sound = soundness_by(critic, samples)  # type: ignore[arg-type]
    assert 0.93 <= sound(samples).mean() <= 0.97
    logits = critic.logits(torch.from_numpy(samples)).numpy()  # type: ignore[attr-defined]
    assert logits[sound(samples)].min() >= logits[~sound(samples)].max()


def test_what_too_few_samples_have_is_refused(generator_of: Make) -> None:
    generator = generator_of("dcgan")
    with pytest.raises(InputError, match=r"--attribute bright: only 0 of 32 samples have it, and 8 are needed"):
        forget(generator, brightness(255), "bright", count=64)
    with pytest.raises(InputError, match=r"only 0 of 32 samples lack it"):
        forget(generator, brightness(-1), "bright", count=64)
    with pytest.raises(InputError, match=r"--layer 7: this generator's layers are 1, nearest the code, to"):
        forget(generator, brightness(9), "bright", layer=7, count=64)
    with pytest.raises(InputError, match="did you mean bright"):
        forget(generator, brightness(9), "brigth", count=64)


def test_places_are_marked_by_their_centres() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        left, top = random.integers(0, 20, 2)
        right, bottom = left + random.integers(4, 12), top + random.integers(4, 12)
        found = box_mask([(int(left), int(top), int(right), int(bottom))], (32, 48), (8, 12))  # places of 4×4 pixels
        for i in range(8):
            for j in range(12):
                assert found[i, j] == (top < 4 * i + 2 < bottom and left < 4 * j + 2 < right) or found.sum() <= 2
        assert found.any()
    tiny = box_mask([(17, 9, 18, 10)], (32, 32), (4, 4))
    assert np.argwhere(tiny).tolist() == [[1, 2]]
    assert box_mask([(0, 0, 2, 1), (3, 3, 4, 4)], (4, 4)).sum() == 3


@pytest.mark.parametrize("kind", ["dcgan", "r3gan"])
def test_boxes_find_a_planted_object(generator_of: Make, kind: str, tmp_path: Path) -> None:
    generator = planted(generator_of(kind))
    rows = []
    for number, picture in enumerate(generator.sample(60).numpy()):
        places = picture.mean(0)[2:14, 2:14]
        y, x = np.unravel_index(places.argmax(), places.shape)
        if number % 3 == 0:
            rows.append(f"{number},{x},{y},{x + 5},{y + 5}")
    (tmp_path / "boxes.csv").write_text("sample number,left,top,right,bottom\n" + "\n".join(rows))
    boxes = read_boxes(tmp_path / "boxes.csv", generator)
    assert sorted(boxes) == list(range(0, 60, 3))
    result = forget_boxed(generator, boxes, len(layers(generator.net)))
    assert isinstance(result, BoxedForgetting)
    assert result.held_back
    for part in (result.boxed, result.unboxed):
        assert torch.equal(part.codes, torch.cat([generator.codes(1, 0, number) for number in part.numbers]))
        assert np.array_equal(part.pictures, generator.decode(part.codes).numpy())
        assert np.array_equal(part.without, decode_ablated(generator, result.ablation, part.codes))
    finding = result.finding("a")
    assert finding.name == "a"
    found = finding.numbers
    assert PLANTED in found["maps"]
    ours, others, *_ = found["changes"].values()
    assert ours["inside"] > 3 * others["inside"]
    assert set(found["found_on"]) | set(found["measured_on"]) == set(boxes)
    assert not set(found["found_on"]) & set(found["measured_on"])
    assert not set(itertools.chain(*found["without_boxes"].values())) & set(boxes)
    assert torch.equal(finding.codes, torch.cat([generator.codes(1, 0, number) for number in found["shown"]]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("3,4,5,99,12", "doesn't lie in the picture: left and right are 0 to 16"),
        ("3,-1,5,9,12", "doesn't lie in the picture"),
        ("3,9,5,9,12", "none is empty"),
        ("-3,1,5,9,12", "doesn't lie in the picture"),
        ("3,4,5,9", "write a line as sample number,left,top,right,bottom"),
        ("3,4,5,9.5,12", "in whole pixels"),
        ("1,2,3,4,5\nsample,left,top,right,bottom", "write a line as"),
        ("", "has no boxes"),
        ("number,left,top,right,bottom\n", "has no boxes"),
    ],
)
def test_bad_boxes_are_refused_in_a_sentence(generator_of: Make, tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "boxes.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=words) as refused:
        read_boxes(file, generator_of("dcgan"))
    assert str(refused.value).startswith(f"--boxes {file}")


def test_a_file_of_boxes_that_cant_be_read_is_named(generator_of: Make, tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match=r"--boxes .* can't be read"):
            read_boxes(file, generator_of("dcgan"))


def test_boxes_are_drawn_where_they_lie() -> None:
    drawn = draw_boxes(np.zeros((1, 8, 8), np.uint8), [(1, 2, 5, 7)])
    inked = np.argwhere(drawn[0] > 0)
    assert drawn.shape == (3, 8, 8)
    assert inked.min(0).tolist() == [2, 1]
    assert inked.max(0).tolist() == [6, 4]


def test_the_command_forgets_by_attribute_and_by_boxes(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, boxes = tmp_path / "found", tmp_path / "boxes.csv"
    boxes.write_text("".join(f"{i},2,3,9,10\n" for i in range(6)))
    common = ("explain", "forget", run_with_classes, "--layer", 1, "--out", out)
    assert command(*common, "--boxes", boxes, "--name", "boxed") == 0
    assert "pixels in the boxes" in capsys.readouterr().out
    assert source_of(out / "forget-boxed.png") == "trainedAlgorithmicMedia"
    record = json.loads((out / "forget-boxed.json").read_text())
    assert record["numbers"]["boxes"]["5"] == [[2, 3, 9, 10]]
    assert (out / record["codes"]).is_file()
    capsys.readouterr()
    assert command(*common) == 2
    assert "--attribute or --boxes" in capsys.readouterr().err
    assert command(*common, "--attribute", "brigth") == 2
    assert "did you mean bright?" in capsys.readouterr().err
    # A brightness that the samples of a net just begun differ by.
    monkeypatch.setattr(Workbench, "predictor", lambda at, labels: brightness(middle(at.generator)))
    assert command(*common, "--attribute", "bright", "-n", 200) == 0
    assert "says the run's discriminator" in capsys.readouterr().out
    assert (out / "forget.png").is_file()
