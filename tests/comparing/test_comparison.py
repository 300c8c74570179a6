"""What compare finds and says: settings, differences, scores of one way, and no claim that the numbers don't bear."""

import csv
import json

import pytest

import figment
from figment.comparing.comparison import compare
from figment.comparing.same_codes import after, draw_alike, moments, nearest_equal
from figment.errors import InputError
from figtest.command import command
from figtest.scored_runs import look, record, scored_run

KIDS = {"hinge": (118.0, 125.0, 121.0), "bce": (160.0, 171.0, 166.0)}


def seeds_of(folder, values=None, **changes):
    """Runs hinge-0 … bce-2 with these KIDs."""
    return [
        scored_run(folder, f"{objective}-{seed}", [record("kid", kid), record("recall", 0.3)], seed=seed,
                   choices={"objective": objective} | changes)
        for objective, kids in (values or KIDS).items() for seed, kid in enumerate(kids)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    return seeds_of(tmp_path_factory.mktemp("six"))


@pytest.fixture(scope="module")
def found(six):
    return compare(*six)


def test_seeds_of_one_setting_are_taken_together(found):
    assert [(setting.label, setting.seeds) for setting in found.settings] == [
        ("objective=hinge", (0, 1, 2)), ("objective=bce", (0, 1, 2))
    ]  # fmt: skip
    assert [(one.section, one.field, one.values) for one in found.differences] == [
        ("recipe", "objective", ("hinge", "bce")), ("training", "seed", ("0, 1, 2", "0, 1, 2"))
    ]  # fmt: skip


def test_what_is_sure_is_said_with_its_interval(found):
    assert found.sentences == [
        "6 runs of 2 settings, which differ in objective.",
        "objective=hinge is better by more than chance than objective=bce (KID 44.3 less: 39.2 to 49.5 less, paired by 3 seeds).",
    ]
    assert found.judge.title == "KID"
    assert {score.kind for score in found.scores} == {"kid", "recall"}


def test_a_notebook_shows_what_the_command_prints(found):
    assert repr(found) == str(found) == "\n".join(found.lines())


def test_the_public_name(six):
    assert figment.compare(six[0].folder, str(six[3].folder)).judge.kind == "kid"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"hinge": (120.0, 150.0, 118.0), "bce": (130.0, 125.0, 140.0)}, "can't be told apart"),
        ({"hinge": (120.0,), "bce": (160.0,)}, "but one seed tells no setting from chance"),
        ({"hinge": (120.0,), "bce": (121.0,)}, "can't be told apart by one seed"),
        ({"hinge": (120.0, 121.0, 122.0), "bce": (160.0,)}, "can't be told apart by one seed"),
    ],
)
def test_no_more_is_said_than_the_numbers_tell(tmp_path, values, says):
    found = compare(*seeds_of(tmp_path, values))
    said = " ".join(found.sentences)
    assert says in said
    assert "by more than chance" not in said
    assert "nan" not in said + str(found) + found.as_csv() + found.as_json()


def test_three_settings_need_wider_intervals(tmp_path, six):
    third = [
        scored_run(tmp_path, f"ml-{seed}", [record("kid", kid)], seed=seed, choices={"objective": "ml"})
        for seed, kid in enumerate((119.0, 127.0, 120.5))
    ]
    three, two = compare(*six, *third), compare(*six)
    apart = [one.judge.between("objective=hinge", "objective=bce") for one in (three, two)]
    assert apart[0].half / apart[1].half == pytest.approx(7.649 / 4.303, rel=1e-3)  # t of 2 at 98.33 % over 95 %
    assert "objective=hinge and objective=ml" in " ".join(three.sentences)


def test_scores_of_another_way_are_not_compared(tmp_path):
    runs = [
        scored_run(tmp_path, "a", [record("kid", 100.0, n=400), record("kid", 90.0)]),
        scored_run(tmp_path, "b", [record("kid", 70.0)], seed=1),
        scored_run(tmp_path, "c", [record("kid", 10.0, data="cats", fingerprint="ca75")], seed=2),
    ]
    found = compare(*runs)
    (score,) = found.scores
    assert {name: its.value.value for name, its in score.readings.items()} == {"a": 90.0, "b": 70.0}
    assert "c has no KID that was taken as the others' were: measure all of them." in found.sentences
    assert found.command == " ".join(["figment measure", *(str(run.folder) for run in runs)])
    assert f"  {found.command}" in found.lines()
    assert "c,2" in found.as_csv()


def test_the_looks_while_training_are_taken_where_nothing_was_measured(tmp_path):
    runs = [scored_run(tmp_path, n, looks=[look(5120, 90.0), look(10240, fd)], seed=s)
            for n, fd, s in (("a", 60.0, 0), ("b", 66.0, 1))]  # fmt: skip
    found = compare(*runs)
    assert found.judge.title == "FD-lite0 while it trained"
    assert any("Judged by few samples" in one for one in found.sentences)
    assert found.sentences[0] == "2 runs of one setting, seeds 0 and 1."
    bare = compare(*(scored_run(tmp_path, name, seed=seed) for name, seed in (("c", 0), ("d", 1))))
    assert bare.judge is None
    assert "measure them" in bare.sentences[-1]
    assert "takes two seeds or more of that one" in found.sentences[-1]
    assert bare.command
    assert bare.command.startswith("figment measure ")


def test_what_limits_a_comparison_is_said(tmp_path):
    runs = [
        scored_run(tmp_path, "a", [record("kid", 90.0, images=640)], choices={"width": 2, "lr": 1e-4}),
        scored_run(tmp_path, "b", [record("kid", 70.0, images=5120)], choices={"width": 4}, state="interrupted", images=5120,
                   machine={"name": "Other CPU"}, fingerprint="0ther"),
    ]  # fmt: skip
    said = " ".join(compare(*runs).sentences)
    for expected in (
        "which differ in width, lr and pictures",
        "a has been trained since it was measured",
        "b and a differ in 3 things at once: which of them makes a difference can't be told",
        "They haven't seen equally many images: 5,120 to 10,240.",
        "different machines",
        "Not finished: b (interrupted).",
    ):
        assert expected in said, said


def test_one_seed_each_is_told_how_many_would_do(tmp_path):
    said = " ".join(compare(*seeds_of(tmp_path, {"hinge": (120.0,), "bce": (160.0,)})).sentences)
    assert "two seeds or more of each" in said


def test_unfinished_runs_are_to_be_trained_to_their_end_before_they_are_measured(tmp_path):
    a = scored_run(tmp_path, "a")
    b = scored_run(tmp_path, "b", state="interrupted", seed=1)
    resuming = f"figment resume {b.folder} && figment measure {a.folder} {b.folder}"
    assert compare(a, b).command == resuming
    measured = [scored_run(tmp_path, name, [record("kid", 90.0)], seed=seed, state="interrupted")
                for seed, name in enumerate("cd")]  # fmt: skip
    assert compare(*measured).command is None


def test_what_the_stopwatch_chose_makes_no_other_setting(tmp_path):
    runs = [
        scored_run(tmp_path, "a", choices={"precision": "fp32"}),
        scored_run(tmp_path, "b", choices={"precision": "bf16"}, seed=1),
    ]
    assert len(compare(*runs).settings) == 1
    asked = {"recipe": "dcgan", "choices": {"precision": "bf16"}}
    chosen = scored_run(tmp_path, "c", choices={"precision": "bf16"}, seed=2, asked=asked)
    assert len(compare(runs[0], chosen).settings) == 2


def test_csv_has_a_line_for_each_run_and_score(found):
    rows = list(csv.DictReader(found.as_csv().splitlines()))
    assert len(rows) == 12
    assert {(row["run"], float(row["value"])) for row in rows if row["score"] == "kid"} == {
        (f"{name}-{seed}", kid) for name, kids in KIDS.items() for seed, kid in enumerate(kids)
    }


def test_json_is_whole(found):
    content = json.loads(found.as_json())
    assert content["format"] == 1
    assert content["judge"] == "kid"
    assert content["command"] is None  # all were measured in one way
    assert content["settings"][0]["runs"][1] == {
        "name": "hinge-1", "seed": 1, "images": 10240, "seconds": 60.0, "state": "finished"
    }  # fmt: skip
    kid = next(score for score in content["scores"] if score["score"] == "kid")
    assert kid["settings"]["objective=bce"]["seeds"] == 3
    assert kid["contrasts"][0]["sure"] is True
    assert kid["runs"]["bce-0"]["value"] == 160.0


def test_equal_images_are_those_nearest_to_what_all_have_reached(six, tmp_path):
    kept = {"a": dict.fromkeys((100, 1000, 4000, 10_000)), "b": dict.fromkeys((90, 1100, 3000, 5000))}
    assert nearest_equal(kept) == [{"a": 100, "b": 90}, {"a": 1000, "b": 1100}, {"a": 4000, "b": 5000}]
    short = scored_run(tmp_path, "short", snapshots=(640, 2560), seed=7, choices={"objective": "hinge"})
    found = moments(compare(six[0], short).settings)
    assert [(moment.title, [strip.images for strip in moment.strips]) for moment in found] == [
        ("After 640 images", [640, 640]), ("After 2,560 images: as far as all have come", [2560, 2560]),
        ("At the end of each", [10240, 2560]),
    ]  # fmt: skip
    drawn = figment.load(six[0].snapshot_file(640)).sample(8, 0)
    assert (found[0].strips[0].pictures == drawn).all()
    assert moments(compare(scored_run(tmp_path, "x", snapshots=()), short).settings) == []
    assert after({"a": 3000, "b": 2900}) == "After 2,900 to 3,000 images"


def test_a_generator_that_cant_be_read_is_left_out_and_told(tmp_path):
    runs = [scored_run(tmp_path, name, seed=seed) for seed, name in enumerate("ab")]
    runs[1].snapshot_file(640).write_bytes(b"damaged")
    told = []
    found = compare(*runs)
    found.save(tmp_path / "page.html", say=told.append)
    assert len(told) == 1
    assert "000000640.safetensors" in told[0]
    assert [len(moment.strips) for moment in moments(found.settings)] == [1, 2, 2]


def test_codes_of_other_sizes_are_told(tmp_path):
    runs = [scored_run(tmp_path, f"r{size}", choices={"code_size": size}) for size in (4, 8)]
    assert not draw_alike(compare(*runs).settings)


# ---- the command -------------------------------------------------------------------------------------------------


def test_the_command_writes_a_page_and_says_what_it_found(six, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folders = [run.folder for run in six]
    assert command("compare", *folders) == 0
    said = capsys.readouterr().out
    for text in (
        "is better by more than chance",
        "121.3 ± 8.7 (3 seeds)",
        "hinge-1      1        10,240   1 min 00 s   125.0 ± 1.0",
        "recipe: objective",
        "page  compare-hinge-0-",
    ):
        assert text in said, said
    (page,) = tmp_path.glob("compare-*.html")
    assert page.read_text().startswith("<!DOCTYPE html>")
    first = page.read_bytes()
    assert command("compare", *folders) == 0  # figment's own page is made anew
    assert page.read_bytes() == first


@pytest.mark.parametrize(("form", "starts"), [("--csv", "setting,run,seed"), ("--json", '{\n "format": 1')])
def test_tables_go_to_standard_output_alone(six, tmp_path, monkeypatch, capsys, form, starts):
    monkeypatch.chdir(tmp_path)
    assert command("compare", six[0].folder, six[3].folder, form) == 0
    assert capsys.readouterr().out.startswith(starts)
    assert not list(tmp_path.iterdir())


def test_what_cant_be_compared_is_one_sentence(six, tmp_path, capsys):
    (tmp_path / "notes.html").write_text("mine")
    a, b = six[0].folder, six[1].folder
    for words, says in (
        ([a], "1 run: name two or more to compare"),
        ([a, a], "is named twice"),
        ([a, tmp_path / "none"], "none"),
        ([a, tmp_path], "is no run folder"),
        ([a, b, "--csv", "--json"], "leave one out"),
        ([a, b, "--out", tmp_path / "notes.html"], "isn't a page or list that figment wrote"),
        ([a, b, "--out", tmp_path / "p.pdf"], "let it end in .html"),
    ):
        assert command("compare", *words) == 2
        said = capsys.readouterr().err
        assert says in said
        assert "Traceback" not in said
    with pytest.raises(InputError, match="0 runs"):
        compare()


def test_only_what_is_compared_is_said_to_differ_in_several_things(six, tmp_path):
    bare = scored_run(tmp_path, "bare", choices={"width": 8, "lr": 1e-4, "objective": "mse"}, fingerprint="0ther")
    said = " ".join(compare(*six, bare).sentences)
    assert "at once" not in said  # the two that have scores differ in one
    assert "no KID that was taken as the others' were" in said
    other = scored_run(tmp_path, "other", choices={"lr": 1e-4})
    assert "bare and other have no score, so nothing says which is better" in " ".join(compare(bare, other).sentences)
    ways = [scored_run(tmp_path, f"way-{n}", [record("kid", 300.0, n=n)], choices={"width": n}) for n in (4, 8)]
    assert "Their scores were taken in different ways" in " ".join(compare(*ways).sentences)
    measured = scored_run(tmp_path, "too", [record("kid", 300.0)], choices={"width": 8, "lr": 1e-4, "objective": "mse"})
    assert "differ in 3 things at once" in " ".join(compare(*six, measured).sentences)
