import gc

import pytest

from undersong import cli
from undersong.machine import collect_seldom, leave_garbage


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
