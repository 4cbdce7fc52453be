"""The loops of `noise_kernels` in numpy, where nothing is compiled: slower, and the same sound."""

import numpy as np
import numpy.typing as npt

from undersong.dsp.noise_kernels import C64, F32, F64, U16, U64, exp2s


class PlainLoops:
    """What `compiled.Kernels` does for noise and its courses."""

    @staticmethod
    def draw_words(key: int, counter: int, blocks: int) -> U64:
        """See `Kernels.draw_words`."""
        return np.random.Philox(key=key, counter=counter).random_raw(4 * blocks)

    @staticmethod
    def draw_spectra(  # noqa: PLR0913 - as `Kernels.draw_spectra`
        draws: U16, table: F32, *, sides: F32, levels: F32, edges: U64, shares: F32
    ) -> C64:
        """See `Kernels.draw_spectra`."""
        below, bins = below_bins(edges), shares.size
        low = levels[..., below]
        gains = exp2s(low + shares * (levels[..., below + 1] - low))
        draws = draws[:, : 2 * bins].reshape(-1, 2, bins)
        radius = table[draws >> 8, 0] * sides
        spectra = np.empty(draws.shape, np.complex64)
        spectra.real, spectra.imag = (radius * table[draws & 255, part] for part in (1, 2))
        middle, side = spectra[:, 0].copy(), spectra[:, 1].copy()
        np.add(middle, side, out=spectra[:, 0])
        np.subtract(middle, side, out=spectra[:, 1])
        spectra *= gains
        return spectra

    @staticmethod
    def overlap(waves: F32, window: F32) -> F32:
        """See `Kernels.overlap`."""
        waves, hop = waves * window, window.size // 2
        sound = np.empty((len(waves) - 1, hop, 2), np.float32)
        for channel in (0, 1):
            rising, falling = waves[1:, channel, :hop], waves[:-1, channel, hop:]
            np.add(rising, falling, out=sound[:, :, channel])
        return sound

    @staticmethod
    def add_curves(  # noqa: PLR0913 - as `Kernels.add_curves`
        knots: F64, times: F64, *, period: float, first: int, swing: float, courses: F64
    ) -> None:
        """See `Kernels.add_curves`."""
        position = times / period
        cell = np.floor(position).astype(np.int64)
        u = (position - cell)[:, np.newaxis]
        weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * (u**3 - u**2 - u) + 1, u**3)
        total = sum(w * knots[cell - 1 - first + i] for i, w in enumerate(weights))
        courses += swing * total / np.sqrt(sum(w**2 for w in weights))

    @staticmethod
    def add_shots(  # noqa: PLR0913 - as `Kernels.add_shots`
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
        """See `Kernels.add_shots`."""
        at = np.floor(times / cell).astype(np.int64) - first
        for i in range(back, -1, -1):
            age = np.maximum(times - moments[at - i], 0.0).astype(np.float32)
            powers += (exp2s(age * rates[0]) - exp2s(age * rates[1])) * sizes[:, at - i]

    @staticmethod
    def add_phase(  # noqa: PLR0913 - as `Kernels.add_phase`
        times: F64,
        origins: F64,
        facts: F32,
        *,
        levels: F32,
        spectrum: F32,
        octaves: F32,
        powers: F32,
    ) -> None:
        """See `Kernels.add_phase`."""
        pace, start, peak, order, tilt = facts
        age = (times - origins[:, np.newaxis]).astype(np.float32) * pace - start
        x = np.maximum(age / peak, np.float32(1e-12))
        nepers = np.log(x) + np.float32(1) - x
        course = order * nepers * np.float32(1.0 / np.log(2.0)) + levels[:, np.newaxis]
        turn = tilt * np.clip(age - peak, np.float32(-4), np.float32(8))
        turns = turn[:, np.newaxis] * octaves[:, np.newaxis]
        powers += exp2s(course[:, np.newaxis] + turns + spectrum[:, np.newaxis])

    @staticmethod
    def add_grains(  # noqa: PLR0913 - as `Kernels.add_grains`
        samples: F32, begins: U64, ends: U64, starts: U64, *, gains: F32, out: F32
    ) -> None:
        """See `Kernels.add_grains`."""
        for begin, end, start, gain in zip(
            begins.tolist(), ends.tolist(), starts.tolist(), gains, strict=True
        ):
            out[start : start + end - begin] += samples[begin:end] * gain


def below_bins(edges: U64) -> npt.NDArray[np.int64]:
    """Return the band below each bin; see `noise_kernels.draw_spectra`."""
    return np.repeat(np.arange(len(edges) - 1), (edges[1:] - edges[:-1]).astype(np.int64))
