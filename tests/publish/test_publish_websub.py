import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from publish_kit import SHOW, write_library, write_track

from undersong.errors import PublishError
from undersong.publish.websub import ping

FEED = "https://example.org/show/feed.xml"


@pytest.fixture
def hub():
    """A hub on loopback that notes what it is told; its `status` is what it answers."""

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *_words):
            pass

        def do_POST(self):
            length = int(self.headers["content-length"])
            server.told.append(parse_qs(self.rfile.read(length).decode()))
            self.send_response(server.status)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Hub)
    server.told, server.status = [], 204
    server.url = f"http://127.0.0.1:{server.server_port}/hub?a=b"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_is_told_which_feed_has_changed(hub):
    ping(hub.url, FEED)
    assert hub.told == [{"hub.mode": ["publish"], "hub.url": [FEED], "hub.topic": [FEED]}]


def test_a_hub_that_refuses_or_is_not_there_is_told_of(hub):
    hub.status = 500
    with pytest.raises(PublishError, match="status 500") as caught:
        ping(hub.url, FEED)
    assert "everything is published" in caught.value.hint
    with pytest.raises(PublishError, match="was not told"):
        ping("http://127.0.0.1:9/", FEED)


def test_publishing_tells_the_hub_once_for_each_new_feed(hub, tmp_path, undersong):
    root = write_library(tmp_path / "library", SHOW + f"hub: {hub.url}\nto: web\n")
    write_track(root / "build", "rest")
    assert undersong("publish", "--library", root, "--dry-run").code == 0
    assert hub.told == []
    assert undersong("publish", "--library", root).code == 0
    assert undersong("publish", "--library", root).code == 0
    assert len(hub.told) == 1
    write_track(root / "build", "rest", title="Another")
    hub.status = 503
    done = undersong("publish", "--library", root)
    assert (done.code, len(hub.told)) == (8, 2)
    assert b"Another" in (root / "web" / "feed.xml").read_bytes()
