import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from onnx_kit import tiny_kokoro, tiny_piper
from voices_kit import make_library, make_recipe

from undersong.errors import OutputError, UndersongError, VoiceError
from undersong.files import digest_file
from undersong.recipes.library import Library
from undersong.voices import onnx_model
from undersong.voices.fetch import Expected, Patience, fetch, fetch_text
from undersong.voices.models import Order, _moved, add_voice
from undersong.voices.narrate import narrate
from undersong.voices.registry import load_voice
from undersong.voices.takes import TakeStore

CARD = (
    "# Model card for alba\n\n* Language: en_GB\n* License: CC BY 4.0\n* URL: https://example.org\n"
)
WRONG = {
    "cut": "v/en_GB-alba-medium.onnx",
    "stall": "v/en_GB-alba-medium.onnx",
    "stall before": "v/en_GB-alba-medium.onnx.json",
    "refuse": "v/en_GB-alba-medium.onnx.json",
    "missing": "v/en_GB-alba-medium.onnx.json",
}
SOON = Patience(gap_s=0.3, total_s=5.0)


class Server(ThreadingHTTPServer):
    """Serves `files`; `faults` says by path how an answer goes wrong."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, str] = {}
        self.asked: list[str] = []
        self.done = threading.Event()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def do_GET(self):
        path = self.path.lstrip("/").partition("?")[0]
        self.server.asked.append(path)
        content = self.server.files.get(path)
        fault = self.server.faults.get(path, "")
        if content is None or fault == "refuse":
            self.send_error(404 if content is None else 503)
            return
        self.send_response(200)
        if fault != "no length":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.close_connection = True
        FAULTS.get(fault, Handler.whole)(self, content)

    def whole(self, content):
        self.wfile.write(content)

    def cut(self, content):
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()

    def stall(self, content):
        self.cut(content)
        self.server.done.wait(5)

    def stall_before(self, _content):
        self.server.done.wait(5)

    def drip(self, content):
        for k in range(200):
            if self.server.done.wait(0.05):
                return
            self.wfile.write(content[k : k + 1])
            self.wfile.flush()


FAULTS = {
    "cut": Handler.cut,
    "stall": Handler.stall,
    "stall before": Handler.stall_before,
    "drip": Handler.drip,
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.done.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def voice(tmp_path, server):
    """A Piper voice on the server, with its card; returns its address."""
    path = tiny_piper(tmp_path / "made" / "en_GB-alba-medium.onnx", language={"code": "en_GB"})
    server.files = {
        "v/en_GB-alba-medium.onnx": path.read_bytes(),
        "v/en_GB-alba-medium.onnx.json": path.with_name(f"{path.name}.json").read_bytes(),
        "v/MODEL_CARD": CARD.encode(),
    }
    return server.url("v/en_GB-alba-medium.onnx")


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path / "library")


def order(source, **more):
    return Order(source=str(source), **({"patience": SOON} | more))


def left(library):
    """Every file of the library that was not there before."""
    known = {"undersong.yaml", "voices/tone.yaml"}
    files = (path for path in library.root.rglob("*") if path.is_file())
    return {path.relative_to(library.root).as_posix() for path in files} - known


def test_a_voice_comes_whole_with_its_licence_and_speaks(library, voice):
    ticks = []
    added = add_voice(order(voice), library, ticks.append)
    assert (added.name, added.licence, added.why_not) == ("en_GB-alba-medium", "CC BY 4.0", None)
    assert left(library) == {
        "models/.gitignore", "models/en_GB-alba-medium.onnx", "models/en_GB-alba-medium.onnx.json",
        "models/en_GB-alba-medium.MODEL_CARD", "voices/en_GB-alba-medium.yaml",
    }  # fmt: skip
    assert sum(ticks) == sum(path.stat().st_size for path in added.files[:2])
    found = load_voice(added.name, library)
    assert (found.language, found.terms) == ("en-GB", "Licence of the voice: CC BY 4.0.")
    text = added.files[-1].read_text()
    assert voice in text
    assert f"sha256 {digest_file(added.files[0])}" in text
    recipe = make_recipe(library, "Let yourself arrive.", added.name)
    spoken = narrate(recipe, library, TakeStore(library.root / "cache"))
    assert (spoken.engine, spoken.draft, len(spoken.takes)) == ("piper", False, 1)


def test_a_voice_can_be_added_from_a_path(library, tmp_path):
    path = tiny_piper(tmp_path / "here" / "tiny.onnx", language={"code": "de_DE"})
    added = add_voice(order(path, name="calm", licence="CC0"), library)
    assert (added.name, added.licence) == ("calm", "CC0")
    assert load_voice("calm", library).language == "de-DE"
    assert (library.root / "models" / "tiny.onnx").read_bytes() == path.read_bytes()


def test_a_voice_without_a_card_says_that_no_licence_was_found(library, tmp_path):
    path = tiny_piper(tmp_path / "here" / "tiny.onnx", language="?")
    added = add_voice(order(path), library)
    assert "none was found" in added.licence
    assert "ask its makers" in load_voice("tiny", library).terms
    assert load_voice("tiny", library).language == library.language


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("cut", "broke off after"),
        ("stall", r"sent nothing for 0\.3 s"),
        ("stall before", r"sent nothing for 0\.3 s"),
        ("refuse", "answers 503"),
        ("missing", "answers 404"),
    ],
)
def test_whatever_goes_wrong_on_the_way_leaves_nothing(library, server, voice, fault, words):
    path = WRONG[fault]
    server.faults[path] = fault
    if fault == "missing":
        del server.files[path]
    with pytest.raises(VoiceError, match=words):
        add_voice(order(voice), library)
    assert left(library) == set()
    assert list((library.root / "models").iterdir()) == []
    server.faults.clear()
    if fault != "missing":
        assert add_voice(order(voice), library).why_not is None


def test_a_slow_drip_ends_within_its_time(library, server, voice):
    server.faults["v/en_GB-alba-medium.onnx"] = "drip"
    with pytest.raises(VoiceError, match=r"took longer than 0\.4 s"):
        add_voice(order(voice, patience=Patience(gap_s=5.0, total_s=0.4)), library)
    assert left(library) == set()


def test_a_card_that_stalls_is_an_error_too(library, server, voice):
    server.faults["v/MODEL_CARD"] = "stall"
    with pytest.raises(VoiceError, match="MODEL_CARD sent nothing"):
        add_voice(order(voice), library)
    assert left(library) == set()


def test_without_a_promised_length_a_cut_model_is_found_by_opening_it(library, server, voice):
    path = "v/en_GB-alba-medium.onnx"
    server.files[path] = server.files[path][:-100]
    server.faults[path] = "no length"
    with pytest.raises(VoiceError, match="damaged"):
        add_voice(order(voice), library)
    assert left(library) == set()


def test_an_address_that_nobody_answers_is_an_error(library, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(VoiceError, match="cannot be reached"):
        add_voice(order(server.url("v/x.onnx"), name="x"), library)


def test_size_and_digest_are_checked_when_given(library, server, voice):
    content = server.files["v/en_GB-alba-medium.onnx"]
    digest = hashlib.sha256(content).hexdigest()
    for wrong, words in (
        (Expected(sha256="0" * 64), f"has the sha256 {digest} instead of"),
        (Expected(size_bytes=12), f"has {len(content)} bytes instead of 12"),
    ):
        with pytest.raises(VoiceError, match=words):
            add_voice(order(voice, expected=wrong), library)
        assert left(library) == set()
    right = Expected(size_bytes=len(content), sha256=digest.upper())
    assert add_voice(order(voice, expected=right), library).why_not is None


def test_the_list_of_piper_s_collection_is_believed(library, server, tmp_path):
    path = tiny_piper(tmp_path / "made" / "en_GB-alba-medium.onnx")
    folder = "main/en/en_GB/alba/medium"
    content = path.read_bytes()
    entry = {"size_bytes": len(content), "md5_digest": hashlib.md5(content).hexdigest()}  # noqa: S324 - what the list holds
    listed = {"en_GB-alba-medium": {"files": {f"{folder[5:]}/{path.name}": entry}}}
    server.files = {
        f"{folder}/{path.name}": content,
        f"{folder}/{path.name}.json": path.with_name(f"{path.name}.json").read_bytes(),
        "main/voices.json": json.dumps(listed).encode(),
    }
    address = server.url(f"{folder}/{path.name}?download=true")
    assert add_voice(order(address, name="right"), library).why_not is None
    (library.root / "models" / path.name).unlink()
    entry["md5_digest"] = "0" * 32
    server.files["main/voices.json"] = json.dumps(listed).encode()
    with pytest.raises(VoiceError, match="has the md5"):
        add_voice(order(address, name="wrong"), library)
    server.files["main/voices.json"] = b"[]"
    assert add_voice(order(address, name="unlisted"), library).why_not is None


def test_kokoro_s_files_are_shared_by_its_voices(library, server, tmp_path):
    model, voices = tiny_kokoro(tmp_path / "made")
    server.files = {"kokoro.onnx": model.read_bytes(), "voices.bin": voices.read_bytes()}
    wanted = {"voices": server.url("voices.bin"), "patience": SOON}
    for name in ("af_test", "bm_test"):
        added = add_voice(Order(source=server.url("kokoro.onnx"), voice=name, **wanted), library)
        assert (added.name, added.why_not) == (name, None)
        assert "Apache-2.0" in load_voice(name, library).terms
    assert sorted(server.asked) == ["kokoro.onnx", "voices.bin"]
    assert [load_voice(name, library).language for name in ("af_test", "bm_test")] == [
        "en-US",
        "en-GB",
    ]
    with pytest.raises(VoiceError, match="no voice `am_adam`"):
        add_voice(Order(source=server.url("kokoro.onnx"), voice="am_adam", **wanted), library)
    assert "voices/am_adam.yaml" not in left(library)


def test_without_the_extra_the_files_are_kept_and_it_is_said(library, voice, monkeypatch):
    monkeypatch.setattr(onnx_model.importlib.util, "find_spec", lambda _name: None)
    assert "pip install" in str(add_voice(order(voice), library).why_not)


def test_names_are_never_overwritten_and_must_be_names(library, voice):
    with pytest.raises(OutputError, match=r"tone\.yaml exists already"):
        add_voice(order(voice, name="tone"), library)
    with pytest.raises(OutputError, match="cannot be the name"):
        add_voice(order(voice, name="../tone"), library)
    assert left(library) == set()


def test_a_wrong_language_is_refused_before_anything_is_kept(library, voice):
    with pytest.raises(UndersongError, match="language"):
        add_voice(order(voice, language="klingon!"), library)
    assert left(library) == set()


def test_a_folder_that_is_no_library_is_left_alone(tmp_path, voice):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(OutputError, match="no library here"):
        add_voice(order(voice), Library.find(empty))
    assert list(empty.iterdir()) == []


def test_a_path_that_is_not_there_is_named(library, tmp_path):
    with pytest.raises(VoiceError, match=r"there is no file .*none\.onnx"):
        add_voice(order(tmp_path / "none.onnx"), library)


def test_a_configuration_that_is_no_json_is_named(library, tmp_path):
    path = tiny_piper(tmp_path / "tiny.onnx")
    (tmp_path / "tiny.onnx.json").write_text("<html>")
    with pytest.raises(VoiceError, match=r"tiny\.onnx\.json cannot be read"):
        add_voice(order(path), library)


def test_fetching_replaces_only_by_a_whole_file(server, tmp_path):
    target = tmp_path / "kept"
    target.write_bytes(b"before")
    server.files["x"], server.faults["x"] = b"0123456789", "cut"
    with pytest.raises(VoiceError, match="broke off after 5 of 10 bytes"):
        fetch(server.url("x"), target, Expected(), SOON)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert target.read_bytes() == b"before"
    server.faults.clear()
    fetch(server.url("x"), target, Expected(), SOON)
    assert target.read_bytes() == b"0123456789"


def test_small_texts_are_small_and_texts(server, tmp_path):
    server.files |= {"junk": b"\xff\xfe\x00", "long": b"x" * (9 << 20)}
    with pytest.raises(VoiceError, match="is no text"):
        fetch_text(server.url("junk"), SOON)
    with pytest.raises(VoiceError, match="too long"):
        fetch_text(server.url("long"), SOON)
    assert fetch_text(server.url("none"), SOON) is None
    assert fetch_text(str(tmp_path / "none"), SOON) is None


def test_neighbours_of_an_address_keep_its_host():
    from pathlib import PurePosixPath  # noqa: PLC0415 - only here

    assert _moved("https://a.b/c/d.onnx", PurePosixPath("/c/e")) == "https://a.b/c/e"
