"""An edition at a target: order, stops, repeats, deletions."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from publish_kit import NOW, SHOW, edition_of, picture, sound, write_library, write_track

from undersong.errors import FaultsError, OutputError, PublishError, UnknownNameError
from undersong.publish.identity import recovered
from undersong.publish.model import Stage
from undersong.publish.rss import NAMESPACES
from undersong.publish.send import GRACE, STATE, plan, read_state, send
from undersong.publish.target import FRESH, IMMUTABLE, FolderTarget, cache_control
from undersong.publish.targets import open_target

TODAY = NOW.date()
LATER = "WEBVTT\n\n00:01.000 --> 00:02.000\nLater.\n"
BASE = "https://example.org/show/"
_FILES = (
    "//enclosure/@url | //podcast:source/@uri | //podcast:transcript/@url"
    " | //podcast:chapters/@url | //itunes:image/@href"
)


class StopError(Exception):
    """The wire was cut."""


class Watched(FolderTarget):
    """A folder that counts what is done to it, looks whether it is whole, and may stop."""

    def __init__(self, root: Path, stop_after: int | None = None, cut: str = "") -> None:
        super().__init__(root)
        self.root, self.stop_after, self.cut = root, stop_after, cut
        self.writes: list[str] = []
        self.deletes: list[str] = []

    def write(self, piece, tick):
        if len(self.writes) == self.stop_after:
            raise StopError
        self.writes.append(piece.path)
        super().write(piece, tick)
        if piece.path == self.cut:
            (self.root / piece.path).write_bytes(b"half")
        assert_whole(self.root)

    def delete(self, path):
        self.deletes.append(path)
        super().delete(path)
        assert_whole(self.root)


def assert_whole(folder):
    """Whatever the feed names is there, as long as the feed says."""
    feed = folder / "feed.xml"
    if not feed.exists():
        return
    tree = etree.fromstring(feed.read_bytes())
    for url in tree.xpath(_FILES, namespaces=NAMESPACES):
        assert (folder / url.removeprefix(BASE)).is_file(), url
    for enclosure in tree.iter("enclosure"):
        path = folder / enclosure.get("url").removeprefix(BASE)
        assert path.stat().st_size == int(enclosure.get("length"))
    state = folder / STATE
    if state.exists():
        json.loads(state.read_text(encoding="utf-8"))


def go(root, target, lock=None, today=TODAY, **options):
    prepared = edition_of(root, lock)
    found = plan(prepared, target, today, **options)
    send(found, target, lambda _bytes: None)
    return prepared, found


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    for slug in ("air", "rest", "sea"):
        write_track(root / "build", slug)
    return root


@pytest.fixture
def home(tmp_path):
    return tmp_path / "web"


def test_the_feed_comes_after_what_it_names_and_the_note_last(root, home):
    target = Watched(home)
    go(root, target)
    stages = [path.partition("/")[0] for path in target.writes]
    assert stages[:3] == ["media"] * 3
    assert set(stages[3:-3]) == {"art", "chapters", "transcripts"}
    assert target.writes[-3:] == ["feed.json", "feed.xml", STATE]


def test_every_byte_is_counted(root, home):
    found = plan(edition_of(root), FolderTarget(home), TODAY)
    counted = []
    send(found, FolderTarget(home), counted.append)
    assert sum(counted) == sum(piece.size_bytes for piece in found.writes)


def test_an_unchanged_show_writes_nothing(root, home):
    prepared, _ = go(root, Watched(home))
    again = Watched(home)
    _, found = go(root, again, prepared.lock, NOW.date() + timedelta(days=30))
    assert again.writes == []
    assert found.is_empty


def test_one_changed_episode_writes_its_own_files_and_the_feed(root, home):
    prepared, _ = go(root, Watched(home))
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    again = Watched(home)
    go(root, again, prepared.lock)
    assert [path.partition("-")[0] for path in again.writes[:1]] == ["media/rest"]
    assert again.writes[1:] == ["feed.json", "feed.xml", STATE]


def test_a_file_that_vanished_at_the_target_is_sent_again(root, home):
    prepared, _ = go(root, Watched(home))
    next(home.glob("media/rest-*")).unlink()
    again = Watched(home)
    go(root, again, prepared.lock)
    assert len(again.writes) == 1


@pytest.mark.parametrize("first", [False, True], ids=["republish", "first"])
def test_a_stop_anywhere_does_no_harm_and_the_next_run_completes(root, tmp_path, first):
    stops = 0
    while True:
        home = tmp_path / f"web-{stops}"
        lock = None
        if not first:
            lock = go(root, Watched(home))[0].lock
            write_track(root / "build", "rest", files={"mp3": sound(seconds=2.0 + stops / 10)})
            write_track(root / "build", f"new-{stops}")
        try:
            go(root, Watched(home, stop_after=stops), lock)
            break
        except StopError:
            assert_whole(home)
        after = Watched(home)
        prepared, _ = go(root, after, lock)
        last = Watched(home)
        go(root, last, prepared.lock)
        assert last.writes == []
        stops += 1
    assert stops > (10 if first else 5)


def test_what_did_not_arrive_whole_keeps_the_feed_as_it_was(root, home):
    prepared, _ = go(root, Watched(home))
    before = (home / "feed.xml").read_bytes()
    write_track(root / "build", "new")
    edition = edition_of(root, prepared.lock).edition
    path = next(piece.path for piece in edition.pieces if piece.path.startswith("media/new"))
    with pytest.raises(PublishError, match="4 bytes instead of"):
        go(root, Watched(home, cut=path), prepared.lock)
    assert (home / "feed.xml").read_bytes() == before


def test_what_no_feed_names_stays_for_90_days_and_goes_only_when_told(root, home):
    prepared, _ = go(root, Watched(home))
    old = sorted(path.name for path in home.glob("*/air-*"))
    write_track(root / "build", "air", files={"mp3": sound(seconds=3.0)}, beside={}, chapters=[])
    days = {"asked too soon": (GRACE.days - 1, True), "not asked": (GRACE.days, False)}
    go(root, Watched(home), prepared.lock)
    for day, prune in days.values():
        target = Watched(home)
        go(root, target, prepared.lock, NOW.date() + timedelta(days=day), prune=prune)
        assert target.deletes == []
    target = Watched(home)
    go(root, target, prepared.lock, NOW.date() + GRACE, prune=True)
    assert sorted(path.partition("/")[2] for path in target.deletes) == old
    assert read_state(target).retired == {}
    last = Watched(home)
    go(root, last, prepared.lock, NOW.date() + GRACE, prune=True)
    assert (last.writes, last.deletes) == ([], [])


def test_what_comes_back_in_time_is_no_longer_retired(root, home):
    prepared, _ = go(root, Watched(home))
    text = (root / "show.yaml").read_text(encoding="utf-8")
    (root / "show.yaml").write_text(
        text + "only: true\nepisodes: [{track: sea}]\n", encoding="utf-8"
    )
    _, found = go(root, Watched(home), prepared.lock)
    assert any(path.startswith("media/air") for path in found.state.retired)
    (root / "show.yaml").write_text(text, encoding="utf-8")
    target = Watched(home)
    go(root, target, prepared.lock)
    assert target.writes == ["feed.json", "feed.xml", STATE]
    assert read_state(target).retired == {}


def test_a_removed_episode_stays_known_by_its_guid(root, home):
    prepared, _ = go(root, Watched(home))
    (root / "show.yaml").write_text(SHOW + "only: true\nepisodes: [{track: sea}]\n", "utf-8")
    go(root, Watched(home), prepared.lock)
    assert set(read_state(FolderTarget(home)).episodes) == {"air", "rest", "sea"}


def test_of_two_who_publish_at_once_the_second_is_told_and_harms_nothing(root, home, tmp_path):
    prepared, _ = go(root, FolderTarget(home))
    others = write_library(tmp_path / "others")
    for slug in ("air", "rest", "sea", "new"):
        write_track(others / "build", slug)
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    first, second = (
        plan(edition_of(where, prepared.lock), FolderTarget(home), TODAY)
        for where in (root, others)
    )
    send(first, FolderTarget(home), lambda _bytes: None)
    feed = (home / "feed.xml").read_bytes()
    with pytest.raises(PublishError, match="somebody else publishes"):
        send(second, FolderTarget(home), lambda _bytes: None)
    assert (home / "feed.xml").read_bytes() == feed
    assert_whole(home)


def renamed_in(lock, old, new):
    episodes = {new if slug == old else slug: one for slug, one in lock.episodes.items()}
    return replace(lock, episodes=episodes)


def test_a_renamed_recipe_is_stopped_until_its_lock_is_renamed_too(root, home):
    prepared, _ = go(root, FolderTarget(home))
    before = (home / "feed.xml").read_bytes()
    (old,) = (one for one in prepared.edition.episodes if one.slug == "air")
    shutil.rmtree(write_track(root / "build", "air"))
    write_track(root / "build", "breath")
    with pytest.raises(PublishError, match="`breath` has the very sound of media/air") as caught:
        go(root, FolderTarget(home), prepared.lock)
    assert "rename its entry in show.lock" in caught.value.hint
    assert (home / "feed.xml").read_bytes() == before
    again, _ = go(root, FolderTarget(home), renamed_in(prepared.lock, "air", "breath"))
    (new,) = (one for one in again.edition.episodes if one.slug == "breath")
    assert (new.guid, new.published, new.number) == (old.guid, old.published, old.number)
    state = read_state(FolderTarget(home))
    assert set(state.episodes) == {"breath", "rest", "sea"}
    assert recovered(None, state.guid, state.episodes) == again.lock


def test_the_old_slug_does_not_come_back_from_the_target(root, home):
    prepared, _ = go(root, FolderTarget(home))
    state = read_state(FolderTarget(home))
    lock = renamed_in(prepared.lock, "air", "breath")
    kept = recovered(lock, state.guid, state.episodes)
    assert kept is not None
    assert set(kept.episodes) == {"breath", "rest", "sea"}


def test_the_same_sound_as_a_new_episode_needs_a_guid_of_its_own(root, home):
    prepared, _ = go(root, FolderTarget(home))
    shutil.rmtree(write_track(root / "build", "air"))
    write_track(root / "build", "again")
    more = SHOW + "episodes: [{track: again, guid: on-purpose}]\n"
    (root / "show.yaml").write_text(more, encoding="utf-8")
    go(root, FolderTarget(home), prepared.lock)
    assert b"on-purpose" in (home / "feed.xml").read_bytes()


def test_the_same_name_can_hold_another_sound_when_the_maker_wants_that(root, home):
    (root / "show.yaml").write_text(SHOW + "enclosure: in-place\n", encoding="utf-8")
    prepared, _ = go(root, FolderTarget(home))
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    _, found = go(root, FolderTarget(home), prepared.lock)
    assert [piece.path for piece in found.writes] == ["media/rest.mp3", "feed.json", "feed.xml"]
    assert (home / "media" / "rest.mp3").read_bytes() == sound(seconds=2.5)
    (home / STATE).unlink()
    _, found = go(root, FolderTarget(home), prepared.lock)
    assert {piece.stage for piece in found.writes} == {Stage.MEDIA}


def test_a_sound_that_changed_behind_its_manifest_is_not_sent(root, home):
    path = next(iter((root / "build").glob("*/rest.mp3")))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        go(root, FolderTarget(home))
    assert not (home / "feed.xml").exists()
    assert not list(home.rglob(".*"))


@pytest.mark.parametrize(
    "path", ["../../secret", "/etc/secret", "a/../../b", ".hidden", "a//b", ""]
)
def test_a_note_that_leads_out_of_the_folder_deletes_nothing(root, home, path):
    home.mkdir()
    note = {"retired": {path: "2000-01-01"}}
    (home / STATE).write_text(json.dumps(note), encoding="utf-8")
    target = Watched(home)
    with pytest.raises(FaultsError, match="retired"):
        go(root, target, prune=True)
    assert (target.writes, target.deletes) == ([], [])


@pytest.mark.parametrize("text", ["", "[]", '{"files": {"a": 1}}', '{"retired": {"a": "soon"}}'])
def test_a_damaged_note_is_told(root, home, text):
    home.mkdir()
    (home / STATE).write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        go(root, FolderTarget(home))
    assert "delete this file" in caught.value.hint


def test_without_a_note_everything_is_compared_and_nothing_sent_twice(root, home):
    prepared, _ = go(root, Watched(home))
    (home / STATE).unlink()
    again = Watched(home)
    go(root, again, prepared.lock)
    assert again.writes == [STATE]


def test_how_long_hosts_may_keep_what(root):
    pieces = edition_of(root).edition.pieces
    for piece in pieces:
        lasting = piece.stage in {Stage.MEDIA, Stage.BESIDE}
        assert cache_control(piece) == (IMMUTABLE if lasting else FRESH)


def test_a_folder_that_cannot_be_written_is_a_plain_sentence(root, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write"):
        go(root, FolderTarget(tmp_path / "file" / "web"))


def test_an_address_of_another_kind_is_told(tmp_path):
    with pytest.raises(UnknownNameError, match="ftp"):
        open_target("ftp://host/show", tmp_path)
    assert open_target("web", tmp_path).name == str(tmp_path / "web")


_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_publish_send import go
from undersong.publish.target import FolderTarget
print("ready", flush=True)
go(Path({root!r}), FolderTarget(Path({home!r})))
"""


def killed(root, home, after_s):
    """Publish in a process of its own, and kill it after a while; return whether it ended."""
    code = _CHILD.format(tests=str(Path(__file__).parent), root=str(root), home=str(home))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        time.sleep(after_s)
        os.kill(child.pid, signal.SIGKILL)
        return child.wait() == 0


def test_a_kill_leaves_a_whole_show_and_the_next_run_completes(root, home):
    kill_and_complete(root, home, kills=2)


@pytest.mark.slow
def test_sixty_kills(root, home):
    kill_and_complete(root, home, kills=60)


def kill_and_complete(root, home, kills):
    dice = random.Random(7)  # noqa: S311 - the same kills every time
    for kill in range(kills):
        write_track(root / "build", "rest", files={"mp3": sound(seconds=2.0 + kill / 50)})
        killed(root, home, dice.random() * 0.15)
        assert_whole(home)
    go(root, FolderTarget(home))
    assert_whole(home)
    last = Watched(home)
    go(root, last)
    assert last.writes == []
    for left in home.rglob(".*"):
        os.utime(left, (0, 0))
    for slug in ("air", "rest", "sea"):
        write_track(
            root / "build",
            slug,
            files={"mp3": sound(seconds=4.0)},
            beside={"rest.vtt": LATER},
            chapters=[{"title": "Later", "start_s": 0.0, "end_s": 1.0}],
        )
    (root / "cover.png").write_bytes(picture((1500, 1500)))
    go(root, FolderTarget(home))
    assert not list(home.rglob(".*"))
