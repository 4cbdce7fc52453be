"""`undersong new`: a recipe to begin with."""

from pathlib import Path

import typer

from undersong.cli.screen import out

TEMPLATE = """\
---
title: {title}
voice: {voice}
ambience: {ambience}
length: {length}
pace: calm
difference: 15 LU
fades: {{in: 6s, out: 20s}}
loudness: podcast
formats: [mp3, flac]
style: directive
about: {{time: any, region: whole body, kind: guided-imagery}}
---

<!-- Headings are chapters. A blank line is an elastic pause; [4s] is exact; [pause] is elastic. -->

# Arriving

Let yourself settle, sitting or lying down, with your eyes open or closed. [4s]

[breathe: in 4s, out 6s, times 3]

# The place

Imagine, sense, or simply know that you are somewhere calm. [pause: long]

Notice what is near you. [pause] Notice what is far away. [pause: long]

# Returning

Let the place grow quiet. [pause] Feel the surface beneath you, and the air around you.

[bell]

When you are ready, return to your day.
"""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("new")(new)


def new(
    title: str = typer.Argument(help='Title of the track, such as "Warm water".'),
    voice: str = typer.Option("shore", "--voice", help="Name of a voice file."),
    ambience: str = typer.Option("waves", "--ambience", help="Name of a bed file."),
    length: str = typer.Option("5m", "--length", help="Exact length, such as 10m."),
) -> None:
    """Write a new recipe into the library's recipes folder, ready to render."""
    from undersong.errors import OutputError, UnknownNameError
    from undersong.files import write_text
    from undersong.recipes.library import Library

    library = Library.find(Path.cwd())
    for kind, name, known in (
        ("voice", voice, library.voice_names()),
        ("ambience", ambience, library.bed_names()),
    ):
        if name not in known:
            raise UnknownNameError(kind, name, known)
    path = library.root / "recipes" / f"{_stem(title)}.md"
    if path.exists():
        raise OutputError(f"{path} exists already", hint="choose another title; nothing changed")
    import json

    quoted = title if title.replace(" ", "").isalnum() else json.dumps(title, ensure_ascii=False)
    text = TEMPLATE.format(title=quoted, voice=voice, ambience=ambience, length=length)
    write_text(path, text)
    out.print(f"Wrote {path}. Next: undersong plan {path.stem}", markup=False)


def _stem(title: str) -> str:
    import re
    import unicodedata

    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "recipe"
