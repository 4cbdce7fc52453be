"""The recipes whose timelines are kept as golden JSON, one of each kind."""

from fractions import Fraction

from msgspec.structs import replace
from timeline_scripts import Page, fades, variants

from undersong.recipes.model import Recipe


def natural() -> Recipe:
    """No length asked: every elastic pause lasts what it lasts."""
    return (
        Page()
        .head("Arriving")
        .paragraph("Let yourself arrive.", "There is nowhere else to be.")
        .paragraph("Notice the weight of your shoulders, and let them sink a little further.")
        .rest("pause")
        .say("Good.")
        .pause("4")
        .say("Rest here for a while.")
        .rest("paragraph")
        .recipe(slug="natural")
    )


def exact_length() -> Recipe:
    return replace(
        Page()
        .head("Settling in")
        .paragraph("Let yourself arrive.", "Nothing needs doing.", "Nothing at all.")
        .pause("4")
        .say("Let your breath come as it likes,")
        .rest("comma")
        .say("and go as it likes.")
        .rest("pause", "2")
        .head("The shore")
        .paragraph("Imagine a path that leads you down to the shore.", "You hear the waves.")
        .rest("long")
        .say("When you are ready, open your eyes.")
        .recipe(slug="exact-length"),
        length=Fraction(140),
    )


def breath() -> Recipe:
    return (
        Page()
        .say("We will breathe together.")
        .rest("sentence")
        .breathe("4", "6", 5)
        .phase("in", "4", "Slowly in")
        .phase("hold", "7")
        .phase("out", "25/3", "and slowly out")
        .phase("rest", "1/3")
        .rest("paragraph")
        .say("Let it go by itself again.")
        .recipe(slug="breath", length=Fraction(110))
    )


def scene_changes() -> Recipe:
    return (
        Page()
        .head("The wood")
        .paragraph("You stand among tall trees.")
        .scene("waves", "3")  # sounds already: no change
        .head("The shore")
        .scene("forest", "8")
        .paragraph("Behind them the sea begins.")
        .pause("10")
        .scene(None, "5")
        .paragraph("For a moment everything is still.")
        .pause("6")
        .scene("waves", "4")
        .paragraph("Then the waves return.")
        .recipe(slug="scene-changes")
    )


def bells() -> Recipe:
    return (
        Page()
        .sound("bell")
        .say("Welcome.")
        .rest("sentence")
        .say("Listen to the chime")
        .sound("chime", "0", -3.0)
        .say("while I speak.")
        .rest("paragraph")
        .sound("chime", "1.5")
        .pause("2.5")
        .say("And now to the end.")
        .rest("section")
        .sound("bell", "3", -6.0)
        .recipe(slug="bells", fades=fades("2", "4", "3", "5"))
    )


def no_bed() -> Recipe:
    return (
        Page()
        .paragraph("Only a voice.", "No ambience at all.")
        .say("Bonjour", "fr")
        .say("is how it ends.")
        .recipe(slug="no-bed", ambience=None, fades=fades("0", "0", "0", "0"))
    )


def chapters() -> Recipe:
    page = Page().paragraph("Before the first heading something is said.").rest("section")
    for title in ("Feet", "Knees", "Hands"):
        page.head(title).paragraph(f"Feel your {title.lower()}.", "Let them be warm.").rest(
            "section"
        )
    return (
        page.head("Silence")
        .pause("30")
        .head("Return")
        .head("Waking")
        .say("Come back.")
        .recipe(slug="chapters")
    )


GOLDEN: dict[str, Recipe] = {
    recipe.slug: recipe
    for recipe in (
        natural(),
        exact_length(),
        breath(),
        scene_changes(),
        bells(),
        no_bed(),
        chapters(),
        *variants(replace(exact_length(), slug="variant"), (90, 150)),
    )
}
