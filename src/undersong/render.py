"""The conductor: one recipe in, one finished track out. Read this page first.

`prepare` decides everything and mixes nothing; `render_track` makes the files. A preview is
`prepare`, `mastering_of` and a few blocks.
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from undersong.ambience.bed import bed_digest, load_bed, open_bed
from undersong.ambience.cue import open_cue
from undersong.audio import BlockSource
from undersong.deliver.certificate import is_whole, manifest_of, write_manifest
from undersong.deliver.companions import Companions, companion_names, write_companions
from undersong.deliver.encode import Order, deliver, file_names
from undersong.deliver.label import cover_of, label_digest, tags_of
from undersong.deliver.leftovers import making, settle
from undersong.dsp.compiled import compile_ahead
from undersong.files import digest_json
from undersong.manifest import MANIFEST, read_manifest
from undersong.master.chain import Master
from undersong.master.passes import Mastering
from undersong.master.solve import file_goal, loud_speech, solve
from undersong.mix.mixer import Mixer
from undersong.mix.spool import spooled
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import PROFILES, Goal, goal_of
from undersong.rehearse import Stage, rehearse
from undersong.store.kinds import MASTERINGS
from undersong.store.program import SOUND, code_digest
from undersong.studio import Extras, Session, Studio
from undersong.timeline.arrange import arrange
from undersong.timeline.model import STEMS
from undersong.voices.hearing import heard_well
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore


def prepare(recipe: Recipe, studio: Studio) -> Session:
    """Speak, arrange, survey the beds and plan the mix.

    Raises:
        UndersongError: of the kind of whatever failed; nothing is written but the cache.
    """
    compile_ahead()
    stage = studio.watch.stage
    narration = narrate(
        recipe,
        studio.library,
        TakeStore(studio.cache),
        engine=studio.engine,
        offline=studio.offline,
        online=studio.online,
        tick=stage("speaking", len(recipe.script.utterances)),
    )
    for note in (*narration.casting, *narration.notes):
        studio.watch.note(note)
    cues = {name: open_cue(name, studio.library, recipe.seed) for name in recipe.script.sounds}
    lengths = {name: cue.length for name, cue in cues.items()}
    timeline = arrange(recipe, [take.facts for take in narration.takes], lengths)
    beds = {name: load_bed(name, studio.library) for name in recipe.beds}

    def opened() -> dict[str, BlockSource]:
        return {name: open_bed(bed, recipe.seed, studio.cache) for name, bed in beds.items()}

    heard = {name: f"{bed_digest(bed)}-{recipe.seed}" for name, bed in beds.items()}
    plan = rehearse(
        recipe,
        studio,
        Stage(timeline=timeline, cues=cues, opened=opened, digest=digest_json(heard)),
    )
    takes = spooled(narration.takes, studio.cache)

    def mixer() -> Mixer:
        return Mixer(timeline, plan, takes=takes, beds=opened(), cues=cues)

    sounds = {name: cue.digest for name, cue in cues.items()}
    sounding = [timeline.as_heard(), plan.as_json(), narration.fingerprint, heard, sounds]
    return Session(
        recipe=recipe,
        narration=narration,
        timeline=timeline,
        plan=plan,
        mixer=mixer(),
        copy=mixer,
        profile=PROFILES[recipe.loudness],
        digest=digest_json([code_digest(*SOUND), recipe.loudness, recipe.anchor, *sounding]),
        credits=(*narration.credits, *(bed.credit for bed in beds.values() if bed.credit)),
    )


def mastering_of(session: Session, studio: Studio) -> Mastering:
    """Find the gain that brings the mix to its profile, or recall it."""
    length, goal = session.timeline.length, goal_for(session)

    def solved() -> dict[str, Any]:
        tick, speech = studio.watch.stage("measuring the mix", length), session.mixer.stem("voice")
        with session.mix_ahead() as mix:
            return asdict(solve(mix, length, goal, speech=speech, tick=tick))

    mastering = Mastering.from_json(studio.recall(MASTERINGS, session.digest, solved))
    if note := loud_speech(mastering, goal):
        studio.watch.note(note)
    return mastering


def goal_for(session: Session) -> Goal:
    """Return what is to be how loud, and how high it may peak."""
    return goal_of(session.profile, session.recipe.anchor)


def render_track(
    recipe: Recipe, studio: Studio, folder: Path, extras: Extras
) -> tuple[dict[str, Any], bool]:
    """Make a finished track in `folder`, unless it is there and nothing has changed.

    Returns:
        The manifest as plain values, and whether anything was made.

    Raises:
        UndersongError: of the kind of whatever failed; no partial file has a final name.
    """
    cover = cover_of(recipe)
    session = prepare(recipe, studio)
    label = label_digest(recipe, session.credits, cover)
    digest = digest_json([session.digest, label, code_digest("deliver")])
    beside = companion_names(recipe.slug, stems=extras.stems, picture=extras.picture)
    kept = read_manifest(folder / MANIFEST)
    listened = not extras.listen or (kept and kept.get("hearing"))
    if not extras.force and listened and kept and is_whole(kept, digest, folder, beside):
        settle(folder)
        return kept, False
    spoken, library = session.narration, studio.library
    heard = heard_well(recipe, library, spoken, studio.cache) if extras.listen else None
    mastering = mastering_of(session, studio)
    length, goal = session.timeline.length, file_goal(mastering, goal_for(session))
    tags = tags_of(recipe, session.timeline, session.credits, cover=cover, draft=spoken.draft)
    companions = Companions(
        recipe=recipe,
        timeline=session.timeline,
        sources={"mix": session.mixer.mix} | {name: session.mixer.stem(name) for name in STEMS},
        gain_db=mastering.gain_db,
        levels=mastering.levels,
        profile=session.profile,
        stems=extras.stems,
        picture=extras.picture,
    )
    with making(folder, (*file_names(recipe.slug, recipe.formats), *beside)):
        with session.mix_ahead() as mix:
            order = Order(
                folder=folder,
                slug=recipe.slug,
                formats=recipe.formats,
                length=length,
                goal=goal,
                gain_db=mastering.gain_db,
                tags=tags,
                master=partial(Master, mix, length),
            )
            deliverables = deliver(order, studio.watch.stage("encoding and checking", order.steps))
        stage = studio.watch.stage("writing the rest", companions.steps)
        write_companions(companions, folder, stage)
        manifest = manifest_of(
            companions,
            deliverables,
            digest=digest,
            spoken=spoken,
            aim_lufs=goal.target_lufs,
            speech_lufs=mastering.speech_lufs,
            limited_share=mastering.limited_share,
            credit_lines=session.credits,
            timings=spoken.timings,
            hearing=heard.as_json() if heard else None,
        )
        write_manifest(folder / MANIFEST, manifest)
    return manifest.as_json(), True
