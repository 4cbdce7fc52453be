"""The servers themselves are what the other tests take them for."""

import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.servers


def status(url):
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - loopback
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_swift_lets_no_stranger_in(swift):
    assert status(f"{swift.url}/v1/AUTH_test/bucket") == 401


def test_moto_knows_no_bucket_yet(moto):
    assert status(f"{moto.url}/bucket/name") == 404


def test_the_webdav_server_wants_a_password(dav):
    assert status(f"{dav.url}/name") == 401
