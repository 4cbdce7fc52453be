"""Short recipes for builds that meet misfortune."""

RECIPE = """\
---
title: Rest {word}
voice: tone
ambience: breeze
fades: {{in: 1s, out: 1s}}
formats: [{formats}]
---

Rest here, {word}.
"""
WORDS = ("slowly", "gently", "softly")


def write_short(library, formats="flac"):
    """Put short recipes into a library in place of `rest`."""
    (library / "recipes/rest.md").unlink()
    for word in WORDS:
        write_one(library / f"recipes/{word}.md", word, formats)


def write_one(path, word, formats="flac"):
    """Write a recipe that says one word more."""
    path.write_text(RECIPE.format(word=word, formats=formats))
