"""Which tracks must be made: what has not changed on disk is not even parsed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from undersong.batch.model import (
    Job,
    Known,
    Order,
    Plan,
    Record,
    Ruined,
    State,
    Verdict,
)
from undersong.batch.names import path_of
from undersong.batch.program import reader_digest
from undersong.batch.sources import Sources, key_of, stamp_of
from undersong.batch.state import read_state
from undersong.errors import UndersongError, UnknownNameError
from undersong.manifest import MANIFEST
from undersong.recipes.library import FILE, Library

if TYPE_CHECKING:
    from undersong.batch.keys import Keys

NEVER: Final = "never made here"
FORCED: Final = "asked for with --force"
UNRECORDED: Final = "the last build of it did not end"


def library_root(path: Path) -> Path:
    """Return the folder of the library around `path`, absolute, without reading its settings."""
    here = path.absolute()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), here)


def plan_build(order: Order) -> Plan:
    """Find every track of a library, and which of them must be made.

    A recipe is read only when it, or anything that its tracks were made from, has another content
    than at the last build, or when the program or `order.choice` is another.

    Raises:
        FaultsError: the library's settings hold faults.
        UnknownNameError: nothing matches a pattern.
    """
    return _Planner(order, read_state(order.out)).plan()


class _Planner:
    def __init__(self, order: Order, state: State) -> None:
        self._order, self._state = order, state
        self._root, self._out = order.root, order.out
        self._bare = Library(root=order.root, title="", album="")
        self._sources = Sources(order.root, state.sources)
        self._program = reader_digest()
        self._trusts = (state.program, state.choice) == (self._program, order.choice)
        self._known: dict[str, Known] = {}
        self._ruined: list[Ruined] = []

    def plan(self) -> Plan:
        files = {key_of(path, self._root): path for path in self._bare.recipe_files()}
        verdicts = [verdict for key, path in files.items() for verdict in self._of(key, path)]
        verdicts = list(self._without_twins(verdicts))
        slugs = {verdict.job.slug for verdict in verdicts}
        folders = self._folders()
        now = self._now(files, verdicts, folders)
        safe = {slug for each in self._ruined for slug in self._slugs(each.recipe)}
        return Plan(
            verdicts=tuple(self._chosen(verdicts)),
            ruined=tuple(each for each in self._ruined if self._wants(each.recipe.stem)),
            orphans=tuple(self._orphans(folders - slugs - safe)),
            state=now,
            stirred=now != self._state,
            known=self._known,
        )

    def _of(self, key: str, path: Path) -> Iterator[Verdict]:
        """Judge all tracks of one recipe."""
        slugs = self._state.recipes.get(key, ())
        records = [self._state.tracks[slug] for slug in slugs if slug in self._state.tracks]
        settled = self._trusts and slugs and key not in self._state.unsettled
        if settled and len(records) == len(slugs) and all(map(self._same, records)):
            for slug, record in zip(slugs, records, strict=True):
                yield self._judged(self._job(slug, path), record, ())
            return
        keys = self._keys  # a library with faults is no fault of a recipe
        try:
            yield from self._looked_into(path, keys)
        except UndersongError as error:
            message = error.message
            self._ruined.append(Ruined(recipe=path, message=message, exit_code=error.exit_code))

    def _looked_into(self, path: Path, keys: "Keys") -> list[Verdict]:
        """Judge the tracks of a recipe by reading it."""
        verdicts = []
        for slug, known in keys.tracks_of(path, self._state.tracks):
            record = self._state.tracks.get(slug)
            self._known[slug] = known
            verdicts.append(self._judged(self._job(slug, path), record, differences(record, known)))
        return verdicts

    @cached_property
    def _keys(self) -> "Keys":
        from undersong.batch.keys import Keys  # noqa: PLC0415 - only a change is worth numpy's start

        library = Library.find(self._root).bound_for(self._order.choice.destination)
        return Keys(library, self._order, self._sources)

    @cached_property
    def _meant(self) -> dict[str, bool]:
        """Whether each name still means the file that it meant."""
        return {name: path_of(name, self._bare) == was for name, was in self._state.names.items()}

    def _same(self, record: Record) -> bool:
        """Whether nothing that a track was made from has changed on disk."""
        names = all(self._meant.get(name, False) for name in record.names)
        return names and not any(self._sources.changed(key) for key in record.inputs)

    def _judged(self, job: Job, record: Record | None, reasons: tuple[str, ...]) -> Verdict:
        if record is None:
            return Verdict(job=job, reasons=(NEVER,))
        lost = tuple(_lost(job.folder, record))
        return Verdict(job=job, reasons=(*reasons, *lost), cost_s=record.cost_s)

    def _job(self, slug: str, path: Path) -> Job:
        return Job(slug=slug, recipe=path, folder=self._out / slug)

    def _slugs(self, path: Path) -> tuple[str, ...]:
        return self._state.recipes.get(key_of(path, self._root), ())

    def _without_twins(self, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
        """Leave out tracks of one name from several recipes: each of those is ruined."""
        recipes: dict[str, list[Path]] = {}
        for verdict in verdicts:
            recipes.setdefault(verdict.job.slug, []).append(verdict.job.recipe)
        for slug, paths in recipes.items():
            if len(paths) > 1:
                others = ", ".join(key_of(path, self._root) for path in paths)
                message = f"the track {slug} is made by several recipes: {others}"
                self._ruined += [Ruined(recipe=p, message=message, exit_code=3) for p in paths]
        return (verdict for verdict in verdicts if len(recipes[verdict.job.slug]) == 1)

    def _chosen(self, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
        names = [each for v in verdicts for each in (v.job.slug, v.job.recipe.stem)]
        names += [each.recipe.stem for each in self._ruined]
        for pattern in self._order.only:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UnknownNameError("track", pattern, names)
        for verdict in verdicts:
            wanted = self._wants(verdict.job.slug) or self._wants(verdict.job.recipe.stem)
            forced = self._order.force and wanted and verdict.fresh
            reasons = (FORCED,) if forced else verdict.reasons
            yield replace(verdict, reasons=reasons, wanted=wanted)

    def _wants(self, name: str) -> bool:
        patterns = self._order.only
        return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)

    def _folders(self) -> frozenset[str]:
        """Return the names of all folders where tracks go."""
        try:
            return frozenset(entry.name for entry in os.scandir(self._out) if entry.is_dir())
        except OSError:
            return frozenset()

    def _orphans(self, folders: frozenset[str]) -> Iterator[Path]:
        """Yield those folders that hold a track of ours."""
        for name in sorted(folders):
            if (self._out / name / MANIFEST).is_file():
                yield self._out / name

    def _now(
        self, files: Mapping[str, Path], verdicts: Sequence[Verdict], folders: frozenset[str]
    ) -> State:
        """Return what is known now; tracks that were looked into and are as they were, renewed."""
        tracks = dict(self._state.tracks)
        for verdict in verdicts:
            slug = verdict.job.slug
            known, record = self._known.get(slug), tracks.get(slug)
            if known is not None and record is not None and known.parts == record.parts:
                tracks[slug] = replace(record, inputs=known.inputs, names=known.names)
        there = folders | {verdict.job.slug for verdict in verdicts}
        kept = {slug: each for slug, each in tracks.items() if slug in there}
        looked: list[Record | Known] = [*kept.values(), *self._known.values()]
        stale = {v.job.recipe for v in verdicts if not v.fresh} | {r.recipe for r in self._ruined}
        return State(
            program=self._program,
            choice=self._order.choice,
            recipes=self._recipes(files, verdicts),
            unsettled=frozenset(key for key, path in files.items() if path in stale),
            sources=self._sources.seen(key for each in looked for key in each.inputs),
            names={n: path_of(n, self._bare) for n in sorted({n for k in looked for n in k.names})},
            tracks=kept,
        )

    def _recipes(
        self, files: Mapping[str, Path], verdicts: Sequence[Verdict]
    ) -> dict[str, tuple[str, ...]]:
        slugs: dict[str, list[str]] = {key: [] for key in files}
        keys = {path: key for key, path in files.items()}
        for verdict in verdicts:
            slugs[keys[verdict.job.recipe]].append(verdict.job.slug)
        return {
            key: tuple(found) or self._state.recipes.get(key, ()) for key, found in slugs.items()
        }


def differences(record: Record | None, known: Known) -> tuple[str, ...]:
    """Name what has changed since a track was made."""
    if record is None:
        return ()
    names = dict.fromkeys((*known.parts, *record.parts))
    return tuple(f"{n} changed" for n in names if known.parts.get(n) != record.parts.get(n))


def _lost(folder: Path, record: Record) -> Iterator[str]:
    for name, stamp in record.outputs.items():
        now = stamp_of(f"{folder}{os.sep}{name}")
        if now != stamp:
            yield f"{name} {'is missing' if now is None else 'was changed by somebody'}"
