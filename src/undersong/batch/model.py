"""The nouns of a build: jobs, what is known of each, and what is to be done."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from undersong.files import plain

Stamp = tuple[int, int, int]
"""Modification time (ns), size (bytes) and inode: what tells of a change without reading."""


class Choice(Struct, frozen=True, kw_only=True):
    """What a run asks of every track besides its recipe. All of it reaches the files.

    Attributes:
        engine: the only voice engine that may speak, or None for each voice's own order.
        offline: no engine that needs a network; `online`: those alone, where a voice has one.
        stems, picture: also write these.
        destination: of the library, that tracks are made for; None where it has none.
    """

    engine: str | None = None
    offline: bool = False
    online: bool = False
    stems: bool = False
    picture: bool = False
    destination: str | None = None


class Farm(Struct, frozen=True, kw_only=True):
    """Workers on other machines.

    Attributes:
        address: of the scheduler, such as `tls://farm.example:8786`.
        store: address of the store that all share: a folder, or s3://, gs://, az://.
        certificates: folder with ca.pem, certificate.pem and key.pem.
        plain: speak without TLS; on this machine alone.
    """

    address: str
    store: str
    certificates: Path
    plain: bool = False


class Order(Struct, frozen=True, kw_only=True):
    """What to build, and how.

    Attributes:
        root: the library's folder, absolute; `out`: folder of tracks.
        cache: the take cache.
        only: patterns of tracks; none for all.
        jobs: how many workers, None for what the machine bears.
        fail_fast: begin nothing more once a track has failed.
        farm: who makes the tracks, None for workers on this machine.
    """

    root: Path
    out: Path
    cache: Path
    choice: Choice
    only: tuple[str, ...] = ()
    force: bool = False
    jobs: int | None = None
    fail_fast: bool = False
    farm: Farm | None = None


class Job(Struct, frozen=True, kw_only=True):
    """One track to be made: a variant of a recipe.

    Attributes:
        slug: its name, and that of its folder.
        recipe: the recipe file.
        folder: where its files go.
    """

    slug: str
    recipe: Path
    folder: Path


class Source(Struct, frozen=True, kw_only=True):
    """A file or folder that tracks are made from.

    Attributes:
        stamp: None when there is no such file.
        sha256: of its bytes, or of a folder's list of names; "" when there is none.
        settled: the file was old enough, when it was read, for a later change to show in the stamp.
    """

    stamp: Stamp | None
    sha256: str
    settled: bool = True


class Record(Struct, frozen=True, kw_only=True):
    """What is known of a track that was made.

    Attributes:
        recipe: its recipe file, seen from the library's folder.
        inputs: files and folders it was made from, as keys of `State.sources`.
        names: what the recipe names, such as `voice:shore`, as keys of `State.names`.
        parts: digests of all that reaches its bytes, by what a maker calls it.
        outputs: stamps of its files by name, the manifest among them.
        cost_s: processor seconds that making it took, 0 where it was only found or brought.
        length_s: how long it plays.
        draft: spoken by a draft voice.
    """

    recipe: str
    inputs: tuple[str, ...]
    names: tuple[str, ...]
    parts: Mapping[str, str]
    outputs: Mapping[str, Stamp]
    cost_s: float
    length_s: float
    draft: bool


class State(Struct, frozen=True, kw_only=True):
    """What the last builds left: kept beside the tracks, safe to delete.

    Attributes:
        program: digest of the program that made the records.
        recipes: slugs of each recipe file.
        unsettled: recipe files that must be read next time: faulty, or with tracks yet to be made.
        sources: by path; `names`: the path that each name meant then.
        tracks: records by slug.
    """

    program: str = ""
    choice: Choice = field(default_factory=Choice)
    recipes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()
    sources: Mapping[str, Source] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    tracks: Mapping[str, Record] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return {
            "program": self.program,
            "choice": plain(self.choice),
            "recipes": dict(self.recipes),
            "unsettled": sorted(self.unsettled),
            "sources": {k: [v.stamp, v.sha256, v.settled] for k, v in self.sources.items()},
            "names": dict(self.names),
            "tracks": {
                slug: {name: getattr(record, name) for name in _FIELDS}
                for slug, record in self.tracks.items()
            },
        }


_FIELDS: Final = Record.__struct_fields__


def state_from_json(kept: Mapping[str, Any]) -> State:
    """Return the state of which `State.as_json` made `kept`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it was not made so.
    """
    return State(
        program=kept["program"],
        choice=Choice(**kept["choice"]),
        recipes={path: tuple(slugs) for path, slugs in kept["recipes"].items()},
        unsettled=frozenset(kept["unsettled"]),
        sources={
            path: Source(stamp=_stamp(stamp), sha256=sha256, settled=settled)
            for path, (stamp, sha256, settled) in kept["sources"].items()
        },
        names=dict(kept["names"]),
        tracks={slug: _record(record) for slug, record in kept["tracks"].items()},
    )


def _stamp(kept: list[int] | None) -> Stamp | None:
    return None if kept is None else (kept[0], kept[1], kept[2])


def _record(kept: Mapping[str, Any]) -> Record:
    outputs = {name: (s[0], s[1], s[2]) for name, s in kept["outputs"].items()}
    tuples = {name: tuple(kept[name]) for name in ("inputs", "names")}
    return Record(**{**kept, **tuples, "outputs": outputs})


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether a track must be made.

    Attributes:
        reasons: why, in words; none when it is up to date.
        cost_s: what it cost the last time, 0 when it was never made here.
        wanted: the run asks for it.
    """

    job: Job
    reasons: tuple[str, ...]
    cost_s: float = 0.0
    wanted: bool = True

    @property
    def fresh(self) -> bool:
        """Nothing is to be done."""
        return not self.reasons


class Ruined(Struct, frozen=True, kw_only=True):
    """A recipe that cannot be loaded: its tracks fail, the others go on."""

    recipe: Path
    message: str
    exit_code: int


class Plan(Struct, frozen=True, kw_only=True):
    """A build before anything is made.

    Attributes:
        verdicts: of all jobs, in order of recipe and variant.
        ruined: recipes with faults.
        orphans: folders of tracks that no recipe makes any more.
        state: what is known now: `sources` and `names` as they are, `tracks` as recorded.
        stirred: that is not what was known, though it may come to the same tracks.
        known: inputs, names and parts of the jobs that were looked into, by slug.
    """

    verdicts: tuple[Verdict, ...]
    ruined: tuple[Ruined, ...]
    orphans: tuple[Path, ...]
    state: State
    stirred: bool
    known: Mapping[str, "Known"]

    @property
    def wanted(self) -> tuple[Verdict, ...]:
        """Verdicts of the tracks that the run asks for."""
        return tuple(verdict for verdict in self.verdicts if verdict.wanted)

    @property
    def todo(self) -> tuple[Verdict, ...]:
        """Those of them that must be made."""
        return tuple(verdict for verdict in self.wanted if not verdict.fresh)


class Known(Struct, frozen=True, kw_only=True):
    """What a job depends on, found by reading its recipe.

    Attributes:
        length_s: how long it will play, estimated from its text where nobody said.
        asked: characters that have yet to be said, by engine that needs the network.
    """

    inputs: tuple[str, ...]
    names: tuple[str, ...]
    parts: Mapping[str, str]
    length_s: float
    asked: Mapping[str, int]
