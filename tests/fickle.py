"""An engine that never says the same twice and writes down what it was asked, in a file that
several processes may share. Run as a program, it narrates in processes that can be killed.
"""

import json
import os
import random
import signal
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

from undersong import plugins
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore

LOG = "UNDERSONG_TEST_LOG"
POINT = EntryPoint(name="fickle", value="fickle:Fickle", group="undersong.voices")

VOICE = """\
title: A fickle voice
language: en-US
engines:
  - engine: fickle
"""


class Fickle(Fake):
    """A fake voice whose pitch is another one at every request."""

    name = "fickle"
    draft = False
    online = True
    repeatable = False
    why_not: str | None = None
    version = "1"
    begun = False

    @property
    def fingerprint(self):
        return f"fickle {self.version}"

    def check(self):
        return self.why_not or super().check()

    def say(self, request):
        assert self.why_not is None, "an engine that cannot run was asked"
        Fickle.begun = True
        log = Path(os.environ[LOG])
        with log.open("ab", buffering=0) as file:
            file.write(f"{request.written}\n".encode())
        pitch_hz = 150.0 + 3 * len(said())
        options = self._options.model_dump() | {"pitch_hz": pitch_hz}
        return Fake(FakeOptions(**options), Path()).say(request)


def said():
    """What was asked of the engine so far, in all processes."""
    log = Path(os.environ[LOG])
    return log.read_text().splitlines() if log.exists() else []


def install():
    plugins._found("undersong.voices")["fickle"] = POINT


def speak(root, cache):
    library = Library.find(Path(root))
    recipe = load_recipe(Path(root) / "recipes" / "rest.md", library)[0]
    return narrate(recipe, library, TakeStore(Path(cache)))


def in_a_process(work):
    """Do work in a child; return its process id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def wait_for(child):
    """Return how a child ended: 0 well, minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def watched(root, cache, kill_at, count):
    """Narrate; count what the interpreter reports (files, mostly) from the first word on."""
    seen = 0

    def hook(_event, _details):
        nonlocal seen
        seen += Fickle.begun
        if Fickle.begun and seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    Fickle.begun = False
    sys.addaudithook(hook)
    speak(root, cache)
    Path(count).write_text(str(seen))


def begin(root, place):
    """Make a library of its own at `place`, with a log and a cache; return its folder."""
    os.environ[LOG] = str(place / "said.txt")
    for name in ("undersong.yaml", "voices/tone.yaml", "recipes/rest.md"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text((Path(root) / name).read_text())
    return place


def kill_once(root, place, kill_at):
    """Kill a narration at one moment, finish it, and return what was found."""
    home = begin(root, place)
    cache, count = home / "cache", home / "count.txt"
    end = wait_for(in_a_process(lambda: watched(home, cache, kill_at, count)))
    store = TakeStore(cache)
    kept = {path.stem: store.get(path.stem) for path in sorted(cache.glob("*/*/[0-9a-f]*.take"))}
    before = len(said())
    ending = wait_for(in_a_process(lambda: speak(home, cache)))
    told = said()
    again = in_a_process(lambda: speak(home, cache))
    return {
        "end": end,
        "ending": [ending, wait_for(again)],
        "bad": [key for key, take in kept.items() if take is None],
        "changed": [key for key, take in kept.items() if store.get(key) != take],
        "quarantined": len(list(cache.glob("quarantine/*"))),
        "kept": len(kept),
        "said": told,
        "after": told[before:],
        "more": len(said()) - len(told),
        "lock": json.loads((home / "recipes" / "takes.lock").read_text()),
    }


def kill_at_random_moments(root, place, moments):
    """Kill narrations at random moments, one in each of as many parts of their time."""
    calm = begin(root, place / "calm")
    count = calm / "count.txt"
    assert wait_for(in_a_process(lambda: watched(calm, calm / "cache", 0, count))) == 0
    last = int(count.read_text())
    rng = random.Random(5)  # noqa: S311 - the same every time
    chosen = [1 + int((last - 1) * (k + rng.random()) / moments) for k in range(moments)]
    return [kill_once(root, place / str(moment), moment) for moment in chosen]


def two_at_once(root, place):
    """Narrate in two processes that begin together and share a cache; return how it went."""
    home = begin(root, place)
    ready, go = os.pipe()

    def work():
        os.close(go)
        os.read(ready, 1)  # ends when the parent lets go
        speak(home, home / "cache")

    children = [in_a_process(work) for _ in range(2)]
    os.close(go)
    lock = home / "recipes" / "takes.lock"
    return {
        "ends": [wait_for(child) for child in children],
        "said": said(),
        "lock": json.loads(lock.read_text()),
    }


if __name__ == "__main__":
    install()
    sys.modules["fickle"] = sys.modules["__main__"]
    what, library, folder, *numbers = sys.argv[1:]
    work = {"kill": kill_at_random_moments, "two": two_at_once}[what]
    warm = begin(library, Path(folder) / "warm")  # what is imported here need not be in children
    speak(warm, warm / "cache")
    sys.stdout.write(json.dumps(work(library, Path(folder), *map(int, numbers))))
