"""The conductor: one recipe in, one finished track out. Read this page first, then `prepare`.

`prepare` decides everything and mixes nothing; `render_track` makes the files. A preview is
`prepare`, `mastering_of` and a few blocks.
"""

from functools import partial
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from undersong.deliver.certificate import is_whole, manifest_of, write_manifest
from undersong.deliver.companions import Companions, companion_names, write_companions
from undersong.deliver.encode import Order, file_names
from undersong.deliver.kept import Keeping, deliver_kept
from undersong.deliver.label import cover_of, label_digest, tags_of
from undersong.deliver.leftovers import making, settle
from undersong.deliver.piped import try_ahead
from undersong.deliver.tags import Tags
from undersong.files import digest_json, plain
from undersong.manifest import MANIFEST, read_manifest
from undersong.master.chain import Master
from undersong.master.passes import Mastering, Sound
from undersong.master.solve import file_goal, loud_speech, solve
from undersong.prepare import prepare
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import Goal, goal_of
from undersong.store.finished import Shelf
from undersong.store.kinds import MASTERINGS
from undersong.store.program import code_digest
from undersong.studio import Extras, Session, Studio
from undersong.timeline.model import STEMS
from undersong.voices.hearing import heard_well

Way = Literal["made", "brought", "left"]
"""How a track came to be there: made, brought from the cache, or left as it was."""


def mastering_of(session: Session, studio: Studio) -> Mastering:
    """Find the gain that brings the mix to its profile, or recall it."""
    length, goal = session.timeline.length, goal_for(session)

    def solved() -> dict[str, Any]:
        tick = studio.watch.stage("measuring the mix", length)
        copies = [Sound(mix=copy.mix, speech=copy.speech) for copy in session.copies]
        return plain(solve(copies, length, goal, tick))

    mastering = Mastering.from_json(studio.recall(MASTERINGS, session.digest, solved))
    if note := loud_speech(mastering, goal):
        studio.watch.note(note)
    return mastering


def goal_for(session: Session) -> Goal:
    """Return what is to be how loud, and how high it may peak."""
    return goal_of(session.profile, session.recipe.anchor)


def render_track(
    recipe: Recipe, studio: Studio, folder: Path, extras: Extras
) -> tuple[dict[str, Any], Way]:
    """Make a finished track in `folder`, unless it is there and nothing has changed.

    Files that were made before, from the same, come from the cache; their bytes are those that a
    render makes.

    Returns:
        The manifest as plain values, and how the track came to be there.

    Raises:
        UndersongError: of the kind of whatever failed; no partial file has a final name.
    """
    try_ahead(recipe.formats)
    cover = cover_of(recipe, studio.cache)
    session = prepare(recipe, studio)
    label = label_digest(recipe, session.credits, cover)
    sound = digest_json([session.digest, code_digest("deliver")])
    digest = digest_json([sound, label, recipe.formats, session.withheld])
    beside = companion_names(recipe.slug, stems=extras.stems, picture=extras.picture)
    kept = read_manifest(folder / MANIFEST)
    listened = not extras.listen or (kept and kept.get("hearing"))
    if not extras.force and listened and kept and is_whole(kept, digest, folder, beside):
        settle(folder)
        return kept, "left"
    spoken, library = session.narration, studio.library
    heard = heard_well(recipe, library, spoken, studio.cache) if extras.listen else None
    mastering = mastering_of(session, studio)
    tags = tags_of(recipe, session.timeline, session.credits, cover=cover, draft=spoken.draft)
    order = _order(session, mastering, folder, tags)
    if not (extras.stems or extras.picture):
        order = replace(order, heard=session.let_go)
    companions = _companions(session, mastering, extras)
    shelf = Shelf(studio.cache, asked=not extras.force)
    keeping = Keeping(shelf=shelf, sound=sound, label=label)
    with making(folder, (*file_names(recipe.slug, recipe.formats), *beside)):
        before = None if extras.force else kept
        deliverables, encoded = deliver_kept(order, keeping, before, studio.watch.stage)
        stage = studio.watch.stage("writing the rest", companions.steps)
        mixed = write_companions(companions, folder, stage, keeping)
        manifest = manifest_of(
            companions,
            deliverables,
            digest=digest,
            sound=sound,
            spoken=spoken,
            aim_lufs=order.goal.target_lufs,
            speech_lufs=mastering.speech_lufs,
            limited_share=mastering.limited_share,
            credit_lines=session.credits,
            withheld=session.withheld,
            timings=spoken.timings,
            hearing=heard.as_json() if heard else None,
        )
        write_manifest(folder / MANIFEST, manifest)
    return manifest.as_json(), "made" if encoded or mixed else "brought"


def _order(session: Session, mastering: Mastering, folder: Path, tags: Tags) -> Order:
    """Return which files are to be made, of what sound."""
    recipe, length = session.recipe, session.timeline.length
    return Order(
        folder=folder,
        slug=recipe.slug,
        formats=recipe.formats,
        length=length,
        goal=file_goal(mastering, goal_for(session)),
        gain_db=mastering.gain_db,
        levels=mastering.levels,
        tags=tags,
        masters=tuple(
            partial(Master, copy.mix, length, source_dbtp=mastering.mix_dbtp)
            for copy in session.copies
        ),
    )


def _companions(session: Session, mastering: Mastering, extras: Extras) -> Companions:
    """Return what is to be written beside them."""
    mixer = session.mixer
    return Companions(
        recipe=session.recipe,
        timeline=session.timeline,
        sources={"mix": mixer.mix} | {name: mixer.stem(name) for name in STEMS},
        gain_db=mastering.gain_db,
        levels=mastering.levels,
        profile=session.profile,
        stems=extras.stems,
        picture=extras.picture,
    )
