"""Little programs that stand in for other people's synthesisers."""

import sys
from pathlib import Path

TONE = """\
import math, struct, sys, wave
def tone(path, seconds, rate=16000):
    frames = (int(6000 * math.sin(0.08 * k) * min(1, k / 400)) for k in range(int(seconds * rate)))
    with wave.open(path, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", frame) for frame in frames))
"""

FLITE = (
    TONE
    + """\
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if sys.argv[1] == "-lv":
    print("Voices available: kal awb_time kal16 awb rms slt ")
    sys.exit(0)
text = open(words["-f"], encoding="utf-8").read()
if "hoarse" in text:
    sys.exit("flite: something is wrong with my throat")
if "silent" in text:
    sys.exit(0)
name, stretch = words["--setf"].split("=")
assert name == "duration_stretch" and words["-voice"] == "slt"
tone(words["-o"], 0.05 * float(stretch) * len(text))
"""
)


def program(path: Path, code: str) -> Path:
    """Write a Python program that can be run by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable} -IS\n{code}", encoding="utf-8")
    path.chmod(0o755)
    return path
