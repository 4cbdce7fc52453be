"""Short recipes for libraries that are built over and over."""

RECIPE = """\
---
title: Rest {k}
voice: {voice}
ambience: breeze
fades: {{in: 1s, out: 1s}}
formats: [flac]
---

Let yourself arrive. [1s] Rest here, {word}.
"""
WORDS = ("slowly", "gently", "softly", "warmly", "kindly", "simply")


def write_recipes(library, voice="tone", words=WORDS):
    """Put short recipes into a library in place of `rest`."""
    (library / "recipes/rest.md").unlink(missing_ok=True)
    for k, word in enumerate(words):
        text = RECIPE.format(k=k, voice=voice, word=word)
        (library / f"recipes/r{k}.md").write_text(text)
