import http.client
import json
import socket
import threading
import time

import pytest
from lxml import etree
from publish_faults import hosted
from publish_mutations import full_show

from undersong import cli
from undersong.errors import OutputError
from undersong.publish import host as hosting
from undersong.publish.check.wire import ask
from undersong.publish.host import open_socket, type_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return full_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def host(folder, tmp_path_factory):
    (folder / ".secret").write_text("x", encoding="utf-8")
    (folder.parent / "outside.txt").write_text("x", encoding="utf-8")
    (folder / "link.txt").symlink_to(folder.parent / "outside.txt")
    with hosted(folder, tmp_path_factory.mktemp("scratch")) as address:
        yield address


@pytest.fixture
def media(folder):
    return next(folder.glob("media/rest-*.mp3"))


def get(host, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask("GET", host + path, named, limit=1_000_000)


def test_a_range_is_that_part(host, media):
    content, path = media.read_bytes(), f"media/{media.name}"
    part = get(host, path, Range="bytes=100-199")
    assert (part.status, part.body) == (206, content[100:200])
    assert part.header("content-range") == f"bytes 100-199/{len(content)}"
    assert get(host, path, Range="bytes=-10").body == content[-10:]
    assert get(host, path, Range=f"bytes={len(content) - 5}-").body == content[-5:]
    beyond = get(host, path, Range=f"bytes={len(content)}-")
    assert (beyond.status, beyond.header("content-range")) == (416, f"bytes */{len(content)}")
    several = get(host, path, Range="bytes=0-0,10-19")
    assert several.status == 206
    assert several.header("content-type").startswith("multipart/byteranges")


def test_conditions_are_kept(host, media):
    path = f"media/{media.name}"
    whole = get(host, path)
    tag, date = whole.header("etag"), whole.header("last-modified")
    assert get(host, path, If_None_Match=tag).status == 304
    assert get(host, path, If_None_Match='"other"').status == 200
    assert get(host, path, If_Modified_Since=date).status == 304
    assert get(host, path, Range="bytes=0-9", If_Range=tag).status == 206
    old = get(host, path, Range="bytes=0-9", If_Range='"other"')
    assert (old.status, old.body) == (200, media.read_bytes())


def test_head_is_get_without_the_content(host, media):
    head = ask("HEAD", f"{host}media/{media.name}", limit=10)
    assert (head.status, head.body, head.length) == (200, b"", media.stat().st_size)


@pytest.mark.parametrize(
    ("path", "mime"),
    [
        ("feed.xml", "application/rss+xml; charset=utf-8"),
        ("feed.json", "application/feed+json; charset=utf-8"),
        ("chapters/a-1.json", "application/json+chapters"),
        ("transcripts/a.json", "application/json; charset=utf-8"),
        ("transcripts/a.vtt", "text/vtt; charset=utf-8"),
        ("transcripts/a.srt", "application/x-subrip; charset=utf-8"),
        ("media/a.mp3", "audio/mpeg"),
        ("media/a.m4a", "audio/x-m4a"),
        ("media/a.opus", "audio/ogg"),
        ("art/a.PNG", "image/png"),
        ("what.ever", "application/octet-stream"),
    ],
)
def test_types_are_those_that_feeds_say(path, mime):
    assert type_of(path) == mime


def test_what_has_its_content_in_its_name_may_be_kept_for_ever(host, media):
    assert "immutable" in get(host, f"media/{media.name}").header("cache-control")
    assert "must-revalidate" in get(host, "feed.xml").header("cache-control")


def test_web_players_may_read_everything(host):
    answer = get(host, "feed.xml", Origin="https://player.example")
    assert answer.header("access-control-allow-origin") == "*"
    asked = ask(
        "OPTIONS",
        host + "feed.xml",
        {
            "Origin": "https://player.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "range",
        },
    )
    assert asked.status == 200
    assert "range" in asked.header("access-control-allow-headers").lower()


def test_feeds_name_this_host(host, folder):
    tree = etree.fromstring(get(host, "feed.xml").body)
    urls = [one.get("url") for one in tree.iter("enclosure")]
    assert all(url.startswith(host) for url in urls)
    assert all(ask("HEAD", url).status == 200 for url in urls)
    assert json.loads(get(host, "feed.json").body)["feed_url"] == f"{host}feed.json"
    assert b"https://example.org/show/feed.xml" in (folder / "feed.xml").read_bytes()


@pytest.mark.parametrize("name", ["phone.local", "192.168.1.2:80", "[::1]:8000"])
def test_feeds_name_the_host_that_was_asked(host, name):
    tree = etree.fromstring(get(host, "feed.xml", Host=name).body)
    assert all(one.get("url").startswith(f"http://{name}/") for one in tree.iter("enclosure"))


@pytest.mark.parametrize("name", ['"><script>', "a b", "x/y", "é"])
def test_nobody_writes_into_a_feed_by_a_name(host, name):
    netloc = host.removeprefix("http://").strip("/")
    with socket.create_connection(netloc.split(":")) as wire:
        wire.sendall(
            f"GET /feed.xml HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    assert name.encode() not in answer
    assert b"200 OK" not in answer or b"https://example.org/show/media/" in answer


def test_a_feed_that_is_built_anew_is_served_anew(host, folder):
    before = get(host, "feed.xml")
    feed = folder / "feed.xml"
    content = feed.read_bytes()
    try:
        feed.write_bytes(content.replace(b"A test library", b"B test library"))
        after = get(host, "feed.xml", If_None_Match=before.header("etag"))
        assert after.status == 200
        assert b"B test library" in after.body
    finally:
        feed.write_bytes(content)


@pytest.mark.parametrize(
    "path",
    [
        ".secret",
        "link.txt",
        "none.mp3",
        "media/",
        "media",
        "../outside.txt",
        "%2e%2e/outside.txt",
        "..%2foutside.txt",
        "media/../../outside.txt",
        "%00",
        "a" * 5000,
    ],
)
def test_nothing_else_is_there(host, path):
    netloc = host.removeprefix("http://").strip("/")
    connection = http.client.HTTPConnection(netloc)
    connection.request("GET", f"/{path}")
    assert connection.getresponse().status in {404, 400, 414}
    connection.close()


def test_nobody_writes(host):
    for method in ("PUT", "POST", "DELETE"):
        assert ask(method, host + "feed.xml").status == 405


def test_a_taken_port_is_a_plain_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OutputError, match="cannot listen"):
            open_socket("127.0.0.1", taken.getsockname()[1])


def test_serve_hosts_until_it_is_told_to_end(folder, monkeypatch, capsys):
    servers = []

    def remembered(app, make=hosting.make_server):
        servers.append(make(app))
        return servers[-1]

    monkeypatch.setattr(hosting, "make_server", remembered)
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(cli._run(["serve", str(folder), "--port", "0"]))
    )
    thread.start()
    while not (servers and servers[0].started):
        time.sleep(0.01)
    url = capsys.readouterr().out.splitlines()[0]
    assert ask("HEAD", url).status == 200
    servers[0].should_exit = True
    thread.join()
    assert codes == [0]


def test_serve_needs_a_folder(tmp_path, capsys):
    assert cli._run(["serve", str(tmp_path / "none")]) == 3
    assert "undersong feed build" in capsys.readouterr().err
