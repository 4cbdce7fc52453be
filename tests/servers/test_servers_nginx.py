"""A published folder behind nginx, set up as docs/publishing.md says, looked at as apps do."""

import json
import os
import re
import textwrap
from pathlib import Path

import pytest
from publish_mutations import full_show
from servers_kit import free_port, program, running

from undersong import cli
from undersong.publish.check.wire import ask
from undersong.publish.host import type_of

pytestmark = pytest.mark.servers

PAGE = Path(__file__).parents[2] / "docs" / "publishing.md"
CONFIG = """\
daemon off;
pid {folder}/nginx.pid;
{user}
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/web;
{snippet}
    }}
}}
"""
FOREVER, FRESH = "public, max-age=31536000, immutable", "public, max-age=300, must-revalidate"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A show at `/quiet/` of an nginx; yields its address and its folder."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    url = f"http://127.0.0.1:{port}/quiet/"
    show = full_show(tmp_path_factory.mktemp("show"), url)
    (folder / "web").mkdir()
    show.rename(folder / "web" / "quiet")
    (snippet,) = re.findall(
        r"^```nginx\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    config = folder / "nginx.conf"
    text = CONFIG.format(
        folder=folder,
        port=port,
        user="user root;" if os.getuid() == 0 else "",
        snippet=textwrap.indent(snippet, " " * 8),
    )
    config.write_text(text, encoding="utf-8")
    words = [program("nginx"), "-e", folder / "error.log", "-p", folder, "-c", config]
    with running(words, port, folder):
        yield url, folder / "web" / "quiet"


def test_the_checker_finds_nothing_wrong(site, capfd):
    assert cli._run(["feed", "check", f"{site[0]}feed.xml", "--deep", "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert [finding["rule"]["name"] for finding in report["findings"]] == []
    assert report["looked_at"] == 3


def test_every_file_has_its_type_its_time_and_may_be_read_by_players(site):
    url, folder = site
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert {name.split("/")[0] for name in names} >= {"art", "chapters", "media", "transcripts"}
    for name in names:
        answer = ask("HEAD", url + name, {"Origin": "https://player.example"})
        assert answer.status == 200, name
        assert answer.header("content-type").replace(" ", "") == type_of(name).replace(" ", "")
        lasting = "/" in name and not name.startswith("episodes/")  # pages keep their names
        assert answer.header("cache-control") == (FOREVER if lasting else FRESH), name
        assert answer.header("access-control-allow-origin") == "*", name
        assert answer.header("etag"), name


@pytest.mark.parametrize("name", [".undersong-0123456789abcdef", "media/.undersong-partial/x.mp3"])
def test_what_is_on_its_way_is_hidden(site, name):
    url, folder = site
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    assert ask("GET", url + name).status == 404
