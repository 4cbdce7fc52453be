"""What each stage takes of a core, in one warm process: prints JSON rows. SECONDS"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from undersong.audio import Gridded, spans
from undersong.decode import stream_sound
from undersong.deliver.codecs import CODECS
from undersong.deliver.piped import open_encoder
from undersong.dsp.compiled import kernels
from undersong.dsp.loudness import Energies, Meter
from undersong.master.chain import Master

RATE = 48_000


def sound(seconds: int) -> np.ndarray:
    """Dark noise that swells, as beds do."""
    white = np.random.default_rng(1).standard_normal((seconds * RATE, 2))
    noise = lfilter([0.3], [1, -0.95], white, axis=0).astype(np.float32)
    swell = 0.03 + 0.03 * np.sin(np.arange(len(noise)) / RATE) ** 2
    noise *= swell[:, np.newaxis].astype(np.float32)
    return noise


def encode(whole: np.ndarray, folder: Path, name: str) -> None:
    path = folder / f"a.{name}"
    with open_encoder(path, CODECS[name], channels=2, length=len(whole), name=path) as encoder:
        for start, n in spans(len(whole)):
            encoder.write(whole[start : start + n])


def decode(folder: Path, name: str) -> None:
    for _ in stream_sound(folder / f"a.{name}").blocks:
        pass


def energies(whole: np.ndarray) -> None:
    Energies(2).push(whole)


def metered(whole: np.ndarray) -> None:
    meter = Meter(2)
    for start, n in spans(len(whole)):
        meter.push(whole[start : start + n])
    meter.levels()


def mastered(whole: np.ndarray) -> None:
    held = np.pad(whole, ((0, RATE), (0, 0)))
    source = Gridded(lambda k: held[k * RATE : (k + 1) * RATE], channels=2)
    master = Master(source, len(whole), gain_db=0.0, ceiling_dbtp=-1.0)
    for start, n in spans(len(whole)):
        master.read(start, n)


def main() -> None:
    seconds = int(sys.argv[1])
    whole = sound(seconds)
    kernels()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work: dict[str, Callable[[], None]] = {
            "K-weighted energies": lambda: energies(whole),
            "meter: loudness, range, true peak": lambda: metered(whole),
            "master: gain and limiter at rest": lambda: mastered(whole),
        }
        for kind in CODECS:
            work[f"encode {kind}"] = lambda kind=kind: encode(whole, folder, kind)
            work[f"decode {kind}"] = lambda kind=kind: decode(folder, kind)
        rows = []
        for stage, run in work.items():
            took_s = min(_timed(run) for _ in range(3))
            rows.append({"stage": stage, "times_real_time": round(seconds / took_s)})
    sys.stdout.write(json.dumps(rows))


def _timed(run: Callable[[], None]) -> float:
    """CPU seconds of a stage, its processes included."""
    begun = _cpu_s()
    run()
    return max(_cpu_s() - begun, 1e-4)


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


main()
