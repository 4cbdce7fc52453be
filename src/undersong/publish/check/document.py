"""A feed as XML: read safely, its elements found by the usual names of their namespaces."""

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree
from msgspec import Struct

from undersong.publish.check.rules import Finding, found
from undersong.publish.rss import NAMESPACES, PODCAST

FEED_MAX_BYTES: Final = 50_000_000

OLD_PODCAST: Final = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
"""First address of the podcast namespace, still an alias of the present one."""

_PREFIXES: Final = {uri: prefix for prefix, uri in NAMESPACES.items()} | {OLD_PODCAST: "podcast"}


class Element(Struct, frozen=True):
    """An element by the usual name of its namespace: `itunes:image`, `enclosure`.

    Attributes:
        where: what messages call its place: `channel`, or an item by number and title.
    """

    node: Any
    where: str

    @property
    def tag(self) -> str:
        """Name with prefix; `?:` before a name of a namespace that we do not know."""
        name = etree.QName(self.node)
        if not name.namespace:
            return str(name.localname)
        return f"{_PREFIXES.get(name.namespace, '?')}:{name.localname}"

    @property
    def raw(self) -> str:
        """Text as written."""
        return "".join(part for part in (self.node.text, *(c.tail for c in self.node)) if part)

    @property
    def text(self) -> str:
        """Text without spaces around it."""
        return self.raw.strip()

    @property
    def line(self) -> int:
        """Line in the feed, from 1."""
        return int(self.node.sourceline or 0)

    def get(self, attribute: str) -> str | None:
        """Return the value of an attribute."""
        value = self.node.get(attribute)
        return None if value is None else str(value)

    def children(self, tag: str | None = None) -> "list[Element]":
        """Return elements right below, all or those of a name."""
        found_here = [Element(node, self.where) for node in self.node if isinstance(node.tag, str)]
        return [one for one in found_here if tag is None or one.tag == tag]

    def first(self, tag: str) -> "Element | None":
        """Return the first element right below of a name."""
        return next(iter(self.children(tag)), None)

    def text_of(self, tag: str) -> str:
        """Return the text of the first element of a name, empty when there is none."""
        one = self.first(tag)
        return one.text if one is not None else ""

    def everything(self) -> "Iterator[Element]":
        """Yield this element and all below it."""
        for node in self.node.iter():
            if isinstance(node.tag, str):
                yield Element(node, self.where)


class Feed(Struct, frozen=True, kw_only=True):
    """A feed document that is RSS with a channel.

    Attributes:
        where: file or address it was read from, for messages.
        spaces: every namespace that is declared at the top.
    """

    where: str
    channel: Element
    items: tuple[Element, ...]
    spaces: frozenset[str]
    encoding: str

    @property
    def self_url(self) -> str:
        """Address that the feed gives itself, empty when it gives none."""
        links = self.channel.children("atom:link")
        return next((one.get("href") or "" for one in links if one.get("rel") == "self"), "")


def read_feed(content: bytes, where: str) -> tuple[Feed | None, tuple[Finding, ...]]:
    """Return the feed, or why it is none.

    No entity is resolved, nothing is fetched, and depth and size are bounded.
    """
    if len(content) > FEED_MAX_BYTES:
        return None, (found("xml-size", where, f"{len(content) / 1e6:.0f} MB"),)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return None, (found("xml-broken", where, error),)
    tree = root.getroottree()
    encoding = str(tree.docinfo.encoding or "UTF-8").upper()
    early = tuple(_early(tree, encoding, where))
    channels = [Element(node, "channel") for node in root if node.tag == "channel"]
    if root.tag != "rss" or len(channels) != 1:
        return None, (*early, found("rss-version", where, etree.QName(root).localname))
    if root.get("version") != "2.0":
        early = (*early, found("rss-version", where, root.get("version", "no version"), 1))
    spaces = frozenset(uri for node in root.iter() for uri in (node.nsmap or {}).values())
    feed = Feed(
        where=where,
        channel=channels[0],
        items=tuple(_items(channels[0])),
        spaces=spaces,
        encoding=encoding,
    )
    return feed, early


def _items(channel: Element) -> Iterator[Element]:
    """Yield the items, each with its place: number and title."""
    for number, item in enumerate(channel.children("item"), 1):
        title = item.text_of("title")[:40]
        yield Element(item.node, f"item {number}" + (f" “{title}”" if title else ""))


def _early(tree: Any, encoding: str, where: str) -> Iterator[Finding]:  # noqa: ANN401 - lxml is untyped
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        yield found("xml-doctype", where, tree.docinfo.doctype or "DOCTYPE", 1)
    if encoding not in {"UTF-8", "UTF8", "ASCII", "US-ASCII"}:
        yield found("xml-utf8", where, encoding, 1)


def namespaces_of(feed: Feed) -> Iterator[Finding]:
    """Yield namespaces that are missing or old."""
    for prefix in ("itunes", "content", "podcast", "atom"):
        uri = NAMESPACES[prefix]
        if uri in feed.spaces:
            continue
        if uri == PODCAST and OLD_PODCAST in feed.spaces:
            yield found("ns-podcast-old", feed.where, OLD_PODCAST, 1)
        else:
            near = [other for other in feed.spaces if other.lower() == uri.lower()]
            yield found(f"ns-{prefix}", feed.where, near[0] if near else "", 1)
