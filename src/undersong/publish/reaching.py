"""What object storage says when it refuses, in words: which host, what was asked, what helps.

Its own messages are never passed on whole: they may quote what was signed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from undersong.errors import PublishError

_STATUS: Final = re.compile(r"status code: (\d{3}[A-Za-z \-]*)")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_ADDRESS: Final = re.compile(r"\S+://\S+")

_CAUSES: Final = (
    ("dns error", "there is no host of this name", "is the address right, is there a network?"),
    ("ertificate", "its certificate is not trusted", "is it the right host, is the clock right?"),
    ("onnection refused", "nobody answers there", "is the address right, is the host up?"),
    ("kind: Timeout", "it did not answer in time", "try again; what has arrived is not sent again"),
    ("kind: Connect", "it cannot be reached", "is the address right, is there a network?"),
    ("BareRedirect", "the bucket is in another region", "write ?region=… behind the address"),
    ("InvalidAccessKey", "the key is not one", "copy it again, whole"),
    ("redential", "the key cannot be used", "copy it again, whole"),
)
"""What its text holds, what that means, and what helps; the first that fits."""

_REFUSALS: Final = {
    "301": "the bucket is in another region: write ?region=… behind the address",
    "400": "are region and endpoint right?",
    "401": "is the key right and still valid?",
    "403": "is the key right, may it list, read, write and delete in the bucket?",
    "404": "is the name of the bucket right? Make it first; it is not made here",
    "412": "somebody else publishes the same show: run publish again",
    "501": "this service lacks what publishing needs",
}
"""What helps, by HTTP status."""

_UNSUPPORTED: Final = "501"

_LATER: Final = "try again later; what has arrived is not sent again"


class UnsupportedError(PublishError):
    """The host does not know what it was asked for, such as a conditional put."""


@contextmanager
def reaching(host: str, what: str) -> Iterator[None]:
    """Turn failures of the store into errors of ours; what callers look for passes.

    Args:
        host: which is asked.
        what: it is asked to do, such as `read feed.xml`.

    Raises:
        UnsupportedError: the host does not know how.
        PublishError: the host does not do it.
        FileNotFoundError, AlreadyExistsError, PreconditionError: as the store says.
    """
    from obstore.exceptions import (  # noqa: PLC0415 - only who publishes elsewhere has it
        AlreadyExistsError,
        BaseError,
        PreconditionError,
    )

    try:
        yield
    except (AlreadyExistsError, PreconditionError, FileNotFoundError):
        raise
    except (BaseError, ValueError) as error:
        why, hint = told(str(error))
        kind = UnsupportedError if why.startswith(_UNSUPPORTED) else PublishError
        raise kind(f"{host} does not {what}: {why}", hint=hint) from None


def told(text: str) -> tuple[str, str]:
    """Return why, and what would help, from a message of the store."""
    if status := _STATUS.search(text):
        code = _CODE.search(text)
        why = f"{status[1].strip()}, {code[1]}" if code else status[1].strip()
        return why, _REFUSALS.get(status[1][:3], _LATER)
    for sign, why, hint in _CAUSES:
        if sign in text:
            return why, hint
    return _ADDRESS.sub("…", text.partition("\n")[0].rpartition(" - ")[2])[:200], _LATER
