"""What the program itself is: a change of it can reach every track."""

from functools import cache
from typing import Final

from undersong import __version__
from undersong.files import digest_json
from undersong.store.program import SOUND, code_digest, versions

_LIBRARIES: Final = ("num2words", "numpy", "scipy", "soundfile", "soxr")
"""Those whose version can change a track's bytes, besides what engines count in themselves."""


@cache
def maker_digest() -> str:
    """Return the digest of our code, and of the libraries, that reach every track's bytes."""
    code = code_digest(*SOUND, "deliver", "render")
    return digest_json([__version__, code, versions(*_LIBRARIES)])


@cache
def reader_digest() -> str:
    """Return the digest of all that decides what a track depends on, its makers among it."""
    return digest_json([maker_digest(), code_digest("batch", "files", "recipes", "store")])
