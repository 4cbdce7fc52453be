"""What this process asks of the machine, and of its own garbage."""

import gc
import os
import subprocess
import sys
import weakref

import pytest

from undersong import cli, machine
from undersong.machine import collect_seldom, cores, forget_last, leave_garbage, on_core, unhurried


@pytest.fixture(autouse=True)
def _collector():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_garbage_is_looked_for_seldom():
    collect_seldom()
    assert gc.get_threshold()[0] > 100_000


def test_what_is_left_at_the_end_is_not_looked_at_again():
    leave_garbage()
    assert gc.get_freeze_count() > 1000


def test_a_command_that_ends_leaves_its_garbage():
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert gc.get_freeze_count() > 1000


@pytest.mark.parametrize("asked", [None, "logfire-plugin"])
def test_pydantic_looks_for_no_plugins_unless_it_is_told_to(asked, monkeypatch):
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", asked or "")
    if asked is None:
        monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS")
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == (asked or "__all__")


class Cycle:
    """Something that only a look for garbage frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def seldom():
    """No look for garbage but those asked for."""
    gc.disable()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("seldom")
def test_what_a_piece_of_work_leaves_in_cycles_goes_before_the_next():
    forget_last()
    left = weakref.ref(Cycle())
    assert left() is not None
    forget_last()
    assert left() is None


@pytest.mark.usefixtures("seldom")
def test_what_was_there_before_all_work_is_not_looked_at():
    old = weakref.ref(Cycle())
    forget_last()
    forget_last()
    assert old() is not None
    gc.unfreeze()
    gc.collect()
    assert old() is None


def allowed_of_a_program() -> set[int]:
    asked = "import os; print(*os.sched_getaffinity(0))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    return {int(word) for word in said.stdout.split()}


def policy_of_a_program() -> int:
    asked = "import os; print(os.sched_getscheduler(0))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    return int(said.stdout)


def test_an_unhurried_program_is_batch_work(monkeypatch):
    with unhurried():
        assert policy_of_a_program() == os.SCHED_BATCH
        with unhurried():
            assert policy_of_a_program() == os.SCHED_BATCH
        assert policy_of_a_program() == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    with unhurried():
        assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_programs_that_take_all_cores_keep_to_one_each(monkeypatch):
    everything = os.sched_getaffinity(0)
    for number, core in enumerate(sorted(everything)):
        with on_core(number, cores()):
            assert allowed_of_a_program() == {core}
        assert os.sched_getaffinity(0) == everything
    with on_core(0, cores() + 1):
        assert allowed_of_a_program() == everything
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    with on_core(0, cores()):
        assert os.sched_getaffinity(0) == everything
