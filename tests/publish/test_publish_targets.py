"""Addresses of places elsewhere, and where their secrets come from."""

import keyring
import keyring.backend
import keyring.errors
import pytest
from publish_kit import SHOW, write_library

from undersong.errors import FaultsError, PublishError, UndersongError, UnknownNameError, UsageError
from undersong.publish.address import read_address
from undersong.publish.keys import secret
from undersong.publish.showfile import load_show
from undersong.publish.targets import open_target
from undersong.recipes.library import Library

AWS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden"}
AZURE = {"AZURE_STORAGE_ACCOUNT_KEY": "aGlkZGVu"}


class Kept(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, kept=None, fails=None):
        super().__init__()
        self.kept, self.fails = kept or {}, fails

    def get_password(self, service, username):
        if self.fails is not None:
            raise self.fails
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch, tmp_path):
    """No key of this machine is used, and no keyring is left behind."""
    before = keyring.get_keyring()
    keyring.set_keyring(Kept())
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (*AWS, *AZURE, "GOOGLE_SERVICE_ACCOUNT_KEY", "UNDERSONG_DAV_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    yield
    keyring.set_keyring(before)


def test_an_address_is_taken_apart():
    found = read_address("DAVS://ann%40home@Example.org:8443/my%20show/?a=b", ["X"])
    assert (found.scheme, found.host, found.port) == ("davs", "example.org", 8443)
    assert (found.user, found.path, dict(found.settings)) == ("ann@home", "my show", {"a": "b"})
    assert found.name == "davs://ann@home@example.org:8443/my show"
    assert read_address("dav://[::1]:80/x", []).name == "dav://[::1]:80/x"


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIA:hidden@bucket/show",
        "s3://bucket/show?secret_access_key=hidden",
        "s3://bucket/show?endpoint=https://ann:hidden@example.org",
        "s3://bucket/show?X-Amz-Signature=hidden",
        "az://account/container?sv=2021&sig=hidden",
        "gs://bucket/show?access_token=hidden",
        "davs://ann:hidden@example.org/show",
    ],
)
def test_an_address_with_a_secret_is_refused_and_the_secret_not_shown(address, tmp_path):
    with pytest.raises(UsageError, match=r"holds a (secret|password)") as caught:
        open_target(address, tmp_path)
    text = caught.value.message + (caught.value.hint or "")
    assert "hidden" not in text
    assert "keyring set 'undersong " in text
    assert "in the environment" in text


def test_a_show_file_with_a_secret_says_where_it_belongs(tmp_path):
    root = write_library(tmp_path / "library", SHOW + "secret_access_key: hidden\n")
    with pytest.raises(FaultsError, match="unknown key `secret_access_key`") as caught:
        load_show(Library.find(root))
    assert "secrets never stand in a file" in caught.value.hint
    assert "hidden" not in str(caught.value)


def test_a_long_signature_in_a_show_file_is_refused_and_not_quoted(tmp_path):
    to = f"az://account/container?sig=hidden&se={'x' * 400}"
    root = write_library(tmp_path / "library", SHOW + f"to: {to}\n")
    with pytest.raises(UsageError, match="holds a secret, `sig`") as caught:
        open_target(load_show(Library.find(root)).to, root)
    assert "hidden" not in caught.value.message + caught.value.hint


def test_any_other_unknown_key_is_told_as_ever(tmp_path):
    root = write_library(tmp_path / "library", SHOW + "colour: blue\n")
    with pytest.raises(FaultsError, match="unknown key `colour`") as caught:
        load_show(Library.find(root))
    assert "secrets" not in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("address", "kind", "message"),
    [
        ("ftp://host/show", UnknownNameError, "kind of target"),
        ("s3:///show", UsageError, "no host or bucket"),
        ("s3://bucket/show#top", UsageError, "holds a #"),
        ("s3://bucket/show?region", UsageError, "cannot be read"),
        ("s3://bucket:port/show", UsageError, "cannot be read"),
        ("s3://bucket/show?regoin=x", UnknownNameError, "setting of s3"),
        ("s3://ann@bucket/show", UsageError, "no user and no port"),
        ("gs://bucket:80/show", UsageError, "no user and no port"),
        ("az://account", UsageError, "no container"),
        ("az://account/c?endpoint=http://example.org", UsageError, "over https only"),
        ("dav://example.org/show", UsageError, "over https only"),
        ("davs://example.org/show?a=b", UnknownNameError, "setting of davs"),
        ("s3://bucket/show", PublishError, "no key is known for s3://bucket/show"),
        ("gs://bucket/show", PublishError, "no key is known for gs://bucket/show"),
        ("az://account/c/show", PublishError, "no key is known for az://account/c/show"),
        ("davs://ann@example.org/show", PublishError, "no password is known for davs://ann@"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(address, kind, message, tmp_path):
    with pytest.raises(kind, match=message) as caught:
        open_target(address, tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("address", "env", "name"),
    [
        ("s3://bucket/show", AWS, "s3://bucket/show"),
        ("s3://bucket?endpoint=http://127.0.0.1:9&region=x&style=virtual", AWS, "s3://bucket"),
        ("s3://bucket/show?identity=machine", {}, "s3://bucket/show"),
        ("s3://bucket/a/b/", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/f"}, "s3://bucket/a/b"),
        ("gs://bucket/show?identity=machine", {}, "gs://bucket/show"),
        ("az://account/c/show", AZURE, "az://account/c/show"),
        ("az://account/c", {"AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=hidden"}, "az://account/c"),
        ("az://account/c?endpoint=http://127.0.0.1:9/account", AZURE, "az://account/c"),
        ("davs://ann@host/x", {"UNDERSONG_DAV_PASSWORD": "hidden"}, "davs://ann@host/x"),
        ("webdav+https://host/x", {}, "webdav+https://host/x"),
        ("dav://localhost:80/x", {}, "dav://localhost:80/x"),
    ],
)
def test_nothing_is_asked_before_it_is_needed(address, env, name, tmp_path, monkeypatch):
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    assert open_target(address, tmp_path).name == name


@pytest.mark.parametrize(
    ("address", "env"),
    [
        pytest.param("gs://b/x", {"GOOGLE_SERVICE_ACCOUNT_KEY": '{"a": "hidden"}'}, id="gs"),
        pytest.param("az://a/c", {"AZURE_STORAGE_ACCOUNT_KEY": "hidden!"}, id="az"),
    ],
)
def test_a_key_that_is_none_is_told_and_not_shown(address, env, tmp_path, monkeypatch):
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(PublishError, match=r"the key (is not one|cannot be used)") as caught:
        open_target(address, tmp_path).size("feed.xml")
    assert "hidden" not in caught.value.message + caught.value.hint


def test_the_environment_comes_first_and_then_the_keyring_by_place(monkeypatch):
    address = read_address("davs://ann@host/x", ())
    assert secret(address, "KEY") is None
    keyring.get_keyring().kept["undersong davs://ann@host", "KEY"] = "kept"
    assert secret(address, "KEY") == "kept"
    assert secret(read_address("davs://bob@host/x", ()), "KEY") is None
    monkeypatch.setenv("KEY", "set")
    assert secret(address, "KEY") == "set"


def test_a_machine_without_a_keyring_has_no_secrets_there():
    keyring.set_keyring(Kept(fails=keyring.errors.NoKeyringError()))
    assert secret(read_address("s3://b", ()), "KEY") is None


def test_a_locked_keyring_is_told():
    keyring.set_keyring(Kept(fails=keyring.errors.KeyringLocked("hidden")))
    with pytest.raises(PublishError, match="does not open: KeyringLocked") as caught:
        secret(read_address("s3://b", ()), "KEY")
    assert "$KEY" in caught.value.hint
    assert "hidden" not in caught.value.message


def test_without_the_extra_it_is_said_what_to_install(tmp_path, monkeypatch):
    for key, value in AWS.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setitem(__import__("sys").modules, "obstore.store", None)
    with pytest.raises(UndersongError, match="needs more than is installed here") as caught:
        open_target("s3://bucket/show", tmp_path)
    assert "pip install 'undersong[publish]'" in caught.value.hint
