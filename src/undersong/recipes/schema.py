"""What makers write: the keys of a recipe's front matter and of `undersong.yaml`.

Values stay what makers chose; defaults, variants and the library are brought in by `load`.
"""

from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from undersong.errors import UnknownNameError
from undersong.recipes.fields import Language, Loudness, OfLibrary, OneOf, Picture, Text, Time
from undersong.recipes.names import slug
from undersong.recipes.pace import DEFAULT_PACE, PACES
from undersong.recipes.profiles import DEFAULT_PROFILE, FORMATS, PROFILES, Anchor
from undersong.recipes.values import WrongValueError

SEED_MAX: Final = 2**32 - 1
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Name = Annotated[str, Text(100)]
Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(4000)]
Tongue = Annotated[str, Language()]
Voice = Annotated[str, OfLibrary("voice")]
Bed = Annotated[str | None, OfLibrary("ambience", optional=True)]
Length = Annotated[Fraction | None, Time("10s", "12h", word="natural")]
PaceName = Annotated[str, OneOf("pace", tuple(PACES))]
Difference = Annotated[float, Loudness(3, 40)]
PauseDifference = Annotated[float, Loudness(0, 40)]
Fade = Annotated[Fraction, Time("0s", "10m")]
Outro = Annotated[Fraction, Time("0s", "2h")]
ProfileName = Annotated[str, OneOf("loudness profile", tuple(PROFILES))]
Style = Literal["directive", "receptive"]
Duck = Literal["whole", "clear"]
Cover = Annotated[str, Picture()]
Key = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Seed = Annotated[int, Field(ge=0, le=SEED_MAX)]


def _listed(value: object) -> object:
    """Let a single name stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for k, name in enumerate(names) if name in names[:k]]
    if twice:
        message = f"`{twice[0]}` is here twice"
        raise WrongValueError(message, legal="each format once")
    return names


def _plain(name: str) -> str:
    if name != slug(name) or len(name) > _PLAIN_LETTERS:
        legal = f"up to {_PLAIN_LETTERS} of a to z, 0 to 9 and single hyphens, such as `clinic`"
        raise WrongValueError("this cannot be its name", legal=legal)
    return name


_PLAIN_LETTERS: Final = 40
Plain = Annotated[str, AfterValidator(_plain)]

Formats = Annotated[
    tuple[Annotated[str, OneOf("format", FORMATS)], ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    AfterValidator(_once),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(FORMATS)},
                {
                    "type": "array",
                    "items": {"enum": list(FORMATS)},
                    "minItems": 1,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]


Several: Final[Any] = Field(None, validate_default=False, min_length=1, max_length=50)


class Writing(BaseModel):
    """Base of everything makers write: no unknown keys; a key that is left out may be unset.

    Read values through `chosen`: what a maker did not write may be None whatever its type.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def chosen(self) -> dict[str, Any]:
        """Return what was written, by the key as written, nested mappings likewise."""
        found = {}
        for name, field in type(self).model_fields.items():
            if name in self.model_fields_set:
                value = getattr(self, name)
                key = field.alias or name
                found[key] = value.chosen() if isinstance(value, Writing) else value
        return found

    @classmethod
    def usual(cls) -> dict[str, Any]:
        """Return the defaults of all keys that have one, nested mappings likewise."""
        found = {}
        for name, field in cls.model_fields.items():
            if field.default is not None and not field.is_required():
                value = getattr(cls(), name)
                found[field.alias or name] = value.usual() if isinstance(value, Writing) else value
        return found


def _left_out(description: str, **more: Any) -> Any:  # noqa: ANN401 - as pydantic's own `Field`
    """Return a field that may be left out, without a default of its own."""
    return Field(None, description=description, **more)


def _usual(default: Any, description: str, **more: Any) -> Any:  # noqa: ANN401 - as `Field`
    """Return a field with a default, written as makers write it."""
    return Field(default, description=description, validate_default=True, **more)


class FadesChoice(Writing):
    """How the bed comes and goes: alone first, then the voice; alone again after the last word."""

    fade_in: Fade = _usual("6s", "The bed rises over this time.", alias="in")
    fade_out: Fade = _usual("15s", "The bed falls over this time, at the end.", alias="out")
    before: Fade = _left_out(
        "The bed is alone this long before the first word. At least `in`; 4 s more when left out."
    )
    after: Outro = _left_out(
        "The track lasts this long after the last word. At least `out`; 5 s more when left out."
    )


class Defaults(Writing):
    """What a recipe may choose, and what a library may choose for all of its recipes."""

    voice: Voice = _left_out("Name of a voice file in `voices/`.")
    ambience: Bed = _usual("none", "Name of a bed file in `ambience/`, or `none`.")
    length: Length = _usual(
        "natural", "Exact length of the track; `natural` takes what comes naturally."
    )
    pace: PaceName = _usual(DEFAULT_PACE, "How long elastic pauses last.")
    difference: Difference = _usual(
        "15 LU", "How far the voice stands above the bed while speaking."
    )
    pause_difference: PauseDifference = _left_out(
        "How far the voice's level stands above the bed in pauses; up to `difference`. "
        "When left out 9 LU, or `difference` where that is less."
    )
    duck: Duck = _usual(
        "whole",
        "`whole`: all of the bed steps back under the voice; `clear`: mostly where words are, "
        "1 to 5 kHz, so that more of its body stays.",
    )
    fades: FadesChoice = _usual({}, "How the bed comes and goes.")
    loudness: ProfileName = _usual(DEFAULT_PROFILE, "Delivery profile: loudness and true peak.")
    anchor: Anchor = _usual(
        "programme", "What has the profile's loudness: the whole `programme`, or its `speech`."
    )
    formats: Formats = _usual(["mp3"], "Files to deliver.")
    style: Style = _usual(
        "directive", "`directive` suggests named images; `receptive` asks open questions."
    )
    about: dict[Key, Line] = _usual(
        {},
        "Free facts for catalogues, feeds and web pages. `time` of day and `region` of the body "
        "become filters of the pages (several with commas, or `any`); `kind`, `sounds` and `care` "
        "are shown.",
        max_length=50,
    )


class Variants(Writing):
    """Several tracks from one recipe: every combination of the values listed here."""

    voice: tuple[Voice, ...] = Several
    ambience: tuple[Bed, ...] = Several
    length: tuple[Length, ...] = Several
    pace: tuple[PaceName, ...] = Several
    difference: tuple[Difference, ...] = Several
    pause_difference: tuple[PauseDifference, ...] = Several
    duck: tuple[Duck, ...] = Several
    loudness: tuple[ProfileName, ...] = Several
    anchor: tuple[Anchor, ...] = Several
    formats: tuple[Formats, ...] = Several
    style: tuple[Style, ...] = Several


class RecipeFile(Defaults):
    """Front matter of a recipe: a Markdown file in `recipes/`, one track or several variants."""

    title: Line = Field(description="Title of the track.")
    author: Name = _left_out("Who made it; the library's author when left out.")
    album: Line = _left_out("Album or series; the library's when left out.")
    language: Tongue = _left_out("Language spoken, such as en-US; the library's when left out.")
    artwork: Cover = _left_out("Cover picture, .jpg or .png, relative to this file.")
    seed: Seed = _left_out("Of everything random; derived from the file's name when left out.")
    variants: Variants = _left_out("Lists of values; one track for every combination.")


class Destination(Writing):
    """Who tracks are made for: what is written here holds for all of them there."""

    loudness: ProfileName = _left_out("Delivery profile, whatever recipes say.")
    anchor: Anchor = _left_out("What has the profile's loudness, whatever recipes say.")
    formats: Formats = _left_out("Files to deliver, whatever recipes say.")
    folder: Line = _left_out(
        "Where its tracks go, relative to this file; `build/` and its name when left out."
    )


class LibraryFile(Writing):
    """`undersong.yaml`: what all recipes of a library share."""

    title: Line = Field(description="Title of the library.")
    author: Name = _left_out("Who makes it; the author of its tracks.")
    language: Tongue = _usual("en-US", "Language spoken, unless a recipe says another.")
    album: Line = _left_out("Album or series of its tracks; the title when left out.")
    artwork: Cover = _left_out("Cover picture, .jpg or .png, relative to this file.")
    description: Prose = _left_out("What the library is, for feeds and catalogues.")
    lexicon: dict[Line, Line | dict[Line, Line]] = _left_out(
        "How words are said: a respelling, `/IPA/`, both, or one for each language."
    )
    defaults: Defaults = _left_out("What every recipe chooses that does not say otherwise.")
    destinations: dict[Plain, Destination] = _left_out(
        "Names of those whom every track is made for, each with a folder of its own.",
        min_length=1,
        max_length=20,
    )
    publish: dict[str, Any] = _left_out("The show, with the keys of `show.yaml`.")


KINDS: Final[dict[str, type[Writing]]] = {"recipe": RecipeFile, "library": LibraryFile}


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind of file, for editors.

    Args:
        kind: `recipe` (its front matter) or `library` (`undersong.yaml`).

    Raises:
        UnknownNameError: another kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("file kind", kind, KINDS)
    return schema_of(KINDS[kind])


def schema_of(model: type[Writing]) -> dict[str, Any]:
    """Return the JSON Schema of a file that makers write."""
    found = model.model_json_schema(by_alias=True)
    found["properties"] = {"title": found["properties"]["title"], **found["properties"]}
    return {"$schema": _DIALECT, **_without_null_defaults(found)}


def _without_null_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out `default: null`, which only means that a key may be left out."""
    return {
        key: _without_null_defaults(value) if isinstance(value, dict) else value
        for key, value in schema.items()
        if not (key == "default" and value is None)
    }
