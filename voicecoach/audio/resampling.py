"""From one sample rate to another: a whole sound at once, or a stream piece by piece (soxr, high quality)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_QUALITY = "HQ"


def resample(samples: npt.NDArray[np.float32], rate: int, wanted: int) -> npt.NDArray[np.float32]:
    """Mono ``samples`` at ``rate``, as they are at ``wanted``."""
    import soxr

    out: npt.NDArray[Any] = soxr.resample(samples, rate, wanted, quality=_QUALITY)
    return np.ascontiguousarray(out, dtype=np.float32)


class StreamResampler:
    """Mono pieces at ``rate`` in, pieces at ``wanted`` out, as one unbroken stream. Not thread-safe."""

    def __init__(self, rate: int, wanted: int) -> None:
        import soxr

        self._stream: Any = None if rate == wanted else soxr.ResampleStream(rate, wanted, 1, "float32", _QUALITY)

    def __call__(self, piece: npt.NDArray[np.float32], last: bool = False) -> npt.NDArray[np.float32]:
        """What is ready once ``piece`` is known: less or more than its share, and all that is left with the last."""
        if self._stream is None:
            return piece
        return np.ascontiguousarray(self._stream.resample_chunk(piece, last=last), dtype=np.float32)
