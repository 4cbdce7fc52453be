"""Several shows as one OPML 2.0 list."""

from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from undersong.errors import Fault, FaultsError
from undersong.publish.check.document import read_feed
from undersong.publish.model import FEED
from undersong.publish.records import sound_text


def shows_of(feeds: Sequence[Path]) -> tuple[tuple[str, str, str], ...]:
    """Return title, address and web page of the shows that feed files describe.

    Raises:
        FaultsError: files that are no feeds, or do not say their own address; all of them.
    """
    shows: list[tuple[str, str, str]] = []
    faults: list[Fault] = []
    for path in feeds:
        file = path / FEED if path.is_dir() else path
        try:
            feed, wrong = read_feed(file.read_bytes(), str(file))
        except OSError as error:
            faults.append(Fault(file=str(file), message=f"cannot be read: {error.strerror}"))
            continue
        if feed is None:
            faults.append(Fault(file=str(file), message="; ".join(str(one) for one in wrong)))
        elif not feed.self_url:
            faults.append(Fault(file=str(file), message="it does not say its own address"))
        else:
            channel = feed.channel
            shows.append((channel.text_of("title"), feed.self_url, channel.text_of("link")))
    if faults:
        raise FaultsError(faults)
    return tuple(shows)


def write_opml(title: str, shows: Sequence[tuple[str, str, str]]) -> bytes:
    """Return an OPML 2.0 list of shows: title, address of the feed, web page.

    Raises:
        FaultsError: the title holds what XML cannot.
    """
    try:
        sound_text(title)
    except ValueError as error:
        raise FaultsError([Fault(file="--title", message=str(error))]) from error
    root = etree.Element("opml", {"version": "2.0"})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(root, "body")
    for text, feed, page in shows:
        outline = etree.SubElement(body, "outline", {"type": "rss", "text": text, "title": text})
        outline.set("xmlUrl", feed)
        if page:
            outline.set("htmlUrl", page)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
