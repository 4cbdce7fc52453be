"""WebDAV as nginx has it: it lists nothing, and wants a slash behind every folder."""

import getpass

import pytest
from publish_kit import sound, write_track
from servers_kit import free_port, program, running
from shows_kit import Place, go, wrong

from undersong.publish.send import STATE

pytestmark = pytest.mark.servers

CONFIG = """\
daemon off; user {user}; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/web;
    location / {{ dav_methods PUT DELETE MKCOL COPY MOVE; dav_access user:rw all:r; }}
  }}
}}
"""


@pytest.fixture
def nginx_dav(tmp_path):
    folder, port = tmp_path / "nginx", free_port()
    (folder / "web" / "show").mkdir(parents=True)
    config = folder / "nginx.conf"
    text = CONFIG.format(folder=folder, port=port, user=getpass.getuser())
    config.write_text(text, encoding="utf-8")
    with running([program("nginx"), "-e", "stderr", "-c", config], port, folder):
        yield Place(address=f"dav://127.0.0.1:{port}/show", fetch=lying_in(folder / "web/show"))


def lying_in(folder):
    """Return how a file is had that lies in a folder."""

    def fetch(path):
        found = folder / path
        return found.read_bytes() if found.is_file() else None

    return fetch


def test_a_show_is_published_changed_and_shrunk(root, nginx_dav):
    prepared, first = go(root, nginx_dav)
    assert first.writes[-1] == STATE
    for piece in prepared.edition.pieces:
        expected = piece.source if isinstance(piece.source, bytes) else piece.source.read_bytes()
        assert nginx_dav.fetch(piece.path) == expected, piece.path
    assert go(root, nginx_dav, prepared.lock)[1].writes == []
    write_track(root / "build", "rest", files={"mp3": sound() * 300})
    _, again = go(root, nginx_dav, prepared.lock)
    assert again.writes[1:] == ["feed.json", "feed.xml", STATE]
    assert wrong(nginx_dav.fetch) == []
    _, pruned = go(root, nginx_dav, prepared.lock, days=90, prune=True)
    assert pruned.deletes
    assert wrong(nginx_dav.fetch) == []
