"""What lies in a folder, as WebDAV tells it (RFC 4918, PROPFIND)."""

from typing import Final
from urllib.parse import unquote, urlsplit

from lxml import etree

ASK: Final = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop><getcontentlength/></prop></propfind>'
)
"""Asks for the lengths of files."""

HEADERS: Final = {
    "Depth": "1",
    "Content-Type": "application/xml; charset=utf-8",
    "Content-Length": str(len(ASK)),
}

_DAV: Final = "{DAV:}"


def listed(answer: bytes, root: str) -> dict[str, int] | None:
    """Return lengths in bytes by path below `root`; None when the answer is no list.

    Args:
        answer: body of status 207.
        root: path of the show's folder on the host, as text, ending in a slash.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        tree = etree.fromstring(answer, parser)
    except etree.XMLSyntaxError:
        return None
    if tree.tag != f"{_DAV}multistatus":
        return None
    found = {}
    for one in tree.iter(f"{_DAV}response"):
        path = unquote(urlsplit(one.findtext(f"{_DAV}href") or "").path)
        length = one.findtext(f".//{_DAV}getcontentlength") or ""
        if path.startswith(root) and length.isdecimal():
            found[path.removeprefix(root)] = int(length)
    return found
