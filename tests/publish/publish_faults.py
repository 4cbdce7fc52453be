"""Hosts on loopback: a good one, and one for each thing that a host can get wrong."""

import http.client
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from undersong.publish.host import make_host, make_server, open_socket


@contextmanager
def hosted(folder, scratch):
    """Host a folder as `undersong serve` does; yields its address."""
    with open_socket("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server = make_server(make_host(folder, scratch))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield address
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def between(upstream, spoil):
    """Stand between a good host and the world, and let `spoil` change requests and answers.

    `spoil(exchange)` gets an Exchange before the answer goes out.
    """

    class Between(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_words):
            pass

        def _pass(self):
            exchange = Exchange(self.command, self.path, dict(self.headers))
            exchange.mine = f"http://127.0.0.1:{self.server.server_port}/"
            spoil(exchange)
            if exchange.status is None:
                host, port = upstream.removeprefix("http://").strip("/").split(":")
                connection = http.client.HTTPConnection(host, int(port))
                connection.request(exchange.method, exchange.path, headers=exchange.asked)
                found = connection.getresponse()
                exchange.status = found.status
                exchange.headers = {k.lower(): v for k, v in found.getheaders()}
                exchange.body = found.read()
                connection.close()
                exchange.after(exchange)
            self.send_response_only(exchange.status)
            if exchange.sized:
                exchange.headers.setdefault("content-length", str(len(exchange.body)))
            else:
                exchange.headers.pop("content-length", None)
            for name, value in exchange.headers.items():
                if name not in {"date", "server", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(exchange.body)
            self.close_connection = True

        do_GET = do_HEAD = _pass  # noqa: N815 - names of the standard library

    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Exchange:
    """One request and its answer, as they may be spoilt."""

    def __init__(self, method, path, asked):
        self.method, self.path, self.mine = method, path, ""
        self.asked = {k: v for k, v in asked.items() if k.lower() not in {"host", "connection"}}
        self.status, self.headers, self.body = None, {}, b""
        self.sized = True
        self.after = lambda _exchange: None

    def asks(self, name):
        """Whether the request has a header."""
        return any(key.lower() == name for key in self.asked)

    def forget(self, *names):
        """Take headers out of the request."""
        self.asked = {k: v for k, v in self.asked.items() if k.lower() not in names}

    def answer(self, status, **headers):
        """Answer without asking the good host."""
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def is_media(self):
        """Whether a sound file is asked for."""
        return self.path.startswith("/media/")


def _gone(one):
    if one.is_media:
        one.answer(404)


def _password(one):
    if one.path == "/feed.xml":
        one.answer(401, www_authenticate="Basic")


def _redirects(one):
    if one.path.startswith("/media/") and one.path.count("~") < 7:
        one.answer(302, location=one.path + "~")
    one.path = one.path.rstrip("~")


def _moved(one):
    if one.path == "/feed.xml":
        one.answer(301, location="/new/feed.xml")
    elif one.path == "/new/feed.xml":
        one.path = "/feed.xml"


def _head(one):
    if one.method == "HEAD" and one.is_media:
        one.answer(405)


def _type(one):
    one.after = lambda done: done.headers.update({"content-type": "text/html"})


def _length(one):
    def longer(done):
        done.body += b"\0"
        done.headers["content-length"] = str(len(done.body))

    if one.is_media and not one.asks("range") and one.method == "GET":
        one.after = longer


def _no_ranges(one):
    one.forget("range")


def _no_feed_ranges(one):
    if one.path == "/feed.xml":
        one.forget("range")


def _beyond(one):
    if any(not value.endswith(("-0", "143")) for key, value in one.asked.items() if key == "Range"):
        one.forget("range")


def if_range_of_lasting_files(one):
    one.forget("if-range")


def _if_range(one):
    def passing(done):
        done.headers["cache-control"] = "max-age=300"

    if_range_of_lasting_files(one)
    one.after = passing


def _validator(one):
    def bare(done):
        done.headers.pop("etag", None)
        done.headers.pop("last-modified", None)

    one.after = bare


def _always_new(one):
    one.forget("if-none-match", "if-modified-since")


def _cors(one):
    one.forget("origin")


def _self(one):
    if one.path == "/other.xml":
        one.path = "/feed.xml"


LIVE = {
    "http-gone": _gone,
    "http-password": _password,
    "http-redirects": _redirects,
    "http-moved": _moved,
    "http-head": _head,
    "http-type": _type,
    "http-length": _length,
    "http-ranges": _no_ranges,
    "http-ranges-feed": _no_feed_ranges,
    "http-beyond": _beyond,
    "http-if-range": _if_range,
    "http-validator": _validator,
    "http-304": _always_new,
    "http-cors": _cors,
    "self-other": _self,
}
"""By rule: what a host does wrong."""
