"""The peer's job as scripts do it with pydub: fixed bed, overlay, fades, one gain, export.

NARRATION BED OUT FORMAT SECONDS
"""

import sys

import imageio_ffmpeg
import numpy as np
import pyebur128
from pydub import AudioSegment

TARGET_LUFS, CEILING_DBFS = -20, -1


def main() -> None:
    narration, bed, out, name, seconds = sys.argv[1:]
    AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
    voice = AudioSegment.from_wav(narration).set_frame_rate(48_000).set_channels(2)
    under = (AudioSegment.from_wav(bed) - 10)[: int(float(seconds) * 1000)]
    mix = voice.overlay(under).fade_in(6000).fade_out(15_000)
    samples = np.array(mix.get_array_of_samples(), np.float64) / 32768
    meter = pyebur128.R128State(2, 48_000, pyebur128.MeasurementMode.MODE_I)
    meter.add_frames(samples, len(samples) // 2)
    mix = mix.apply_gain(TARGET_LUFS - pyebur128.get_loudness_global(meter))
    if mix.max_dBFS > CEILING_DBFS:
        mix = mix.apply_gain(CEILING_DBFS - mix.max_dBFS)
    mix.export(out, format=name, **({"bitrate": "128k"} if name == "mp3" else {}))


main()
