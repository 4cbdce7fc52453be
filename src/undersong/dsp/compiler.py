"""Kernels become machine code: numba compiles them, once per machine, into one object file.

Only `compiled` imports this module, and nothing of numba is needed to run what it makes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import llvmlite.binding as llvm
from numba import carray, cfunc, types  # type: ignore[attr-defined]
from numba.extending import register_jitable

from undersong.dsp.kernels import (
    LANES,
    bend,
    between,
    cascade,
    cell_heights,
    cell_peaks,
    highest_of,
    weigh,
    weigh_lanes,
)

_F32, _F64, _I32 = (types.CPointer(t) for t in (types.float32, types.float64, types.int32))
_N, _X = types.intp, types.float64


def _weigh(
    frames, n, channels, channel, sections, state, offset, weight, warm, x, s0, s1, s2, s3, power
):
    weigh(
        carray(frames, (n, channels)),
        channel,
        carray(sections, (2, 6)),
        carray(state, (4,)),
        offset,
        weight,
        warm,
        (
            carray(x, LANES),
            carray(s0, LANES),
            carray(s1, LANES),
            carray(s2, LANES),
            carray(s3, LANES),
        ),
        carray(power, (n,)),
    )


def _cascade(sound, n, sections, count, state):
    cascade(carray(sound, (n,)), carray(sections, (count, 6)), carray(state, (count, 2)))


def _cell_heights(flat, width, heights, cells):
    cell_heights(carray(flat, (cells * width,)), width, carray(heights, (cells,)))


def _cell_peaks(
    frames, n, channels, taps, rows, columns, heights, limits, floor, cell, bends, points, peaks
):
    cells = n // cell
    cell_peaks(
        carray(frames, (n, channels)),
        carray(taps, (rows, columns)),
        carray(heights, (cells,)),
        carray(limits, (3,)),
        floor,
        cell,
        carray(bends, (cells,)),
        carray(points, (columns,)),
        carray(peaks, (cells - rows // cell,)),
    )


_ENTRIES: Final[Mapping[Any, tuple[Any, ...]]] = MappingProxyType(
    {
        _weigh: (_F32, _N, _N, _N, _F64, _F64, _X, _X, _N, *(_F64,) * 6),
        _cascade: (_F64, _N, _F64, _N, _F64),
        _cell_heights: (_I32, _N, _I32, _N),
        _cell_peaks: (_F32, _N, _N, _F32, _N, _N, _F32, _F32, types.float32, _N, _F32, _F32, _F32),
    }
)


def compile_kernels() -> tuple[dict[str, str], bytes]:
    """Return the symbol of every kernel by its name, and an object file for this processor."""
    for kernel in (
        weigh_lanes,
        weigh,
        cascade,
        cell_heights,
        highest_of,
        bend,
        between,
        cell_peaks,
    ):
        register_jitable(error_model="numpy")(kernel)
    symbols, module = {}, llvm.parse_assembly("")
    for entry, arguments in _ENTRIES.items():
        made = cfunc(types.void(*arguments), error_model="numpy")(entry)
        symbols[entry.__name__.lstrip("_")] = made.native_name
        module.link_in(llvm.parse_assembly(made.inspect_llvm()))
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
        jit=True,
    )
    module.triple = target.triple
    return symbols, target.emit_object(module)
