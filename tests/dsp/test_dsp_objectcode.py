"""Machine code loaded by ourselves is that which llvmlite loads; what we do not know is left."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from undersong.dsp import compiled, objectcode
from undersong.dsp.objectcode import load


@pytest.fixture(scope="module")
def kept() -> tuple[dict[str, str], bytes]:
    """Names and machine code of the kernels as they are kept here."""
    assert compiled.kernels() is not None
    return next(compiled._kept(compiled._name()))


def highest(address: int) -> np.ndarray:
    """Call `cell_heights` at an address."""
    sound = np.array([0.5, -0.75, 0.25, 0.125, -1.5, 1.0], np.float32)
    heights = np.empty(3, np.float32)
    call = ctypes.CFUNCTYPE(None, *compiled._LAYOUT["cell_heights"])(address)
    call(sound.ctypes.data, 2, heights.ctypes.data, 3)
    return heights


def test_it_does_what_llvmlite_has_it_do(kept):
    symbols, content = kept
    code = load(content, compiled._outside)
    assert code is not None
    engine, addresses = compiled._by_llvm(content, symbols.values())
    name = symbols["cell_heights"]
    assert highest(code.addresses[name]).tolist() == [0.75, 0.25, 1.5]
    assert highest(addresses[name]).tolist() == [0.75, 0.25, 1.5]
    assert addresses.keys() <= code.addresses.keys()
    assert engine is not None


def test_code_cannot_be_written_once_it_may_run(kept):
    code = load(kept[1], compiled._outside)
    assert code is not None
    address = code.addresses[kept[0]["weigh"]]
    rows = [line.split()[:2] for line in Path("/proc/self/maps").read_text("ascii").splitlines()]
    spans = [(*(int(end, 16) for end in span.split("-")), rights) for span, rights in rows]
    assert [rights for start, end, rights in spans if start <= address < end] == ["r-xp"]


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (0, b"MZ"),  # no ELF
        (4, b"\x01"),  # 32 bits
        (16, b"\x03\x00"),  # a shared library
        (18, b"\xb7\x00"),  # for ARM
    ],
)
def test_another_kind_of_file_is_left_to_llvmlite(kept, at, written):
    content = kept[1][:at] + written + kept[1][at + len(written) :]
    assert load(content, compiled._outside) is None


def test_a_file_that_ends_early_is_left_to_llvmlite(kept):
    assert load(kept[1][:40], compiled._outside) is None


def test_unknown_symbols_and_fields_are_left_to_llvmlite(kept, monkeypatch):
    def nowhere(name: str) -> int:
        raise AttributeError(name)

    assert load(kept[1], nowhere) is None
    monkeypatch.setattr(objectcode, "_VALUES", {})
    assert load(kept[1], compiled._outside) is None


def test_where_code_may_not_run_from_memory_llvmlite_is_asked(kept, monkeypatch):
    monkeypatch.setattr(objectcode.sys, "platform", "darwin")
    assert compiled.Kernels(*kept).cell_heights(np.ones((4, 2), np.float32), 2).tolist() == [1, 1]


def test_where_the_system_does_not_tell_llvmlite_names_the_processor(monkeypatch):
    import llvmlite.binding  # noqa: PLC0415 - it takes fifty megabytes

    told = compiled._processor()
    monkeypatch.setattr(compiled, "_FACTS", ())
    assert llvmlite.binding.get_host_cpu_name() in compiled._processor()
    assert compiled._processor() != told


def test_a_render_needs_no_llvmlite(kept):
    script = "import sys; from undersong.dsp.compiled import kernels\n"
    script += "print(kernels() is not None, 'llvmlite' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]
