"""A library on disk, and tracks of it that only pretend to have been made."""

from pathlib import Path

from undersong.batch.events import Made
from undersong.batch.freshness import plan_build
from undersong.batch.model import Choice, Order, Plan
from undersong.batch.runner import Keeper
from undersong.manifest import MANIFEST

OUTPUTS = ("track.mp3", "track.vtt", MANIFEST)

FILES = {
    "undersong.yaml": "title: A test library\nauthor: Somebody\nlanguage: en-US\n",
    "voices/tone.yaml": (
        "title: A tone\nlanguage: en-US\nengines:\n  - engine: fake\nlexicon: {Qi: chee}\n"
    ),
    "voices/person.yaml": (
        "title: A person\nlanguage: en-US\nengines:\n  - {engine: recorded, folder: takes/person}\n"
    ),
    "takes/person/rest-here.wav": "not yet looked into",
    "ambience/shore.yaml": "title: Shore\nlayers:\n  - generator: waves\n",
    "ambience/moor.yaml": "title: Moor\nlayers:\n  - generator: breeze\n",
    "sounds/gong.wav": "not yet looked into",
    "recipes/calm.md": (
        "---\ntitle: Calm\nvoice: tone\nambience: shore\nformats: [mp3]\n---\n\n"
        "Let your Qi settle. [2s] Rest here.\n"
    ),
    "recipes/long.md": (
        "---\ntitle: Long\nvoice: tone\nambience: moor\nformats: [mp3]\n"
        "variants: {loudness: [podcast, sleep]}\n---\n\nRest here. [!]\n"
    ).replace(" [!]", ' !["gong"]'),
    "recipes/told.md": (
        "---\ntitle: Told\nvoice: person\nambience: moor\nformats: [mp3]\n---\n\nRest here.\n"
    ),
}
SLUGS = ["calm", "long-podcast", "long-sleep", "told"]


def make_files(root: Path) -> Order:
    """Write the library and return the order to build all of it."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Order(root=root, out=root / "build", cache=root / "cache", choice=Choice())


def pretend(order: Order, plan: Plan | None = None) -> None:
    """Leave everything as if all that was to be made had been made."""
    plan = plan or plan_build(order)
    keeper = Keeper(order, plan)
    for verdict in plan.todo:
        folder = verdict.job.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in OUTPUTS:
            (folder / name).write_text(verdict.job.slug, encoding="utf-8")
        known = plan.known.get(verdict.job.slug)
        keeper.note(
            Made(
                slug=verdict.job.slug,
                rendered=True,
                outputs=OUTPUTS,
                locked=known.parts["locked takes"] if known else "",
                cost_s=2.0,
                wall_s=1.0,
                facts={"length_s": 60.0, "draft": True},
            )
        )
    keeper.keep()


def reasons(order: Order) -> dict[str, tuple[str, ...]]:
    """Return why each track must be made; tracks that need not are left out."""
    return {verdict.job.slug: verdict.reasons for verdict in plan_build(order).todo}
