"""Public conformance checks for makers of plug-ins: run them in your own tests.

Each raises AssertionError with a sentence that says what is wrong, and where.
"""

from undersong.testing.engines import check_engine
from undersong.testing.generators import check_generator

__all__ = ["check_engine", "check_generator"]
