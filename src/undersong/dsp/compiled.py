"""Compiled kernels: kept as an object file per machine, loaded without numba.

numba takes half a second to start and a hundred megabytes, llvmlite alone a twentieth of both. So
numba compiles once (some seconds, see `compile_ahead`), and what it made is kept beside this file
or, where that cannot be written, in the user's cache folder; with no room anywhere it is compiled
at every start. A kept file is named by the kernels' text, the compiler and the processor, written
at once or not at all, and used only when whole.
"""

import ctypes
import hashlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

import numpy as np

from undersong.dsp.kernels import F32, F64, GATHERED, LANES, U32
from undersong.dsp.noise_kernels import ABREAST, C64, U16, U64, round_keys
from undersong.errors import OutputError
from undersong.files import atomic, digest_bytes

_DIGEST_BYTES = 32
_SOURCES = ("kernels.py", "noise_kernels.py", "compiler.py")
_NEVER_CALLED: Final = (
    "NRT_Free",
    "NRT_MemInfo_call_dtor",
    "numba_do_raise",
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_runtime_build_excinfo_struct",
    "numba_unpickle",
)
"""What numba's code would call for arrays of its own and for exceptions: kernels have neither."""

_POINTER, _SIZE, _NUMBER = ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_double
_FRAMES = (_POINTER, _SIZE, _SIZE)
_FILTER = (_POINTER, _POINTER, _NUMBER)
_SUMS = (_POINTER, _SIZE)
_WIDE = (_POINTER, _SIZE, _POINTER, _POINTER, *_FILTER, _SIZE, _SIZE, _POINTER, _POINTER)
_LAYOUT: Final[dict[str, tuple[Any, ...]]] = {
    "weigh": (*_FRAMES, _SIZE, _NUMBER, *_FILTER, _SIZE, *_SUMS),
    "weigh_wide_mono": _WIDE,
    "weigh_wide_stereo": _WIDE,
    "pack": (_POINTER, _POINTER, _SIZE),
    "draw_words": (_POINTER, _SIZE, _POINTER, _POINTER, _SIZE),
    "draw_spectra": (_POINTER, _SIZE, *(_POINTER,) * 3, _SIZE, *(_POINTER,) * 4, *(_SIZE,) * 2),
    "overlap": (*(_POINTER,) * 3, _SIZE, _SIZE),
    "add_curves": (*_FRAMES, _POINTER, _SIZE, _NUMBER, _SIZE, _NUMBER, _POINTER),
    "add_shots": (
        *(_POINTER, _POINTER, _SIZE, _POINTER, _SIZE),
        *(_NUMBER, _SIZE, _SIZE, _POINTER, _POINTER),
    ),
    "add_grains": (_POINTER, _SIZE, *(_POINTER,) * 4, _SIZE, _POINTER, _SIZE),
    "add_phase": (_POINTER, _SIZE, *(_POINTER,) * 5, _SIZE, _POINTER, _POINTER),
    "lay": (_POINTER, ctypes.c_float, *(_POINTER,) * 4, _SIZE, _POINTER, _SIZE, _SIZE),
    "cascade": (_POINTER, _SIZE, _POINTER, _SIZE, _POINTER),
    "cell_heights": (_POINTER, _SIZE, _POINTER, _SIZE),
    "cell_peaks": (
        *(_POINTER,) * 3,
        *(_SIZE, _SIZE, _POINTER, _SIZE, _SIZE, _POINTER, _SIZE, _POINTER, ctypes.c_float),
        *(_POINTER,) * 5,
        _SIZE,
    ),
}

_compiling = Lock()


class Kernels:
    """The kernels as machine code, which lets other threads run.

    Arrays are of the kinds named, in C order; those who call see to that.
    """

    def __init__(self, symbols: dict[str, str], content: bytes) -> None:
        """Load an object file; `symbols` names every kernel in it."""
        import llvmlite.binding as llvm  # noqa: PLC0415 - when something is measured

        abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        for name in _NEVER_CALLED:
            llvm.add_symbol(name, abort)
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(content))
        self._engine.finalize_object()
        self._calls = {
            name: ctypes.CFUNCTYPE(None, *layout)(self._engine.get_function_address(symbols[name]))
            for name, layout in _LAYOUT.items()
        }

    def weigh(  # noqa: PLR0913 - as `kernels.weigh`
        self,
        frames: F32,
        channel: int,
        weight: float,
        *,
        sections: F64,
        state: F64,
        offset: float,
        step: int,
        sums: F64,
    ) -> None:
        """See `kernels.weigh`."""
        self._calls["weigh"](
            *(frames.ctypes.data, *frames.shape, channel, weight),
            *(sections.ctypes.data, state.ctypes.data, offset),
            *(step, sums.ctypes.data, sums.size),
        )

    def weigh_wide(  # noqa: PLR0913 - as `kernels.weighing`
        self,
        frames: F32,
        *,
        sections: F64,
        state: F64,
        offset: float,
        run_in: int,
        step: int,
    ) -> F64:
        """Return (stretches, steps of each, channels) sums over one or two channels of frames.

        There are as many steps for each of `LANES / channels` stretches; see `kernels.weighing`.
        """
        channels = frames.shape[1]
        stretches = LANES // channels
        each = len(frames) // step // stretches
        lanes = np.empty((GATHERED, LANES), np.float32)
        memory, sums = np.empty((5, LANES)), np.empty((each, LANES))
        self._calls["weigh_wide_mono" if channels == 1 else "weigh_wide_stereo"](
            *(frames.ctypes.data, each, lanes.ctypes.data, lanes.ctypes.data),
            *(sections.ctypes.data, state.ctypes.data, offset),
            *(run_in, step, memory.ctypes.data, sums.ctypes.data),
        )
        return sums.reshape(each, stretches, channels).transpose(1, 0, 2)

    def cascade(self, sound: F64, sections: F64) -> None:
        """Filter a sound in place, from silence; see `kernels.cascade`."""
        state = np.zeros((len(sections), 2))
        rows = (sections.ctypes.data, len(sections))
        self._calls["cascade"](sound.ctypes.data, sound.size, *rows, state.ctypes.data)

    def cell_heights(self, frames: F32, cell: int) -> F32:
        """Return the highest magnitude of every whole cell of frames, over all channels."""
        heights = np.empty(len(frames) // cell, np.float32)
        width = cell * frames.shape[1]
        self._calls["cell_heights"](frames.ctypes.data, width, heights.ctypes.data, heights.size)
        return heights

    def raise_peaks(  # noqa: PLR0913 - as `kernels.cell_peaks`
        self, frames: F32, *, taps: F32, heights: F32, limits: F32, floor: float, peaks: F32
    ) -> None:
        """See `kernels.cell_peaks`."""
        bends = np.full(heights.size, -1, np.float32)
        points = np.empty(taps.shape[1], np.float32)
        curves = np.empty(frames.size // heights.size, np.float32)
        first, step = frames.ctypes.data, frames.shape[1] * frames.itemsize
        self._calls["cell_peaks"](
            *(first, first + step, first + 2 * step, *frames.shape),
            *(taps.ctypes.data, *taps.shape),
            *(heights.ctypes.data, heights.size, limits.ctypes.data, floor),
            *(curves.ctypes.data, curves.ctypes.data),
            *(bends.ctypes.data, points.ctypes.data, peaks.ctypes.data, peaks.size),
        )

    def pack(self, samples: F32) -> U32:
        """Return samples (4 n) as words (3 n); see `kernels.pack`."""
        words = np.empty(samples.size // 4 * 3, np.uint32)
        self._calls["pack"](samples.ctypes.data, words.ctypes.data, samples.size // 4)
        return words

    def draw_words(self, key: int, counter: int, blocks: int) -> U64:
        """Return blocks of four random words, a block after `counter`, as numpy's Philox."""
        groups = -(-blocks // ABREAST)
        words, state = np.empty(4 * ABREAST * groups, np.uint64), np.empty((4, ABREAST), np.uint64)
        keys = round_keys(key)
        self._calls["draw_words"](
            *(keys.ctypes.data, counter, state.ctypes.data, words.ctypes.data, groups)
        )
        return words[: 4 * blocks]

    def lay(  # noqa: PLR0913 - as `kernels.lay`
        self,
        bed: F32,
        gain: float,
        gains: tuple[F32, F32],
        *,
        shares: F32,
        speech: F32,
        sound: F32,
    ) -> None:
        """Write `sound` (n, 2); `speech` (n, 1) may be empty, `shares` is of 2 n / steps values.

        See `kernels.lay`.
        """
        one, other = gains
        frames = shares.size // 2
        self._calls["lay"](
            *(bed.ctypes.data, gain, one.ctypes.data, other.ctypes.data, shares.ctypes.data),
            *(speech.ctypes.data, len(speech) // frames),
            *(sound.ctypes.data, len(sound) // frames, frames),
        )

    def draw_spectra(  # noqa: PLR0913 - as `noise_kernels.draw_spectra`
        self, draws: U16, table: F32, *, sides: F32, levels: F32, edges: U64, shares: F32
    ) -> C64:
        """Return spectra (frames, 2, bins); see `noise_kernels.draw_spectra`."""
        frames, bins = len(levels), shares.size
        spectra = np.empty((frames, 2, bins), np.complex64)
        gains = np.empty((2, bins), np.float32)
        self._calls["draw_spectra"](
            *(draws.ctypes.data, draws.shape[1], table.ctypes.data, sides.ctypes.data),
            *(levels.ctypes.data, levels.shape[2], edges.ctypes.data, shares.ctypes.data),
            *(gains.ctypes.data, spectra.ctypes.data, frames, bins),
        )
        return spectra

    def overlap(self, waves: F32, window: F32) -> F32:
        """Return frames (n, 2, samples) added up under a window; see `noise_kernels.overlap`."""
        sound = np.empty((len(waves) - 1, window.size // 2, 2), np.float32)
        self._calls["overlap"](
            *(waves.ctypes.data, window.ctypes.data, sound.ctypes.data),
            *waves.shape[:1],
            window.size // 2,
        )
        return sound

    def add_curves(  # noqa: PLR0913 - as `noise_kernels.add_curves`
        self, knots: F64, times: F64, *, period: float, first: int, swing: float, courses: F64
    ) -> None:
        """See `noise_kernels.add_curves`."""
        self._calls["add_curves"](
            *(knots.ctypes.data, *knots.shape, times.ctypes.data, times.size),
            *(period, first, swing, courses.ctypes.data),
        )

    def add_shots(  # noqa: PLR0913 - as `noise_kernels.add_shots`
        self,
        moments: F64,
        sizes: F32,
        times: F64,
        *,
        cell: float,
        first: int,
        back: int,
        rates: F32,
        powers: F32,
    ) -> None:
        """See `noise_kernels.add_shots`."""
        self._calls["add_shots"](
            *(moments.ctypes.data, sizes.ctypes.data, moments.size),
            *(times.ctypes.data, times.size, cell, first, back),
            *(rates.ctypes.data, powers.ctypes.data),
        )

    def add_phase(  # noqa: PLR0913 - as `noise_kernels.add_phase`
        self,
        times: F64,
        origins: F64,
        facts: F32,
        *,
        levels: F32,
        spectrum: F32,
        octaves: F32,
        powers: F32,
    ) -> None:
        """See `noise_kernels.add_phase`."""
        courses = np.empty((2, times.size), np.float32)
        self._calls["add_phase"](
            *(times.ctypes.data, times.size, origins.ctypes.data, facts.ctypes.data),
            *(levels.ctypes.data, spectrum.ctypes.data, octaves.ctypes.data, octaves.size),
            *(courses.ctypes.data, powers.ctypes.data),
        )

    def add_grains(  # noqa: PLR0913 - as `noise_kernels.add_grains`
        self, samples: F32, begins: U64, ends: U64, starts: U64, *, gains: F32, out: F32
    ) -> None:
        """See `noise_kernels.add_grains`."""
        self._calls["add_grains"](
            *(samples.ctypes.data, samples.size, begins.ctypes.data, ends.ctypes.data),
            *(starts.ctypes.data, gains.ctypes.data, begins.size, out.ctypes.data, out.size),
        )


def kernels() -> Kernels | None:
    """Return the compiled kernels; None where neither numba nor llvmlite works.

    The first call on a machine takes some seconds, the first of a process a thirtieth of one.
    """
    with _compiling:
        return _kernels()


def compile_ahead() -> None:
    """Have the kernels compiled beside whatever comes first; who needs them early will wait."""
    Thread(target=kernels, name="compiling", daemon=True).start()


@lru_cache(1)
def _kernels() -> Kernels | None:
    try:
        name = _name()
        found = next(_kept(name), None)
        if found is None:
            from undersong.dsp.compiler import compile_kernels  # noqa: PLC0415 - once per machine

            found = compile_kernels()
            _keep(name, *found)
        return Kernels(*found)
    except (ImportError, OSError, metadata.PackageNotFoundError):
        return None


def _name() -> str:
    """Return a file name for all that decides what machine code the kernels become."""
    import llvmlite.binding as llvm  # noqa: PLC0415 - when something is measured

    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(Path(__file__).with_name(source).read_bytes())
    digest.update(metadata.version("numba").encode() + metadata.version("llvmlite").encode())
    digest.update((llvm.get_host_cpu_name() + llvm.get_host_cpu_features().flatten()).encode())
    return f"kernels-{digest.hexdigest()[:16]}.bin"


def _folders() -> tuple[Path, Path]:
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(__file__).with_name("__pycache__"), Path(home).expanduser() / "undersong"


def _kept(name: str) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield what was kept and is whole."""
    for folder in _folders():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            continue
        digest, content = content[: 2 * _DIGEST_BYTES], content[2 * _DIGEST_BYTES :]
        if digest == digest_bytes(content).encode():
            symbols, _, code = content.partition(b"\n")
            yield json.loads(symbols), code


def _keep(name: str, symbols: dict[str, str], code: bytes) -> None:
    """Keep compiled kernels where there is room."""
    content = json.dumps(symbols).encode() + b"\n" + code
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with atomic(folder / name) as temporary:
                temporary.write_bytes(digest_bytes(content).encode() + content)
        except (OSError, OutputError):
            continue
        return
