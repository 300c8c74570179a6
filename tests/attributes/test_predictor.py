"""What reads attributes from pictures."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment import presets, workbench
from figment.attributes.conditions import parse_conditions
from figment.attributes.from_labels import label_columns, linear_predictor, table_columns
from figment.attributes.from_portraits import portrait_predictor, scores_of
from figment.attributes.portrait_reader import ANSWERS, CATEGORIES, CONTINUOUS, to_table
from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Silent
from figment.data.bank.prepare import prepare
from figment.data.portraits.table import ATTRIBUTES
from figment.discriminator import Discriminator, representation, untrained
from figment.errors import InputError
from figment.workbench import attribute_predictor


def predictor(**changes) -> AttributePredictor:
    usual = dict(
        names=("smile", "glasses", "hair_colour=blond", "glasses=round", "smile2"), continuous=frozenset({"smile"}), accuracy={},
        predict=lambda pictures: {}, about="a test's", ranges={"smile": (-1.0, 1.0)},
    )  # fmt: skip
    return AttributePredictor(**usual | changes)


# ---- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glasses", [("glasses", ">", 0)]),
        ("no glasses", [("glasses", "<", 0)]),
        ("!glasses", [("glasses", "<", 0)]),
        ("glasses=none", [("glasses", "<", 0)]),
        ("hair_colour=blond , smile>0.4", [("hair_colour=blond", ">", 0), ("smile", ">", 0.4)]),
        ("no glasses=round", [("glasses=round", "<", 0)]),
        ("smile <= -.2", [("smile", "<=", -0.2)]),
        ("class=smile2, no class=smile2", [("smile2", ">", 0), ("smile2", "<", 0)]),
    ],
)
def test_conditions_are_read(text, expected) -> None:
    assert [(term.name, term.sign, term.limit) for term in parse_conditions(text, predictor())] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("glases", "did you mean glasses"),
        ("wings", "there are smile, glasses"),
        ("smile", "such as smile>0"),
        ("glasses>2", "such as glasses"),
        ("smile>much", "much is no number"),
        ("smile>nan", "nan is no number"),
        ("smile>inf", "inf is no number"),
        ("no smile>0.2", "such as smile>0"),
        ("", "write a condition"),
        ("smile>>2", "write a condition|no number"),
    ],
)
def test_conditions_that_make_no_sense_are_refused_in_a_sentence(text, says) -> None:
    with pytest.raises(InputError, match=says):
        parse_conditions(text, predictor())


def test_conditions_hold_where_they_hold() -> None:
    scores = {"smile": np.array([0.1, 0.5, 0.9], np.float32), "glasses": np.array([2, -1, 3], np.float32)}
    (term,) = parse_conditions("smile>0.4", predictor())
    assert term.holds(scores).tolist() == [False, True, True]
    (term,) = parse_conditions("no glasses", predictor())
    assert term.holds(scores).tolist() == [False, True, False]


# ---- the portraits' reader as a predictor ------------------------------------------------------------------------------------


def test_log_odds_are_those_of_the_softmax() -> None:
    answers = torch.randn(50, ANSWERS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, table = scores_of(answers), to_table(answers)
    start = len(CONTINUOUS)
    for attribute in CATEGORIES:
        p = answers[:, start : start + len(attribute.names)].softmax(1).numpy()
        start += len(attribute.names)
        for place, name in enumerate(attribute.names):
            if name == "none":
                assert np.allclose(found[attribute.name], np.log((1 - p[:, place]) / p[:, place]), atol=1e-5)
            else:
                odds = found[f"{attribute.name}={name}"]
                assert np.allclose(odds, np.log(p[:, place] / (1 - p[:, place])), atol=1e-5)
                assert (odds[p[:, place] > 0.5] > 0).all()
    for attribute in CONTINUOUS:
        inside = (table[attribute.name] > attribute.low) & (table[attribute.name] < attribute.high)
        assert inside.any()
        assert np.allclose(found[attribute.name][inside], table[attribute.name][inside], atol=1e-5)


def test_the_portraits_predictor_knows_every_attribute_that_can_be_read() -> None:
    net = SimpleNamespace(predict=lambda x: torch.zeros(len(x), ANSWERS))
    accuracy = {a.name: 0.9 for a in (*CONTINUOUS, *CATEGORIES)}
    found = portrait_predictor(SimpleNamespace(net=net, accuracy=accuracy))  # type: ignore[arg-type]
    assert {"smile", "glasses", "glasses=round", "hair_style=bald", "beard"} <= set(found.names)
    assert "hair_style" not in found.names
    assert not {name for name in found.names if name.endswith("=none")}
    assert {a.name for a in ATTRIBUTES if a.kind == "continuous"} == found.continuous
    for pictures in (np.zeros((3, 3, 16, 16), np.uint8), np.zeros((0, 3, 16, 16), np.uint8)):
        scores = found.predict(pictures)
        assert set(scores) == set(found.names)
        assert all(len(column) == len(pictures) for column in scores.values())


# ---- linear models of labels ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark pictures in a folder each."""
    folder, random = tmp_path_factory.mktemp("data") / "shades", np.random.default_rng(0)
    for kind, level in (("bright", 180), ("dark", 60)):
        (folder / kind).mkdir(parents=True)
        for i in range(60):
            noise = random.integers(-40, 41, (16, 16, 3)) + level
            Image.fromarray(noise.astype(np.uint8)).save(folder / kind / f"{i:02d}.png")
    return folder


@pytest.fixture
def discriminator() -> Discriminator:
    return untrained(presets.make("dcgan", size=16, channels=3, width=4, discriminator_norm="none"))


def test_a_predictor_learns_what_labels_mean(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    told_of = []
    found = linear_predictor(
        discriminator, bank, label_columns(bank.labels), lambda done, total: told_of.append((done, total))
    )
    assert found.names == ("bright", "dark")
    assert found.accuracy == {"bright": 1, "dark": 1}
    assert told_of[-1] == (120, 120)
    flat = np.repeat(np.array([200, 190, 50, 40], np.uint8), 768).reshape(4, 3, 16, 16)
    scores = found.predict(flat)
    assert (scores["bright"] > 0).tolist() == [True, True, False, False]
    assert np.allclose(scores["bright"], -scores["dark"], atol=1e-3)


def test_numbers_are_read_as_numbers(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    level = np.array([picture.mean() for picture in bank.pictures[np.arange(len(bank.pictures))]])
    level[::7] = np.nan
    found = linear_predictor(discriminator, bank, {"level": level})
    assert found.continuous == {"level"}
    assert found.accuracy["level"] > 0.9
    flat = np.repeat(np.array([180, 60], np.uint8), 768).reshape(2, 3, 16, 16)
    bright, dark = found.predict(flat)["level"]
    assert bright > dark + 60
    with pytest.raises(InputError, match="such as level>1"):
        parse_conditions("level", found)


def test_labels_that_tell_nothing_apart_are_refused(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    one = np.full(len(bank.pictures), np.nan)
    one[bank.train[0]] = 1
    one[bank.train[1:9]] = 0
    with pytest.raises(
        InputError, match="--labels: nothing to learn from rare: shades hasn't two kinds of at least two"
    ):
        linear_predictor(discriminator, bank, {"rare": one})
    with pytest.raises(InputError, match="nothing to learn from same"):
        linear_predictor(discriminator, bank, {"same": np.ones(len(bank.pictures))})
    said = []
    found = linear_predictor(discriminator, bank, label_columns(bank.labels) | {"rare": one}, say=said.append)
    assert found.names == ("bright", "dark")
    assert "left out: rare: " in said[0]
    assert "on held-out ones it is right: bright 1.00, dark 1.00" in said[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,x,\n1.png,1,2\n", "a heading of its own"),
        ("file,x,x\n1.png,1,2\n", "a heading of its own"),
        ("file,x\n1.png,inf\n", "the column x has numbers beyond"),
        ("file,x\n1.png,1e300\n", "the column x has numbers beyond"),
        (f'file,x\n1.png,"{"a" * 200_000}"\n', "no table that can be read .*: check its quotes"),
    ],
)
def test_tables_that_make_no_sense_are_refused(text, says) -> None:
    with pytest.raises(InputError, match=rf"x\.csv.* {says}"):
        table_columns(text, ["1.png"], "x.csv")


def test_a_table_becomes_columns() -> None:
    names = ["a/1.png", "b/2.png", "3.png", "4.png"]
    text = "file,Smiling,age,hair\n1.png,-1,20,red\nb/2.png,1,31.5,black\n3.png,1,,red\nother.png,1,3,red\n"
    columns = table_columns(text, names, "x.csv")
    assert list(columns) == ["Smiling", "age", "hair=black", "hair=red"]
    assert np.array_equal(columns["Smiling"], [0, 1, 1, np.nan], equal_nan=True)
    assert np.array_equal(columns["age"], [20, 31.5, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(columns["hair=red"], [1, 0, 1, np.nan], equal_nan=True)
    assert list(table_columns("f,label\n1.png,cat\n3.png,dog\n", names, "x.csv")) == ["cat", "dog"]
    with pytest.raises(InputError, match=r"x.csv names none of the run's pictures: .* such as a/1.png"):
        table_columns("file,x\n9.png,1\n", names, "x.csv")
    with pytest.raises(InputError, match=r"x\.csv is no table"):
        table_columns("1.png\n", names, "x.csv")


def test_the_representation_is_every_layers_maxima() -> None:
    """Against the paper's words, layer by layer: convolutions written out, largest values of a 4×4 grid."""
    made = presets.make("dcgan", size=32, channels=3, width=4, discriminator_norm="none")
    net = untrained(made, 3).net
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), np.uint8)
    x, expected = torch.from_numpy(pictures).float() / 127.5 - 1, []
    convs = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)][:-1]
    for conv in convs:
        x = torch.nn.functional.conv2d(x, conv.weight, conv.bias, 2, 1)
        x = torch.where(x > 0, x, 0.2 * x)
        side = x.shape[2] // 4
        expected.append(x.unflatten(2, (4, side)).unflatten(4, (4, side)).amax((3, 5)).flatten(1))
    found = representation(Discriminator(net, made), pictures)
    assert found.shape == (3, 16 * (4 + 8 + 16))
    assert np.allclose(found, torch.cat(expected, 1).detach().numpy(), atol=1e-5)


# ---- which predictor a run has ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(shades: Path, tmp_path_factory: pytest.TempPathFactory) -> figment.Run:
    out = tmp_path_factory.mktemp("runs") / "run"
    return figment.train(shades, images=64, recipe="dcgan", size=16, width=4, batch=16, out=out)


def test_a_run_is_read_by_its_own_labels_by_others_or_by_a_table(
    run: figment.Run, shades: Path, tmp_path: Path
) -> None:
    assert attribute_predictor(run, None, Silent()).names == ("bright", "dark")
    assert attribute_predictor(run, shades, Silent()).names == ("bright", "dark")
    table = tmp_path / "levels.csv"
    table.write_text(
        "file,level\n" + "".join(f"{k}/{i:02d}.png,{i % 3}\n" for k in ("bright", "dark") for i in range(60))
    )
    assert attribute_predictor(run, table, Silent()).names == ("level",)


def test_a_run_without_labels_says_how_to_give_some(faces: Path, run: figment.Run, tmp_path: Path) -> None:
    run = figment.train(faces, images=16, recipe="dcgan", size=16, width=2, batch=16, out=tmp_path / "run")
    with pytest.raises(InputError, match=r"has no labels .* give --labels DATA"):
        attribute_predictor(run, None, Silent())
    with pytest.raises(InputError, match="put the pictures of each class into a folder"):
        attribute_predictor(run, faces, Silent())
    with pytest.raises(InputError, match=r"nowhere.csv can't be read"):
        attribute_predictor(run, tmp_path / "nowhere.csv", Silent())


def test_portraits_are_read_by_their_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(workbench, "portrait_reader", lambda size, tally: asked.append(size) or "reader")
    monkeypatch.setattr(workbench, "portrait_predictor", lambda reader: f"predictor with {reader}")
    made = presets.make("dcgan", size=32)
    run = SimpleNamespace(recipe=made, facts={"data": None}, folder=None)
    assert attribute_predictor(run, None, Silent()) == "predictor with reader"  # type: ignore[arg-type]
    assert asked == [32]
