"""The built-in portraits: reproducible, readable from their attributes, smooth in them."""

import numpy as np
import pytest

from figment.data.portraits.table import ATTRIBUTES, draw_attributes, portraits, render
from figment.errors import InputError

CONTINUOUS = [a for a in ATTRIBUTES if a.kind == "continuous"]
CATEGORIES = [a for a in ATTRIBUTES if a.kind == "category"]
NAMES = {a.name: a for a in ATTRIBUTES}


@pytest.fixture(scope="module")
def table():
    return draw_attributes(20_000, seed=3)


def rows(table, index):
    return {name: column[index] for name, column in table.items()}


def plain(count, **changes):
    """One frontal, clean-shaven portrait with short brown hair, count times, with some columns changed."""
    values = {a.name: (a.low + a.high) / 2 for a in CONTINUOUS} | dict.fromkeys(("glasses", "beard"), 0)
    values |= {"hair_style": 1, "hair_colour": 1, "detail": 5, "skin": 0.3, "age": 0.0, "light": 0.4} | changes
    return {a.name: np.broadcast_to(np.asarray(values[a.name]).astype(a.dtype), count) for a in ATTRIBUTES}


def difference(a, b):
    return np.abs(a.astype(float) - b.astype(float))


def index(attribute, name):
    return NAMES[attribute].names.index(name)


# The table


def test_columns_have_the_described_type_and_range(table):
    assert list(table) == [a.name for a in ATTRIBUTES]
    for a in ATTRIBUTES:
        column, (low, high) = table[a.name], a.limits
        assert column.dtype == a.dtype
        assert column.shape == (20_000,)
        assert low <= column.min()
        assert column.max() <= high
        if a.kind == "category":
            assert np.bincount(column, minlength=len(a.names)).min() > 400
        else:  # the ends of the range are reached
            assert column.min() < low + 0.05 * (high - low)
            assert column.max() > high - 0.05 * (high - low)


def test_a_row_depends_on_seed_and_index_alone():
    many, few, later = draw_attributes(50, 9), draw_attributes(7, 9), draw_attributes(5, 9, start=40)
    other = draw_attributes(50, 10)
    for name in many:
        np.testing.assert_array_equal(many[name][:7], few[name])
        np.testing.assert_array_equal(many[name][40:45], later[name])
        assert (many[name] != other[name]).any()
    assert len(np.unique(many["detail"])) == 50


def test_no_portraits_are_an_empty_table_and_an_empty_array():
    pictures, attributes = portraits(0, size=32)
    assert pictures.shape == (0, 3, 32, 32)
    assert all(len(column) == 0 for column in attributes.values())


def share(condition, given):
    return condition[given].mean()


def test_attributes_hang_together_as_documented(table):
    old, young = table["age"] > 0.7, table["age"] < 0.3
    deep, light = table["skin"] > 0.7, table["skin"] < 0.3
    grey = table["hair_colour"] == index("hair_colour", "grey")
    black = table["hair_colour"] == index("hair_colour", "black")
    fair = np.isin(table["hair_colour"], [index("hair_colour", "blond"), index("hair_colour", "red")])
    bald = table["hair_style"] == index("hair_style", "bald")
    curly = table["hair_style"] == index("hair_style", "curly")
    falling = np.isin(table["hair_style"], [index("hair_style", name) for name in ("bob", "long", "bun")])
    stubble = table["beard"] == index("beard", "stubble")
    assert share(grey, old) > 5 * share(grey, young)
    assert share(bald, old) > 1.5 * share(bald, young)
    assert share(table["glasses"] > 0, old) > 1.3 * share(table["glasses"] > 0, young)
    assert share(stubble, old) < share(stubble, young)
    assert share(black, deep) > 2 * share(black, light)
    assert share(curly, deep) > 1.3 * share(curly, light)
    assert share(fair, light) > 2 * share(fair, deep)
    assert share(falling, table["beard"] > 0) < 0.25 * share(falling, table["beard"] == 0)
    assert np.corrcoef(table["turn"], table["gaze"])[0, 1] < -0.2
    assert np.corrcoef(table["smile"], table["brows"])[0, 1] > 0.2


def test_the_rest_is_independent(table):
    for name in ("face_width", "face_length", "light", "background", "clothes"):
        for a in CONTINUOUS:
            if a.name != name:
                assert abs(np.corrcoef(table[name], table[a.name])[0, 1]) < 0.03


# The pictures


def test_the_same_seed_gives_the_same_bytes():
    a, b = portraits(12, seed=4, size=48), portraits(12, seed=4, size=48)
    np.testing.assert_array_equal(a[0], b[0])
    assert (portraits(12, seed=5, size=48)[0] != a[0]).any()


@pytest.mark.parametrize("size", [16, 64, 100])
def test_a_portrait_is_the_same_in_any_batch(size):
    pictures, attributes = portraits(60, seed=6, size=size)
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_array_equal(render(rows(attributes, order), size), pictures[order])
    for i in range(0, 60, 7):
        np.testing.assert_array_equal(render(rows(attributes, slice(i, i + 1)), size)[0], pictures[i])
    np.testing.assert_array_equal(portraits(3, seed=6, size=size, start=31)[0], pictures[31:34])


@pytest.mark.parametrize("size", [16, 17, 33, 64, 130, 512])
def test_any_size_from_16_to_512_is_a_picture(size):
    pictures, _ = portraits(2, seed=2, size=size)
    assert pictures.shape == (2, 3, size, size)
    assert pictures.dtype == np.uint8
    assert pictures.std(axis=(2, 3)).min() > 15


def test_sizes_show_the_same_portrait():
    large, attributes = portraits(40, seed=8, size=128)
    halved = large.reshape(40, 3, 64, 2, 64, 2).mean((3, 5))
    own = difference(halved, render(attributes, 64)).mean((1, 2, 3))
    assert own.max() < 2
    assert difference(halved, np.roll(halved, 1, 0)).mean() > 5 * own.mean()


def test_every_portrait_is_its_own():
    pictures, _ = portraits(60, seed=1, size=32)
    flat = pictures.reshape(60, -1).astype(np.float32)
    apart = np.abs(flat[:, None] - flat[None]).mean(-1) + 255 * np.eye(60)
    assert apart.min() > 5


# The attributes in the pictures; boxes are (top, bottom, left, right) in parts of the picture

PLACES = {
    "gaze": (0.35, 0.6, 0.15, 0.85),
    "brows": (0.25, 0.6, 0.15, 0.85),
    "smile": (0.35, 0.85, 0.15, 0.85),
    "glasses": (0.35, 0.65, 0.1, 0.9),
    "beard": (0.4, 0.95, 0.1, 0.9),
    "age": (0.2, 0.85, 0.15, 0.85),
    "clothes": (0.75, 1.0, 0.0, 1.0),
    "hair_colour": (0.0, 0.65, 0.0, 1.0),
}


@pytest.mark.parametrize("attribute", [a for a in ATTRIBUTES if a.kind != "seed"], ids=lambda a: a.name)
def test_each_attribute_shows_and_only_where_it_should(attribute):
    values = np.linspace(*attribute.limits, 3) if attribute.kind == "continuous" else np.arange(len(attribute.names))
    pictures = render(plain(len(values), **{attribute.name: values}), 64)
    for k in range(1, len(values)):
        changed = difference(pictures[k], pictures[k - 1]).max(0)
        assert (changed > 25).sum() >= 8, f"{values[k - 1]} and {values[k]} look the same"
        if attribute.name in PLACES:
            top, bottom, left, right = (round(64 * part) for part in PLACES[attribute.name])
            changed[top:bottom, left:right] = 0
            assert changed.max() <= 2


@pytest.mark.parametrize("attribute", CONTINUOUS, ids=lambda a: a.name)
def test_sweeps_are_smooth(attribute):
    """A hundredth of the range moves the picture little, and no step stands out from the others."""
    for style in range(6):
        values = np.linspace(*attribute.limits, 101)
        pictures = render(plain(101, hair_style=style, glasses=style % 3, **{attribute.name: values}), 32)
        steps = difference(pictures[1:], pictures[:-1]).mean((1, 2, 3))
        assert steps.max() < 2.5
        assert steps.max() < 5 * np.median(steps) + 0.1
        assert difference(pictures[-1], pictures[0]).mean() > 5 * steps.mean()


def test_a_turn_moves_the_face_and_mirrors():
    """Turned by the same angle either way, a portrait with light from the front is almost its own mirror image."""
    style = index("hair_style", "bun")
    left, ahead, right = render(plain(3, turn=[-20, 0, 20], hair_style=style, light=0), 64)
    mirrored = difference(right[:, :, ::-1], left).mean()
    assert mirrored < 4
    assert difference(right, left).mean() > 4 * mirrored
    assert difference(right, ahead).mean() > 5


def test_light_falls_on_its_own_side():
    pictures = render(plain(2, light=[-1, 1]), 64).astype(float).mean(1)
    face = pictures[:, 28:48, 16:48]
    left, right = face[:, :, :16].mean((1, 2)), face[:, :, 16:].mean((1, 2))
    assert left[0] > right[0] + 20
    assert right[1] > left[1] + 20


def test_deeper_skin_is_darker_and_smiles_show_teeth():
    skin = render(plain(5, skin=np.linspace(0, 1, 5)), 64)[:, :, 36:40, 20:26].mean((1, 2, 3))
    assert (np.diff(skin) < -10).all()
    mouth = render(plain(2, smile=[0, 1]), 64)[:, :, 40:52, 24:40].min(1)  # white is bright in every channel
    assert (mouth[1] > 200).sum() > (mouth[0] > 200).sum() + 8


# What can't be used


@pytest.mark.parametrize("size", [0, 15, 513, -64])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(InputError, match="16 to 512"):
        portraits(1, size=size)
    with pytest.raises(InputError, match="16 to 512"):
        render(draw_attributes(1), size)


@pytest.mark.parametrize("name", ["count", "seed", "start"])
def test_negative_numbers_are_refused(name):
    with pytest.raises(InputError, match=f"{name} is -1"):
        draw_attributes(**({"count": 1} | {name: -1}))


def test_unusable_attributes_are_refused():
    good = draw_attributes(3)
    with pytest.raises(InputError, match="lack turn"):
        render({name: column for name, column in good.items() if name != "turn"}, 32)
    with pytest.raises(InputError, match="differ in length"):
        render(good | {"turn": good["turn"][:2]}, 32)
    for name, value in (("turn", 30.0), ("turn", np.nan), ("hair_style", 6), ("detail", -1)):
        with pytest.raises(InputError, match=f"{name} must lie within"):
            render(good | {name: np.full(3, value)}, 32)
