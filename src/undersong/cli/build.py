"""`undersong build`: a whole library, made to be what its files say."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import err, out, print_json
from undersong.cli.speaking import ENGINE, ONLINE

if TYPE_CHECKING:
    from undersong.batch.model import Order, Plan

ONLY = typer.Option(None, "--only", help="Only tracks or recipes of this name; `evening-*` works.")
JOBS = typer.Option(
    None,
    "--jobs",
    "-j",
    min=1,
    max=256,
    help="Tracks at once. Default: what cores and memory bear.",
)
KEEP = typer.Option(True, "--keep-going/--fail-fast", help="Go on after a track has failed.")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("build")(build)


def build(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = typer.Option(
        None, "--out", help="Where tracks go, a folder each. Default: build/ in the library."
    ),
    only: list[str] | None = ONLY,
    jobs: int | None = typer.Option(
        None,
        "--jobs",
        "-j",
        min=1,
        max=256,
        help="Tracks at once. Default: what cores and memory bear.",
    ),
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
    stems: bool = typer.Option(False, "--stems", help="Also write voice, bed and cue stems."),
    picture: bool = typer.Option(False, "--picture", help="Also draw a picture of each mix."),
    force: bool = typer.Option(False, "--force", help="Make tracks even if nothing has changed."),
    keep_going: bool = KEEP,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be made, and why."),
    why: str | None = typer.Option(None, "--why", help="Explain one track, and make nothing."),
    as_json: bool = typer.Option(False, "--json", help="Print events as JSON, one in each line."),
) -> None:
    """Make every track of a library that is not as its files say; leave the others alone.

    A track is made again when its recipe, voice, words, beds, sounds, cover, settings, locked takes
    or the program have changed. If one fails, the others go on; run again to take up the rest.
    """
    from undersong.batch.freshness import library_root
    from undersong.batch.model import Choice, Order
    from undersong.voices.takes import default_cache

    root = library_root(library)
    order = Order(
        root=root,
        out=(folder or root / "build").absolute(),
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
    )
    if why or dry_run:
        _explain(order, whole=why is not None, as_json=as_json)
        return
    code = _build(order, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _explain(order: "Order", *, whole: bool, as_json: bool) -> None:
    from undersong.batch.freshness import plan_build

    plan = plan_build(order)
    if as_json:
        print_json(_plan_as_json(plan))
    else:
        for verdict in plan.wanted:
            if whole and verdict.fresh:
                out.print(f"{verdict.job.slug}: nothing has changed", markup=False)
            for reason in verdict.reasons:
                out.print(f"{verdict.job.slug}: {reason}", markup=False)
        _say_rest(plan)
        out.print(f"{len(plan.todo)} of {len(plan.wanted)} tracks to make", markup=False)
    if plan.ruined:
        raise typer.Exit(plan.ruined[0].exit_code)


def _plan_as_json(plan: "Plan") -> dict[str, object]:
    return {
        "tracks": [
            {"slug": v.job.slug, "recipe": str(v.job.recipe), "reasons": v.reasons}
            for v in plan.wanted
        ],
        "faults": [{"recipe": str(r.recipe), "message": r.message} for r in plan.ruined],
        "orphans": [str(path) for path in plan.orphans],
    }


def _say_rest(plan: "Plan") -> None:
    for ruined in plan.ruined:
        err.print(ruined.message, style="red", markup=False)
    for orphan in plan.orphans:
        err.print(
            f"{orphan}: no recipe makes it any more (`undersong prune` removes it)", markup=False
        )


def _build(order: "Order", *, as_json: bool) -> int:
    """Build, show it, and return the exit code: that of the first failure."""
    from undersong.batch.freshness import plan_build
    from undersong.batch.hold import alone
    from undersong.batch.state import write_state

    with alone(order.out, lambda: err.print("another build is at work here; waiting …")):
        plan = plan_build(order)
        if not as_json:
            _say_rest(plan)
        tally = _run(order, plan, as_json=as_json) if plan.todo else _Tally()
        if plan.stirred and not plan.todo:
            write_state(order.out, plan.state)
    tally.codes[:0] = [ruined.exit_code for ruined in plan.ruined]
    _sum_up(plan, tally, as_json=as_json)
    return tally.codes[0] if tally.codes else 0


@dataclass(slots=True)
class _Tally:
    """How tracks ended: `codes` are exit codes of those that failed."""

    made: int = 0
    played_s: float = 0.0
    elapsed_s: float = 0.0
    codes: list[int] = field(default_factory=list)


def _run(order: "Order", plan: "Plan", *, as_json: bool) -> _Tally:
    from undersong.batch.clock import Clock
    from undersong.batch.events import Failed, Made
    from undersong.batch.runner import build
    from undersong.cli.building import reporter

    tally, clock = _Tally(), Clock(plan.todo)
    with reporter(clock, machine=as_json) as screen:
        for event in build(order, plan):
            screen.tell(event)
            if isinstance(event, Made) and event.rendered:
                tally.made += 1
                tally.played_s += event.facts["length_s"]
            elif isinstance(event, Failed):
                tally.codes.append(event.exit_code)
    tally.elapsed_s = clock.elapsed_s
    return tally


def _sum_up(plan: "Plan", tally: _Tally, *, as_json: bool) -> None:
    wanted = len(plan.wanted) + len(plan.ruined)
    kept = len(plan.wanted) - len(plan.todo)
    counts = {"made": tally.made, "up to date": kept, "failed": len(tally.codes)}
    if as_json:
        line = {"event": "ended", "tracks": wanted, **counts, "elapsed_s": tally.elapsed_s}
        print(json.dumps(line))
        return
    from undersong.units import format_seconds

    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    rate = f", {tally.played_s / tally.elapsed_s:.0f} times real time" if tally.played_s else ""
    took = f" in {format_seconds(tally.elapsed_s)}{rate}" if tally.elapsed_s else ""
    out.print(f"{said or 'no recipes here'}{took}", markup=False)
