"""espeak-ng in a process of its own: one JSON line in, one JSON line and PCM out.

It runs as a script, imports nothing of ours, and is talked to through pipes only, so that the
GPL library stays behind them and a crash of it hurts nobody. Every phrase is said by a freshly
loaded library with fixed seeds: espeak-ng seeds its noise with the time of day and remembers what
it said before, and would otherwise never repeat itself bit for bit.

To say: {"text", "voice", "tongue", "rate_wpm", "pitch", "range", "gap", "phonemes"}; `tongue` is
another voice that says it, or "". Answer: {"ok": true, "rate_hz", "bytes", "marks": [[position,
sample], …]} followed by that many bytes of 16-bit mono PCM, or {"ok": false, "error", "bytes": 0}.
Positions count characters of the text from 0.

To spell: {"spell": [text, …], "voice"}. Answer: {"ok": true, "bytes": 0, "ipa": [text, …]}, in IPA
and in the same order, punctuation left out.
"""

import _ctypes
import ctypes
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIBRARIES = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}
DATA = "espeak-ng-data"

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT
DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
UTF8 = 1  # espeakCHARS_UTF8
PHONEMES = 0x100  # espeakPHONEMES: `[[...]]` holds mnemonics
IPA = 2  # bit 1 of espeak_TextToPhonemes' phonememode
WORD = 1  # espeakEVENT_WORD
SEED = 1
PARAMETERS = ((1, "rate_wpm", 125), (3, "pitch", 50), (4, "range", 50), (7, "gap", 0))


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("rest", ctypes.c_ubyte * 16),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class WrongRequestError(Exception):
    """The request cannot be said; the message says why."""


def folder() -> Path:
    """Return where espeakng_loader keeps the library and its data, without importing it."""
    found = importlib.util.find_spec("espeakng_loader")
    if found is None or found.origin is None:
        raise WrongRequestError("the package espeakng-loader is not installed")
    return Path(found.origin).parent


@contextmanager
def _fresh_library() -> Iterator[ctypes.CDLL]:
    """Load the library anew, its memory of earlier phrases with it, and unload it again."""
    library = ctypes.CDLL(str(Path.cwd() / LIBRARIES.get(sys.platform, "libespeak-ng.so")))
    try:
        yield library
    finally:
        library.espeak_Terminate()
        handle = library._handle  # noqa: SLF001 - ctypes has no other way to unload
        del library
        unload = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
        unload(handle)


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Say or spell one request; returns the answer's header and PCM."""
    return spell(request) if "spell" in request else say(request)


def spell(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return, in the header, how each text is pronounced; there is no PCM."""
    with _fresh_library() as library:
        _initialise(library)
        _choose(library, request["voice"])
        library.espeak_TextToPhonemes.argtypes = (
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_int,
            ctypes.c_int,
        )
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        found = [_pronounced(library, text) for text in request["spell"]]
    return {"ok": True, "bytes": 0, "ipa": found}, b""


def _pronounced(library: ctypes.CDLL, text: str) -> str:
    """Return the IPA of a text; espeak-ng takes it clause by clause and moves a pointer on."""
    kept = ctypes.create_string_buffer(text.replace("\0", " ").encode())
    place = ctypes.c_void_p(ctypes.addressof(kept))
    clauses = []
    while place.value:
        found = library.espeak_TextToPhonemes(ctypes.byref(place), UTF8, IPA)
        clauses.append(found.decode("utf-8", "replace").strip())
    return " ".join(clause for clause in clauses if clause)


def _initialise(library: ctypes.CDLL) -> int:
    """Make the library ready; returns its sampling rate."""
    library.espeak_Initialize.argtypes = (
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
    )
    rate_hz: int = library.espeak_Initialize(SYNCHRONOUS, 0, DATA.encode(), DONT_EXIT)
    if rate_hz <= 0:
        raise WrongRequestError("the data of espeak-ng cannot be found")
    return rate_hz


def say(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Say one request; returns the answer's header and PCM."""
    with _fresh_library() as library:
        rate_hz = _initialise(library)
        library.espeak_ng_SetRandSeed.argtypes = (ctypes.c_long,)
        library.espeak_ng_SetRandSeed(SEED)
        ctypes.CDLL(None if os.name == "posix" else "ucrtbase").srand(SEED)
        _choose(library, request["voice"])
        if request.get("tongue"):
            _choose(library, request["tongue"])
        for number, name, usual in PARAMETERS:
            library.espeak_SetParameter(number, int(request.get(name, usual)), 0)
        pcm, marks = _synthesise(library, request)
    return {"ok": True, "rate_hz": rate_hz, "bytes": len(pcm), "marks": marks}, pcm


def _choose(library: ctypes.CDLL, voice: str) -> None:
    """Set the voice; espeak-ng ignores unknown variants without a word, we do not."""
    library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise WrongRequestError(f"espeak-ng has no voice `{voice}`")
    library.espeak_GetCurrentVoice.restype = ctypes.POINTER(_Voice)
    current = library.espeak_GetCurrentVoice().contents.identifier.decode("utf-8", "replace")
    _, plus, variant = voice.partition("+")
    if plus and not current.endswith(f"+{variant}"):
        raise WrongRequestError(f"espeak-ng has no variant `{variant}` (of `{voice}`)")


def _synthesise(library: ctypes.CDLL, request: dict[str, Any]) -> tuple[bytes, list[list[int]]]:
    pcm = bytearray()
    marks: list[list[int]] = []

    def receive(wave: int | None, count: int, events: Any) -> int:  # noqa: ANN401 - a C array
        if wave and count > 0:
            pcm.extend(ctypes.string_at(wave, count * 2))
        k = 0
        while events and events[k].type:
            if events[k].type == WORD:
                marks.append([events[k].text_position - 1, events[k].sample])
            k += 1
        return 0

    callback = _CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    text = request["text"].encode()
    flags = UTF8 | (PHONEMES if request.get("phonemes") else 0)
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    status = library.espeak_Synth(text, len(text) + 1, 0, 1, 0, flags, None, None)
    if status:
        raise WrongRequestError(f"espeak-ng failed with status {status}")
    return bytes(pcm), marks


def main() -> None:
    """Answer requests until the other end closes the pipe."""
    os.chdir(folder())  # espeak-ng takes paths of up to 160 characters only: give it a short one
    answers = sys.stdout.buffer
    for line in sys.stdin.buffer:
        try:
            header, pcm = answer(json.loads(line))
        except WrongRequestError as error:
            header, pcm = {"ok": False, "error": str(error), "bytes": 0}, b""
        answers.write(json.dumps(header).encode() + b"\n" + pcm)
        answers.flush()


if __name__ == "__main__":
    main()
