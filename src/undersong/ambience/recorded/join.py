"""Joining two sounds without a dip or a bump, however alike they are."""

from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import Frames

F32 = npt.NDArray[np.float32]

_OPPOSED: Final = -0.6
"""Sounds more opposed than this are joined as if they were not: what is lost stays lost."""


def fade_gains(leaving: Frames, entering: Frames) -> tuple[F32, F32]:
    """Return the gains (n, 1) under which two sounds of one length pass into each other.

    Sine and cosine keep the power of unrelated sounds, and raise related ones by up to 3 dB. So
    both are divided by sqrt(a² + b² + 2abr), r being the correlation that is found under the
    fade itself, with the weight that each moment has in the sum.
    """
    angle = (np.arange(len(leaving)) + 0.5) / len(leaving) * (np.pi / 2.0)
    falling, rising = np.cos(angle)[:, None], np.sin(angle)[:, None]
    weight = falling * rising
    common = float((weight * leaving * entering).sum())
    power = float((weight * leaving**2).sum()) * float((weight * entering**2).sum())
    r = max(common / np.sqrt(power), _OPPOSED) if power > 0 else 0.0
    level = 1.0 / np.sqrt(1.0 + 2.0 * weight * r)
    return (falling * level).astype(np.float32), (rising * level).astype(np.float32)
