"""Processes that keep, read and prune one cache, to be killed; the tests start this as a program.

Every key has one right value, so whatever is found can be judged.
"""

import hashlib
import json
import os
import random
import resource
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from undersong.errors import OutputError
from undersong.files import digest_file, write_bytes
from undersong.store import prune as pruning
from undersong.store.entries import entries
from undersong.store.finished import Shelf
from undersong.store.kinds import FINISHED, KINDS, SURVEYS, TAKES
from undersong.store.store import Store
from undersong.store.verify import verify

KEYS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(24)]


def sound(key):
    return random.Random(key).randbytes(2000 + int(key[:2], 16))  # noqa: S311 - the same every time


def numbers(key):
    return {"key": key, "hops": list(sound(key)[:200])}


def library(folder):
    """Return where finished files are: beside the cache, for all that share it."""
    return Path(folder).parent / "library"


def finish(shelf, path, key):
    """Bring a finished file or make it, as a render does, and let go of some."""
    found = shelf.find(key)
    with ExitStack() as naming:
        came = found is not None and shelf.bring(found, path, naming, [].append)
    if not came:
        shelf.make_room()
        write_bytes(path, sound(key))
    shelf.keep(key, path)
    if key[0] in "02468ace":
        path.unlink(missing_ok=True)


def work(folder, seed, log=None):
    """Keep and read every key in an order of its own; prune on the way."""
    store, shelf = Store(Path(folder)), Shelf(Path(folder))
    for key in random.Random(seed).sample(KEYS, len(KEYS)):  # noqa: S311 - as above

        def make(key=key):
            if log:
                with Path(log).open("a") as file:
                    file.write(f"{key}\n")
            return numbers(key)

        assert store.recall(SURVEYS, key, make) == numbers(key)
        if store.read(TAKES, key) is None:
            store.keep(TAKES, key, sound(key))
        finish(shelf, library(folder) / f"{key}.wav", key)


def prunes():
    """Let pruning spare nothing, so that it has something to do."""
    pruning.SPARE_S = pruning.REST_S = 0
    os.environ["UNDERSONG_CACHE_LIMIT"] = "40 kB"


def wrong(folder):
    """Return every entry and finished file that is not what its name says."""
    store = Store(Path(folder))
    files = [path for path in library(folder).glob("*.wav") if path.name[0] != "."]
    found = [str(path) for path in files if path.read_bytes() != sound(path.stem)]
    for entry in entries(store.folder):
        key = entry.path.stem
        if entry.kind is None:
            found.append(f"set aside: {key}")
            continue
        if entry.kind is FINISHED or entry.kind.shared:
            if entry.kind.shared and digest_file(entry.path) != key:
                found.append(str(entry.path))
            continue
        held = store.read(KINDS[entry.kind.name], key)
        right = sound(key) if entry.kind is TAKES else json.dumps(numbers(key)).encode()
        if entry.kind is SURVEYS and held is not None:
            held, right = json.loads(held), numbers(key)
        if held != right:
            found.append(str(entry.path))
    return found + [str(path) for path in verify(store).damaged]


def child(function):
    """Do work in a process of its own; return its id."""
    process = os.fork()
    if process:
        return process
    try:
        function()
        os._exit(0)
    finally:
        os._exit(1)


def end_of(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def watched(folder, seed, kill_at, count=None):
    """Work; be killed at the `kill_at`th thing that the interpreter reports, files mostly."""
    seen = 0

    def hook(_event, _details):
        nonlocal seen
        seen += 1
        if seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    prunes()
    sys.addaudithook(hook)
    work(folder, seed)
    if count:
        Path(count).write_text(str(seen))


def kills(folder, moments):
    """Kill workers of one cache at random moments; look at it each time."""
    place = Path(folder)
    count = place / "count"
    place.mkdir()
    calm = end_of(child(lambda: watched(place / "calm", 0, 0, count)))
    last = int(count.read_text())
    chosen = random.Random(7).sample(range(1, last), moments)  # noqa: S311 - as above
    outcomes = []
    for seed, moment in enumerate(chosen):
        end = end_of(child(lambda seed=seed, moment=moment: watched(place / "c", seed, moment)))
        outcomes.append({"end": end, "wrong": wrong(place / "c")})
    ending = end_of(child(lambda: work(place / "c", 1)))
    pruning.prune(place / "c", pruning.Wish(to_bytes=10**9))
    left = [path.name for name in ("making", "locks") for path in (place / "c" / name).iterdir()]
    return {"calm": calm, "outcomes": outcomes, "ending": ending, "left": left}


def together(folder, workers, pruned):
    """Let workers share a cache, killing one of them now and then when it is pruned as well."""
    place = Path(folder)
    place.mkdir()

    def one(seed):
        if pruned:
            prunes()
        work(place / "c", seed, place / "log")

    processes = [child(lambda seed=seed: one(seed)) for seed in range(workers)]
    ends = [end_of(process) for process in processes]
    return {
        "ends": ends,
        "wrong": wrong(place / "c"),
        "made": (place / "log").read_text().split(),
        "size": sum(entry.size_bytes for entry in entries(place / "c")),
    }


def full(folder):
    """Work where no file may grow beyond two kilobytes, as on a full disk."""

    def one():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
        try:
            work(folder, 0)
        except OutputError as error:
            os._exit(7 if "not usable" in error.message else 1)

    end = end_of(child(one))
    return {"end": end, "wrong": wrong(folder), "left": os.listdir(Path(folder) / "making")}


if __name__ == "__main__":
    what, folder, *rest = sys.argv[1:]
    chosen = {"kills": kills, "together": together, "full": full}[what]
    sys.stdout.write(json.dumps(chosen(folder, *map(int, rest))))
