"""Object storage as a target, over a store in memory."""

import hashlib

import obstore
import pytest
from msgspec.structs import replace
from obstore.exceptions import AlreadyExistsError, GenericError, PreconditionError
from obstore.store import MemoryStore
from publish_kit import NOW, edition_of, piece_of, sound, write_library, write_track

from undersong.errors import PublishError
from undersong.publish.model import Stage
from undersong.publish.objects import PART_BYTES, ObjectTarget
from undersong.publish.partsums import PartSums
from undersong.publish.reaching import reaching, told
from undersong.publish.send import STATE, plan, send
from undersong.publish.target import FRESH, IMMUTABLE

UNSUPPORTED = (
    "Generic S3 error: Error performing PUT http://host/b/x in 1s, after 4 retries - Server "
    "returned non-2xx status code: 501 Not Implemented: <Error><Code>NotImplemented</Code></Error>"
)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def target(store):
    return ObjectTarget("s3://bucket/show", "host", store, store)


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    for slug in ("air", "rest"):
        write_track(root / "build", slug)
    return root


def piece(content=b"words", path="feed.xml", **changes):
    feed = {"stage": Stage.FEED, "mime": "text/plain", "immutable": False}
    return piece_of(content, path, **feed | changes)


def write(target, one):
    counted = []
    target.write(one, counted.append)
    return sum(counted)


def go(root, store, lock=None):
    target = ObjectTarget("s3://bucket/show", "host", store, store)
    prepared = edition_of(root, lock)
    found = plan(prepared, target, NOW.date())
    send(found, target, lambda _bytes: None)
    return prepared, [one.path for one in found.writes]


def test_a_show_is_published_and_then_there_is_nothing_to_do(root, store):
    prepared, _ = go(root, store)
    there = {one["path"]: one["size"] for one in obstore.list(store).collect()}
    there.pop(STATE)
    assert there == {one.path: one.size_bytes for one in prepared.edition.pieces}
    assert go(root, store, prepared.lock)[1] == []


def test_one_changed_episode(root, store):
    prepared, _ = go(root, store)
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    _, writes = go(root, store, prepared.lock)
    assert writes[1:] == ["feed.json", "feed.xml"]
    assert writes[0].startswith("media/rest-")


def test_a_file_has_its_type_and_how_long_it_keeps(store, target):
    write(target, piece())
    write(target, piece(path="media/x-1.mp3", immutable=True))
    for path, keeps in (("feed.xml", FRESH), ("media/x-1.mp3", IMMUTABLE)):
        attributes = obstore.get(store, path).attributes
        assert attributes == {"Content-Type": "text/plain", "Cache-Control": keeps}


@pytest.mark.parametrize("immutable", [True, False])
@pytest.mark.parametrize("size_bytes", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 77])
def test_every_byte_arrives_and_is_counted(store, target, tmp_path, size_bytes, immutable):
    path = tmp_path / "sound.mp3"
    content = (b"0123456789abcdef" * (size_bytes // 16 + 1))[:size_bytes]
    path.write_bytes(content)
    one = replace(piece(content), source=path, path="media/sound.mp3", immutable=immutable)
    assert write(target, one) == size_bytes
    assert bytes(obstore.get(store, "media/sound.mp3").bytes()) == content
    assert target.size("media/sound.mp3") == size_bytes


@pytest.mark.parametrize("size_bytes", [100, PART_BYTES + 100])
def test_what_is_not_what_was_noted_is_not_there(store, target, tmp_path, size_bytes):
    path = tmp_path / "sound.mp3"
    path.write_bytes(bytes(size_bytes))
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        write(target, piece(source=path, size_bytes=size_bytes, path="media/sound.mp3"))
    assert obstore.list(store).collect() == []


def test_what_is_gone_is_no_fault_to_delete(store, target):
    write(target, piece())
    target.delete("feed.xml")
    target.delete("feed.xml")
    assert target.size("feed.xml") is None
    assert target.read("feed.xml") is None
    target.close()


def test_its_own_file_may_be_replaced_again(store, target):
    for content in (b"one", b"two", b"three"):
        write(target, piece(content))
        assert bytes(obstore.get(store, "feed.xml").bytes()) == content


@pytest.mark.parametrize("was_there", [True, False])
def test_what_somebody_else_has_replaced_stays(store, target, was_there):
    if was_there:
        obstore.put(store, "feed.xml", b"before")
    assert target.size("feed.xml") == (6 if was_there else None)
    obstore.put(store, "feed.xml", b"theirs")
    with pytest.raises(PublishError, match="somebody else publishes to s3://bucket/show"):
        write(target, piece())
    assert bytes(obstore.get(store, "feed.xml").bytes()) == b"theirs"


def test_what_was_read_anew_may_be_replaced(store, target):
    assert target.size("feed.xml") is None
    obstore.put(store, "feed.xml", b"theirs")
    assert target.read("other.xml") is None
    fresh = ObjectTarget("s3://bucket/show", "host", store, store)
    assert fresh.read("feed.xml") == b"theirs"
    write(fresh, piece())


def test_many_files_are_looked_at_by_one_list(store, target, monkeypatch):
    names = [f"media/{k}.mp3" for k in range(40)]
    target.write_all([piece(path=name, immutable=True) for name in names], lambda _bytes: None)
    asked = []
    real = obstore.head
    monkeypatch.setattr(obstore, "head", lambda *words: asked.append(words) or real(*words))
    obstore.put(store, names[0], b"not ours")
    obstore.delete(store, names[1])
    sizes = [target.size(name) for name in names]
    assert sizes == [8, None, *[5] * 38]
    assert [path for _, path in asked] == names[:2]


def test_of_several_files_the_first_that_fails_is_told(target, tmp_path):
    path = tmp_path / "sound.mp3"
    path.write_bytes(b"other")
    pieces = [piece(path=f"media/{k}.mp3", immutable=True) for k in range(40)]
    pieces[5] = replace(pieces[5], source=path)
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        target.write_all(pieces, lambda _bytes: None)
    assert target.size("media/5.mp3") is None


def failing(monkeypatch, error, *, only_with_condition=True, after=False):
    """Let puts fail; `after` they were done."""
    real, asked = obstore.put, []

    def put(store, path, content, **how):
        asked.append(how.get("mode"))
        if only_with_condition and how.get("mode") is None:
            return real(store, path, content, **how)
        if after:
            real(store, path, content, **how)
        raise error

    monkeypatch.setattr(obstore, "put", put)
    return asked


def test_a_host_without_conditions_is_asked_once_and_looked_at_instead(store, target, monkeypatch):
    asked = failing(monkeypatch, GenericError(UNSUPPORTED))
    write(target, piece())
    write(target, piece(path="feed.json"))
    assert asked == ["create", None, None]
    assert bytes(obstore.get(store, "feed.json").bytes()) == b"words"
    obstore.put(store, "feed.xml", b"theirs")
    with pytest.raises(PublishError, match="somebody else publishes"):
        write(target, piece())


@pytest.mark.parametrize("error", [AlreadyExistsError("x"), PreconditionError("x")])
def test_of_a_put_whose_answer_was_lost_nothing_is_feared(store, target, monkeypatch, error):
    failing(monkeypatch, error, after=True)
    assert write(target, piece()) == 5


@pytest.mark.parametrize("error", [AlreadyExistsError("x"), PreconditionError("x")])
def test_somebody_faster_is_told(store, target, monkeypatch, error):
    failing(monkeypatch, error)
    with pytest.raises(PublishError, match="somebody else publishes"):
        write(target, piece())


def test_what_came_out_other_than_it_went_in_is_told(store, target, monkeypatch):
    real = obstore.put

    def put(store, path, content, **how):
        return real(store, path, content[:-1] + b"?", **how)

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(PublishError, match=r"feed.xml did not arrive whole at host"):
        write(target, piece())


@pytest.mark.parametrize("size_bytes", [100, PART_BYTES + 100])
@pytest.mark.parametrize("whole", [True, False])
def test_a_tag_that_is_another_sum_is_looked_into(store, target, monkeypatch, size_bytes, whole):
    content = bytes(size_bytes)
    real = obstore.put

    def put(store, path, content, **how):
        sent = b"".join([content] if isinstance(content, bytes) else content)
        real(store, path, sent if whole else sent[:-1] + b"?", **how)
        return {"e_tag": '"0123456789abcdef0123456789abcdef-2"', "version": None}

    monkeypatch.setattr(obstore, "put", put)
    one = piece(content, path="media/x.mp3", immutable=True)
    if whole:
        assert write(target, one) == size_bytes
        return
    with pytest.raises(PublishError, match="did not arrive whole"):
        write(target, one)


def test_a_missing_bucket_is_told(target, monkeypatch):
    def put(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(PublishError, match="has no bucket for s3://bucket/show") as caught:
        write(target, piece(immutable=True))
    assert "not made here" in caught.value.hint


@pytest.mark.parametrize("size_bytes", [1, 99, 100, 101, 200, 1000])
@pytest.mark.parametrize("block_bytes", [1, 7, 100, 333])
def test_sums_of_parts_are_as_s3_makes_them(size_bytes, block_bytes):
    content = bytes(range(256)) * 4
    content = content[:size_bytes]
    sums = PartSums(100)
    for start in range(0, size_bytes, block_bytes):
        sums.add(content[start : start + block_bytes])
    parts = [content[start : start + 100] for start in range(0, size_bytes, 100)]
    digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    whole = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    assert sums.etag() == f"{whole}-{len(parts)}"


_STATUS = "Error performing PUT https://h/x?sig=hidden - Server returned non-2xx status code: "


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        (UNSUPPORTED, "501 Not Implemented, NotImplemented", "lacks what publishing needs"),
        (_STATUS + "403 Forbidden: <Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>hidden",
         "403 Forbidden, SignatureDoesNotMatch", "is the key right"),
        (_STATUS + "503 Slow Down: hidden", "503 Slow Down", "try again later"),
        ("x\n tcp connect error ConnectionRefused Connection refused hidden",
         "nobody answers there", "is the host up?"),
        ("x\n dns error hidden", "there is no host of this name", "is there a network?"),
        ("x\n kind: Timeout hidden", "it did not answer in time", "try again"),
        ("x\n invalid peer certificate hidden", "its certificate is not trusted", "clock"),
        ("Generic S3 error: Error performing GET https://h/?sig=hidden in 3s - something new",
         "something new", "try again later"),
        ("Generic X: https://ann:hidden@h/x is odd", "Generic X: … is odd", "try again later"),
    ],
)  # fmt: skip
def test_what_a_store_says_becomes_a_plain_sentence(text, why, hint):
    found_why, found_hint = told(text)
    assert found_why == why
    assert hint in found_hint
    assert "hidden" not in found_why + found_hint


def test_a_failure_names_the_host_and_what_was_asked():
    with (
        pytest.raises(PublishError, match=r"^host does not take x: 403 Forbidden$"),
        reaching("host", "take x"),
    ):
        raise GenericError(_STATUS + "403 Forbidden: ")
