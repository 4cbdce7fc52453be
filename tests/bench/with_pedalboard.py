"""The peer's job with pedalboard: a smoothed gate as duck, one gain, its limiter.

NARRATION BED OUT FORMAT SECONDS
"""

import sys

import numpy as np
import pyebur128
from pedalboard import Gain, Limiter, Pedalboard
from pedalboard.io import AudioFile
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

TARGET_LUFS, RATE = -20, 48_000


def main() -> None:
    narration, bed, out, name, seconds = sys.argv[1:]
    n = int(float(seconds)) * RATE
    with AudioFile(narration).resampled_to(RATE) as file:
        voice = file.read(n)
    voice = np.pad(voice, ((0, 0), (0, n - voice.shape[1])))[0]
    level = np.sqrt(np.square(voice.reshape(-1, 480)).mean(1))
    open_ = maximum_filter1d((level > 0.01).astype(np.float32), 50)
    gain = 10 ** (-10 * gaussian_filter1d(open_, 25) / 20)
    with AudioFile(bed) as file:
        mix = file.read(n)
    mix *= np.interp(np.arange(n), np.arange(gain.size) * 480, gain).astype(np.float32)
    mix += voice
    mix[:, : 6 * RATE] *= np.linspace(0, 1, 6 * RATE, dtype=np.float32)
    mix[:, -15 * RATE :] *= np.linspace(1, 0, 15 * RATE, dtype=np.float32)
    meter = pyebur128.R128State(2, RATE, pyebur128.MeasurementMode.MODE_I)
    meter.add_frames(np.ascontiguousarray(mix.T, np.float64).ravel(), n)
    gain_db = TARGET_LUFS - pyebur128.get_loudness_global(meter)
    board = Pedalboard([Gain(gain_db), Limiter(threshold_db=-1, release_ms=100)])
    quality = {"quality": "128 kbps"} if name == "mp3" else {"bit_depth": 24}
    with AudioFile(out, "w", RATE, 2, **quality) as file:
        for start in range(0, n, 10 * RATE):
            file.write(board(mix[:, start : start + 10 * RATE], RATE, reset=start == 0))


main()
