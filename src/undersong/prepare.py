"""Everything that is decided before a track is mixed: words spoken, times, levels, gains."""

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from undersong.ambience.bed import bed_digest, load_bed, open_bed
from undersong.ambience.cue import Cue, open_cue
from undersong.ambience.rights import missing_rights
from undersong.audio import BlockSource
from undersong.dsp.compiled import compile_ahead
from undersong.files import digest_json, plain
from undersong.machine import forget_last, keep_freed_memory
from undersong.mix import survey
from undersong.mix.bells import momentary_lufs
from undersong.mix.duck import plan_mix
from undersong.mix.mixer import Mixer
from undersong.mix.model import MixPlan
from undersong.mix.presence import Surveys, from_json, survey_presence, to_json
from undersong.mix.spool import Spool, spooled_beds, spooled_takes
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import PROFILES
from undersong.store.kinds import SURVEYS
from undersong.store.program import SOUND, code_digest
from undersong.studio import Session, Studio
from undersong.timeline.arrange import arrange
from undersong.timeline.model import Timeline
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore


def prepare(recipe: Recipe, studio: Studio) -> Session:
    """Speak, arrange, survey the beds and plan the mix.

    Raises:
        UndersongError: of the kind of whatever failed; nothing is written but the cache.
    """
    keep_freed_memory()
    forget_last()
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
    opening = {
        name: partial(open_bed, bed, recipe.seed, studio.cache) for name, bed in beds.items()
    }
    spool = Spool(studio.cache)
    copies = spooled_beds(opening, spool, studio.threads)
    heard = {name: f"{bed_digest(bed)}-{recipe.seed}" for name, bed in beds.items()}
    plan = _planned(
        recipe,
        studio,
        _Heard(timeline=timeline, cues=cues, copies=copies, digest=digest_json(heard)),
    )
    takes = spooled_takes(narration.takes, spool)

    def mixer(sources: Mapping[str, BlockSource]) -> Mixer:
        return Mixer(timeline, plan, takes=takes, beds=sources, cues=cues)

    sounds = {name: cue.digest for name, cue in cues.items()}
    sounding = [timeline.as_heard(), plan.as_json(), narration.fingerprint, heard, sounds]
    return Session(
        recipe=recipe,
        narration=narration,
        timeline=timeline,
        plan=plan,
        copies=tuple(mixer(sources) for sources in copies),
        let_go=spool.let_go,
        profile=PROFILES[recipe.loudness],
        digest=digest_json([code_digest(*SOUND), recipe.loudness, recipe.anchor, *sounding]),
        credits=(*narration.credits, *(bed.credit for bed in beds.values() if bed.credit)),
        withheld=tuple(text for bed in beds.values() for text in missing_rights(bed)),
    )


class _Heard(Struct, frozen=True, kw_only=True):
    """What there is to listen to.

    Attributes:
        cues: every sound that the script names.
        copies: all beds by name, several times, each to be read by one thread at a time.
        digest: of the beds.
    """

    timeline: Timeline
    cues: Mapping[str, Cue]
    copies: Sequence[Mapping[str, BlockSource]]
    digest: str

    @property
    def scenes_digest(self) -> str:
        """Digest of what is heard of the beds."""
        scenes = plain(self.timeline.scenes)
        return digest_json([self.timeline.length, self.digest, scenes])


def _planned(recipe: Recipe, studio: Studio, stage: _Heard) -> MixPlan:
    """Measure what was not measured before, and plan all gains.

    Raises:
        OutputError: the cache cannot be used.
    """
    timeline, key = stage.timeline, stage.scenes_digest
    surveys = studio.recall(SURVEYS, key, partial(_listened, stage, studio))
    clear = _presence(stage, studio, key) if recipe.duck == "clear" else None
    return plan_mix(
        timeline,
        survey.from_json(surveys),
        difference_lu=recipe.difference_lu,
        pause_difference_lu=recipe.pause_difference_lu,
        cue_lufs={
            name: studio.recall(SURVEYS, digest_json(["cue", cue.digest]), partial(_loudest, cue))
            for name, cue in stage.cues.items()
        },
        presence=clear,
        joins=studio.recall(
            SURVEYS,
            digest_json(["joins", key]),
            lambda: survey.survey_joins(timeline, stage.copies[0]),
        ),
    )


def _listened(stage: _Heard, studio: Studio) -> dict[str, list[float]]:
    timeline = stage.timeline
    tick = studio.watch.stage("listening to the bed", survey.surveyed(timeline))
    return survey.to_json(survey.survey_beds(timeline, stage.copies, tick))


def _presence(stage: _Heard, studio: Studio, key: str) -> dict[str, Surveys]:
    def listened() -> dict[str, list[list[float]]]:
        tick = studio.watch.stage("listening for words", 2 * survey.surveyed(stage.timeline))
        return to_json(survey_presence(stage.timeline, stage.copies, tick))

    return from_json(studio.recall(SURVEYS, digest_json(["presence", key]), listened))


def _loudest(cue: Cue) -> float:
    return momentary_lufs(cue.frames())
