"""train(), resume() and dry_run(): from what the user asks for to a run folder that holds the result."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from figment import config_file
from figment import recipe as recipes
from figment.common.cache import point_libraries_at_cache, training_here
from figment.common.launch import leads
from figment.common.machine import Machine, configure_torch, this_machine
from figment.common.malloc import hold_freed_memory
from figment.common.progress import Agree, Display, Say, Silent
from figment.common.refusals import is_refusal, refusal
from figment.common.run_time import watched
from figment.common.signals import sigterm_as_interrupt, stop_requested
from figment.common.text import typed
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import Bank
from figment.data.decoding.fit import STRIP
from figment.data.sources.groups import grouping
from figment.data.sources.open import Source, open_source
from figment.display.terminal import Shown, display_for
from figment.errors import InputError, Interrupted
from figment.planning.autotune import speed_here, with_less_memory
from figment.planning.choose import DEFAULT_TIME, choose, choose_usual_start, with_further_budget
from figment.planning.dry_run import describe
from figment.planning.learning_curves import expected, speed_of
from figment.planning.resolve import loader_for, resolve, settled_by_data
from figment.planning.starting import asked_origin, may_start
from figment.reals import Data, absolute_data, bank_of, check_wanted, clip_choices, drop_filter, prepared
from figment.recipe import Recipe
from figment.run import Run, empty, refuse_taken
from figment.starts.asked import NOTHING, SHIPPED
from figment.stores.address import address_of, is_address
from figment.stores.fetch import fetched, folder_for
from figment.stores.keeper import kept_up
from figment.stores.place import Place, place_for_new, place_of
from figment.training import loop
from figment.training.callbacks import Callback, check_callbacks, listening
from figment.training.closing import keep_closing
from figment.training.dealt import check_dealing, check_parts
from figment.training.distributed import World, joined
from figment.training.mark_key import mark_key
from figment.training.origin import Origin, shared_origin
from figment.training.state import (
    load_and_broadcast,
    naming_what_is_kept,
    refuse_full_disk,
    refuse_other_nets,
    resumed_event,
)
from figment.version import versions

STOPPING = "stopping: keeping the state, a sheet and the report; Ctrl-C again ends at once, with what was saved before"


def train(
    data: Data = None, *, time: str | None = None, images: str | int | None = None, recipe: str = "auto",
    from_run: str | Path | Run | None = None, out: str | Path | None = None, group: str | None = None,
    drop: str | None = None, keep_marked: bool = False, agree: Agree | None = None, device: str = "auto",
    video: VideoShape | str | None = None, display: Shown = "auto", callbacks: Sequence[Callback] = (),
    command: Sequence[str] | None = None, pause: float = 1.0, keep: str | None = None, **choices: Any,
) -> Run:  # fmt: skip
    """Train a generator on pictures.

    Parameters
    ----------
    data : str, path, Source, a list of these, or None
        What open_source takes: a folder, archive, parquet or array file, a pattern of such, a name from
        `figment data list`, hf:OWNER/NAME. None takes the built-in portraits.
    time, images : str (or int for images)
        The budget: "10m" of training, or "500k" images seen. Ten minutes if neither is given.
    recipe : str
        The name of a recipe, or "auto". choices are any fields of a Recipe, such as size=64 or seed=1.
    from_run : Run, path or str, optional
        Known nets to begin from: a run, a generator.safetensors, "hf:OWNER/NAME", or "start", those that figment brings
        along. What fits of them is copied. None leaves it to auto, "none" begins with nets that have learnt nothing.
    out : path, optional
        The run folder; runs/<data>-<number> by default. It mustn't exist, or be empty.
    group, drop, keep_marked : str, str, bool
        What keeps pictures together when a tenth is held out: a regular expression on their names, by its first group, a
        column that the data have ("person"), or a file of names and groups; what of the pictures isn't used:
        "near-duplicates,outliers,small"; and whether those that figment made itself are.
    agree : callable, optional
        Asked with a licence before a public set is downloaded for the first time.
    device : {"auto", "cuda", "mps", "cpu"}
        What it is trained on.
    video : str, optional
        The shape of clips to train on, from films, folders of frames or (fit="strip") strips: "16x12" is 16 frames, 12 a second;
        "auto" looks at the films.
    display : {"auto"}, None or Display
        What is told how it goes: "auto" shows a live panel on a terminal and in a notebook, and a line every ten seconds
        elsewhere (on standard error); None is silent.
    callbacks : sequence of callable
        Each is called as callback(run, event) with the first event, {"event": "begin", …}, and then with every line of
        events.jsonl as it is written, in this process, between two steps. One that fails is told of by a warning, whatever the
        display, and called no more; the run goes on. TensorBoard() is one.
    command : sequence of str, optional
        What the run notes as how to repeat it.
    pause : float
        The share of the budget after which the run is left as Ctrl-C would leave it, to be gone on with by resume; its
        schedules are those of the whole budget.
    keep : str, optional
        A store where the run is kept, too, as it trains: "gs://bucket/run", s3://, az:// or file://. What isn't up there at the
        end, run.elsewhere.lacking tells.

    Returns
    -------
    Run
        Its facts["state"] is "finished", or "interrupted" after Ctrl-C, SIGTERM or SIGHUP.

    Raises
    ------
    InputError
        For anything that can't be used, before a folder is made or with the folder removed again.
    Interrupted
        On Ctrl-C, SIGTERM or SIGHUP before the first step; later ones end the training, and the run is returned.

    See Also
    --------
    resume : goes on with the run.
    figment.measure : how good its pictures are.

    Examples
    --------
    >>> run = figment.train("my-pictures", time="20m", size=64, seed=1)  # doctest: +SKIP
    >>> figment.load(run.folder).sheet().save("samples.png")  # doctest: +SKIP
    """
    check_callbacks(callbacks)
    machine, shown = this_machine(device), display_for(display)
    with joined(machine.device, shown.say if shown else None) as world:
        shown = (shown if world.leads else None) or Silent()
        group = None if group is None else grouping(group).text
        video = looked_at(video, data, choices, world, shown.say)
        origin, choices = asked_origin(from_run, world), choices | clip_choices(data, video, choices)
        chosen, notes = choose(recipe, machine, time, images, choices, origin)
        world.check_batch(chosen.batch)
        check_dealing(chosen, world)
        check_wanted(chosen, group, drop)
        folder = None if out is None else _folder_named(out)
        if folder is not None and world.leads:
            refuse_taken(folder)  # before a set is downloaded
        place = place_for_new(keep) if keep is not None and world.leads else None
        with world.local_main_process_first("the source"):  # a public set is downloaded once on each machine
            source = open_source(
                data, agree, shown.stage("downloading", "MB"), shown.say, chosen.video, chosen.fit == STRIP
            )
            if group is not None:
                grouping(group).of(source)  # refused before there is a run, and a page to watch it on
        if from_run is None:
            usual = choose_usual_start(recipe, machine, time, images, choices, chosen, source, world)
            origin, chosen, notes = usual or (None, chosen, notes)
        leave_out = drop_filter(drop, chosen, shown, keep_marked)
        again = config_file.written(
            absolute_data(data), time if images is not None or time is not None else DEFAULT_TIME, images,
            {"recipe": recipe, "from": origin.asked if origin and from_run is not None else from_run and NOTHING,
             "group": group, "drop": drop, "keep-marked": keep_marked, "device": device}, choices,
        )  # fmt: skip
        run, filled = None, folder is not None and folder.exists()
        if world.leads:
            run = _new_run(folder, source.display, chosen, {
                "asked": {"recipe": recipe, "choices": choices}, "data": absolute_data(data), "group": group,
                "drop": leave_out.text if leave_out else None, "keep_marked": keep_marked,
                **({"from": origin.facts(chosen)} if origin else {}),
                "source": source.display, "device": device, **({"keep": str(place.store.address)} if place else {}),
                "command": list(command or []), "versions": versions(),
            }, again)  # fmt: skip
        with (
            held_run(run, world) as run,
            _removed_if_unusable(run, world, filled),
            _on_page(run, world, shown, is_new=True) as shown,
        ):
            for note in notes:
                shown.say(note)
            request = Request(run.recipe, source, origin=origin, callbacks=callbacks, pause=pause, place=place)
            return continue_training(run, request, machine, shown, world)


def looked_at(
    video: VideoShape | str | None, data: Data, choices: dict[str, Any], world: World, say: Say
) -> VideoShape | str | None:
    """The shape of clips that is asked for; for "auto" what the first process sees fit, which says why. Raises InputError."""
    if not isinstance(video, str) or video.strip().lower() != "auto":
        return video

    def look() -> str:
        from figment.data.sources.clip_shape import choose_shape

        shape, why = choose_shape(data, choices.get("fit") == STRIP)
        say(why)
        return str(shape)

    return world.share_text("the shape of clips", look)


def dry_run(
    data: Data = None, *, time: str | None = None, images: str | int | None = None, recipe: str = "auto",
    from_run: str | Path | Run | None = None, group: str | None = None, drop: str | None = None,
    keep_marked: bool = False, agree: Agree | None = None, device: str = "auto", video: VideoShape | str | None = None,
    display: Shown = "auto", **choices: Any,
) -> str:  # fmt: skip
    """The plan of the run that train() would begin with the same arguments. Makes no run.

    The pictures are prepared as for training, which is kept, and under a time budget the machine is measured.

    Parameters
    ----------
    data, time, images, recipe, from_run, group, drop, keep_marked, agree, device, video, display, **choices
        As train() takes them.

    Returns
    -------
    str
        The plan: machine, nets with parameter counts, objective, schedule, memory, a line each.

    Raises
    ------
    InputError
        As train() does.
    """
    machine, shown = this_machine(device), display_for(display) or Silent()
    world = World.alone(machine.device)
    video = looked_at(video, data, choices, world, shown.say)
    origin, choices = asked_origin(from_run, world), choices | clip_choices(data, video, choices)
    chosen, notes = choose(recipe, machine, time, images, choices, origin)
    check_wanted(chosen, group, drop)
    source = open_source(data, agree, shown.stage("downloading", "MB"), shown.say, chosen.video, chosen.fit == STRIP)
    if from_run is None:
        usual = choose_usual_start(recipe, machine, time, images, choices, chosen, source, world)
        origin, chosen, notes = usual or (None, chosen, notes)
    for note in notes:
        shown.say(note)
    check_dealing(chosen, world)
    bank = prepared(source, chosen, group, drop, shown, keep_marked, world.parts(chosen.parts))
    shown.say(bank.summary())
    chosen = settled_by_data(chosen, bank)
    hold_freed_memory()
    configure_torch(world.device)  # as in training, so that the same is measured
    with watched():
        if chosen.planned_images:  # by a budget of images, under which only what is told is measured
            speed = speed_here(chosen, machine, loader_for(bank, chosen, world), world, shown, origin)
        else:
            asked = {"recipe": recipe, "choices": choices}
            chosen = resolve(asked, chosen, bank, machine, world, shown, origin)[0].recipe
            speed = speed_of(chosen)
    shown.end()
    return describe(
        chosen, machine, origin.told(chosen) if origin else "", _expected(chosen, bank, origin, speed), speed
    )


def resume(
    run: Run | str | Path, *, time: str | None = None, images: str | int | None = None, data: Data = None,
    device: str = "auto", display: Shown = "auto", callbacks: Sequence[Callback] = (), pause: float = 1.0,
    keep: str | None = None, out: str | Path | None = None,
) -> Run:  # fmt: skip
    """Go on with a run where its last state was kept, to the end of its budget or for a further one.

    Beyond the planned end the final rates are held. A finished run without a further budget is left as it is.

    Parameters
    ----------
    run : Run or path
        The run, its folder, or a store that keeps it, such as "gs://bucket/run": it is brought back first.
    time, images : str (or int for images), optional
        A further budget: "10m" of training, or "500k" images seen.
    data : as train() takes it, optional
        Where the pictures are, if they were moved.
    device : str
        "auto" (as before), "cuda", "mps" or "cpu".
    display, callbacks, pause : as train() takes them
    keep : str, optional
        A store to keep it in from now on; "none" for none. As before by default.
    out : path, optional
        Where a run of a store is put: runs/<its name> by default. It mustn't exist, or be empty.

    Returns
    -------
    Run
        The run, further on.

    Raises
    ------
    InputError
        For a run, data or a budget that can't be used.
    """
    check_callbacks(callbacks)
    run = _on_this_machine(run, out, display_for(display) or Silent())
    machine, shown = this_machine(device if device != "auto" else _device_of(run)), display_for(display)
    with joined(machine.device, shown.say if shown else None) as world:
        shown = (shown if world.leads else None) or Silent()
        own = (run if isinstance(run, Run) else Run(run)) if world.leads else None
        with held_run(own, world) as run:
            place = place_of(run, keep) if world.leads else None
            source, facts = None, dict[str, Any](keep=str(place.store.address) if place else "none") if keep else {}
            if data is not None:
                with world.local_main_process_first("the source"):
                    its = run.recipe
                    source = open_source(
                        data, None, shown.stage("downloading", "MB"), shown.say, its.video, its.fit == STRIP
                    )
                facts |= {"data": absolute_data(data)}
            if run.state != "finished" or time is not None or images is not None:
                recipe = run.recipe
                if time is not None or images is not None:
                    recipe = with_further_budget(run, world, time, images)
                with _on_page(run, world, shown) as shown:
                    request = Request(recipe, source, facts, callbacks=callbacks, pause=pause, place=place)
                    return continue_training(run, request, machine, shown, world)
            if source is not None:  # for what is asked of the run from now on
                _, found = _prepared_for(run, shown, source)
                run.note(**facts, **found)
            elif facts:
                run.note(**facts)
            if not run.report_file.exists():  # it was killed just before
                _report(run, world, shown)
            with kept_up(run, place, shown.say):  # what it couldn't be when it ended
                pass
            return run


@dataclass(frozen=True)
class Request:
    """What a run is to be trained by. Nothing of it is written to the run before all of it is known to be possible.

    source: the run's data, where they have been opened already. facts: to be noted. origin: what a new run begins from.
    callbacks: told of its events. pause: the share of the budget after which it stops as if it was asked to. place: where it
    is kept, too; of several processes, in the first.
    """

    recipe: Recipe
    source: Source | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    callbacks: Sequence[Callback] = ()
    pause: float = 1.0
    place: Place | None = None


def _folder_named(out: str | Path) -> Path:
    if not str(out):
        raise InputError("--out is empty: name a folder.")
    return Path(out)


def _new_run(folder: Path | None, data: str, recipe: Recipe, facts: dict[str, Any], again: str) -> Run:
    """A new run in this folder, or in the next that is named after its data."""
    if folder is None:
        return Run.create_numbered(Path("runs"), data, recipe, facts, again)
    return Run.create(folder, recipe, facts, again)


def _on_this_machine(run: Run | str | Path, out: str | Path | None, display: Display) -> Run | Path:
    """A run that is named, in its folder: brought back first where it is on a store, by the first of several processes."""
    if isinstance(run, Run) or not is_address(run):
        if out is not None:
            raise InputError("--out is for a run on a store: one in a folder goes on where it is.")
        return run if isinstance(run, Run) else Path(run)
    address, folder = address_of(str(run), "RUN"), None if out is None else _folder_named(out)
    if not leads():
        return folder or folder_for(address)
    return fetched(str(run), folder, display)


@contextmanager
def _removed_if_unusable(run: Run, world: World, filled: bool) -> Iterator[None]:
    """The folder of a new run goes again where its data or the disk can't be used, before anything was learnt.

    filled: it was there before, empty, and will be so again.
    """
    try:
        yield
    except InputError:
        if world.leads and not run.state_file.exists() and not run.generator_file.exists():
            if filled:
                empty(run.folder)
            else:
                shutil.rmtree(run.folder, ignore_errors=True)
        raise


def _device_of(run: Run | str | Path) -> str:
    """The device that a run was begun on, as asked for; "auto" where this process can't see the run's folder."""
    file = Path(run.folder if isinstance(run, Run) else run) / "run.json"
    return str(Run(file.parent).facts.get("device") or "auto") if os.path.isfile(file) else "auto"


@contextmanager
def held_run(run: Run | None, world: World) -> Iterator[Run]:
    """The run in every process, held by the first one, so that nobody else trains it or changes what it is trained by.

    The others have a passing copy of its recipe and facts. Raises InputError where it is being trained already.
    """
    with run.locked() if run is not None else nullcontext():
        if run is not None:
            run.sweep()
        if world.size == 1:
            assert run is not None
            yield run
            return
        told = json.loads(
            world.share_text("the run", lambda: json.dumps([recipes.to_json(run.recipe), run.facts] if run else []))
        )
        if run is not None:
            yield run
            return
        with TemporaryDirectory() as place:
            yield Run.create(Path(place) / "run", recipes.from_json(told[0], "the run"), told[1])


def continue_training(run: Run, request: Request, machine: Machine, display: Display, world: World) -> Run:
    """Prepare what isn't prepared, take up the last state, train, and leave a whole run folder behind.

    The run is held: see held_run. Until all that was asked for is known to be possible, it stays as it is.
    """
    point_libraries_at_cache()
    if run.generator_file.exists() and not run.state_file.exists():
        raise InputError(f"{run.state_file} is missing, and the run can't go on without it: restore it, or train anew.")
    if run.state_file.exists() and not request.recipe.planned_images:
        raise InputError(
            f"{run.recipe_file} has planned_images 0, though the run has been trained: restore it from a copy of the run."
        )
    before = run.facts
    try:
        told = listening(run, request.callbacks if world.leads else ())
        kept = kept_up(run, request.place, display.say)
        with (
            sigterm_as_interrupt(),
            watched(),
            training_here(),
            _naming_refusals(run),
            naming_what_is_kept(run, world),
            told,
            kept,
        ):
            _train(run, request, machine, display, world)
    except KeyboardInterrupt:
        if before.get("state") != "new" and run.facts == before:
            raise Interrupted(f"Interrupted. {run.folder} is as it was; the same command begins again.") from None
        raise Interrupted(
            f"Interrupted. What was made is kept; go on with: figment resume {typed(run.folder)}"
        ) from None
    finally:
        display.end()
    return run


@contextmanager
def _naming_refusals(run: Run) -> Iterator[None]:
    """Turn the system's no to a training into a sentence that tells what is saved, and how to go on from it."""
    try:
        yield
    except OSError as error:
        if not is_refusal(error):
            raise
        elsewhere = "move the run to another disk"
        if os.path.isfile(run.state_file):
            kept = f"What was saved before is kept; go on with: figment resume {typed(run.folder)}"
        elif os.path.isfile(run.generator_file):
            kept = f"{run.state_file} is gone, so the run can't go on; its nets and pictures are kept."
        elif os.path.isdir(run.folder):
            elsewhere, kept = "name a folder on another disk with --out", "Nothing was saved yet: begin again."
        else:
            kept = f"If {run.name} was moved, what was saved is there; go on with: figment resume and its new place."
        raise refusal(run.folder, error, elsewhere=elsewhere, kept=kept) from error


def _train(run: Run, request: Request, machine: Machine, display: Display, world: World) -> None:
    hold_freed_memory()
    configure_torch(world.device)
    check_dealing(request.recipe, world)
    with world.local_main_process_first("the pictures"):
        bank, found = _prepared_for(run, display, request.source, world.parts(request.recipe.parts))
    check_parts(bank, world)
    recipe = settled_by_data(request.recipe, bank)
    if request.recipe.classes and recipe.classes != request.recipe.classes:
        raise InputError(
            f"{bank.source} has other classes than this run was begun with ({len(recipe.classes)} for "
            f"{len(request.recipe.classes)}): give the pictures back their labels, or train anew."
        )
    if run.state_file.exists():
        refuse_other_nets(recipe, run.state_file)
    asked = run.facts.get("asked") or {"recipe": recipe.name}
    goes_on = world.share_text("whether it goes on", lambda: str(run.state_file.exists())) == "True"
    origin = request.origin
    if not goes_on and origin is None and (before := run.facts.get("from")):  # it was stopped before its first state
        origin = shared_origin(before["asked"], world)
    setup, feed = resolve(asked, recipe, bank, machine, world, display, origin)
    resumed, begun = None, dict[str, Any]()
    if origin is not None:
        begun = {"from": origin.facts(setup.recipe)}
        display.say(origin.told(setup.recipe))
        display.say("The first sheet shows what these nets draw already, before any training.")
    if not goes_on and (told := _expected(setup.recipe, bank, origin, speed_of(setup.recipe))):
        display.say(told)
    if goes_on:
        load_and_broadcast(setup.state, run.state_file, world)
        refuse_full_disk(run)
        resumed = resumed_event(setup.state, setup.recipe)
    state = setup.state
    damage = run.begin(setup.recipe, request.facts | found | begun | {
        "state": "training", "machine": machine.facts(), "versions": versions(), "images": state.images,
        "processes": world.size,
    }, resumed)  # fmt: skip
    if damage is not None:
        display.say(damage)
    if resumed:
        display.say(resumed["text"])
    display.begin(setup.recipe.images, setup.recipe.seconds, state.images, state.seconds)
    for listener in run.listeners:
        listener({"event": "begin", "images": state.images, "seconds": round(state.seconds, 2)})
    try:
        with stop_requested(lambda: display.say(STOPPING)) as stop:
            if run.elsewhere is not None:
                run.elsewhere.stop = stop
            spent = loop.fit(run, bank, setup, feed, world, display, stop, request.pause)
    except torch.OutOfMemoryError:
        smaller = with_less_memory(run.recipe, world, display.say)
        del setup, state  # before the same is built again, smaller
        _train(run, replace(request, recipe=smaller), machine, display, world)
        return
    display.end()
    ended, came = "finished" if spent else "interrupted", dict(images=state.images, seconds=round(state.seconds, 2))
    if world.leads:
        keep_closing(
            run, run.recipe, came, spent, display.say
        )  # by what the readings went by: the plan moves with the pace
    run.log({"event": "end"} | came | {"text": ended})
    run.note(state=ended, **came)
    run.flush()
    _report(run, world, display)


def _expected(recipe: Recipe, bank: Bank, origin: Origin | None, speed: float) -> str:
    """When pictures will begin to show and be good, as far as that is known; from nets of the user's nothing is."""
    start = False if origin is None else True if origin.asked == SHIPPED else None
    return expected(recipe, len(bank.train), start, speed, may_start(recipe, bank.drawn))


def _report(run: Run, world: World, display: Display) -> None:
    if world.leads:
        advance = display.stage("writing the report")
        advance(0, 0)
        from figment.reporting.report import write_report  # charts take a second to import

        write_report(run, progress=advance)
        display.end()


def _on_page(run: Run, world: World, display: Display, is_new: bool = False) -> AbstractContextManager[Display]:
    """What tells of a training, and keeps the run's live page current in the first process."""
    if not world.leads:
        return nullcontext(display)
    point_libraries_at_cache()
    from figment.reporting.live import watched_live

    return watched_live(run, display, is_new)


def _prepared_for(
    run: Run, display: Display, source: Source | None = None, parts: Sequence[int] = (0,)
) -> tuple[Bank, dict[str, Any]]:
    """The bank of a run's data and what run.json tells of it. Says what is in it, and if the source has changed."""
    bank = bank_of(run, display, source, parts)
    for held in (bank, *bank.beside):
        display.say(held.summary())
    return bank, {
        "fingerprint": bank.fingerprint, "mark": run.mark_key or mark_key(run.recipe, bank),
        "pictures": len(bank.pictures), "trained_on": len(bank.train),
        "held_out": len(bank.held_out), "duplicates": len(bank.copies),
        "copies": [asdict(item) for item in bank.copies], "skipped": [asdict(item) for item in bank.skipped],
        "left_out": [asdict(item) for item in bank.left_out],
        **({"ranges": ranges} if (ranges := bank.ranges.records()) else {}),
    }  # fmt: skip
