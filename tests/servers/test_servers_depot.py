"""A farm's store on real object storage."""

import pytest

from undersong.batch.events import Made
from undersong.batch.farm_depot import Depot
from undersong.batch.farm_model import Delivery
from undersong.errors import FarmError
from undersong.files import digest_bytes
from undersong.store.kinds import TAKES

pytestmark = pytest.mark.servers


@pytest.fixture(params=["swift", "moto"])
def depot(request, monkeypatch):
    place = request.getfixturevalue(f"{request.param}_place")
    address, _, endpoint = place.address.partition("?endpoint=")
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    return Depot(address.replace("/show", "/farm"))


def test_files_and_what_came_of_parcels_come_back(depot, tmp_path):
    content = bytes(range(256)) * 50_000
    sha256 = digest_bytes(content)
    (tmp_path / "file").write_bytes(content)
    depot.put(tmp_path / "file", sha256)
    depot.get(sha256, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    made = Made(
        slug="rest", rendered=True, outputs=("rest.mp3",), locked="", cost_s=1.5, wall_s=2.5
    )
    delivery = Delivery(made=made, files=(("rest.mp3", sha256),))
    assert depot.delivery("ab" * 32) is None
    depot.keep_delivery("ab" * 32, delivery)
    assert depot.delivery("ab" * 32) == delivery
    depot.forget("ab" * 32)
    depot.forget("ab" * 32)
    assert depot.delivery("ab" * 32) is None


def test_the_first_take_stands(depot):
    assert depot.fetch(TAKES, "ab" * 32) is None
    assert depot.offer(TAKES, "ab" * 32, b"first") == b"first"
    assert depot.offer(TAKES, "ab" * 32, b"second") == b"first"
    assert depot.fetch(TAKES, "ab" * 32) == b"first"


def test_what_is_damaged_is_refused_and_removed(depot, tmp_path):
    sha256 = digest_bytes(b"as it was")
    (tmp_path / "file").write_bytes(b"as it is")
    depot.put(tmp_path / "file", sha256)
    for message in ("damaged", "gone"):
        with pytest.raises(FarmError, match=message):
            depot.get(sha256, tmp_path / "back")
