"""espeak-ng in a process of its own: one JSON line in, one JSON line and samples out.

It runs as a script, imports nothing of ours, and is talked to through pipes only, so that the
GPL library stays behind them and a crash of it hurts nobody. Every request is served by a freshly
loaded library with fixed seeds: espeak-ng seeds its noise with the time of day and remembers what
it said before, and would otherwise never repeat itself bit for bit. Loading takes 2 ms.

Started with the folder of espeakng_loader as its only argument. Requests and answers:

    {"do": "say", "text", "voices", "variant", "rate_wpm", "pitch", "range", "gap", "phonemes"}
        `voices` are tried in turn. Answer: {"rate_hz", "bytes", "marks": [[position, sample], ...]}
        and that many bytes of 16-bit mono PCM; positions count characters of the text from 0.
    {"do": "spell", "texts": [text, ...], "voices"}
        Answer: {"ipa": [text, ...], "bytes": 0}, in the same order, punctuation left out.
    {"do": "list"}
        Answer: {"voices": [[name, title, [language, ...]], ...], "variants": [...], "bytes": 0}

An answer {"error", "bytes": 0} says why a request cannot be served, with "no": "voice" or
"variant" when it names one that does not exist. The process ends when its input does.
"""

import _ctypes
import ctypes
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIBRARIES = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}
LIBRARY = LIBRARIES.get(sys.platform, "libespeak-ng.so")
DATA = "espeak-ng-data"

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT
DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
UTF8 = 1  # espeakCHARS_UTF8
PHONEMES = 0x100  # espeakPHONEMES: `[[...]]` holds mnemonics
CHARACTERS = 1  # espeak_POSITION_TYPE
WORD = 1  # espeakEVENT_WORD
IPA = 2  # bit 1 of espeak_TextToPhonemes' phonememode
SEED = 1
PARAMETERS = ((1, "rate_wpm"), (3, "pitch"), (4, "range"), (7, "gap"))  # espeak_PARAMETER

Answer = tuple[dict[str, Any], bytes]


class RefusalError(Exception):
    """The request cannot be served; the message says why, `no` what kind of name was unknown."""

    def __init__(self, message: str, no: str = "") -> None:
        """Keep both."""
        super().__init__(message)
        self.no = no


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
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@contextmanager
def _fresh_library() -> Iterator[tuple[ctypes.CDLL, int]]:
    """Load and seed the library, forgetful of all earlier phrases; yield it and its rate in Hz."""
    library = ctypes.CDLL(str(Path.cwd() / LIBRARY))
    _declare(library)
    try:
        rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, DATA.encode(), DONT_EXIT)
        if rate_hz <= 0:
            raise RefusalError("espeak-ng cannot read its data")
        library.espeak_ng_SetRandSeed(SEED)
        ctypes.CDLL(None if os.name == "posix" else "ucrtbase").srand(SEED)
        yield library, rate_hz
    finally:
        library.espeak_Terminate()
        handle = library._handle  # noqa: SLF001 - ctypes has no other way to unload
        del library
        unload = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
        unload(handle)


def _declare(library: ctypes.CDLL) -> None:
    """Tell ctypes what the functions take and return (espeak-ng's speak_lib.h)."""
    integer, unsigned, text = ctypes.c_int, ctypes.c_uint, ctypes.c_char_p
    library.espeak_Initialize.argtypes = (integer, integer, text, integer)
    library.espeak_ng_SetRandSeed.argtypes = (ctypes.c_long,)
    library.espeak_SetVoiceByName.argtypes = (text,)
    library.espeak_SetParameter.argtypes = (integer, integer, integer)
    library.espeak_GetCurrentVoice.restype = ctypes.POINTER(_Voice)
    library.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_void_p), integer, integer)
    library.espeak_TextToPhonemes.restype = text
    library.espeak_Synth.argtypes = (
        *(text, ctypes.c_size_t, unsigned, integer, unsigned, unsigned),
        *(ctypes.c_void_p, ctypes.c_void_p),
    )


def say(request: dict[str, Any]) -> Answer:
    """Say one request."""
    with _fresh_library() as (library, rate_hz):
        _choose(library, request["voices"], request["variant"])
        for number, name in PARAMETERS:
            library.espeak_SetParameter(number, int(request[name]), 0)
        pcm, marks = _synthesise(library, request["text"], phonemes=request["phonemes"])
    return {"rate_hz": rate_hz, "bytes": len(pcm), "marks": marks}, pcm


def spell(request: dict[str, Any]) -> Answer:
    """Pronounce texts without saying them."""
    with _fresh_library() as (library, _):
        _choose(library, request["voices"], "")
        found = [_pronounced(library, text) for text in request["texts"]]
    return {"ipa": found, "bytes": 0}, b""


def _pronounced(library: ctypes.CDLL, text: str) -> str:
    """Return the IPA of a text; espeak-ng takes it clause by clause and moves a pointer on."""
    kept = ctypes.create_string_buffer(text.replace("\0", " ").encode("utf-8", "replace"))
    place = ctypes.c_void_p(ctypes.addressof(kept))
    clauses = []
    while place.value:
        found = library.espeak_TextToPhonemes(ctypes.byref(place), UTF8, IPA)
        clauses.append(found.decode("utf-8", "replace").strip())
    return " ".join(clause for clause in clauses if clause)


def _choose(library: ctypes.CDLL, voices: list[str], variant: str) -> None:
    """Set the first voice that exists; espeak-ng ignores unknown variants silently, we do not."""
    tail = f"+{variant}" if variant else ""
    if all(library.espeak_SetVoiceByName(f"{voice}{tail}".encode()) for voice in voices):
        raise RefusalError(f"espeak-ng has no voice `{voices[0]}`", "voice")
    current = library.espeak_GetCurrentVoice().contents.identifier or b""
    if not current.decode("utf-8", "replace").endswith(tail):
        raise RefusalError(f"espeak-ng has no variant `{variant}`", "variant")


def _synthesise(
    library: ctypes.CDLL, text: str, *, phonemes: bool
) -> tuple[bytes, list[list[int]]]:
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
    spelt = text.encode("utf-8", "replace")
    flags = UTF8 | (PHONEMES if phonemes else 0)
    status = library.espeak_Synth(spelt, len(spelt) + 1, 0, CHARACTERS, 0, flags, None, None)
    if status:
        raise RefusalError(f"espeak-ng failed with status {status}")
    return bytes(pcm), marks


def list_voices(_request: dict[str, Any]) -> Answer:
    """List voices by the name that espeak-ng takes, and variants."""
    voices = []
    with _fresh_library() as (library, _):
        found = library.espeak_ListVoices(None)
        k = 0
        while found[k]:
            voice = found[k].contents
            name = voice.identifier.decode("utf-8", "replace")
            title = voice.name.decode("utf-8", "replace")
            voices.append([name, title, _languages(voice.languages)])
            k += 1
    variants = sorted(file.name for file in Path(DATA, "voices", "!v").iterdir())
    return {"voices": voices, "variants": variants, "bytes": 0}, b""


def _languages(address: int) -> list[str]:
    """Read a C list of languages: for each a byte of priority and a string, a zero byte after."""
    languages = []
    while priority := ctypes.string_at(address, 1)[0]:
        spelt = ctypes.string_at(address + 1)
        languages.append((priority, spelt.decode("latin-1")))
        address += len(spelt) + 2
    return [language for _, language in sorted(languages, key=lambda item: item[0])]


SERVICES = {"say": say, "spell": spell, "list": list_voices}


def serve(line: bytes) -> Answer:
    """Serve one request."""
    request = json.loads(line)
    try:
        return SERVICES[request["do"]](request)
    except RefusalError as error:
        return {"error": str(error), "no": error.no, "bytes": 0}, b""
    except OSError as error:
        return {"error": f"espeak-ng cannot be loaded: {error}", "no": "", "bytes": 0}, b""


def main() -> None:
    """Serve until the other end closes the pipe; Ctrl-C is the other end's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(sys.argv[1])  # espeak-ng takes paths below 160 characters only: give it a short one
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever the library may print is not an answer
        for line in sys.stdin.buffer:
            header, payload = serve(line)
            answers.write(json.dumps(header).encode() + b"\n" + payload)
            answers.flush()


if __name__ == "__main__":
    main()
