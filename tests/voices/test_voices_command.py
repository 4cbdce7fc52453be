import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from programs_kit import TONE, program
from pydantic import ValidationError
from voices_kit import make_library, make_recipe, put

from undersong.errors import FaultsError, VoiceError
from undersong.recipes.load import load_recipe
from undersong.testing.engines import check_engine, sentence
from undersong.voices.command import Command, CommandOptions
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.narrate import narrate
from undersong.voices.registry import load_voice
from undersong.voices.takes import TakeStore

SAYS = TONE + "tone(sys.argv[2], 0.3 + 0.02 * len(sys.argv[1]))\n"
KEEPS = TONE + (
    "import json\njson.dump(sys.argv[1:], open('said.json', 'w'))\ntone(sys.argv[-1], 1)\n"
)


def options(path="./say", *arguments, **more):
    return CommandOptions(run=(str(path), *(arguments or ("{text}", "{out}"))), **more)


def made(root, code=SAYS, **more):
    program(root / "say", code)
    return Command(options(**more), root)


def test_it_keeps_the_contract(tmp_path):
    program(tmp_path / "say", SAYS)
    check_engine(Command, options(), tmp_path)


def test_a_program_of_the_system_is_found_by_its_name(tmp_path, monkeypatch):
    program(tmp_path / "bin" / "murmur", SAYS)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    engine = Command(options("murmur"), tmp_path)
    assert engine.check() is None
    assert engine.say(sentence("Rest.")).audio.startswith(b"RIFF")


def test_placeholders_are_filled_once_and_the_text_is_one_argument(tmp_path):
    import json  # noqa: PLC0415 - only here

    program(tmp_path / "say", KEEPS)
    wanted = options("./say", "--text={text}", "{text}", "{rate}", "{language}", "x", "{out}")
    text = "$(touch x); `rm` {out} 'a\" | & > y"
    Command(wanted, tmp_path).say(
        Request(words=(SpokenWord(text=text),), written=text, language="de-DE", rate=0.8)
    )
    said = json.loads((tmp_path / "said.json").read_text())
    assert said[:5] == [f"--text={text}", text, "0.8", "de-DE", "x"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["said.json", "say"]


def test_words_are_never_taken_for_an_option(tmp_path):
    import json  # noqa: PLC0415 - only here

    made(tmp_path, KEEPS).say(sentence("--output=/etc/passwd"))
    assert json.loads((tmp_path / "said.json").read_text())[0] == " --output=/etc/passwd"


def test_its_complaint_is_quoted(tmp_path):
    engine = made(tmp_path, "import sys\nsys.exit('no throat ' * 99 + 'today')")
    with pytest.raises(
        VoiceError, match=r"`say` failed \(exit code 1\): .*no throat today$"
    ) as seen:
        engine.say(sentence("Rest."))
    assert len(str(seen.value)) < 400


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path):
    code = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(60)'])\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(VoiceError, match=r"did not finish within 0\.3 s"):
        made(tmp_path, code, timeout_s=0.3).say(sentence("Rest."))


@pytest.mark.parametrize("code", ["", "import sys\nopen(sys.argv[2], 'wb').close()"])
def test_a_program_that_writes_nothing_is_an_error(tmp_path, code):
    with pytest.raises(VoiceError, match=r"`say` wrote no sound for 'Rest\.'"):
        made(tmp_path, code).say(sentence("Rest."))


def test_closing_ends_what_is_being_said(tmp_path):
    engine = made(tmp_path, "import time\nopen('begun', 'w').close()\ntime.sleep(60)")
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(engine.say, sentence("Rest."))
        while not (tmp_path / "begun").exists():
            begun.wait(0.01)
        engine.close()
        with pytest.raises(VoiceError, match="signal 9"):
            under_way.result(10)


def test_closing_ends_a_program_that_runs_before_it_is_known_to(tmp_path, monkeypatch):
    class Late(subprocess.Popen):
        """Comes back from starting a program long after that has begun."""

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            forked.set()
            known.wait(0.2)

    forked, known = threading.Event(), threading.Event()
    engine = made(tmp_path, "import time\ntime.sleep(60)")
    monkeypatch.setattr(subprocess, "Popen", Late)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(engine.say, sentence("Rest."))
        assert forked.wait(10)
        engine.close()
        with pytest.raises(VoiceError, match="signal 9"):
            under_way.result(10)


def test_a_program_that_is_not_there_is_named(tmp_path):
    engine = Command(options("./nowhere"), tmp_path)
    assert engine.check() == "the program `./nowhere` is not installed"
    with pytest.raises(VoiceError, match="nowhere"):
        engine.say(sentence("Rest."))


def test_a_file_that_is_no_program_is_an_error(tmp_path):
    (tmp_path / "say").write_bytes(b"\x7fELF, but not quite")
    (tmp_path / "say").chmod(0o755)
    with pytest.raises(VoiceError, match="`say` cannot be started"):
        Command(options(), tmp_path).say(sentence("Rest."))


def test_nothing_to_say_is_an_error(tmp_path):
    with pytest.raises(VoiceError, match="nothing to say"):
        made(tmp_path).say(Request(words=(SpokenWord(text="…"),), written="…", language="en"))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (("say",), "at least 2"),
        (("say", "{out}"), "{text} must stand"),
        (("say", "{text}"), "{out} must stand"),
        (("say", "x"), "{text} and {out} must stand"),
        (("say", "{text}", "{out}", "{voice}"), "{voice} means nothing"),
        (("{text}", "{out}"), "must be named"),
    ],
)
def test_wrong_arguments_are_refused(run, words):
    with pytest.raises(ValidationError, match=words.replace("{", r"\{")):
        CommandOptions(run=run)


def test_the_fingerprint_is_that_of_the_program_and_its_files(tmp_path):
    seen = set()
    program(tmp_path / "say", SAYS)
    (tmp_path / "model.bin").write_bytes(b"1")
    wanted = options("./say", "model.bin", "{text}", "{out}")
    seen.add(Command(wanted, tmp_path).fingerprint)
    (tmp_path / "model.bin").write_bytes(b"2")
    seen.add(Command(wanted, tmp_path).fingerprint)
    program(tmp_path / "say", SAYS + "#\n")
    seen.add(Command(wanted, tmp_path).fingerprint)
    assert len(seen) == 3


VOICE = """\
title: Murmur
language: en-US
engines:
  - engine: command
    run: [./say, "{text}", "{out}"]
"""


def test_a_voice_file_may_name_a_program_and_a_recipe_speaks_through_it(tmp_path):
    library = make_library(tmp_path, murmur=VOICE)
    program(tmp_path / "say", SAYS)
    recipe = make_recipe(library, "Let yourself arrive.", "murmur")
    spoken = narrate(recipe, library, TakeStore(tmp_path / "cache"))
    assert (spoken.engine, len(spoken.takes), spoken.draft) == ("command", 1, False)


def test_faults_of_a_voice_file_have_their_place(tmp_path):
    text = VOICE.replace("{out}", "{outt}")
    library = make_library(tmp_path, murmur=text)
    with pytest.raises(FaultsError, match=r"murmur\.yaml:5:.*must stand"):
        load_voice("murmur", library)


@pytest.mark.parametrize(
    "front",
    [
        "engine: command",
        "run: [./say, '{text}', '{out}']",
        "voice: {engine: command, run: [./say, '{text}', '{out}']}",
        "voice: command",
    ],
)
def test_a_recipe_can_never_name_a_program(tmp_path, front):
    library = make_library(tmp_path)
    voice = "" if front.startswith("voice") else "voice: tone\n"
    text = f"---\ntitle: Test\n{voice}{front}\n---\n\nRest.\n"
    path = put(tmp_path / "recipes" / "test.md", text)
    with pytest.raises(FaultsError):
        load_recipe(path, library)


def test_asking_for_the_engine_by_name_is_not_enough(tmp_path):
    library = make_library(tmp_path)
    recipe = make_recipe(library, "Rest.")
    with pytest.raises(VoiceError, match="says nothing about the engine `command`"):
        narrate(recipe, library, TakeStore(tmp_path / "cache"), engine="command")
