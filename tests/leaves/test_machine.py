"""What this process asks of the machine, and of its own garbage."""

import gc
import weakref

import pytest

from undersong.machine import forget_last


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
