from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no types
from pydantic import BaseModel, ValidationError

from undersong.errors import UnknownNameError
from undersong.recipes.document import read_document
from undersong.recipes.library import starter_folder
from undersong.recipes.schema import KINDS, json_schema
from undersong.recipes.source import make_source

FULL = """\
title: Evening body scan by the sea
author: Jane
album: Evenings
language: en-GB
voice: shore
ambience: waves
length: 12m                 # exact
pace: sleep
difference: 15 LU
pause_difference: 9
fades: {in: 6s, out: 1:30, before: 8, after: 2m}
loudness: podcast
formats: [mp3, flac]
style: receptive
about: {time: evening, region: lower back, session: 3}
artwork: ../cover.jpg
seed: 7
variants:
  length: [5m, 10:00, 600, natural]
  ambience: [waves, none]
  formats: [mp3, [mp3, flac]]
  difference: [12.5, 15 LU]
  pause_difference: [3]
  voice: [shore]
  pace: [calm]
  loudness: [sleep]
  style: [directive]
"""

LIBRARY = """\
title: My library
author: Jane
language: de
album: Nights
artwork: cover.png
description: >
  Long text
  on lines.
defaults: {voice: shore, ambience: none, length: natural, formats: opus, fades: {in: 4s},
  about: {a: b}}
publish: {to: anywhere, list: [1, 2]}
"""

GOOD = [
    ("recipe", "title: 1984\n"),
    ("recipe", FULL),
    ("library", "title: L\n"),
    ("library", LIBRARY),
]

BAD = [
    ("recipe", ""),
    ("recipe", "voice: shore"),
    ("recipe", "title: ''"),
    ("recipe", "title: a\nvioce: shore"),
    ("recipe", "title: a\nlength: -4s"),
    ("recipe", "title: a\nlength: soon"),
    ("recipe", "title: a\nlength: 5"),
    ("recipe", "title: a\nlength: null"),
    ("recipe", "title: a\npace: slow"),
    ("recipe", "title: a\ndifference: 15 dB"),
    ("recipe", "title: a\nformats: [mp4]"),
    ("recipe", "title: a\nformats: []"),
    ("recipe", "title: a\nformats: [mp3, mp3]"),
    ("recipe", "title: a\nfades: {in: 6s, up: 3s}"),
    ("recipe", "title: a\nfades: 6s"),
    ("recipe", "title: a\nstyle: loose"),
    ("recipe", "title: a\nabout: {time: [1]}"),
    ("recipe", "title: a\nlanguage: english"),
    ("recipe", "title: a\nartwork: cover.gif"),
    ("recipe", "title: a\nseed: -1"),
    ("recipe", "title: a\nseed: 5000000000"),
    ("recipe", "title: a\nvariants: {length: 5m}"),
    ("recipe", "title: a\nvariants: {length: []}"),
    ("recipe", "title: a\nvariants: {title: [b]}"),
    ("library", "title: a\ndefaults: {title: b}"),
    ("library", "title: a\npublish: here"),
    ("library", "defaults: {}"),
]


def _plain(text: str) -> Any:
    return read_document(make_source("x", text), 0, len(text)).value or {}


def _model(kind: str) -> type[BaseModel]:
    return KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_one_that_editors_read(kind: str) -> None:
    schema = json_schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert next(iter(schema["properties"])) == "title"
    parts = [schema, *schema["$defs"].values()]
    for part in parts:
        assert part["description"]
        for key, rule in part["properties"].items():
            assert rule.get("default", "") is not None
            if part["title"] != "Variants":
                assert "description" in rule, key


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_editors_and_we_accept_the_same(kind: str, text: str) -> None:
    value = _plain(text)
    _model(kind).model_validate(value)
    Draft202012Validator(json_schema(kind)).validate(value)


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_editors_and_we_refuse_the_same(kind: str, text: str) -> None:
    value = _plain(text)
    with pytest.raises(ValidationError):
        _model(kind).model_validate(value)
    assert not Draft202012Validator(json_schema(kind)).is_valid(value)


def test_the_starter_recipes_pass_the_schema() -> None:
    paths = sorted((starter_folder() / "recipes").glob("[!R]*.md"))
    assert paths
    validator = Draft202012Validator(json_schema("recipe"))
    for path in paths:
        front = path.read_text(encoding="utf-8").split("\n---\n")[0].removeprefix("---\n")
        validator.validate(_plain(front))
    library = (starter_folder() / "undersong.yaml").read_text(encoding="utf-8")
    Draft202012Validator(json_schema("library")).validate(_plain(library))


def test_an_unknown_kind_offers_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        json_schema("recipes")
    assert caught.value.hint == "did you mean `recipe`? known: library, recipe"
