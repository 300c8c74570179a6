"""Directions: how they are found, what they are said to do, how they are kept and used."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch.nn.functional import normalize

from figment import InputError, codes, nets
from figment.attributes.predictor import AttributePredictor
from figment.explore import direction_file as kept
from figment.explore.attribute_directions import AttributeSlopes, conditional_direction, fit_slopes
from figment.explore.direction_file import (
    Direction,
    find_direction,
    load_directions,
    move_codes,
    save_directions,
    total_shift,
    unit_direction,
)
from figment.explore.direction_samples import centre_by_class, draw_samples
from figment.explore.direction_search import directions, plain_attributes
from figment.explore.effects import measure_effect, places_along
from figment.explore.ganspace import ganspace
from figment.explore.groups import group_meeting, numbered_group
from figment.explore.sefa import sefa
from figment.explore.walk import sweep
from figment.generator import Generator
from figment.nets.hooks import entries, layers, watched
from figment.presets import make
from figtest.runs import last_layer

PRIORS = pytest.mark.parametrize("prior", ["normal", "uniform"])


def untrained(family: str, grey: bool = False, **choices) -> Generator:
    """grey: as a DCGAN begins, which draws nearly the same grey whatever the code."""
    recipe = make(family, **dict(size=16, channels=3, width=8, code_size=6) | choices)
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    if family == "dcgan" and not grey:
        net.get_submodule(last_layer(net)).weight.data.mul_(1000)
    return Generator(net, recipe)


def unit(*numbers: float) -> torch.Tensor:
    return normalize(torch.tensor(numbers, dtype=torch.float64), dim=0)


def random_unit(size: int, seed: int = 0) -> torch.Tensor:
    return unit(*np.random.default_rng(seed).normal(size=size))


# ---- moving ------------------------------------------------------------------------------------------------------------


@PRIORS
def test_codes_are_moved_in_gaussian_space(prior):
    z, vector = codes.numbered(0, 0, 5, 6, prior), random_unit(6)
    before = codes.to_gaussian(z.double(), prior)
    after = codes.to_gaussian(move_codes(z, vector, 1.5, prior).double(), prior)
    assert after - before == pytest.approx((1.5 * vector).expand(5, 6), abs=1e-5)
    amounts = torch.tensor([-3.0, -1, 0, 1, 3])
    placed = codes.to_gaussian(move_codes(z, vector, amounts, prior, replace=True).double(), prior)
    assert placed @ vector == pytest.approx(amounts.double(), abs=1e-4)
    rest = placed - (placed @ vector)[:, None] * vector
    assert rest == pytest.approx(before - (before @ vector)[:, None] * vector, abs=1e-4)
    assert move_codes(z, vector, 1.5, prior).dtype == z.dtype
    assert move_codes(z, vector, 50.0, "uniform").abs().max() <= 1


@PRIORS
def test_a_sweep_goes_to_both_ends_and_closes(prior):
    z, vector = codes.numbered(0, 0, 3, 6, prior), random_unit(6).float()
    swept = sweep(z, vector, 40, prior)
    assert swept.shape == (40, 3, 6)
    places = codes.to_gaussian(swept.double(), prior) @ vector.double()
    frames = torch.arange(40)
    assert places == pytest.approx((-3 * torch.cos(2 * math.pi * frames / 40))[:, None].expand(40, 3), abs=1e-3)
    assert swept[1] == pytest.approx(swept[39], abs=1e-5)
    assert (swept[:, 0] - swept[:, 1]).std(0).max() < 2  # each tile keeps its own


# ---- finding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "choices"),
    [("dcgan", {}), ("dcgan", {"modulated": True}), ("r3gan", {"blocks": 1}), ("dcgan", {"classes": ("a", "b")}),
     ("r3gan", {"blocks": 1, "classes": ("a", "b")})],
)  # fmt: skip
def test_entries_are_the_matrices_that_codes_are_multiplied_by(family, choices):
    generator = untrained(family, **choices)
    z, net = generator.codes(8), generator.net
    labels = None if not generator.classes else torch.zeros(8, dtype=torch.int64)
    start, *others = entries(net, 6)
    module = net[1] if family == "dcgan" else net.start.linear
    with watched([module, *(m.hidden for m in net.modules() if hasattr(m, "hidden"))]) as seen:
        generator.decode(z, labels)
    apart = [(maps - maps[:1]).flatten(1) for maps in seen]  # what the class and the bias add is the same for all
    for matrix, change in zip([start, *others], apart, strict=True):
        assert (z - z[:1]) @ matrix.T == pytest.approx(change, abs=1e-5)
    assert len(others) == (0 if family == "r3gan" or not generator.recipe.modulated else 2)


def test_factorised_directions_stretch_most():
    rng = np.random.default_rng(1)
    matrices = [torch.from_numpy(rng.normal(size=shape) * np.geomspace(4, 1, 6)) for shape in ((20, 6), (9, 6))]
    whole = torch.cat(matrices)
    found = sefa(matrices, 3)
    assert found @ found.T == pytest.approx(torch.eye(3, dtype=torch.float64), abs=1e-9)
    stretched = (whole @ found.T).norm(dim=0)
    assert stretched == pytest.approx(torch.linalg.svdvals(whole)[:3])
    tried = normalize(torch.from_numpy(rng.normal(size=(2000, 6))), dim=1)
    assert (whole @ tried.T).norm(dim=0).max() <= stretched[0]
    assert (found.gather(1, found.abs().argmax(1, keepdim=True)) > 0).all()


def test_principal_directions_are_those_of_a_linear_first_layer():
    rng = np.random.default_rng(2)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    frame, _ = np.linalg.qr(rng.normal(size=(40, 5)))
    gaussian = rng.normal(size=(20_000, 5))
    activations = gaussian @ turn @ np.diag([9, 5, 3, 1.5, 0.5]) @ frame.T + 7
    found = ganspace(activations.astype(np.float32), gaussian, 3)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    for vector, axis in zip(found, turn.T, strict=False):
        assert abs(vector @ axis) > 0.999
    assert np.array_equal(found, ganspace(activations.astype(np.float32), gaussian, 3))


def test_principal_directions_against_a_whole_decomposition():
    generator = untrained("dcgan", prior="normal")
    z = generator.codes(400)
    with watched(layers(generator.net)[:1]) as seen:
        generator.decode(z)
    activations = torch.cat(seen).flatten(1).numpy()
    survey = draw_samples(generator, None, 400, 0, None, True)
    assert np.array_equal(survey.activations, activations)
    rows = activations - activations.mean(0)
    left, values, _ = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    expected = np.linalg.lstsq(left[:, :2] * values[:2], z.double().numpy(), rcond=None)[0]
    for vector, by_hand in zip(ganspace(activations, survey.gaussian, 2), expected, strict=True):
        assert abs(vector @ by_hand) / np.linalg.norm(by_hand) > 0.999


def test_what_a_class_does_is_no_direction():
    rows = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    classes = np.arange(60) % 3
    assert centre_by_class(rows + 10 * classes[:, None], classes) == pytest.approx(
        centre_by_class(rows, classes), abs=1e-5
    )
    assert centre_by_class(rows, classes)[classes == 1].mean(0) == pytest.approx(0, abs=1e-6)
    assert centre_by_class(rows, None) is rows


@PRIORS
def test_slopes_are_those_of_the_world(world, prior):
    generator, predictor = world(prior)
    survey = draw_samples(generator, predictor, 800, 0, None, False)
    found = fit_slopes(survey.gaussian, survey.scores)
    assert found.names == predictor.names
    deviation = {name: scores.std() for name, scores in survey.scores.items()}
    assert found.rows[0] == pytest.approx(np.eye(12)[0] / deviation["left"], abs=0.02)  # in deviations per deviation
    assert found.rows[2][:3] == pytest.approx(1 / deviation["both"], abs=0.02)
    assert min(found.predicted.values()) > 0.99
    noise = {"noise": np.random.default_rng(0).normal(size=800).astype(np.float32), "same": np.ones(800, np.float32)}
    unread = fit_slopes(survey.gaussian, noise)
    assert abs(unread.predicted["noise"]) < 0.15
    assert unread.predicted["same"] == 0


def test_a_conditional_direction_leaves_the_others_alone_as_far_as_it_is_asked_to():
    rows = np.array([[1.0, 0.6, 0], [0, 1, 0], [0.9, 0.1, 0.3]])
    found = AttributeSlopes(("a", "b", "a=x"), rows, {})
    projected = rows[0] - (rows[0] @ rows[1]) * rows[1]
    assert conditional_direction(found, "a", 1e-9) == pytest.approx(projected / np.linalg.norm(projected), abs=1e-6)
    assert conditional_direction(found, "a", 1e9) == pytest.approx(rows[0] / np.linalg.norm(rows[0]), abs=1e-6)

    def gain(v: np.ndarray) -> float:
        return (rows[0] @ v) ** 2 / ((rows[1] @ v) ** 2 + 0.2 * v @ v)

    best = gain(conditional_direction(found, "a", 0.2))
    assert all(gain(v) <= best + 1e-12 for v in np.random.default_rng(0).normal(size=(2000, 3)))


# ---- what they do ------------------------------------------------------------------------------------------------------


@PRIORS
def test_the_effect_of_a_direction_is_read_where_it_is_known(world, prior):
    generator, predictor = world(prior)
    z, deviations = generator.codes(64), {"left": 1.0, "right": 1.0, "both": math.sqrt(3), "last": 1.0}
    found = measure_effect(generator, unit(0, 1, *[0] * 10), z, None, predictor, deviations)
    assert found.correlation["right"] == pytest.approx(1, abs=0.01)
    assert found.shift == pytest.approx({"left": 0, "right": 6, "both": 6 / math.sqrt(3), "last": 0}, abs=0.1)
    assert abs(found.correlation["left"]) < 1e-6
    assert found.main_attribute == "right"
    assert found.side_effect("right") == ("both", pytest.approx(1 / math.sqrt(3), rel=0.02))
    assert found.change == pytest.approx(6 * 0.2 / 2 / 4, rel=0.02)  # of −1 to 1, in one of four stripes
    unread = measure_effect(generator, unit(0, 1, *[0] * 10), z, None, None, {})
    assert (unread.main_attribute, unread.change) == (None, found.change)
    hidden = measure_effect(generator, unit(*[0] * 11, 1), z, None, predictor, deviations)
    assert hidden.change == 0
    assert max(hidden.shift.values()) == 0


def test_labelled_directions_move_their_attribute_and_hardly_another(world):
    generator, predictor = world()
    search = directions(generator, ["labelled"], predictor=predictor, attributes=["left", "last"], samples=400)
    finding, found = search.finding(), search.directions
    assert [one.name for one in found] == ["left", "last"]
    assert found[1].vector[3] > 0.99
    assert found[1].facts["correlation"] > 0.99
    assert found[1].facts["predicted"] > 0.99
    assert found[0].vector[0] > 0.7
    assert found[0].vector[2] < -0.2  # which holds "both", the sum of the first three
    assert finding.rows[1][1:3] == ("last", "+1.00")
    assert "2 move an attribute" in finding.sentence
    assert len(finding.numbers["effects"]) == 2
    assert finding.codes.shape == (2 * 2 * 7, 12)
    assert torch.equal(finding.codes[:14], places_along(generator.codes(2), found[0].vector, "normal"))


def test_a_direction_from_one_group_to_another(world):
    generator, predictor = world("uniform")
    groups = tuple(group_meeting(generator, predictor, text, 100, seed=1) for text in ("left<-0.5", "left>0.5"))
    search = directions(generator, predictor=predictor, samples=300, name="turn", groups=groups)
    finding, (found,) = search.finding("turn"), search.directions
    assert (found.name, found.how, finding.stem) == ("turn", "groups", "directions-turn")
    assert found.vector[0] > 0.8
    assert "along turn left moves by" in finding.sentence
    one = numbered_group(generator, [3], 0)
    with pytest.raises(InputError, match="--from 3: a group of a single picture"):
        directions(generator, groups=(one, groups[0]), name="turn")
    with pytest.raises(InputError, match="the same mean"):
        directions(generator, samples=100, groups=(groups[0], groups[0]), name="turn")


@pytest.mark.parametrize(
    ("family", "choices"),
    [("dcgan", {"prior": "uniform"}), ("dcgan", {"classes": ("a", "b"), "channels": 1, "size": "16x24"}),
     ("r3gan", {"blocks": 1, "classes": ("a", "b", "c")})],
)  # fmt: skip
def test_every_family_has_directions_without_labels(family, choices):
    generator = untrained(family, **choices)
    search = directions(generator, ["principal", "factorised"], 2, samples=120)
    finding, found = search.finding(), search.directions
    assert [one.name for one in found] == ["principal-1", "principal-2", "factorised-1", "factorised-2"]
    for one in found:
        assert one.vector.dtype == torch.float32
        assert float(one.vector.norm()) == pytest.approx(1, abs=1e-5)
        assert one.facts["change"] > 0
    assert "nobody has read" in finding.sentence
    assert set(finding.sheets) == {"", "factorised"}
    assert (finding.labels is None) == (not generator.classes)
    if generator.classes:
        shown = generator.labels(2)
        assert torch.equal(finding.labels.reshape(4, 2, 7), shown[None, :, None].expand(4, 2, 7))
        again = directions(generator, ["factorised"], 1, samples=100, label="b")
        assert (again.labels == 1).all()
    repeated = directions(generator, ["principal", "factorised"], 2, samples=120).finding()
    assert torch.equal(repeated.codes, finding.codes)
    assert repeated.numbers == finding.numbers


def test_directions_of_one_picture_are_said_to_be_none():
    assert not directions(untrained("dcgan"), ["factorised"], 2, samples=100).is_one_picture
    finding = directions(untrained("dcgan", grey=True), ["factorised"], 2, samples=100).finding()
    assert finding.sentence.startswith("This generator draws all but one picture, whatever the code (0.")
    assert finding.rows == ()


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [({"methods": ["principle"]}, "--how principle"), ({"methods": ["labelled"]}, "give --labels"),
     ({"count": 13}, "give 1 to 12"), ({"samples": 20}, "give 100 or more"), ({"attributes": ["lft"]}, "did you mean left")],
)  # fmt: skip
def test_what_can_not_be_found_is_refused(world, wish, sentence):
    generator, predictor = world()
    given = {"methods": ["factorised"], "predictor": predictor if "attributes" in wish else None} | wish
    with pytest.raises(InputError, match=sentence):
        directions(generator, **given)


def test_single_values_of_a_category_have_no_direction_unless_asked_for():
    def of(*names: str) -> AttributePredictor:
        return AttributePredictor(names, frozenset(), {}, lambda pictures: {}, "")

    assert plain_attributes(of("smile", "hair=red", "glasses", "glasses=round")) == ["smile", "glasses"]
    assert plain_attributes(of("hair=red", "hair=black")) == ["hair=red", "hair=black"]
    assert plain_attributes(None) == []
    assert plain_attributes(of("smile", "cat"), ("cat", "dog")) == ["smile"]


# ---- kept --------------------------------------------------------------------------------------------------------------


OURS, THEIRS = SimpleNamespace(digest="aa"), SimpleNamespace(digest="bb")


def test_directions_are_kept_by_name(tmp_path):
    file = tmp_path / "directions.safetensors"
    first = [unit_direction(name, random_unit(6, i), "labelled", moves=name) for i, name in enumerate(("smile", "a=b"))]
    save_directions(file, first, OURS)
    before = file.read_bytes()
    assert [(one.name, one.how, one.facts) for one in load_directions(file, OURS)] == [
        (one.name, "labelled", {"moves": one.name}) for one in first
    ]
    assert torch.equal(find_direction(file, "a=b", OURS).vector, first[1].vector)
    save_directions(
        file,
        [unit_direction("smile", random_unit(6, 7), "groups"), unit_direction("turn", random_unit(6, 8), "groups")],
        OURS,
    )
    assert [one.name for one in load_directions(file, OURS)] == ["smile", "a=b", "turn"]
    assert find_direction(file, "smile", OURS).how == "groups"
    assert torch.equal(find_direction(file, "a=b", OURS).vector, first[1].vector)
    file.unlink()
    save_directions(file, first, OURS)
    assert file.read_bytes() == before
    assert kept.directions_file(tmp_path) == kept.directions_file(tmp_path / "generator.safetensors") == file
    assert kept.directions_file(tmp_path / "best.safetensors") == tmp_path / "best.directions.safetensors"


def test_names_of_all_kinds_are_kept(tmp_path):
    """One that safetensors keeps for itself, and one that looks like an amount."""
    file, names = tmp_path / "directions.safetensors", ["__metadata__", "a/b .. x", "smile=2", "σ"]
    save_directions(file, [unit_direction(name, random_unit(6, i), "labelled") for i, name in enumerate(names)], OURS)
    assert [one.name for one in load_directions(file, OURS)] == names
    assert total_shift(file, ["smile=2=3"], OURS) == pytest.approx(3 * random_unit(6, 2), abs=1e-6)


def test_wishes_add_up(tmp_path):
    file = tmp_path / "directions.safetensors"
    save_directions(
        file, [unit_direction(name, random_unit(6, i), "labelled") for i, name in enumerate(("smile", "a=b"))], OURS
    )
    total = total_shift(file, ["smile=2", "a=b=-0.5"], OURS)
    assert total == pytest.approx(2 * random_unit(6, 0) - 0.5 * random_unit(6, 1), abs=1e-6)
    assert total_shift(file, [], OURS) is None
    for wish in ("smile", "smile=", "=2", "smile=two", "smile=nan", "smile=inf", "smile=1e9"):
        with pytest.raises(InputError, match="write it as NAME=AMOUNT"):
            total_shift(file, [wish], OURS)
    with pytest.raises(InputError, match="did you mean smile"):
        total_shift(file, ["smiel=1"], OURS)
    with pytest.raises(InputError, match="there are smile, a=b"):
        total_shift(file, ["turn=1"], OURS)


def content_of(vectors, **header):
    usual = {"kind": "directions", "generator": OURS.digest, "directions": [{"name": "a", "how": "x", "facts": {}}]}
    return save({"vectors": vectors}, {"figment": json.dumps(usual | header)})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"nothing", "no whole file of directions"),
        (save({"vectors": torch.eye(6)[:1]}), "no whole file"),
        (codes.packed(torch.ones(2, 6)), "no whole file"),
        (content_of(torch.eye(6)[:1], kind="codes"), "holds no directions"),
        (content_of(torch.eye(6)[:1], directions=[{"how": "x"}]), "no whole file"),
        (content_of(torch.eye(6)[:1], directions=[{"name": "a", "facts": {}}]), "no whole file"),
        (content_of(torch.eye(6)[:1], directions=[{"name": 5, "how": "x", "facts": {}}]), "no whole file"),
        (content_of(torch.eye(6, dtype=torch.int32)[:1]), "vectors is int32"),
        (content_of(torch.full((1, 6), math.nan)), "vectors holds NaN"),
        (save({"vectors": torch.eye(6)[:1]}, {"figment": "[" * 200_000}), "nested too deep"),
        (content_of(torch.eye(6)[:2]), "holds no directions"),
        (content_of(2 * torch.eye(6)[:1]), "changed by hand"),
        (content_of(torch.full((1, 6), torch.nan)), "changed by hand"),
    ],
)
def test_a_file_that_holds_none_is_refused_and_left_alone(tmp_path, content, sentence):
    file = tmp_path / "directions.safetensors"
    file.write_bytes(content)
    for attempt in (
        lambda: load_directions(file, OURS),
        lambda: save_directions(file, [Direction("a", torch.eye(6)[0], "x")], OURS),
    ):
        with pytest.raises(InputError, match=sentence):
            attempt()
    assert file.read_bytes() == content


def test_another_generators_directions_are_refused_and_replaced(tmp_path):
    file = tmp_path / "directions.safetensors"
    save_directions(file, [unit_direction("smile", random_unit(6), "labelled")], THEIRS)
    with pytest.raises(InputError, match="directions of another generator, or of this one before it learnt more"):
        find_direction(file, "smile", OURS)
    save_directions(file, [unit_direction("turn", random_unit(6), "labelled")], OURS)
    assert [one.name for one in load_directions(file, OURS)] == ["turn"]
    with pytest.raises(InputError, match="doesn't exist: find directions first"):
        load_directions(tmp_path / "none.safetensors", OURS)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_halved_directions_are_taken_and_of_length_1(tmp_path, dtype):
    (tmp_path / "d.safetensors").write_bytes(content_of(random_unit(6, 3)[None].to(dtype)))
    (found,) = load_directions(tmp_path / "d.safetensors", OURS)
    assert found.vector.dtype == torch.float32
    assert float(found.vector.norm()) == pytest.approx(1, abs=1e-6)
    assert torch.allclose(found.vector, random_unit(6, 3).float(), atol=1e-2)
