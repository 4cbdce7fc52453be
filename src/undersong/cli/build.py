"""`undersong build`: a whole library, made to be what its files say."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.batch.events import Failed, Made
from undersong.batch.state import write_state
from undersong.cli.destined import OUT, TO
from undersong.cli.screen import err, out, print_json
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.files import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from undersong.batch.clock import Clock
    from undersong.batch.model import Farm, Order, Plan

ONLY = typer.Option(None, "--only", help="Only tracks or recipes of this name; `evening-*` works.")
JOBS = typer.Option(
    None,
    "--jobs",
    "-j",
    min=1,
    max=256,
    help="Tracks at once. Default: what cores and memory bear.",
)
_SAID = {"brought": "from the cache", "up_to_date": "up to date"}
"""What a count is called where it is not called by its name."""

KEEP = typer.Option(True, "--keep-going/--fail-fast", help="Go on after a track has failed.")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("build")(build)


def build(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = OUT,
    destinations: list[str] | None = TO,
    only: list[str] | None = ONLY,
    jobs: int | None = JOBS,
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
    stems: bool = typer.Option(False, "--stems", help="Also write voice, bed and cue stems."),
    picture: bool = typer.Option(False, "--picture", help="Also draw a picture of each mix."),
    force: bool = typer.Option(False, "--force", help="Make even what is there or in the cache."),
    keep_going: bool = KEEP,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be made, and why."),
    why: str | None = typer.Option(None, "--why", help="Explain one track, and make nothing."),
    as_json: bool = typer.Option(False, "--json", help="Print events as JSON, one in each line."),
    farm: str | None = typer.Option(
        None, "--farm", metavar="ADDRESS", help="Let a farm make them: tls://HOST:PORT."
    ),
    farm_folder: Path | None = typer.Option(
        None, "--farm-folder", help="Certificates of the farm. Default: as `farm up` has it."
    ),
    farm_store: str | None = typer.Option(
        None, "--farm-store", help="Store of the farm: s3://…, gs://…, az://… or a shared folder."
    ),
    farm_plain: bool = typer.Option(False, "--farm-plain", help="Allow tcp:// on this machine."),
) -> None:
    """Make every track of a library that is not as its files say; leave the others alone.

    A track is made again when its recipe, voice, words, beds, sounds, cover, settings, locked takes
    or the program have changed, or comes from the cache where it was made of the same before. If
    one fails, the others go on; run again to take up the rest.
    A library with destinations is made for one after the other.
    """
    from undersong.batch.destinations import orders
    from undersong.batch.freshness import library_root
    from undersong.batch.model import Choice, Order
    from undersong.store.place import default_cache

    root = library_root(library)
    order = Order(
        root=root,
        out=root,
        cache=default_cache().absolute(),
        choice=Choice(
            engine=engine,
            offline=online is False,
            online=online is True,
            stems=stems,
            picture=picture,
        ),
        only=(why,) if why else tuple(only or ()),
        force=force,
        jobs=jobs,
        fail_fast=not keep_going,
        farm=_farm(farm, farm_folder, farm_store, plain=farm_plain) if farm else None,
    )
    explain = partial(_explain, whole=why is not None)
    act: Callable[..., int] = explain if why or dry_run else build_once
    codes = [act(each, as_json=as_json) for each in orders(order, folder, destinations or ())]
    if failed := next(filter(None, codes), 0):
        raise typer.Exit(failed)


def _farm(address: str, folder: Path | None, store: str | None, *, plain: bool) -> "Farm":
    from undersong.batch.farm_local import STORE, farm_folder
    from undersong.batch.model import Farm

    place = folder.absolute() if folder else farm_folder()
    shared = store or os.environ.get("UNDERSONG_FARM_STORE") or str(place / STORE)
    whole = shared if "://" in shared else str(Path(shared).absolute())
    return Farm(address=address, store=whole, certificates=place, plain=plain)


def _explain(order: "Order", *, whole: bool, as_json: bool) -> int:
    """Tell what a build would do, and return the exit code: that of the first faulty recipe."""
    from undersong.batch.freshness import plan_build

    plan = plan_build(order)
    if as_json:
        print_json(_plan_as_json(plan) | _destination(order))
    else:
        if order.choice.destination:
            out.print(f"for {order.choice.destination}, in {order.out}:")
        for verdict in plan.wanted:
            if whole and verdict.fresh:
                out.print(f"{verdict.job.slug}: nothing has changed")
            for reason in verdict.reasons:
                out.print(f"{verdict.job.slug}: {reason}")
        for ruined in plan.ruined:
            err.print(ruined.message, style="red")
        _say_orphans(plan)
        out.print(f"{len(plan.todo)} of {len(plan.wanted)} tracks to make")
        for line in _outlook(plan, order):
            out.print(f"  {line}")
    return plan.ruined[0].exit_code if plan.ruined else 0


def _destination(order: "Order") -> dict[str, object]:
    name = order.choice.destination
    return {"destination": name} if name else {}


def _outlook(plan: "Plan", order: "Order") -> "Iterator[str]":
    """Yield what a build will take, in words."""
    from undersong.batch.estimate import estimate
    from undersong.batch.pool import pool_size
    from undersong.units import format_seconds

    if not plan.todo:
        return
    found = estimate(plan)
    yield f"{format_seconds(found.played_s)} of sound, about {found.disk_mb:.0f} MB"
    if order.farm:
        yield f"about {format_seconds(found.cost_s)} of one core, shared by the farm's workers"
    else:
        workers = pool_size(order.jobs, found.tracks)
        yield f"about {format_seconds(found.cost_s / workers)} on {workers} workers"
    for engine, characters in found.asked.items():
        yield f"{characters} characters to be said by {engine}"


def _plan_as_json(plan: "Plan") -> dict[str, object]:
    from undersong.batch.estimate import estimate

    return {
        "estimate": plain(estimate(plan)),
        "tracks": [
            {"slug": v.job.slug, "recipe": str(v.job.recipe), "reasons": v.reasons}
            for v in plan.wanted
        ],
        "faults": [{"recipe": str(r.recipe), "message": r.message} for r in plan.ruined],
        "orphans": [str(path) for path in plan.orphans],
    }


def _say_orphans(plan: "Plan") -> None:
    for orphan in plan.orphans:
        err.print(f"{orphan}: no recipe makes it any more (`undersong prune` removes it)")


def build_once(order: "Order", *, as_json: bool) -> int:
    """Build, show it, and return the exit code: that of the first failure."""
    from undersong.batch.clock import Clock
    from undersong.batch.freshness import plan_build
    from undersong.batch.hold import alone

    with alone(order.out, lambda: err.print("another build is at work here; waiting …")):
        plan = plan_build(order)
        clock = Clock(plan.todo)
        ended = _run(order, plan, clock, as_json=as_json)
    _sum_up(order, plan, ended, clock, as_json=as_json)
    codes = [event.exit_code for event in ended if isinstance(event, Failed)]
    return codes[0] if codes else 0


def _run(order: "Order", plan: "Plan", clock: "Clock", *, as_json: bool) -> "list[Made | Failed]":
    """Make what is to be made, show it, and return how each track ended."""
    if not plan.todo and not plan.ruined:
        if plan.stirred:
            write_state(order.out, plan.state)
        return []
    from undersong.batch.report import write_report
    from undersong.batch.runner import build
    from undersong.cli.reporters import reporter

    ended: list[Made | Failed] = []
    if not as_json:
        _say_orphans(plan)
        for line in _outlook(plan, order):
            err.print(line)
    with reporter(clock, machine=as_json) as screen:
        for event in build(order, plan):
            screen.tell(event)
            if isinstance(event, Made | Failed):
                ended.append(event)
    write_report(order.out, plan, ended)
    return ended


def _sum_up(
    order: "Order",
    plan: "Plan",
    ended: "Sequence[Made | Failed]",
    clock: "Clock",
    *,
    as_json: bool,
) -> None:
    there = [event for event in ended if isinstance(event, Made)]
    made, brought = sum(e.rendered for e in there), sum(e.brought for e in there)
    kept = len(plan.wanted) - len(plan.todo) + len(there) - made - brought
    counts = {"made": made, "brought": brought, "up_to_date": kept}
    counts["failed"] = len(ended) - len(there)
    counts["left"] = len(plan.wanted) + len(plan.ruined) - sum(counts.values())
    if as_json:
        summary = {"event": "ended", **_destination(order), **counts, "elapsed_s": clock.elapsed_s}
        print(json.dumps(summary))
        return
    said = ", ".join(f"{count} {_SAID.get(name, name)}" for name, count in counts.items() if count)
    took = f" in {clock.said()}" if made or brought else ""
    name = f"{order.choice.destination}: " if order.choice.destination else ""
    out.print(f"{name}{said or 'no recipes here'}{took}")
