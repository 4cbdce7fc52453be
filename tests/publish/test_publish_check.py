import copy
import shutil
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from publish_faults import LIVE
from publish_kit import NOW, sound
from publish_mutations import DEEP, FILES, XML, full_show

from undersong.errors import FaultsError
from undersong.publish.check.document import FEED_MAX_BYTES, read_feed
from undersong.publish.check.examine import check_file
from undersong.publish.check.expect import EXPECTED
from undersong.publish.check.rules import _ROWS, RULES
from undersong.publish.check.structure import expected
from undersong.publish.rss import NAMESPACES


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return full_show(tmp_path_factory.mktemp("show"))


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "public")


def names(report):
    return {finding.rule.name for finding in report.findings}


def test_our_own_feed_breaks_no_rule(whole):
    report = check_file(whole, NOW, deep=True)
    assert [str(finding) for finding in report.findings] == []
    assert (report.items, report.pages, report.looked_at) == (3, 1, 3)


@pytest.mark.parametrize("rule", XML)
def test_a_feed_that_breaks_a_rule_is_told(folder, rule):
    feed = folder / "feed.xml"
    before = feed.read_text(encoding="utf-8")
    after = XML[rule](before)
    assert after != before
    feed.write_text(after, encoding="utf-8")
    assert rule in names(check_file(feed, NOW))


@pytest.mark.parametrize("rule", FILES)
def test_a_file_that_breaks_a_rule_is_told(folder, rule):
    FILES[rule](folder)
    report = check_file(folder, NOW)
    assert rule in names(report)
    assert all(finding.where != "channel" for finding in report.findings)


def test_the_nearest_category_is_told(folder):
    feed = folder / "feed.xml"
    feed.write_text(XML["category"](feed.read_text(encoding="utf-8")), encoding="utf-8")
    (finding,) = check_file(feed, NOW).findings
    assert finding.seen == "Mental health, not Mental Health"


def test_a_changed_sound_of_the_same_length_is_found_by_a_deep_look(folder):
    path = next(folder.glob("media/rest-*.opus"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert names(check_file(folder, NOW)) == set()
    assert names(check_file(folder, NOW, deep=True)) == {"file-integrity"}


def test_every_rule_is_proved_to_be_found():
    proved = {*XML, *FILES, *DEEP, *LIVE, "xml-size"}
    assert {name for name, *_ in _ROWS} - proved == set()
    assert proved - RULES.keys() == set()


def test_every_rule_names_its_source():
    assert all(rule.source and rule.text for rule in RULES.values())
    assert len(RULES) == len(_ROWS) + sum(1 for row in EXPECTED for _ in row.rules())


GOOD = {
    "some text": "Words",
    "1 to 4000 bytes": "Words",
    "1 to 4000 characters": "true",
    "1 to 128 characters": "Words",
    "at most 128 characters": "",
    "1 to 32 characters": "Day 5",
    "two letters": "GB",
    "a ratio such as 1/1": "1/1",
    "an absolute address in ASCII": "https://example.org/a",
    "a language code such as en or en-us": "gsw-CH",
    "an RFC 2822 date with the right weekday": "Sat, 21 Nov 2026 06:00:00 +0100",
    "a moment of ISO 8601": "2026-11-21T06:00:00.000Z",
    "true or false": "true",
    "Yes, or is left out": "Yes",
    "yes or no": "no",
    "episodic or serial": "serial",
    "a UUID of version 5": "917393e3-1b1e-5cef-ace4-edaa54e1f810",
    "one of the namespace's media, or a list of them with L": "courseL",
    "a whole number from 1": "4294967296",
    "a rule such as FREQ=WEEKLY": "FREQ=WEEKLY;BYDAY=SU",
    "a mail address": "a@example.org",
    "audio/mpeg or audio/x-m4a": "audio/x-m4a",
    "seconds, or hours, minutes and seconds": "1:02:03",
    "full, trailer or bonus": "bonus",
    "text/vtt, application/x-subrip, application/json, text/html or text/plain": "text/vtt",
    "captions": "captions",
    "application/json+chapters": "application/json+chapters",
    "seconds": "12.5",
    "a number": "2.5",
    "a media type": "audio/ogg",
    "bits per second": "128000.5",
    "sri or pgp-signature": "sri",
    "sha256-, sha384- or sha512- and base64": "sha256-" + "A" * 43 + "=",
    "a geo URI": "geo:54.1,7.9",
    "subject or creator": "creator",
}
BAD = ("", "§", "No", "-1", "12:61:x", "x" * 5000, "Mon, 21 Nov 2026 06:00:00 GMT")


def alone(row, value, *, there=True):
    """Return a feed that holds this one element, in its scope, with this value."""
    attribute = "" if row.attribute is None else f' {row.attribute}="{value}"'
    text = value if row.attribute is None else ""
    element = f"<{row.tag}{attribute if there else ''}>{text}</{row.tag}>"
    element = element if there or row.attribute is not None else ""
    if ":" in row.scope:
        element = f"<{row.scope}>{element}</{row.scope}>"
    inside = (
        element
        if row.scope in {"channel", "both", "podcast:podroll", "podcast:publisher", "itunes:owner"}
        else f"<item>{element}</item>"
    )
    spaces = " ".join(f'xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items())
    feed, wrong = read_feed(
        f'<rss version="2.0" {spaces}><channel>{inside}</channel></rss>'.encode(), "feed"
    )
    assert feed is not None
    assert wrong == ()
    return {finding.rule.name for finding in expected(feed)}


@pytest.mark.parametrize("row", [row for row in EXPECTED if row.test], ids=lambda row: row.name)
def test_a_row_takes_what_is_right_and_tells_what_is_wrong(row):
    assert row.name not in alone(row, GOOD[row.legal])
    bad = next(value for value in BAD if not row.test(value))
    assert row.name in alone(row, bad)


@pytest.mark.parametrize("row", [row for row in EXPECTED if row.missing], ids=lambda row: row.name)
def test_a_row_tells_what_is_missing(row):
    assert f"{row.name}.missing" in alone(row, "", there=False)


@pytest.mark.parametrize("tag", ["en", "EN-us", "zh-Hant-TW", "es-419", "nb", "gsw", "haw-US"])
def test_languages_that_exist_are_taken(tag):
    row = next(row for row in EXPECTED if row.name == "channel.language")
    assert row.test(tag)


@pytest.mark.parametrize("tag", ["xx-yy", "english", "en_US", "en-XX", "e", "", "qqq", "en-"])
def test_languages_that_do_not_exist_are_told(tag):
    row = next(row for row in EXPECTED if row.name == "channel.language")
    assert not row.test(tag)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 21 Nov 2026 06:00:00 GMT",  # a Saturday
        "Sat, 31 Feb 2026 06:00:00 GMT",
        "2026-11-21T06:00:00Z",
        "Sat, 21 Nov 2026 6:00 PM GMT",
        "Sat, 21 November 2026 06:00:00 GMT",
        "",
    ],
)
def test_dates_that_are_none_are_told(text):
    row = next(row for row in EXPECTED if row.name == "item.pubDate")
    assert not row.test(text)


def test_a_billion_laughs_and_foreign_files_come_to_nothing(tmp_path):
    bomb = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10 if k else "ha"}">' for k in range(12))
    path = tmp_path / "feed.xml"
    path.write_text(
        f'<!DOCTYPE rss [{bomb}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
        '<rss version="2.0"><channel><title>&a11;&file;</title></channel></rss>',
        encoding="utf-8",
    )
    report = check_file(path, NOW)
    assert names(report) & {"xml-doctype", "xml-broken"}
    assert "root:" not in str(report)


def test_what_a_feed_says_does_not_move_the_terminal(folder):
    feed = folder / "feed.xml"
    text = feed.read_text(encoding="utf-8")
    feed.write_text(
        text.replace("<title>The rest", "<title>\u202e\u009bEpisode 3"), encoding="utf-8"
    )
    report = check_file(feed, NOW)
    told = "".join(str(finding) for finding in report.findings)
    assert "\\u202e\\u009b" in told
    assert "\u202e" not in told
    assert "\u009b" not in told


@pytest.mark.parametrize("sign", ["<", "&", "00:", "[" * 3, "\u202e"])
def test_a_hostile_description_costs_no_time(folder, sign):
    feed = folder / "feed.xml"
    text = feed.read_text(encoding="utf-8")
    words = sign * 300_000
    feed.write_text(text.replace("<![CDATA[<p>", f"<![CDATA[{words}", 1), encoding="utf-8")
    assert "item.description" in names(check_file(feed, NOW))


def test_a_feed_too_large_is_not_parsed():
    feed, wrong = read_feed(b" " * (FEED_MAX_BYTES + 1), "feed")
    assert feed is None
    assert [one.rule.name for one in wrong] == ["xml-size"]


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"<html/>", b"<rss/>", b"\xff\xfe<", b"<rss><channel/><channel/></rss>"]
)
def test_what_is_no_feed_is_told(tmp_path, content):
    path = tmp_path / "feed.xml"
    path.write_bytes(content)
    report = check_file(path, NOW)
    assert report.count("error") == 1
    assert names(report) <= {"xml-broken", "rss-version"}


def test_no_file_is_a_fault(tmp_path):
    with pytest.raises(FaultsError, match="cannot be read"):
        check_file(tmp_path / "none.xml", NOW)


@pytest.mark.parametrize("way", ["../../secret", "..%2f..%2fsecret", "a%00b", "/etc/passwd"])
def test_an_address_never_leads_out_of_the_folder(folder, way):
    (folder.parent.parent / "secret").write_bytes(sound())
    feed = folder / "feed.xml"
    text = feed.read_text(encoding="utf-8")
    start = text.index('<enclosure url="') + 16
    end = text.index('"', start)
    feed.write_text(text[:start] + "https://example.org/show/" + way + text[end:], encoding="utf-8")
    assert "file-missing" in names(check_file(feed, NOW))


def test_pages_are_read_as_one_feed(folder):
    feed = folder / "feed.xml"
    text = feed.read_text(encoding="utf-8")
    older = "https://example.org/show/archive/feed-0001.xml"
    (folder / "archive").mkdir()
    page = text.replace("https://example.org/show/feed.xml", older)
    page = page.replace(
        "<channel>",
        '<channel><h:archive xmlns:h="http://purl.org/syndication/history/1.0"/>'
        '<atom:link rel="current" href="https://example.org/show/feed.xml"/>',
    )
    (folder / "archive" / "feed-0001.xml").write_text(page, encoding="utf-8")
    link = f'<channel><atom:link rel="prev-archive" href="{older}"/>'
    feed.write_text(text.replace("<channel>", link), encoding="utf-8")
    report = check_file(feed, NOW)
    assert (report.pages, report.items) == (2, 6)
    assert {"guid-unique", "enclosure-unique", "episode-twice"} <= names(report)


def test_what_is_new_today_is_in_the_future_yesterday(whole):
    report = check_file(whole, NOW - timedelta(days=30))
    assert names(report) == {"item-future"}


POOL = (
    "", "\u202e", "-1", "9" * 400, "nan", "http://[", "%00", "é", "٣", "²", "0", "1e309", "::",
    "Mon, 99 Nov 2026 00:00:00 GMT", "Tue, 10 Nov 2026 10:00:00 +9999", "geo:", "1:2:3:4",
    "https://example.org:99999999/", "https://example.org/show/%", "https://example.org/show/",
)  # fmt: skip


@settings(max_examples=60)
@given(dice=st.randoms(use_true_random=False))
def test_no_damage_to_a_feed_ends_the_checker(whole, dice):
    tree = etree.fromstring((whole / "feed.xml").read_bytes())
    for _ in range(dice.randint(1, 12)):
        elements = [one for one in tree.iter() if isinstance(one.tag, str)]
        one, other = dice.choice(elements), dice.choice(elements)
        ways = (
            lambda one, _: setattr(one, "text", dice.choice(POOL)),
            lambda one, _: [one.set(key, dice.choice(POOL)) for key in one.attrib],
            lambda one, other: one.append(copy.deepcopy(other)),
            lambda one, other: setattr(one, "tag", other.tag),
            lambda one, _: one.getparent() is not None and one.getparent().remove(one),
            lambda one, _: one.append(etree.Comment("x")),
        )
        dice.choice(ways)(one, other)
    feed = whole / "damaged.xml"
    feed.write_bytes(etree.tostring(tree))
    report = check_file(feed, NOW)
    assert all(str(finding).startswith(finding.rule.severity) for finding in report.findings)
