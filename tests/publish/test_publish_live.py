import socket

import pytest
from publish_faults import LIVE, between, hosted, if_range_of_lasting_files
from publish_kit import NOW
from publish_mutations import full_show

from undersong.publish.check.examine import check_address
from undersong.publish.check.wire import WireError, ask, stream


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = full_show(tmp_path_factory.mktemp("show"))
    with hosted(folder, tmp_path_factory.mktemp("scratch")) as address:
        yield address


def nothing(_exchange):
    pass


def names(report):
    return {finding.rule.name for finding in report.findings}


def test_a_good_host_breaks_no_rule_but_the_guid_is_of_another_address(host):
    report = check_address(host + "feed.xml", NOW, deep=True)
    assert names(report) == {"guid-derived"}
    assert report.looked_at == 3


def renaming(host, spoil):
    """Return `spoil` for a stand-in whose feed names itself: every file comes through it."""

    def both(one):
        spoil(one)
        inner = one.after

        def rename(done):
            inner(done)
            if one.path.endswith("feed.xml"):  # both ports have five digits: no length changes
                done.body = done.body.replace(host.encode(), one.mine.encode())

        one.after = rename

    return both


def test_a_good_host_stays_good_through_a_stand_in(host):
    with between(host, renaming(host, nothing)) as address:
        report = check_address(address + "feed.xml", NOW)
    assert names(report) == {"guid-derived"}


@pytest.mark.parametrize("rule", LIVE)
def test_what_a_host_gets_wrong_is_told(host, rule):
    with between(host, renaming(host, LIVE[rule])) as address:
        name = "other.xml" if rule == "self-other" else "feed.xml"
        report = check_address(address + name, NOW, first=1)
    assert rule in names(report)
    expected = {"http-password": {"http-password"}}.get(rule)
    assert expected is None or names(report) == expected


def test_a_host_whose_files_never_change_needs_no_if_range(host):
    with between(host, renaming(host, if_range_of_lasting_files)) as address:
        report = check_address(address + "feed.xml", NOW)
    assert names(report) == {"guid-derived"}


def test_a_file_whose_length_is_not_told_is_there_all_the_same(host):
    seen = []

    def unsized(one):
        one.sized = one.is_media
        seen.append(one.path.split("/")[1])

    with between(host, renaming(host, unsized)) as address:
        report = check_address(address + "feed.xml", NOW)
    assert names(report) == {"guid-derived"}
    assert {"feed.xml", "art", "media", "transcripts", "chapters"} <= set(seen)


def test_no_host_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/feed.xml"
        report = check_address(url, NOW)
    assert names(report) == {"http-gone"}
    assert report.pages == 0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:1/\r\nX: y"],
)
def test_what_is_no_http_address_is_never_opened(url):
    with pytest.raises(WireError):
        ask("GET", url)


def test_a_body_is_read_only_as_far_as_asked(host):
    assert ask("GET", host + "feed.xml", limit=10).body == b"<?xml vers"
    with pytest.raises(WireError, match="404"):
        list(stream(host + "none"))
