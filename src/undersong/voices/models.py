"""Bringing a neural voice into a library: its files, checked, and a voice file that names them.

Everything is gathered and checked in a folder of its own first; then the files move to `models/`,
and the voice file is written last. Whatever goes wrong before leaves nothing behind.
"""

import json
import os
import re
import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from msgspec import Struct, field

from undersong.audio import Tick
from undersong.errors import OutputError, VoiceError
from undersong.files import digest_file, write_text
from undersong.recipes.document import load_yaml
from undersong.recipes.library import Library
from undersong.recipes.names import is_safe
from undersong.voices.fetch import Expected, Patience, expect, fetch, fetch_text, is_address
from undersong.voices.plugins import engine_class
from undersong.voices.voice import VoiceFile

FOLDER: Final = "models"
CARD: Final = "MODEL_CARD"
INDEX: Final = "voices.json"
INDEX_ABOVE: Final = 4
"""Piper's collection keeps its list four folders above a voice: language, region, name, quality."""

IGNORED: Final = "# Models are large; `undersong voices add` brings them again.\n*.onnx\n*.bin\n"
KOKORO_LICENCE: Final = "Apache-2.0, under which hexgrad publishes Kokoro-82M"
UNKNOWN_LICENCE: Final = "none was found with this voice: ask its makers before you publish"

_LICENCE = re.compile(r"^\W*licen[cs]e\W*:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_REGION = re.compile(r"^([a-z]{2,3})[_-]([A-Za-z]{2})$")


class Order(Struct, frozen=True, kw_only=True):
    """What is to be added.

    Attributes:
        source: path or address of the `.onnx` file.
        name: of the voice in the library; made from the source when "".
        voices: path or address of Kokoro's file of voices; "" for a Piper voice.
        voice: which of Kokoro's voices.
        language: BCP 47 tag; found in the model's files when "".
        licence: what its maker allows; found in the model's files when "".
        expected: of the `.onnx` file.
    """

    source: str
    name: str = ""
    voices: str = ""
    voice: str = "af_heart"
    language: str = ""
    licence: str = ""
    expected: Expected = field(default_factory=Expected)
    patience: Patience = field(default_factory=Patience)


class Added(Struct, frozen=True, kw_only=True):
    """A voice that recipes of the library can name now.

    Attributes:
        files: the model's files, and the voice file last.
        why_not: why it cannot speak here yet, or None.
    """

    name: str
    licence: str
    files: tuple[Path, ...]
    why_not: str | None


class _Found(Struct, frozen=True, kw_only=True):
    """What the model's files say about the voice."""

    engine: str
    options: dict[str, str]
    title: str
    language: str
    licence: str
    about: str


def add_voice(order: Order, library: Library, tick: Tick | None = None) -> Added:
    """Bring a voice's files into `models/` of a library and write its voice file.

    Files that are in `models/` already are checked and kept, so that several voices share one.

    Raises:
        VoiceError: a file is missing, unreachable, cut short, damaged, or not as expected.
        OutputError: no library here, a voice of that name exists, or no space.
        FaultsError: the language given is none.
    """
    target = _free_place(order, library)
    models = library.root / FOLDER
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=models) as staging:
        stage = Path(staging)
        gathered = _gather(order, stage, models, tick)
        found = _kokoro(order, library) if order.voices else _piper(order, stage, library)
        why_not = _checked(found, stage)
        text = _voice_file(order, found, gathered)
        draft = stage / target.name
        write_text(draft, text)
        load_yaml(draft, VoiceFile)
        kept = [models / path.name for path in gathered]
        for path in stage.iterdir():
            if path != draft:
                path.replace(models / path.name)
    if not (models / ".gitignore").exists():
        write_text(models / ".gitignore", IGNORED)
    write_text(target, text)
    return Added(name=target.stem, licence=found.licence, files=(*kept, target), why_not=why_not)


def _free_place(order: Order, library: Library) -> Path:
    """Return where the voice file is to be; nothing is there yet."""
    if library.file is None:
        raise OutputError("there is no library here", hint="begin one with `undersong init`")
    name = order.name or (order.voice if order.voices else _stem(order.source))
    if not is_safe(name):
        raise OutputError(f"`{name}` cannot be the name of a file", hint="choose one with --name")
    target = library.root / "voices" / f"{name}.yaml"
    if target.exists():
        raise OutputError(f"{target} exists already", hint="choose another name with --name")
    return target


def _gather(order: Order, stage: Path, models: Path, tick: Tick | None) -> list[Path]:
    """Bring what is not there yet into the staging folder; returns all files by their name."""
    wanted = [(order.source, _listed(order))]
    if order.voices:
        wanted.append((order.voices, Expected()))
    else:
        wanted.append((_beside(order.source, f"{_file(order.source)}.json"), Expected()))
    gathered = []
    for source, expected in wanted:
        path = stage / _file(source)
        gathered.append(path)
        if (models / path.name).is_file():
            expect(models / path.name, expected, str(models / path.name))
            _link(models / path.name, path)
        else:
            fetch(source, path, expected, order.patience, tick)
    return gathered


def _listed(order: Order) -> Expected:
    """Return what the maker expects, else what the list of Piper's collection says of the file."""
    given = order.expected
    known = given != Expected() or order.voices or not is_address(order.source)
    path = PurePosixPath(urlsplit(order.source).path)
    if known or len(path.parents) <= INDEX_ABOVE:
        return given
    above = path.parents[INDEX_ABOVE]
    text = fetch_text(_moved(order.source, above / INDEX), order.patience)
    try:
        voices = json.loads(text or "{}")
        entry = voices[_stem(order.source)]["files"][str(path.relative_to(above))]
        return Expected(size_bytes=int(entry["size_bytes"]), md5=str(entry["md5_digest"]))
    except (ValueError, KeyError, TypeError):
        return given


def _piper(order: Order, stage: Path, library: Library) -> _Found:
    """Read the configuration and the model card of a Piper voice."""
    file = _file(order.source)
    config = _json(stage / f"{file}.json")
    card = fetch_text(_beside(order.source, CARD), order.patience)
    if card:
        write_text(stage / f"{_stem(order.source)}.{CARD}", card)
    named = _LICENCE.search(card or "")
    language = config.get("language")
    code = str(language.get("code", "")) if isinstance(language, dict) else ""
    return _Found(
        engine="piper",
        options={"model": f"{FOLDER}/{file}"},
        title=_stem(order.source),
        language=order.language or _tag(code) or library.language,
        licence=order.licence or (named[1] if named else UNKNOWN_LICENCE),
        about="A Piper voice; it needs no network.",
    )


def _kokoro(order: Order, library: Library) -> _Found:
    english = {"a": "en-US", "b": "en-GB"}.get(order.voice[:1], "")
    files = {"model": order.source, "voices": order.voices}
    return _Found(
        engine="kokoro",
        options={k: f"{FOLDER}/{_file(source)}" for k, source in files.items()}
        | {"voice": order.voice},
        title=f"Kokoro {order.voice}",
        language=order.language or english or library.language,
        licence=order.licence or KOKORO_LICENCE,
        about="A Kokoro voice; it needs no network.",
    )


def _checked(found: _Found, stage: Path) -> str | None:
    """Open the voice; returns why it cannot speak here though its files are sound, or None.

    Raises:
        VoiceError: its files are not what they should be.
    """
    made = engine_class(found.engine)
    places = {
        key: str(stage.absolute() / Path(value).name) if "/" in value else value
        for key, value in found.options.items()
    }
    with closing(made(made.Options.model_validate(places), stage)) as engine:
        why = engine.check()
    missing: str | None = getattr(made, "missing", lambda: None)()
    if why and not missing:
        raise VoiceError(why, hint="nothing was kept")
    return missing


def _voice_file(order: Order, found: _Found, files: list[Path]) -> str:
    """Return the voice file, with everything that tells where its model comes from."""
    today = datetime.now(UTC).date().isoformat()
    sources = (order.source, order.voices or _beside(order.source, f"{_file(order.source)}.json"))
    lines = [f"# Added by `undersong voices add` on {today}, from"]
    for source, path in zip(sources, files, strict=True):
        size = path.stat().st_size
        lines += [f"#   {source}", f"#   {size} bytes, sha256 {digest_file(path)}"]
    terms = f"Licence of the voice: {found.licence}."
    options = "".join(f"\n    {key}: {_quoted(text)}" for key, text in found.options.items())
    lines += [
        f"title: {_quoted(found.title)}",
        f"language: {_quoted(found.language)}",
        f"about: {_quoted(found.about)}",
        f"terms: {_quoted(terms)}",
        f"engines:\n  - engine: {found.engine}{options}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text as YAML, which JSON strings are."""
    return json.dumps(" ".join(text.split())[:1000], ensure_ascii=False)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VoiceError(f"{path.name} cannot be read: {error}", hint="nothing was kept") from error
    return found if isinstance(found, dict) else {}


def _tag(code: str) -> str:
    """Return `en_GB` as the tag `en-GB`; "" for what is no language."""
    found = _REGION.match(code)
    if found:
        return f"{found[1]}-{found[2].upper()}"
    return code if re.fullmatch(r"[a-z]{2,3}", code) else ""


def _link(path: Path, target: Path) -> None:
    """Let a file be in two places, without a copy where the file system can do it."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _file(source: str) -> str:
    """Return the last part of a path or address."""
    return (
        unquote(PurePosixPath(urlsplit(source).path).name)
        if is_address(source)
        else Path(source).name
    )


def _stem(source: str) -> str:
    return _file(source).removesuffix(".onnx")


def _beside(source: str, name: str) -> str:
    """Return the path or address of another file in the same folder."""
    if is_address(source):
        return _moved(source, PurePosixPath(urlsplit(source).path).parent / quote(name))
    return str(Path(source).with_name(name))


def _moved(source: str, path: PurePosixPath) -> str:
    return urlunsplit(urlsplit(source)._replace(path=str(path)))
