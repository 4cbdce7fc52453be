# ruff: noqa: INP001 - a script to run, not a module to import
"""Draw `artwork.jpg`, the cover of the starter library: moonrise over a calm sea at dusk.

Everything is computed from constants, with one seed for waves, stars and grain, so the same
picture comes out again. Run it with `.venv/bin/python tools/make_artwork.py [FILE]`.

Light is linear until the last step. The sea is a plane seen in perspective; its ripples are
filtered to what one pixel can show, and the slopes lost to the filter widen the reflection
instead (the idea of LEAN mapping, Olano and Baker 2010), which is what makes the path of light
smooth far away and broken near by.
"""

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Plane = NDArray[np.float64]

SIZE_PX = 1400  # smallest square that podcast directories accept
QUALITY = 88
SEED = 20
HORIZON = 0.615  # of the height, from the top
FOCAL = 1.25  # of the width
EYE_M = 2.2  # height of the eye above the water
MOON_X, MOON_Y = 0.5, 0.385  # of width and height
MOON_RADIUS = 0.047  # of the width
MOON_LIGHT = np.array([1.0, 0.78, 0.50])
MOON_FACE = np.array([2.1, 1.66, 1.14])
LINEAR_BELOW = 0.0031308  # light up to which sRGB is a straight line (IEC 61966-2-1)

# Height in the sky (0 at the horizon, 1 at the top) and its colour as sRGB.
SKY = (
    (0.00, (236, 170, 128)),
    (0.10, (216, 144, 122)),
    (0.26, (160, 108, 124)),
    (0.46, (98, 82, 118)),
    (0.72, (52, 56, 95)),
    (1.00, (27, 34, 66)),
)

# Headlands from far to near: base rise, height, side on which they stand, haze.
HEADLANDS = (
    (0.002, 0.050, -1, 0.80),
    (0.001, 0.036, 1, 0.66),
    (0.000, 0.030, -1, 0.44),
)


def linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of an sRGB value in 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= LINEAR_BELOW * 12.92, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sRGB value in 0..1 of a light in 0..1."""
    low = light * 12.92
    return np.where(
        light <= LINEAR_BELOW, low, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )


def sky_light(height: Plane) -> NDArray[np.float64]:
    """Light of the bare sky at heights 0..1 above the horizon: shape (..., 3)."""
    stops = np.array([stop for stop, _ in SKY])
    colours = linear(np.array([colour for _, colour in SKY]) / 255)
    fine = np.linspace(0, 1, 512)
    kernel = np.hanning(75)  # rounds the corners between stops
    bands = [np.interp(fine, stops, colours[:, band]) for band in range(3)]
    padded = [np.pad(band, 37, mode="edge") for band in bands]
    smooth = [np.convolve(band, kernel / kernel.sum(), mode="valid") for band in padded]
    return np.stack([np.interp(height, fine, band) for band in smooth], axis=-1)


def halo(x: Plane, y: Plane) -> Plane:
    """Glow around the moon at picture positions 0..1."""
    distance = np.hypot(x - MOON_X, y - MOON_Y)
    return (
        0.40 * np.exp(-((distance / 0.075) ** 2))
        + 0.26 * np.exp(-distance / 0.09)
        + 0.10 * np.exp(-distance / 0.30)
    )


def sky(x: Plane, y: Plane) -> NDArray[np.float64]:
    """The sky with moon and glow, without stars."""
    light = sky_light((HORIZON - y) / HORIZON)
    light += halo(x, y)[..., None] * MOON_LIGHT * 0.55
    distance = np.hypot(x - MOON_X, y - MOON_Y)
    disc = np.clip((MOON_RADIUS - distance) * SIZE_PX / 2.4 + 0.5, 0, 1)[..., None]
    shade = 1.0 - 0.22 * (distance / MOON_RADIUS)[..., None] ** 2
    face = MOON_FACE * shade * (0.93 + 0.07 * np.clip((MOON_Y - y) / MOON_RADIUS, -1, 1))[..., None]
    return light * (1 - disc) + face * disc


def stars(rng: np.random.Generator, x: Plane, y: Plane) -> Plane:
    """A few faint stars, fewer towards the horizon and the moon."""
    light = np.zeros_like(x)
    for _ in range(90):
        at_x, at_y = rng.uniform(0, 1), HORIZON * rng.uniform(0, 1) ** 1.6 * 0.75
        size, power = rng.uniform(0.45, 0.95) / SIZE_PX, rng.uniform(0.04, 0.32)
        column, row = int(at_x * SIZE_PX), int(at_y * SIZE_PX)
        box = np.s_[max(row - 6, 0) : row + 7, max(column - 6, 0) : column + 7]
        distance_sq = (x[box] - at_x) ** 2 + (y[box] - at_y) ** 2
        far = np.clip(np.hypot(at_x - MOON_X, at_y - MOON_Y) / 0.3 - 0.6, 0, 1)
        light[box] += power * far * np.exp(-distance_sq / (2 * size**2))
    return light


def ridge(rng: np.random.Generator, x: Plane) -> Plane:
    """A soft skyline over x, in 0..1."""
    line = np.zeros_like(x)
    for octave in range(1, 7):
        line += np.sin(2 * np.pi * (2.0**octave * 0.7 * x + rng.uniform())) / 2.0**octave
    return 0.5 + 0.5 * line


def headlands(rng: np.random.Generator, light: NDArray[np.float64], x: Plane, y: Plane) -> None:
    """Lay hazy headlands over the sky, far ones first, leaving the middle open."""
    haze = sky_light(np.asarray(0.05))
    dark = linear(np.array([46, 44, 74]) / 255)
    for base, rise, side, veil in HEADLANDS:
        outward = np.clip(side * (x - 0.5) * 2, 0, 1)
        shape = base + rise * (0.35 + 0.65 * ridge(rng, x)) * np.clip(outward - 0.25, 0, 1) ** 0.9
        cover = np.clip((y - (HORIZON - shape)) * SIZE_PX * 0.5 + 0.5, 0, 1)[..., None]
        cover = cover * np.clip((outward - 0.25) * 18, 0, 1)[..., None]
        light[:] = light * (1 - cover) + (veil * haze + (1 - veil) * dark) * cover


def ripples(rng: np.random.Generator) -> NDArray[np.float64]:
    """Waves of the sea, one row each: wave numbers over x and depth (1/m), slope, phase."""
    length_m = np.geomspace(0.14, 14.0, 110)
    heading = rng.normal(np.pi / 2, 0.62, length_m.size)
    number = 2 * np.pi / length_m
    slope = 0.0125 * np.clip(length_m / 0.5, 0.35, 1.0) ** 0.4
    phase = rng.uniform(0, 2 * np.pi, length_m.size)
    return np.stack([number * np.cos(heading), number * np.sin(heading), slope, phase], axis=1)


def sea(rng: np.random.Generator, x: Plane, y: Plane) -> NDArray[np.float64]:
    """Light of the sea at picture positions below the horizon."""
    down = np.maximum((y - HORIZON) / FOCAL, 0.15 / SIZE_PX)
    aside = (x - 0.5) / FOCAL
    depth_m = EYE_M / down
    foot_m = depth_m / (FOCAL * SIZE_PX)  # width of a pixel on the water
    deep_m = foot_m / down  # and how far it reaches away from us
    slope_x, slope_z = np.zeros_like(x), np.zeros_like(x)
    spread = np.full_like(x, 1.5e-4)
    for k_x, k_z, slope, phase in ripples(rng):
        kept = np.exp(-0.5 * ((k_x * foot_m) ** 2 + (k_z * deep_m) ** 2) * 0.36)
        wave = slope * kept * np.cos(k_x * aside * depth_m + k_z * depth_m + phase)
        slope_x += wave * k_x / np.hypot(k_x, k_z)
        slope_z += wave * k_z / np.hypot(k_x, k_z)
        spread += 0.5 * slope**2 * (1 - kept**2)
    return water(x, down, slope_x, slope_z, spread)


def water(
    x: Plane, down: Plane, slope_x: Plane, slope_z: Plane, spread: Plane
) -> NDArray[np.float64]:
    """Light that a rippled surface sends to the eye: reflected sky, moon path, its own depth."""
    aside = (x - 0.5) / FOCAL
    up = np.clip(down + 2 * slope_z + 0.02, 0.002, 0.6)
    seen = np.clip(up * FOCAL / HORIZON, 0, 1)
    glance = np.clip(down - slope_z, 0.004, 1)
    fresnel = 0.02 + 0.98 * (1 - glance) ** 5
    mirrored = sky_light(seen) * 0.80
    deep = linear(np.array([24, 36, 66]) / 255)
    light = mirrored * fresnel[..., None] + deep * (1 - fresnel)[..., None]
    moon_up = (HORIZON - MOON_Y) / FOCAL
    moon_x = (MOON_X - 0.5) / FOCAL
    # Slopes that would mirror the moon: of the half vector between eye and moon.
    want_x = (moon_x - aside) / (moon_up + down)
    want_z = (down - moon_up) / 2
    miss = ((slope_x - want_x) ** 2 * 0.34 + (slope_z - want_z) ** 2 * 0.5) / spread
    path: Plane = np.exp(-np.minimum(miss, 60)) / np.sqrt(spread / 2e-3)
    light += path[..., None] * MOON_LIGHT * 0.62
    return light


def scene() -> NDArray[np.float64]:
    """The whole picture as light, shape (SIZE_PX, SIZE_PX, 3)."""
    rng = np.random.default_rng(SEED)
    axis = (np.arange(SIZE_PX) + 0.5) / SIZE_PX
    x, y = np.meshgrid(axis, axis)
    light = sky(x, y)
    light += stars(rng, x, y)[..., None]
    headlands(rng, light, x, y)
    below = sea(rng, x, y)
    edge = np.clip((y - HORIZON) * SIZE_PX + 0.5, 0, 1)[..., None]
    return light * (1 - edge) + below * edge


def lettering() -> Plane:
    """How much of the word covers each pixel, 0..1: widely spaced capitals in DejaVu Sans."""
    name = font_manager.findfont("DejaVu Sans:style=normal:weight=light")
    font = ImageFont.truetype(name, 34)
    mask = Image.new("L", (SIZE_PX, SIZE_PX), 0)
    draw = ImageDraw.Draw(mask)
    word, gap_px = "UNDERSONG", 26
    widths = [draw.textlength(letter, font=font) for letter in word]
    at = (SIZE_PX - sum(widths) - gap_px * (len(word) - 1)) / 2
    for letter, width in zip(word, widths, strict=True):
        draw.text((at, 150), letter, font=font, fill=255)
        at += width + gap_px
    return np.asarray(mask, dtype=np.float64) / 255


def picture() -> Image.Image:
    """The finished cover, 8-bit sRGB."""
    light = scene()
    light = 1 - np.exp(-1.35 * light)  # highlights roll off instead of clipping
    soft = encoded(light)
    glow = Image.fromarray((np.clip(soft, 0, 1) * 255).astype(np.uint8))
    bloom = np.asarray(glow.filter(ImageFilter.GaussianBlur(14)), dtype=np.float64) / 255
    soft = 1 - (1 - soft) * (1 - 0.10 * bloom)
    letters = lettering()[..., None] * 0.78
    soft = soft * (1 - letters) + np.array([0.97, 0.92, 0.86]) * letters
    grain = np.random.default_rng(SEED + 1).normal(0, 0.9 / 255, (SIZE_PX, SIZE_PX, 1))
    return Image.fromarray(np.round(np.clip(soft + grain, 0, 1) * 255).astype(np.uint8))


def main() -> None:
    """Write the cover to the file named on the command line, or to the library's root."""
    root = Path(__file__).resolve().parent.parent
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "artwork.jpg"
    held = io.BytesIO()
    picture().save(held, "JPEG", quality=QUALITY, optimize=True, progressive=False, dpi=(72, 72))
    target.write_bytes(held.getvalue())
    sys.stdout.write(f"{target}: {len(held.getvalue()) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
