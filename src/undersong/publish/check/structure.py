"""Rules that hold for every element: the table of `expect`, cases of tags, spaces, lengths."""

from collections.abc import Iterator
from typing import Final

from undersong.publish.check.document import Element, Feed
from undersong.publish.check.expect import EXPECTED, TAGS, Expect
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.values import is_secure

_LONG: Final = frozenset(
    {"description", "content:encoded", "itunes:summary", "podcast:txt", "podcast:source"}
)
"""Elements whose text may be longer than 255 characters, or is ruled elsewhere."""

_ADDRESSES: Final = ("href", "url", "uri")
_NODE_MAX: Final = 255
_OPENS, _CLOSES = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATES, _ISOLATED = "\u2066\u2067\u2068", "\u2069"


def expected(feed: Feed) -> Iterator[Finding]:
    """Yield what the table of elements and attributes finds."""
    yield from _scope(feed.channel, ("channel", "both"))
    for item in feed.items:
        yield from _scope(item, ("item", "both"))


def _scope(parent: Element, scopes: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is wrong with the elements of one scope, and below those that are scopes too."""
    by_tag: dict[str, list[Element]] = {}
    for child in parent.children():
        by_tag.setdefault(child.tag, []).append(child)
    for row in _ROWS_BY_SCOPE[scopes]:
        yield from _row(row, by_tag.get(row.tag, []), parent.where)
    singles = {row.tag for row in _ROWS_BY_SCOPE[scopes] if not row.many}
    for tag in sorted(singles & by_tag.keys()):
        if len(by_tag[tag]) > 1:
            again = by_tag[tag][1]
            yield found("once", parent.where, f"{tag}, {len(by_tag[tag])} times", again.line)
    for child in parent.children():
        if (child.tag,) in _ROWS_BY_SCOPE:
            yield from _scope(child, (child.tag,))


def _row(row: Expect, elements: list[Element], where: str) -> Iterator[Finding]:
    if row.attribute is None and not elements and row.missing is not None:
        yield found(f"{row.name}.missing", where)
    for element in elements:
        value = element.text if row.attribute is None else element.get(row.attribute)
        if value is None:
            if row.missing is not None:
                yield found(f"{row.name}.missing", where, line=element.line)
        elif row.test is not None and not row.test(value):
            yield found(row.name, where, value or "empty", element.line)


_ROWS_BY_SCOPE: Final = {
    scopes: tuple(row for row in EXPECTED if row.scope in scopes)
    for scopes in (
        ("channel", "both"),
        ("item", "both"),
        *((scope,) for scope in sorted({row.scope for row in EXPECTED if ":" in row.scope})),
    )
}


def every_element(feed: Feed) -> Iterator[Finding]:
    """Yield what is wrong with elements wherever they stand."""
    tops = [child for child in feed.channel.children() if child.tag != "item"]
    for top in (*tops, *feed.items):
        for element in top.everything():
            yield from _tag(element)
            yield from _text(element)
            for attribute in _ADDRESSES:
                address = element.get(attribute)
                if address is not None and not is_secure(address.strip()):
                    yield found("url-plain", element.where, address, element.line)


def _tag(element: Element) -> Iterator[Finding]:
    prefix, _, name = element.tag.rpartition(":")
    known = TAGS.get(prefix)
    if known is None or name in known:
        return
    right = {tag.lower(): tag for tag in known}.get(name.lower())
    rule = "tag-case" if right else "tag-unknown"
    yield found(
        rule, element.where, f"{element.tag}, not {right}" if right else element.tag, element.line
    )


def _text(element: Element) -> Iterator[Finding]:
    leaf = not element.children()
    if leaf and element.raw != element.text and element.tag not in _LONG:
        yield found("spaces", element.where, f"{element.tag}: {element.raw!r}", element.line)
    if leaf and len(element.text) > _NODE_MAX and element.tag not in _LONG:
        yield found("too-long", element.where, f"{element.tag}: {len(element.text)}", element.line)
    if not _is_balanced(element.raw):
        yield found("text-bidi", element.where, element.tag, element.line)


def _is_balanced(text: str) -> bool:
    """Whether every embedding, override and isolate of a paragraph is ended in it."""
    return all(
        sum(line.count(sign) for sign in opens) <= line.count(closes)
        for line in text.splitlines()
        for opens, closes in ((_OPENS, _CLOSES), (_ISOLATES, _ISOLATED))
    )
