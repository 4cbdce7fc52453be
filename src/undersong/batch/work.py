"""One track of a library, made: what a worker does, here or on another machine."""

import time
from collections.abc import Callable
from typing import Final

from undersong.audio import Tick
from undersong.batch.errand import Errand
from undersong.batch.events import Event, Made, Noted, Reached
from undersong.batch.keys import locked_takes
from undersong.errors import UnknownNameError
from undersong.manifest import MANIFEST, listed
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.render import render_track
from undersong.studio import Extras, Studio

_EVERY_S: Final = 0.2
"""How often a stage tells how far it has come."""

_FACTS: Final = ("title", "length_s", "voice", "engine", "draft", "speech_lufs", "target_lufs")


def make(errand: Errand, worker: int, tell: Callable[[Event], None], *, threads: int = 1) -> Made:
    """Render one track and return what became of it.

    Raises:
        UndersongError: of the kind of whatever failed; no partial file has a final name.
    """
    begun_s, begun_cpu_s = time.monotonic(), time.process_time()
    library = Library.find(errand.root).bound_for(errand.choice.destination)
    recipes = {recipe.slug: recipe for recipe in load_recipe(errand.recipe, library)}
    if errand.slug not in recipes:
        raise UnknownNameError("track", errand.slug, recipes)
    choice = errand.choice
    studio = Studio(
        library=library,
        cache=errand.cache,
        watch=_Teller(errand.slug, worker, tell),
        engine=choice.engine,
        offline=choice.offline,
        online=choice.online,
        threads=threads,
    )
    extras = Extras(stems=choice.stems, picture=choice.picture, force=errand.force)
    recipe = recipes[errand.slug]
    manifest, way = render_track(recipe, studio, errand.folder, extras)
    return Made(
        slug=errand.slug,
        rendered=way == "made",
        brought=way == "brought",
        outputs=(*listed(manifest), MANIFEST),
        locked=locked_takes(recipe, library),
        cost_s=time.process_time() - begun_cpu_s,
        wall_s=time.monotonic() - begun_s,
        facts={name: manifest.get(name) for name in _FACTS}
        | {"deliverables": manifest["deliverables"]},
    )


class _Teller:
    """Watches a render and tells of it."""

    def __init__(self, slug: str, worker: int, tell: Callable[[Event], None]) -> None:
        self._slug, self._worker, self._tell = slug, worker, tell

    def stage(self, name: str, total: int) -> Tick:
        done, told_s = 0, time.monotonic()
        self._reached(name, 0.0)

        def tick(steps: int) -> None:
            nonlocal done, told_s
            done += steps
            if time.monotonic() - told_s >= _EVERY_S:
                told_s = time.monotonic()
                self._reached(name, min(done / max(total, 1), 1.0))

        return tick

    def note(self, text: str) -> None:
        self._tell(Noted(slug=self._slug, text=text))

    def _reached(self, stage: str, share: float) -> None:
        self._tell(Reached(slug=self._slug, worker=self._worker, stage=stage, share=share))
