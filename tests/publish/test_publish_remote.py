"""Addresses of folders on other machines."""

import sys

import pytest

from undersong.errors import PublishError, UndersongError, UsageError
from undersong.publish.address import read_address
from undersong.publish.remote import folder_of, open_rsync, open_sftp, read_short
from undersong.publish.targets import open_target

SECRET = "quiet-evening"  # noqa: S105 - of nothing


@pytest.mark.parametrize(
    ("text", "name", "folder"),
    [
        ("ann@web.example:/srv/show", "rsync+ssh://ann@web.example/srv/show", "/srv/show"),
        ("ann@web.example:show/", "rsync+ssh://ann@web.example/~/show", "show"),
        ("ann@web.example:", "rsync+ssh://ann@web.example/~", "."),
        ("ann@[::1]:/srv", "rsync+ssh://ann@[::1]/srv", "/srv"),
    ],
)
def test_user_host_and_path_are_an_address(tmp_path, text, name, folder):
    found = read_short(text)
    assert (found.name, folder_of(found)) == (name, folder)
    assert open_target(text, tmp_path).name == name


@pytest.mark.parametrize("text", ["web", "a/b@c:d", "c:\\show", "ann@host", "a@b/c:d", "@h:p"])
def test_what_is_a_folder_stays_one(tmp_path, text):
    assert read_short(text) is None


@pytest.mark.parametrize("text", ["sftp://ann@h/x", "rsync://h/m", "rsync+ssh://h/x"])
def test_every_kind_has_its_row(tmp_path, text):
    target = open_target(text, tmp_path)
    assert target.name == text
    target.close()


@pytest.mark.parametrize("scheme", ["sftp", "rsync", "rsync+ssh"])
@pytest.mark.parametrize(
    "rest",
    [
        "-oProxyCommand=evil/x",
        "-l@host/x",
        "a b@host/x",
        "$(evil)@host/x",
        "`evil`@host/x",
        "host/a%0Ab",
        "host:99999/x",
        "host/x?key=1",
        f"ann:{SECRET}@host/x",
        f"host/x?password={SECRET}",
    ],
)
def test_no_option_no_command_no_secret_stands_in_an_address(tmp_path, scheme, rest):
    with pytest.raises(UndersongError) as caught:
        open_target(f"{scheme}://{rest}", tmp_path)
    assert SECRET not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("text", ["-oProxyCommand=evil@host:x", "a@-oProxyCommand=evil:x"])
def test_nor_in_a_short_one(tmp_path, text):
    with pytest.raises(UsageError, match="no right user or host"):
        open_target(text, tmp_path)


def test_a_daemon_needs_a_module():
    with pytest.raises(UsageError, match="names no module"):
        open_rsync(read_address("rsync://host/", ""))


def test_what_is_not_installed_is_told(tmp_path, monkeypatch):
    for name in ("undersong.publish.sftp", "undersong.publish.ssh"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    with pytest.raises(PublishError, match="needs asyncssh") as caught:
        open_target("sftp://ann@web.example/show", tmp_path)
    assert "undersong[publish]" in caught.value.hint


def test_nothing_is_opened_before_it_is_needed():
    open_sftp(read_address("sftp://nobody.invalid/x", "")).close()
