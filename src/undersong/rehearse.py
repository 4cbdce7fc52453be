"""Listen to the beds and bells of a track, and plan its mix: numbers in, numbers out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from undersong.ambience.cue import Cue
from undersong.audio import COPIES, BlockSource
from undersong.files import digest_json
from undersong.mix import survey
from undersong.mix.bells import momentary_lufs
from undersong.mix.duck import plan_mix
from undersong.mix.model import MixPlan
from undersong.mix.presence import Surveys, from_json, survey_presence, to_json
from undersong.recipes.model import Recipe
from undersong.store.kinds import SURVEYS
from undersong.studio import Studio
from undersong.timeline.model import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What there is to listen to.

    Attributes:
        cues: every sound that the script names.
        opened: opens all beds anew, by name.
        digest: of the beds.
    """

    timeline: Timeline
    cues: Mapping[str, Cue]
    opened: Callable[[], dict[str, BlockSource]]
    digest: str

    @property
    def scenes_digest(self) -> str:
        """Digest of what is heard of the beds."""
        scenes = self.timeline.as_json()["scenes"]
        return digest_json([self.timeline.length, self.digest, scenes])


def rehearse(recipe: Recipe, studio: Studio, stage: Stage) -> MixPlan:
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
            lambda: survey.survey_joins(timeline, stage.opened()),
        ),
    )


def _listened(stage: Stage, studio: Studio) -> dict[str, list[float]]:
    timeline = stage.timeline
    copies = [stage.opened() for _ in range(COPIES)]
    tick = studio.watch.stage("listening to the bed", survey.surveyed(timeline))
    return survey.to_json(survey.survey_ahead(timeline, copies, tick))


def _presence(stage: Stage, studio: Studio, key: str) -> dict[str, Surveys]:
    def listened() -> dict[str, list[list[float]]]:
        tick = studio.watch.stage("listening for words", 2 * survey.surveyed(stage.timeline))
        return to_json(survey_presence(stage.timeline, stage.opened(), tick))

    return from_json(studio.recall(SURVEYS, digest_json(["presence", key]), listened))


def _loudest(cue: Cue) -> float:
    return momentary_lufs(cue.frames())
