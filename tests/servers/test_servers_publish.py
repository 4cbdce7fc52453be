"""A show at real servers: published, published again, changed, shrunk, killed."""

import base64
import hmac
from urllib.parse import urlencode

import pytest
from publish_kit import NOW, SHOW, URL, sound, write_track
from shows_kit import go, kill_and_complete, make_show, published, wrong

from undersong.publish.check.examine import check_address
from undersong.publish.send import GRACE, STATE

pytestmark = pytest.mark.servers


def test_everything_arrives_as_it_is(root, place):
    prepared, target = go(root, place)
    assert target.writes[-3:] == ["feed.json", "feed.xml", STATE]
    for piece in prepared.edition.pieces:
        expected = piece.source if isinstance(piece.source, bytes) else piece.source.read_bytes()
        assert place.fetch(piece.path) == expected, piece.path
    assert wrong(place.fetch) == []


def test_an_unchanged_show_writes_nothing(root, place):
    prepared, _ = go(root, place)
    _, again = go(root, place, prepared.lock, days=30)
    assert again.writes == []


def test_one_changed_episode_writes_its_own_files_and_the_feed(root, place):
    prepared, _ = go(root, place)
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    _, again = go(root, place, prepared.lock)
    assert [path.partition("-")[0] for path in again.writes[:1]] == ["media/rest"]
    assert again.writes[1:] == ["feed.json", "feed.xml", STATE]
    assert wrong(place.fetch) == []


def test_an_episode_is_removed_and_its_files_go_when_their_time_has_come(root, place):
    prepared, _ = go(root, place)
    old = [p.path for p in prepared.edition.pieces if "/air" in p.path]
    (root / "show.yaml").write_text(SHOW + "only: true\nepisodes: [{track: sea}]\n", "utf-8")
    go(root, place, prepared.lock)
    assert b"air" not in place.fetch("feed.xml")
    assert all(place.fetch(path) is not None for path in old)
    _, pruned = go(root, place, prepared.lock, days=GRACE.days, prune=True)
    assert set(old) <= set(pruned.deletes)
    assert all(place.fetch(path) is None for path in old)
    assert wrong(place.fetch) == []


def test_a_long_episode_arrives_in_parts(root, place):
    content = sound() * 300
    write_track(root / "build", "rest", files={"mp3": content})
    prepared, _ = go(root, place)
    path = next(p.path for p in prepared.edition.pieces if p.path.startswith("media/rest"))
    assert place.fetch(path) == content
    assert go(root, place, prepared.lock)[1].writes == []


def test_the_program_itself_publishes_and_then_has_nothing_to_do(root, swift_place):
    place = swift_place
    assert len(published(root, place, "--dry-run")["writes"]) > 5
    assert place.fetch("feed.xml") is None
    assert len(published(root, place)["writes"]) > 5
    assert wrong(place.fetch) == []
    assert published(root, place)["writes"] == []


def test_a_kill_leaves_a_whole_show_and_the_next_run_completes(root, place):
    kill_and_complete(root, place, kills=2)


@pytest.mark.slow
def test_sixty_kills(root, place):
    kill_and_complete(root, place, kills=60)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("swift", {"http-cors"}), ("moto", set()), ("azurite", {"http-cors", "http-beyond"})],
)
def test_our_checker_finds_a_bucket_fit_to_be_a_host(tmp_path, request, monkeypatch, name, lacks):
    place = request.getfixturevalue(f"{name}_place")
    for key, value in place.env.items():
        monkeypatch.setenv(key, value)
    go(make_show(tmp_path / "library", SHOW.replace(URL, place.url)), place)
    report = check_address(place.url + "feed.xml", NOW, deep=True)
    assert report.looked_at == 3
    assert report.count("error") == 0
    assert {finding.rule.name for finding in report.findings} == lacks  # CORS is for the bucket


def test_a_shared_access_signature_is_enough_for_azure(root, azurite_place, monkeypatch):
    key = base64.b64decode(azurite_place.env["AZURE_STORAGE_ACCOUNT_KEY"])
    may = {"sp": "rwdl", "ss": "b", "srt": "sco", "se": "2099-01-01T00:00:00Z", "sv": "2021-08-06"}
    lines = ["ann", may["sp"], may["ss"], may["srt"], "", may["se"], "", "", may["sv"], "", ""]
    sign = base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), "sha256")).decode()
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", urlencode({**may, "sig": sign}))
    assert go(root, azurite_place)[1].writes[-1] == STATE
    assert wrong(azurite_place.fetch) == []
