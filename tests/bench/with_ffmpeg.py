"""The peer's job by ffmpeg: sidechain duck, loudness by ebur128, gain, alimiter; two passes.

NARRATION BED OUT FORMAT SECONDS LIMITER_HZ; format `duck` writes the ducked bed alone.
"""

import re
import subprocess
import sys

import imageio_ffmpeg

CODECS = {
    "wav": ["-c:a", "pcm_s24le"],
    "flac": ["-c:a", "flac", "-sample_fmt", "s32"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "128k"],
}
TARGET_LUFS, CEILING = -20, 0.891


def main() -> None:
    narration, bed, out, name, seconds, limiter_hz = sys.argv[1:]
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-nostdin", "-y"]
    ffmpeg += ["-i", narration, "-i", bed]
    duck = (
        "[0:a]aresample=48000,pan=stereo|c0=c0|c1=c0,asplit=2[sc][v];"
        f"[1:a]atrim=0:{seconds}[b];"
        "[b][sc]sidechaincompress=threshold=0.015:ratio=4:attack=250:release=1200[d]"
    )
    if name == "duck":
        words = [
            "-filter_complex",
            f"{duck};[v]anullsink",
            "-map",
            "[d]",
            "-c:a",
            "pcm_f32le",
            "-f",
            "wav",
            out,
        ]
        subprocess.run([*ffmpeg, *words], check=True, capture_output=True)
        return
    fade = f"afade=t=in:d=6,afade=t=out:st={float(seconds) - 15}:d=15"
    mix = f"{duck};[v][d]amix=inputs=2:duration=first:normalize=0,{fade}"
    words = ["-filter_complex", f"{mix},ebur128=framelog=verbose", "-f", "null", "-"]
    said = subprocess.run([*ffmpeg, *words], check=True, capture_output=True, text=True).stderr
    heard = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])
    limit = f"alimiter=limit={CEILING}:level=disabled"
    if limiter_hz != "48000":
        limit = f"aresample={limiter_hz},{limit},aresample=48000"
    gain = f"volume={TARGET_LUFS - heard}dB:precision=float"
    words = ["-filter_complex", f"{mix},{gain},{limit}", *CODECS[name], out]
    subprocess.run([*ffmpeg, *words], check=True, capture_output=True)


main()
