"""Numbers that are remembered: verified, made once, and tied to the code that makes them."""

import json
import math
import threading

import grimp
import pytest

from undersong.errors import OutputError
from undersong.store import program
from undersong.store.entry import seal, unseal
from undersong.store.kinds import KINDS, MASTERINGS, SURVEYS
from undersong.store.program import code_digest
from undersong.store.store import Store
from undersong.studio import SOUND
from undersong.voices.measured import CODE

KEY = "ab" * 32
VALUE = {"gain_db": 1.5, "hops": [0.1, 1e-300], "level_lufs": -math.inf}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def never():
    raise AssertionError("this should have been remembered")


def test_numbers_are_made_once_and_come_back_exactly(store):
    assert store.recall(SURVEYS, KEY, lambda: VALUE) == VALUE
    assert Store(store.folder).recall(SURVEYS, KEY, never) == VALUE


def test_kinds_do_not_mix(store):
    store.recall(SURVEYS, KEY, lambda: VALUE)
    assert store.numbers(MASTERINGS, KEY) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda _content: b"",
        lambda _content: b"{}",
        lambda content: content[:-1],
        lambda content: content.replace(b"1.5", b"2.5"),
        lambda _content: json.dumps(VALUE).encode(),
    ],
    ids=["empty", "another value", "cut", "a digit", "not sealed"],
)
def test_damaged_numbers_are_made_again(store, damage):
    store.recall(SURVEYS, KEY, lambda: VALUE)
    path = store.path(SURVEYS, KEY)
    path.write_bytes(damage(path.read_bytes()))
    assert store.recall(SURVEYS, KEY, lambda: VALUE) == VALUE
    assert store.recall(SURVEYS, KEY, never) == VALUE
    assert store.damaged == ()


def test_threads_that_want_the_same_numbers_make_them_once(store):
    barrier, made, got = threading.Barrier(6), [], []

    def make():
        made.append(1)
        return VALUE

    def want():
        barrier.wait()
        got.append(Store(store.folder).recall(SURVEYS, KEY, make))

    threads = [threading.Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), got) == (1, [VALUE] * 6)


def test_what_fails_to_be_made_leaves_nothing(store):
    with pytest.raises(AssertionError):
        store.recall(SURVEYS, KEY, never)
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_a_lock_that_cannot_be_had_is_a_clear_error(store):
    store.folder.mkdir()
    (store.folder / "locks").write_text("")
    with pytest.raises(OutputError, match="not usable"):
        store.recall(SURVEYS, KEY, lambda: VALUE)


def test_an_entry_tells_when_a_bit_of_it_changes():
    entry = seal(b"wind")
    assert unseal(entry) == b"wind"
    for k in range(len(entry)):
        changed = entry[:k] + bytes([entry[k] ^ 1]) + entry[k + 1 :]
        assert unseal(changed) is None


def test_every_kind_has_a_folder_of_its_own():
    assert [kind.name for kind in KINDS.values()] == list(KINDS)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    for name in ("dsp/a.py", "dsp/deep/b.py", "units.py", "cli/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(program, "_ROOT", tmp_path)
    code_digest.cache_clear()
    yield tmp_path
    code_digest.cache_clear()


@pytest.mark.parametrize(
    ("changed", "reaches"),
    [("dsp/a.py", True), ("dsp/deep/b.py", True), ("units.py", True), ("cli/c.py", False)],
)
def test_the_digest_of_code_changes_with_what_it_names_and_nothing_else(sources, changed, reaches):
    before = code_digest("dsp", "units")
    assert code_digest("dsp", "units") == before
    (sources / changed).write_text("else")
    code_digest.cache_clear()
    assert (code_digest("dsp", "units") != before) == reaches


def test_a_module_that_moved_changes_the_digest(sources):
    before = code_digest("dsp")
    (sources / "dsp" / "a.py").rename(sources / "dsp" / "z.py")
    code_digest.cache_clear()
    assert code_digest("dsp") != before


def test_code_that_is_not_there_is_a_mistake(sources):
    with pytest.raises(FileNotFoundError):
        code_digest("dps")


SILENT = (
    *("errors", "files", "interrupts", "lock", "machine", "plugins"),
    *("recipes", "store", "voices.text"),
)
"""Modules that decide which numbers are wanted, which is in their keys, or only carry them; or
where and when something runs."""


@pytest.mark.parametrize(
    ("roots", "named"),
    [
        (("mix.mixer", "mix.survey", "ambience", "master.solve", "voices.narration"), SOUND),
        (("voices.measured",), CODE),
        (("deliver",), (*SOUND, "deliver")),  # finished files
    ],
)
def test_all_code_that_reaches_numbers_is_in_their_keys(roots, named):
    graph = grimp.build_graph("undersong")
    tops = {f"undersong.{root}" for root in roots}
    tops |= {each for top in list(tops) for each in graph.find_descendants(top)}
    reached = tops.union(*(graph.find_upstream_modules(top) for top in tops))
    known = tuple(f"undersong.{name}" for name in (*named, *SILENT))
    missing = [
        module
        for module in sorted(reached - {"undersong"})
        if not any(module == name or module.startswith(f"{name}.") for name in known)
    ]
    assert missing == []
