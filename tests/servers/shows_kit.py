"""A small show, a place at a server to publish it to, and somebody who watches what is there."""

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta

from lxml import etree
from msgspec import Struct, field
from publish_kit import NOW, SHOW, URL, edition_of, sound, write_library, write_track

from undersong.publish.rss import NAMESPACES
from undersong.publish.send import STATE, plan, send
from undersong.publish.target import Target
from undersong.publish.targets import open_target

_NAMED = (
    "//enclosure/@url | //podcast:source/@uri | //podcast:transcript/@url"
    " | //podcast:chapters/@url | //itunes:image/@href"
)
_DIGEST = re.compile(r"-([0-9a-f]{12})\.")


class Place(Struct, frozen=True, kw_only=True):
    """Where a test publishes to.

    Attributes:
        address: as a maker would write it.
        env: secrets.
        url: where subscribers fetch what lies there; empty when they cannot.
        fetch: how a subscriber gets a file by its path; None when there is none.
    """

    address: str
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    fetch: Callable[[str], bytes | None]


class Counted(Target):
    """A target that notes what is written and deleted."""

    def __init__(self, target):
        self.target = target
        self.writes: list[str] = []
        self.deletes: list[str] = []

    @property
    def name(self):
        return self.target.name

    def size(self, path):
        return self.target.size(path)

    def read(self, path):
        return self.target.read(path)

    def write(self, piece, tick):
        self.write_all([piece], tick)

    def write_all(self, pieces, tick):
        self.writes += [piece.path for piece in pieces]
        self.target.write_all(pieces, tick)

    def delete_all(self, paths):
        self.deletes += paths
        self.target.delete_all(paths)


def make_show(root, show=SHOW):
    """Write a library of three tracks."""
    write_library(root, show)
    for slug in ("air", "rest", "sea"):
        write_track(root / "build", slug)
    return root


def go(root, place, lock=None, days=0, **options):
    """Publish in this process; return what was prepared, and what was done."""
    counted = []
    with closing(open_target(place.address, root)) as opened:
        target = Counted(opened)
        prepared = edition_of(root, lock)
        found = plan(prepared, target, NOW.date() + timedelta(days=days), **options)
        send(found, target, counted.append)
    assert sum(counted) == sum(piece.size_bytes for piece in found.writes)
    return prepared, target


def wrong(fetch):
    """Return everything that the feed names and that is not there, whole; [] without a feed."""
    feed = fetch("feed.xml")
    if feed is None:
        return []
    tree = etree.fromstring(feed)
    lengths = {one.get("url"): int(one.get("length")) for one in tree.iter("enclosure")}
    return [
        url
        for url in tree.xpath(_NAMED, namespaces=NAMESPACES)
        if not _is_whole(fetch(url.removeprefix(URL)), url, lengths.get(url))
    ]


def _is_whole(content, url, size_bytes):
    if content is None or (size_bytes is not None and len(content) != size_bytes):
        return False
    return hashlib.sha256(content).hexdigest().startswith(_DIGEST.search(url)[1])


class Watcher(threading.Thread):
    """A subscriber who looks at the feed and all it names, again and again."""

    def __init__(self, fetch):
        super().__init__(daemon=True)
        self.fetch = fetch
        self.looks = 0
        self.wrong: list[str] = []
        self.failed: list[BaseException] = []
        self._ended = threading.Event()

    def run(self):
        try:
            while not self._ended.is_set():
                self.wrong += wrong(self.fetch)
                self.looks += 1
        except Exception as error:  # noqa: BLE001 - told to the test, in its own thread
            self.failed.append(error)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()


def published(root, place, *words):
    """Publish with the program itself; return what it prints as JSON."""
    done = subprocess.run(
        [*program_words(root, place), "--json", *words],
        env={**os.environ, **place.env},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return json.loads(done.stdout)


def kill_and_complete(root, place, kills):
    """Kill the publishing program again and again while somebody watches; then let it end."""
    dice = random.Random(7)  # noqa: S311 - the same every time, as far as clocks allow
    go(root, place)
    change(root, 0)
    longest_s = stopped_after(root, place, None)
    runs = killed = 0
    with Watcher(place.fetch) as watcher:
        while killed < kills:
            runs += 1
            change(root, runs)
            took_s = stopped_after(root, place, dice.random() * longest_s)
            killed += took_s is None
            longest_s = min(longest_s, took_s or longest_s)  # the first may have been a slow one
            assert wrong(place.fetch) == []
    assert (watcher.wrong, watcher.failed) == ([], [])
    assert watcher.looks
    published(root, place)
    assert wrong(place.fetch) == []
    assert published(root, place)["writes"] == []
    assert json.loads(place.fetch(STATE))["feed"] == URL + "feed.xml"
    scheme = place.address.partition(":")[0]
    print(f"{scheme}: {killed} of {runs} runs killed, {watcher.looks} looks")  # noqa: T201 - a figure


def change(root, round_):
    """Give one track another sound; every fourth is so long that it travels in parts."""
    content = sound() * (300 if round_ % 4 == 3 else 1) + str(round_).encode()
    write_track(root / "build", "rest", files={"mp3": content})


def stopped_after(root, place, after_s):
    """Publish, and kill that after a while of sending; return how long it took, None if killed."""
    with subprocess.Popen(
        program_words(root, place),
        env={**os.environ, **place.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        told = child.stderr.readline()
        assert b"sending to" in told, told + child.stderr.read()
        began = time.monotonic()
        try:
            child.wait(after_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None
        assert child.returncode == 0, child.stderr.read()
        return time.monotonic() - began


def program_words(root, place):
    words = ["publish", "--library", str(root), "--to", place.address]
    return [sys.executable, "-m", "undersong", *words]
