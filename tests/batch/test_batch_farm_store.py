"""The store of a farm, and what goes to workers through it: whole, verified, the first stands."""

import json
from datetime import UTC, datetime, timedelta

import obstore
import pytest
from msgspec.structs import replace
from obstore.exceptions import NotSupportedError
from short_kit import write_recipes

from undersong.batch.errand import Errand
from undersong.batch.farm_bench import Bench
from undersong.batch.farm_depot import Depot
from undersong.batch.farm_model import Delivery, inside
from undersong.batch.farm_pack import Packer
from undersong.batch.freshness import plan_build
from undersong.batch.model import Choice, Order
from undersong.batch.runner import Keeper
from undersong.errors import FarmError
from undersong.files import digest_bytes
from undersong.store.behind import backed
from undersong.store.kinds import MEASURED, TAKES
from undersong.store.store import Store


@pytest.fixture(params=["memory", "folder"])
def depot(request, tmp_path):
    return Depot("memory://" if request.param == "memory" else str(tmp_path / "a store, ünïcode"))


def test_files_come_back_as_they_went(depot, tmp_path):
    content = bytes(range(256)) * 50_000
    sha256 = digest_bytes(content)
    (tmp_path / "file").write_bytes(content)
    depot.put(tmp_path / "file", sha256)
    depot.get(sha256, tmp_path / "new folder/back")
    assert (tmp_path / "new folder/back").read_bytes() == content


def test_a_damaged_file_is_refused_and_removed(depot, tmp_path):
    sha256 = digest_bytes(b"as it was")
    (tmp_path / "file").write_bytes(b"as it is")
    depot.put(tmp_path / "file", sha256)
    with pytest.raises(FarmError, match="damaged"):
        depot.get(sha256, tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file"]
    with pytest.raises(FarmError, match="gone"):
        depot.get(sha256, tmp_path / "back")


@pytest.mark.parametrize("conditions", [True, False])
def test_the_first_take_stands(depot, conditions, monkeypatch):
    """Also where the object storage knows no conditional writes."""
    put = obstore.put

    def plain_put(store, name, content, *, mode="overwrite", **options):
        if mode == "create":
            raise NotSupportedError("no conditions")
        return put(store, name, content, mode=mode, **options)

    if not conditions:
        monkeypatch.setattr(obstore, "put", plain_put)
    assert depot.fetch(TAKES, "ab" * 32) is None
    assert depot.offer(TAKES, "ab" * 32, b"first") == b"first"
    assert depot.offer(TAKES, "ab" * 32, b"second") == b"first"
    assert depot.fetch(TAKES, "ab" * 32) == b"first"


def test_a_damaged_take_makes_room(depot):
    depot.offer(TAKES, "ab" * 32, b"first")
    name = f"takes/ab/{'ab' * 32}"
    obstore.put(depot._store, name, b"nothing that was sealed")
    assert depot.offer(TAKES, "ab" * 32, b"second") == b"second"
    assert depot.fetch(TAKES, "ab" * 32) == b"second"


def test_caches_share_sound_and_keep_numbers_to_themselves(depot, tmp_path):
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    with backed(one.folder, depot), backed(other.folder, depot):
        assert one.keep(TAKES, "ab" * 32, b"sound") == b"sound"
        assert other.read(TAKES, "ab" * 32) == b"sound"
        assert other.keep(TAKES, "ab" * 32, b"another") == b"sound"
        one.keep(MEASURED, "cd" * 32, b"{}")
        assert other.read(MEASURED, "cd" * 32) is None
    assert other.read(TAKES, "ab" * 32) == b"sound"
    assert one.read(TAKES, "ef" * 32) is None


@pytest.mark.parametrize("address", ["ftp://somewhere", "nothing://"])
def test_an_address_that_is_none_is_named(address):
    with pytest.raises(FarmError, match=address):
        Depot(address)


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b", "", "a\\b"])
def test_names_from_the_network_stay_in_their_folder(name):
    with pytest.raises(FarmError, match="elsewhere"):
        inside(name)


@pytest.fixture
def errand(library, tmp_path):
    """One short track, as a build would have it made."""
    write_recipes(library, words=("slowly",))
    order = Order(
        root=library, out=library / "build", cache=tmp_path / "cache here", choice=Choice()
    )
    plan = plan_build(order)
    (verdict,) = plan.todo
    return Errand(
        slug=verdict.job.slug,
        root=library,
        recipe=verdict.job.recipe,
        folder=verdict.job.folder,
        cache=order.cache,
        choice=order.choice,
        inputs=Keeper(order, plan).inputs(verdict.job.slug),
    )


@pytest.fixture
def bench(tmp_path, depot):
    return Bench(home=tmp_path / "worker", cache=tmp_path / "cache there", depot=depot)


def test_a_parcel_holds_all_that_a_worker_needs(errand, depot, bench, library):
    packer = Packer(depot)
    parcel = packer.packed(errand)
    assert {name for name, _ in parcel.files} == {
        "undersong.yaml",
        "recipes/r0.md",
        "voices/tone.yaml",
        "ambience/breeze.yaml",
    }
    events = []
    delivery = bench.make(parcel, events.append)
    assert isinstance(delivery, Delivery), delivery
    made = packer.unpack(delivery, errand)
    assert made.rendered
    assert sorted(made.outputs) == sorted(path.name for path in errand.folder.iterdir())
    assert not packer.unpack(delivery, errand).rendered
    assert {type(event).__name__ for event in events} == {"Begun", "Noted", "Reached"}
    again = bench.make(parcel, events.append)
    assert isinstance(again, Delivery)
    assert json.dumps(again.as_json()) == json.dumps(delivery.as_json())
    assert [type(event).__name__ for event in events].count("Begun") == 1


def test_a_worker_of_another_version_makes_nothing(errand, depot, bench):
    parcel = replace(Packer(depot).packed(errand), program="another")
    with pytest.raises(FarmError, match="another version"):
        bench.make(parcel, print)


def test_what_lies_outside_the_library_must_be_on_the_worker(errand, depot, bench, tmp_path):
    model = tmp_path / "elsewhere.onnx"
    model.write_bytes(b"a model")
    parcel = Packer(depot).packed(replace(errand, inputs=(*errand.inputs, str(model))))
    assert [path for path, _ in parcel.elsewhere] == [str(model)]
    model.write_bytes(b"another model")
    with pytest.raises(FarmError, match=r"elsewhere\.onnx"):
        bench.make(parcel, print)


def test_what_was_put_before_a_moment_is_pruned_and_nothing_of_others(depot, tmp_path):
    for content in (b"old", b"older", b"new"):
        (tmp_path / "file").write_bytes(content)
        depot.put(tmp_path / "file", digest_bytes(content))
    depot.offer(TAKES, "ab" * 32, b"what a voice said")
    obstore.put(depot._store, "notes/mine.txt", b"not ours")
    long_ago, soon = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    assert depot.prune(long_ago) == (0, 0)
    count, size_bytes = depot.prune(soon, dry=True)
    assert count == 4
    assert size_bytes > len(b"oldoldernew")
    depot.get(digest_bytes(b"new"), tmp_path / "back")
    assert depot.prune(soon) == (count, size_bytes)
    with pytest.raises(FarmError, match="gone"):
        depot.get(digest_bytes(b"new"), tmp_path / "back")
    assert depot.fetch(TAKES, "ab" * 32) is None
    assert obstore.get(depot._store, "notes/mine.txt").bytes() == b"not ours"
    (tmp_path / "file").write_bytes(b"new")
    depot.put(tmp_path / "file", digest_bytes(b"new"))  # it is sent again, though it was once
    depot.get(digest_bytes(b"new"), tmp_path / "back")


def test_the_command_prunes_a_store(tmp_path, undersong):
    depot = Depot(str(tmp_path / "store"))
    (tmp_path / "file").write_bytes(b"sound")
    depot.put(tmp_path / "file", digest_bytes(b"sound"))
    words = ("farm", "prune", "--farm-store", tmp_path / "store")
    assert undersong(*words).out.startswith("0 objects")
    told = undersong(*words, "--older", "0", "--dry-run", "--json").out
    assert json.loads(told) == {"store": str(tmp_path / "store"), "removed": 0, "found": 1}
    assert undersong(*words, "--older", "0").out.startswith("1 objects, 0 MB, removed from ")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
