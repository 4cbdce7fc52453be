"""A build: one lock, a plan, workers, and a record that is never ahead of the files."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from undersong.batch.errand import Errand, Workers
from undersong.batch.events import Event, Failed, Made
from undersong.batch.keys import LOCKED
from undersong.batch.model import Known, Order, Plan, Record, Stamp, State, Verdict
from undersong.batch.pool import Pool, pool_size
from undersong.batch.sources import key_of, stamp_of
from undersong.batch.state import FOLDER, write_state
from undersong.errors import OutputError
from undersong.voices.pins import LOCK_FILE

LOGS: Final = "logs"
_KEEP_EVERY_S: Final = 5.0
"""How often the record is written meanwhile. What it lacks after a kill is only looked at again."""


def build(order: Order, plan: Plan) -> Iterator[Event]:
    """Make every track of the plan that is not fresh, and yield what happens.

    The caller holds the folder (`alone`). However this ends, the record tells of what is there.

    Raises:
        OutputError: the record cannot be written.
    """
    for ruined in plan.ruined:
        yield Failed(slug=ruined.recipe.stem, message=ruined.message, exit_code=ruined.exit_code)
    todo = in_order(plan.todo)
    keeper = Keeper(order, plan)
    try:
        if todo:
            yield from _run(order, todo, keeper)
    finally:
        keeper.keep()


def _run(order: Order, todo: Sequence[Verdict], keeper: "Keeper") -> Iterator[Event]:
    errands = [
        Errand(
            slug=verdict.job.slug,
            root=order.root,
            recipe=verdict.job.recipe,
            folder=verdict.job.folder,
            cache=order.cache,
            choice=order.choice,
            force=order.force,
            inputs=keeper.inputs(verdict.job.slug),
        )
        for verdict in todo
    ]
    with _workers(order, len(errands)) as workers:
        for event in workers.run(errands):
            if isinstance(event, Made):
                keeper.note(event)
            yield event
            if isinstance(event, Failed) and order.fail_fast:
                return


def _workers(order: Order, errands: int) -> Workers:
    logs = order.out / FOLDER / LOGS
    if order.farm is None:
        return Pool(pool_size(order.jobs, errands), logs)
    from undersong.batch.farm import Hands  # noqa: PLC0415 - only who has a farm has its extra

    return Hands(order.farm, logs)


def in_order(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the dearest first, so that none is left alone at the end; the unknown before all."""
    return sorted(verdicts, key=lambda verdict: -(verdict.cost_s or float("inf")))


class Keeper:
    """Keeps the record of a build."""

    def __init__(self, order: Order, plan: Plan) -> None:
        """Begin with what was known at the plan."""
        self._order, self._plan = order, plan
        self._tracks: dict[str, Record] = {}
        self._kept_s = time.monotonic()
        self._jobs = {verdict.job.slug: verdict.job for verdict in plan.verdicts}

    def note(self, made: Made) -> None:
        """Take up a track that is there."""
        job, known = self._jobs[made.slug], self._known(made.slug)
        before = self._plan.state.tracks.get(made.slug)
        self._tracks[made.slug] = Record(
            recipe=key_of(job.recipe, self._order.root),
            inputs=known.inputs,
            names=known.names,
            parts={**known.parts, LOCKED: made.locked},
            outputs=_stamps(job.folder, made.outputs),
            cost_s=made.cost_s if made.rendered else before.cost_s if before else 0.0,
            length_s=made.facts["length_s"],
            draft=made.facts["draft"],
        )
        if time.monotonic() - self._kept_s > _KEEP_EVERY_S:
            self.keep()

    def inputs(self, slug: str) -> tuple[str, ...]:
        """Return the files and folders that a track is made from."""
        return self._known(slug).inputs

    def keep(self) -> None:
        """Write down what is known."""
        write_state(self._order.out, self._state())
        self._kept_s = time.monotonic()

    def _known(self, slug: str) -> Known:
        if slug in self._plan.known:
            return self._plan.known[slug]
        record = self._plan.state.tracks[slug]
        return Known(
            inputs=record.inputs,
            names=record.names,
            parts=record.parts,
            length_s=record.length_s,
            asked={},
        )

    def _state(self) -> State:
        state = self._plan.state
        return replace(
            state,
            unsettled=state.unsettled - self._settled(),
            sources={key: s for key, s in state.sources.items() if not self._is_moved(key)},
            tracks={**state.tracks, **self._tracks},
        )

    def _settled(self) -> frozenset[str]:
        """Return recipes of which all that was to be made is there."""
        left = {
            v.job.recipe
            for v in self._plan.verdicts
            if not v.fresh and v.job.slug not in self._tracks
        }
        made = {self._jobs[slug].recipe for slug in self._tracks} - left
        return frozenset(key_of(path, self._order.root) for path in made)

    def _is_moved(self, key: str) -> bool:
        """Whether a lock file has changed since the plan: it is to be read again."""
        path = self._order.root / key
        return path.name == LOCK_FILE and stamp_of(path) != self._plan.state.sources[key].stamp


def _stamps(folder: Path, names: Sequence[str]) -> Mapping[str, Stamp]:
    found = {name: stamp_of(folder / name) for name in names}
    lost = [name for name, stamp in found.items() if stamp is None]
    if lost:
        raise OutputError(f"{folder / lost[0]} is gone again, just after it was written")
    return {name: stamp for name, stamp in found.items() if stamp is not None}
