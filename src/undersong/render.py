"""The conductor: one recipe in, one finished track out. Read this page first.

`prepare` decides everything and mixes nothing; `render_track` makes the files. A preview is
`prepare`, `mastering_of` and a few blocks.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from undersong import __version__
from undersong.ambience.bed import bed_digest, load_bed, open_bed
from undersong.ambience.cue import open_cue
from undersong.audio import COPIES, BlockSource
from undersong.deliver.certificate import is_whole, manifest_of, read_manifest, write_manifest
from undersong.deliver.companions import STEMS, Companions, companion_names, write_companions
from undersong.deliver.encode import Order, deliver
from undersong.deliver.label import label_digest, tags_of
from undersong.dsp.compiled import compile_ahead
from undersong.files import digest_json
from undersong.master.chain import Master
from undersong.master.passes import Mastering
from undersong.master.solve import file_goal, loud_speech, solve
from undersong.mix import survey
from undersong.mix.duck import plan_mix
from undersong.mix.mixer import Mixer
from undersong.mix.spool import spooled
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import PROFILES, Goal, goal_of
from undersong.studio import Extras, Session, Studio
from undersong.timeline.arrange import arrange
from undersong.voices.hearing import heard_well
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore

MANIFEST = "manifest.json"


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
    copies = [
        {name: open_bed(bed, recipe.seed) for name, bed in beds.items()} for _ in range(COPIES)
    ]
    heard = {name: f"{bed_digest(bed)}-{recipe.seed}" for name, bed in beds.items()}
    surveys = studio.recall(
        "surveys",
        digest_json([__version__, timeline.length, heard, timeline.as_json()["scenes"]]),
        lambda: survey.to_json(
            survey.survey_ahead(
                timeline,
                copies,
                stage("listening to the bed", survey.surveyed(timeline)),
            )
        ),
    )
    plan = plan_mix(
        timeline,
        survey.from_json(surveys),
        difference_lu=recipe.difference_lu,
        pause_difference_lu=recipe.pause_difference_lu,
    )
    takes = spooled(narration.takes, studio.cache)

    def mixer(sources: Mapping[str, BlockSource]) -> Mixer:
        return Mixer(timeline, plan, takes=takes, beds=sources, cues=cues)

    sounds = {name: cue.digest for name, cue in cues.items()}
    sounding = [timeline.as_json(), plan.as_json(), narration.fingerprint, heard, sounds]
    return Session(
        recipe=recipe,
        narration=narration,
        timeline=timeline,
        mixer=mixer(copies[0]),
        copies=tuple(mixer(sources) for sources in copies),
        profile=PROFILES[recipe.loudness],
        digest=digest_json([__version__, recipe.loudness, recipe.anchor, *sounding]),
        credits=(*narration.credits, *(bed.credit for bed in beds.values() if bed.credit)),
    )


def mastering_of(session: Session, studio: Studio) -> Mastering:
    """Find the gain that brings the mix to its profile, or recall it."""
    length, goal = session.timeline.length, goal_for(session)

    def solved() -> dict[str, Any]:
        tick, speech = studio.watch.stage("measuring the mix", length), session.mixer.stem("voice")
        with session.mix_ahead() as mix:
            return asdict(solve(mix, length, goal, speech=speech, tick=tick))

    mastering = Mastering.from_json(studio.recall("masterings", session.digest, solved))
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
    session = prepare(recipe, studio)
    digest = digest_json([session.digest, label_digest(recipe, session.credits)])
    beside = companion_names(recipe.slug, stems=extras.stems, picture=extras.picture)
    kept = read_manifest(folder / MANIFEST)
    listened = not extras.listen or (kept and kept.get("hearing"))
    if not extras.force and listened and kept and is_whole(kept, digest, folder, beside):
        return kept, False
    heard = None
    if extras.listen:
        heard = heard_well(recipe, studio.library, session.narration, studio.cache)
    mastering = mastering_of(session, studio)
    goal = file_goal(mastering, goal_for(session))
    with session.mix_ahead() as mix:
        length = session.timeline.length
        order = Order(
            folder=folder,
            slug=recipe.slug,
            formats=recipe.formats,
            length=length,
            goal=goal,
            gain_db=mastering.gain_db,
            tags=tags_of(recipe, session.timeline, session.credits, draft=session.narration.draft),
            master=partial(Master, mix, length),
        )
        deliverables = deliver(order, studio.watch.stage("encoding and checking", order.steps))
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
    write_companions(companions, folder, studio.watch.stage("writing the rest", companions.steps))
    manifest = manifest_of(
        companions,
        deliverables,
        digest=digest,
        spoken=session.narration,
        aim_lufs=goal.target_lufs,
        speech_lufs=mastering.speech_lufs,
        limited_share=mastering.limited_share,
        credit_lines=session.credits,
        timings=session.narration.timings,
        hearing=heard.as_json() if heard else None,
    )
    write_manifest(folder / MANIFEST, manifest)
    return manifest.as_json(), True
