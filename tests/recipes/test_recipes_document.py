from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    field_validator,
    model_validator,
)

from undersong.errors import Fault, FaultsError
from undersong.recipes.document import Real, Whole, in_order, load_yaml, read_document
from undersong.recipes.source import make_source
from undersong.recipes.values import WrongValueError
from undersong.recipes.verdicts import entry_with_options


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Shore(Enum):
    SAND = "sand"
    PEBBLE = "pebble"


class Waves(Strict):
    generator: Literal["waves"]
    swell: Annotated[float, Field(ge=0, le=1)] = 0.5
    shore: Shore = Shore.SAND


class Forest(Strict):
    generator: Literal["forest"]
    birds: float = Field(0, gt=-1, lt=10)
    hours: tuple[Annotated[int, Field(ge=0)], ...] = ()


class Options(Strict):
    depth: int = 0


class Plugin(BaseModel):
    """Options that another model rules, as beds and voices have them."""

    model_config = ConfigDict(extra="allow")
    level_db: float = 0

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, value: object, handler: ModelWrapValidatorHandler["Plugin"]) -> "Plugin":
        return entry_with_options(cls, value, handler, lambda _: Options)[0]


class Plain(BaseModel):
    """Validates a part by itself and lets pydantic's own error out."""

    part: Any = None

    @field_validator("part")
    @classmethod
    def _check(cls, value: object) -> object:
        return Options.model_validate(value)


class Bed(Strict):
    title: str
    count: int = 1
    on: bool = True
    layers: tuple[Annotated[Waves | Forest, Field(discriminator="generator")], ...] = Field(
        (), min_length=1
    )
    plugins: list[Plugin] = []
    plain: Plain = Plain()
    facts: dict[Annotated[str, Field(max_length=5)], str] = {}
    even: int = 0
    inner: dict[str, Any] = {}

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            message = "this is odd"
            raise WrongValueError(message, legal="an even number", near="2")
        if value > 100:
            message = "this is too even"
            raise ValueError(message)
        return value


LAYER = "layers: [{generator: waves}]\n"
GOOD = f"title: Sea\n{LAYER}"

# what stands in the file, and the place and words of every fault that it holds
BAD = [
    ("", ["1:1: nothing here; legal: lines of `key: value` with the keys title"]),
    ("# only a comment\n", ["1:1: nothing here"]),
    ("- a\n- b\n", ["1:1: this is not a mapping"]),
    ("just words\n", ["1:1: this is not a mapping"]),
    ("title: Sea\n\tlayers: []\n", ["2:1: a tab, which YAML forbids here; indent with spaces"]),
    ("title:\tSea\n", ["1:7: a tab"]),
    ("title: [Sea\nlayers: 2\n", ["1:8: this list is not closed"]),
    ("inner: {a: 1\n", ["1:8: this mapping is not closed"]),
    ("title: 'Sea\n", ["1:8: this quote is never closed"]),
    ("title: Sea: shore\n", ["1:11: a `: ` where no key can stand"]),
    ("title: Sea\n layers: 2\n", ["2:8: a `: ` where no key can stand"]),
    ("title\nlayers: 2\n", ["2:7: a `: ` where no key can stand"]),
    ("title: a\nlayers\n", ["2:1: a key without its `:`"]),
    ('title: "a\\qb"\n', ["1:11: an unknown `\\` escape"]),
    ("title: @sea\n", ["1:8: text that begins with this sign must be in quotes"]),
    ("title: *sea\n", ["1:8: an alias (`*name`); put the text in quotes"]),
    ("title: a\n---\ntitle: b\n", ["2:1: a second document"]),
    ("title: a\nlayers:\n  - b\n - c\n", ["4:2: the indentation does not fit"]),
    ("title: " + "[" * 3000, ["1:1: lists and mappings are nested too deep"]),
    (
        "title: Sea\ntitel: x\n" + LAYER,
        ["2:1: unknown key `titel`; legal: count, even, facts", "did you mean `title`?"],
    ),
    ("title: Sea\ntitle: Shore\n" + LAYER, ["2:1: the key `title` is here twice"]),
    (GOOD + "[a]: b\n", ["3:1: a key must be a word"]),
    (
        GOOD + "inner: &x {a: *x}\n",
        ["3:8: an alias (`*name`) uses this value again; write it out there"],
    ),
    (GOOD + "inner: {a: !py b}\n", ["3:12: an unknown tag `!py`"]),
    (LAYER, ["1:1: `title` is missing"]),
    ("title:\n" + LAYER, ["1:1: `title` has no value"]),
    ("title: 3\n" + LAYER, ["1:8: `title` should be text; write it in quotes (seen: 3)"]),
    (GOOD + "count: many\n", ["3:8: `count` should be a whole number (seen: many)"]),
    (GOOD + "count: 1.5\n", ["3:8: `count` should be a whole number (seen: 1.5)"]),
    (GOOD + "count: " + "9" * 5000 + "\n", ["3:8: `count` is too large"]),
    (GOOD + "on: perhaps\n", ["3:5: `on` should be true or false (seen: perhaps)"]),
    (GOOD + "even: 3\n", ["3:7: this is odd (seen: 3); legal: an even number; did you mean `2`?"]),
    (GOOD + "even: 102\n", ["3:7: this is too even (seen: 102)"]),
    (GOOD + "inner: 3\n", ["3:8: `inner` should be a mapping of `key: value` (seen: 3)"]),
    (GOOD + "facts: {abcdefg: x}\n", ["3:9: this key should have at most 5 characters"]),
    (GOOD + "plugins: 3\n", ["3:10: `plugins` should be a list (seen: 3)"]),
    (GOOD + "plugins: [3]\n", ["3:11: an item of `plugins` should be a mapping"]),
    (
        GOOD + "plugins: [{depth: x, levl_db: 3, level_db: loud}]\n",
        [
            "3:19: `depth` should be a whole number (seen: x)",
            "3:22: unknown key `levl_db`; legal: depth, level_db; did you mean `level_db`?",
            "3:44: `level_db` should be a number (seen: loud)",
        ],
    ),
    (GOOD + "plain: {part: {depth: x}}\n", ["3:23: `depth` should be a whole number (seen: x)"]),
    ("title: Sea\nlayers: []\n", ["2:9: `layers` should have at least 1 item"]),
    ("title: Sea\nlayers: 2\n", ["2:9: `layers` should be a list (seen: 2)"]),
    (
        "title: Sea\nlayers:\n  - generator: wavs\n  - swell: 2\n  - 3\n",
        [
            (
                "3:16: `generator` is none of the known values (seen: wavs); legal: waves, forest; "
                "did you mean `waves`?"
            ),
            "4:5: `generator` is missing",
            "5:5: an item of `layers` should be a mapping of `key: value` (seen: 3)",
        ],
    ),
    (
        (
            "title: Sea\nlayers:\n  - {generator: waves, swell: 2, shore: snad}\n"
            "  - {generator: forest, birds: 10, hours: [1, -1], bird: 3}\n"
        ),
        [
            "3:31: `swell` is out of range (seen: 2); legal: 0 to 1",
            (
                "3:41: `shore` is none of the known values (seen: snad); legal: sand, pebble; "
                "did you mean `sand`?"
            ),
            "4:32: `birds` is out of range (seen: 10); legal: above -1 and below 10",
            "4:47: an item of `hours` is out of range (seen: -1); legal: at least 0",
            "4:52: unknown key `bird`; legal: birds, generator, hours; did you mean `birds`?",
        ],
    ),
    ("title: a\x07b\n" + LAYER, ["1:9: a control character, which is not text (seen: U+0007)"]),
]


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[text[:30] for text, _ in BAD])
def test_bad_yaml_gives_every_fault_with_place_value_range_and_nearest_name(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    path = tmp_path / "bed.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_yaml(path, Bed)
    found = [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]
    for words in expected:
        assert words in "\n".join(found), found
    places = [words for words in expected if words[0].isdigit()]
    assert len(found) == len(places), found


def test_a_good_file_becomes_the_model(tmp_path: Path) -> None:
    path = tmp_path / "bed.yaml"
    path.write_bytes(
        b"\xef\xbb\xbftitle: Sea\r\nlayers:\r\n  - generator: forest\r\n    birds: 0x3\r\n"
        b"count: 0o17\r\non: false\r\ninner: {on: yes, when: 2020-01-01, none: null, big: .inf}\r\n"
    )
    bed = load_yaml(path, Bed)
    assert bed.title == "Sea"
    assert bed.layers[0] == Forest(generator="forest", birds=3)
    assert (bed.count, bed.on) == (15, False)
    assert bed.inner == {"on": "yes", "when": "2020-01-01", "none": None, "big": float("inf")}


class Whimsical(BaseModel):
    """A model that is refused as a whole, with a key under another name."""

    size: int = Field(0, ge=1, validation_alias="grösse")

    @model_validator(mode="after")
    def _refuse(self) -> "Whimsical":
        message = "nothing fits together"
        raise ValueError(message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("other: 1\n", "1:1: nothing fits together (seen: other: 1)"),
        ("grösse: 0\n", "1:9: `grösse` is out of range (seen: 0); legal: at least 1"),
    ],
)
def test_faults_of_the_whole_and_of_renamed_keys_have_places(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_yaml(path, Whimsical)
    assert str(caught.value) == f"{path}:{expected}"


def test_what_yaml_cannot_read_at_all_is_one_fault() -> None:
    source = make_source("x", "a: \ud800")
    (fault,) = read_document(source, 0, len(source.text)).faults
    assert fault.message.startswith("this is not YAML: ")


def test_a_document_knows_the_place_and_the_writing_of_everything() -> None:
    source = make_source("x", "one: 1\nlist:\n  - a: 007\n  - 1.50\nquote: 'q'\n")
    document = read_document(source, 0, len(source.text))
    assert document.value == {"one": 1, "list": [{"a": 7}, 1.5], "quote": "q"}
    assert document.written(("list", 0, "a")) == "007"
    assert document.written(("list", 1)) == "1.50"
    assert document.written(("list", 0)) == "a: 007"
    assert document.written(("none",)) is None
    place = document.position(("list", 0, "a"))
    assert (place.line, place.column) == (3, 8)
    place = document.position(("list",), key=True)
    assert (place.line, place.column) == (2, 1)
    assert document.lines().keys() == {"one", "list", "quote"}


def test_numbers_remember_how_they_were_written() -> None:
    source = make_source("x", "a: 1_000\nb: 1.50\n")
    value = read_document(source, 0, len(source.text)).value
    assert isinstance(value["a"], Whole)
    assert isinstance(value["b"], Real)
    assert (value["a"], value["a"].written, value["b"].written) == (1000, "1_000", "1.50")


def test_a_document_within_a_file_keeps_the_places_of_the_file() -> None:
    source = make_source("x", "---\ntitle: Sea\n---\nwords\n")
    document = read_document(source, 4, 15)
    place = document.position(("title",))
    assert (place.line, place.column) == (2, 8)


def test_faults_come_in_file_order_and_once() -> None:
    late = Fault(file="a", line=3, column=1, message="late")
    early = Fault(file="a", line=2, column=9, message="early")
    whole = Fault(file="a", message="whole")
    assert in_order([late, early, late, whole]) == (whole, early, late)


def test_the_same_text_of_the_same_file_is_read_once():
    source, same = (make_source("a.yaml", "title: Rest\n") for _ in range(2))
    assert read_document(source, 0, 12) is read_document(same, 0, 12)
    other = read_document(make_source("b.yaml", "title: Rest\n"), 0, 12)
    assert other.source.file == "b.yaml"
