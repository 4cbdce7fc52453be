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
    GATHERED,
    LANES,
    bend,
    between,
    cascade,
    cell_heights,
    cell_peak,
    cell_peaks,
    filter_lanes,
    highest_of,
    k_weighted,
    lay,
    number_24,
    pack,
    taps_of,
    weigh,
    weigh_wide_mono,
    weigh_wide_stereo,
)
from undersong.dsp.noise_kernels import (
    ABREAST,
    add_curves,
    add_grains,
    add_phase,
    add_shots,
    draw_spectra,
    draw_words,
    exp2,
    log2,
    overlap,
    product,
)

_F32, _F64 = types.CPointer(types.float32), types.CPointer(types.float64)
_I32, _I64 = types.CPointer(types.int32), types.CPointer(types.int64)
_U16, _U32, _U64 = (types.CPointer(t) for t in (types.uint16, types.uint32, types.uint64))
_N, _X = types.intp, types.float64


def _weigh(frames, n, channels, channel, weight, sections, state, offset, step, sums, count):
    weigh(
        carray(frames, (n, channels)),
        channel,
        weight,
        carray(sections, (2, 6)),
        carray(state, (4,)),
        offset,
        step,
        carray(sums, (count,)),
    )


def _wide(kernel: Any, stretches: int) -> Any:
    def entry(words, each, cells, lanes, sections, state, offset, run_in, step, memory, sums):
        kernel(
            carray(words, (stretches, each * step)),
            carray(cells, (GATHERED, stretches)),
            carray(lanes, (GATHERED, LANES)),
            carray(sections, (2, 6)),
            carray(state, (LANES // stretches, 4)),
            offset,
            run_in,
            step,
            carray(memory, (5, LANES)),
            carray(sums, (each, LANES)),
        )

    return entry


def _cascade(sound, n, sections, count, state):
    cascade(carray(sound, (n,)), carray(sections, (count, 6)), carray(state, (count, 2)))


def _cell_heights(flat, width, heights, cells):
    cell_heights(carray(flat, (cells, width)), carray(heights, (cells,)))


def _lay(bed, gain, one, other, shares, speech, spoken, sound, steps, frames):
    lay(
        carray(bed, (steps, 2 * frames)),
        gain,
        carray(one, (steps + 1,)),
        carray(other, (steps + 1,)),
        carray(shares, (2 * frames,)),
        carray(speech, (spoken, frames)),
        carray(sound, (steps, 2 * frames)),
    )


def _cell_peaks(
    frames,
    second,
    third,
    n,
    channels,
    taps,
    rows,
    columns,
    heights,
    cells,
    limits,
    floor,
    curves,
    bits,
    bends,
    points,
    peaks,
    count,
):
    width = n // cells * channels
    cell_peaks(
        carray(frames, (n, channels)),
        (
            carray(frames, (cells, width)),
            carray(second, (cells, width)),
            carray(third, (cells, width)),
        ),
        carray(taps, (rows, columns)),
        carray(heights, (cells,)),
        carray(limits, (3,)),
        floor,
        carray(curves, (width,)),
        carray(bits, (width,)),
        carray(bends, (cells,)),
        carray(points, (columns,)),
        carray(peaks, (count,)),
    )


def _pack(samples, words, count):
    pack(carray(samples, (4 * count,)), carray(words, (3 * count,)))


def _draw_spectra(
    draws, width, table, sides, levels, bands, edges, shares, gains, spectra, frames, bins
):
    draw_spectra(
        carray(draws, (frames, width)),
        carray(table, (256, 3)),
        carray(sides, (2, bins)),
        carray(levels, (frames, 2, bands)),
        carray(edges, (bands,)),
        carray(shares, (bins,)),
        carray(gains, (2, bins)),
        carray(spectra, (frames, 2, bins, 2)),
    )


def _overlap(waves, window, sound, frames, half):
    overlap(
        carray(waves, (frames, 2, 2 * half)),
        carray(window, (2 * half,)),
        carray(sound, (frames - 1, half, 2)),
    )


def _add_curves(knots, count, lanes, times, n, period, first, swing, courses):
    add_curves(
        carray(knots, (count, lanes)),
        carray(times, (n,)),
        period,
        first,
        swing,
        carray(courses, (n, lanes)),
    )


def _add_shots(moments, sizes, count, times, n, cell, first, back, rates, powers):
    add_shots(
        carray(moments, (count,)),
        carray(sizes, (2, count)),
        carray(times, (n,)),
        cell,
        first,
        back,
        carray(rates, (2,)),
        carray(powers, (2, n)),
    )


def _add_phase(times, n, origins, facts, levels, spectrum, octaves, bands, courses, powers):
    add_phase(
        carray(times, (n,)),
        carray(origins, (2,)),
        carray(facts, (5,)),
        carray(levels, (2,)),
        carray(spectrum, (bands,)),
        carray(octaves, (bands,)),
        carray(courses, (2, n)),
        carray(powers, (2, bands, n)),
    )


def _add_grains(samples, size, begins, ends, starts, gains, count, out, n):
    add_grains(
        carray(samples, (size,)),
        carray(begins, (count,)),
        carray(ends, (count,)),
        carray(starts, (count,)),
        carray(gains, (count,)),
        carray(out, (n,)),
    )


def _draw_words(keys, counter, state, words, groups):
    draw_words(
        carray(keys, (10, 2)),
        counter,
        carray(state, (4, ABREAST)),
        carray(words, (groups, ABREAST, 4)),
    )


def _wide_of(words: Any) -> tuple[Any, ...]:
    return (words, _N, words, _F32, _F64, _F64, _X, _N, _N, _F64, _F64)


_ENTRIES: Final[Mapping[str, tuple[Any, tuple[Any, ...]]]] = MappingProxyType(
    {
        "weigh": (_weigh, (_F32, _N, _N, _N, _X, _F64, _F64, _X, _N, _F64, _N)),
        "weigh_wide_mono": (_wide(weigh_wide_mono, LANES), _wide_of(_I32)),
        "weigh_wide_stereo": (_wide(weigh_wide_stereo, LANES // 2), _wide_of(_I64)),
        "cascade": (_cascade, (_F64, _N, _F64, _N, _F64)),
        "cell_heights": (_cell_heights, (_I32, _N, _I32, _N)),
        "cell_peaks": (
            _cell_peaks,
            (
                *(_F32,) * 3,
                *(_N, _N, _F32, _N, _N, _F32, _N, _F32, types.float32),
                *(_F32, _I32, _F32, _F32, _F32, _N),
            ),
        ),
        "lay": (_lay, (_F32, types.float32, *(_F32,) * 4, _N, _F32, _N, _N)),
        "pack": (_pack, (_F32, _U32, _N)),
        "draw_words": (_draw_words, (_U64, _N, _U64, _U64, _N)),
        "draw_spectra": (
            _draw_spectra,
            (_U16, _N, *(_F32,) * 3, _N, _U64, *(_F32,) * 3, _N, _N),
        ),
        "overlap": (_overlap, (_F32, _F32, _F32, _N, _N)),
        "add_curves": (_add_curves, (_F64, _N, _N, _F64, _N, _X, _N, _X, _F64)),
        "add_shots": (
            _add_shots,
            (_F64, _F32, _N, _F64, _N, _X, _N, _N, _F32, _F32),
        ),
        "add_grains": (_add_grains, (_F32, _N, _U64, _U64, _U64, _F32, _N, _F32, _N)),
        "add_phase": (_add_phase, (_F64, _N, _F64, *(_F32,) * 4, _N, _F32, _F32)),
    }
)


def compile_kernels() -> tuple[dict[str, str], bytes]:
    """Return the symbol of every kernel by its name, and an object file for this processor."""
    for kernel in (
        taps_of,
        k_weighted,
        weigh,
        filter_lanes,
        weigh_wide_mono,
        weigh_wide_stereo,
        cascade,
        cell_heights,
        highest_of,
        bend,
        between,
        cell_peak,
        cell_peaks,
        number_24,
        pack,
        product,
        draw_words,
        exp2,
        log2,
        draw_spectra,
        overlap,
        add_curves,
        add_shots,
        add_phase,
        add_grains,
        lay,
    ):
        register_jitable(error_model="numpy")(kernel)
    symbols, module = {}, llvm.parse_assembly("")
    for name, (entry, arguments) in _ENTRIES.items():
        made = cfunc(types.void(*arguments), error_model="numpy")(entry)
        symbols[name] = made.native_name
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
