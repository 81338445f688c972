"""A pretrained speech embedding as numbers for our own heads: 96 of them every 80 ms, each of the last 0.8 s of sound.

The model is Google's speech embedding (J. Lin et al., "Training keyword spotters with limited and synthesized speech
data", 2020), as carried by the wheel pyopen-wakeword (Apache-2.0) together with a TensorFlow Lite that runs it. The
wheel's library and models are driven here directly: its own streaming class runs 8 s of zeros through both models at
each reset, and one window at a time. The network is convolutional without padding, so neighbouring windows share
nearly all of their work: one window costs 4.5 ms, each further one in the same run 0.7 ms. So a stretch of sound that
nobody asked about costs nothing, and asking for it later costs little.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.errors import EarError

STEP = 1280
"""Samples (EAR_RATE) between embeddings, 80 ms."""

WIDTH = 96
"""Numbers in an embedding."""

_BANDS = 32
_FRAMES_A_STEP = 8
_WINDOW = 76
"""Spectral frames of 10 ms under one embedding."""

_OVERLAP = 480
"""Samples before a step that its spectrum needs as well."""

_DITHER = 2.0
"""Amplitude (of 32,768) of the noise laid under the sound: digital silence has no place in the models' training."""

_MOST_STEPS = 50
"""Embeddings computed in one run at most: bounds the memory (about 0.4 MB each)."""


class SpeechEmbedding:
    """Turns one stream into embeddings, as far back as ``memory`` steps, only when asked. Not thread-safe.

    A new stream begins as if silence had come before it, so that the very first word is understood.
    """

    def __init__(self, memory: int) -> None:
        """Load the models (20 ms). ``memory`` is the most embeddings that :meth:`latest` may be asked for."""
        try:
            from pyopen_wakeword import OpenWakeWordFeatures
        except (ImportError, OSError) as error:
            raise EarError(
                f"The speech embedding cannot be used here ({error}). It needs the package pyopen-wakeword, on Linux "
                "with glibc 2.35, macOS 15 or 64-bit Windows: pip install pyopen-wakeword"
            ) from error
        try:
            self._wheel: Any = OpenWakeWordFeatures.from_builtin()
        except (OSError, ValueError, RuntimeError) as error:
            raise EarError(f"The speech embedding could not be loaded: {error}") from error
        self._spectrum = _Model(self._wheel.lib, self._wheel.mel_model)
        self._embedding = _Model(self._wheel.lib, self._wheel.emb_model)
        self._memory = memory
        noise = np.random.default_rng(0)
        self._dither: Samples = noise.uniform(-_DITHER, _DITHER, STEP).astype(np.float32)
        silence = self._spectra(np.tile(self._dither, 2)[-STEP - _OVERLAP :])
        kept = _WINDOW + _FRAMES_A_STEP * (memory - 1)
        self._silence: Samples = np.tile(silence, (kept // _FRAMES_A_STEP + 1, 1))[-kept:]
        self.reset()

    def reset(self) -> None:
        """Begin a new stream, after silence."""
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._tail: Samples = self._dither[-_OVERLAP:]
        self._frames = self._silence
        self._known: Samples = np.zeros((0, WIDTH), dtype=np.float32)
        self._missing = self._memory

    def close(self) -> None:
        """Release the models. May be called twice."""
        self._spectrum.close()
        self._embedding.close()
        self._wheel.close()

    def feed(self, block: Samples) -> int:
        """Take the next block (EAR_RATE, any length); how many steps it completed. Only spectra are computed."""
        joined = np.concatenate((self._pending, block))
        steps = len(joined) // STEP
        self._pending = joined[steps * STEP :]
        for number in range(steps):
            self._take(joined[number * STEP : (number + 1) * STEP])
        return steps

    def latest(self, count: int) -> Samples:
        """The newest ``count`` embeddings, oldest first, shaped (count, WIDTH); those not yet known are computed."""
        if count > self._memory:
            raise ValueError(f"{count} embeddings asked for, but only {self._memory} are kept")
        if self._missing:
            frames = self._frames[-(_WINDOW + _FRAMES_A_STEP * (self._missing - 1)) :]
            self._known = np.concatenate((self._known, self._embed(frames)))[-self._memory :]
            self._missing = 0
        return self._known[len(self._known) - count :]

    def whole(self, samples: Samples) -> Samples:
        """All embeddings of a recording, shaped (steps, WIDTH): what a stream of it would give, but faster."""
        steps = len(samples) // STEP
        if not steps:
            return np.zeros((0, WIDTH), dtype=np.float32)
        pcm = np.concatenate((self._dither[-_OVERLAP:], self._as_pcm(samples[: steps * STEP])))
        # Step by step as in a stream, since the model clips what lies 80 dB below its input's loudest moment.
        spectra = [self._spectra(pcm[at : at + STEP + _OVERLAP]) for at in range(0, steps * STEP, STEP)]
        return self._embed(np.concatenate((self._silence[-(_WINDOW - _FRAMES_A_STEP) :], *spectra)))

    def _take(self, step: Samples) -> None:
        pcm = self._as_pcm(step)
        spectra = self._spectra(np.concatenate((self._tail, pcm)))
        self._tail = pcm[-_OVERLAP:]
        self._frames = np.concatenate((self._frames[len(spectra) :], spectra))
        self._missing = min(self._missing + 1, self._memory)

    def _as_pcm(self, samples: Samples) -> Samples:
        dither = np.resize(self._dither, len(samples))
        return np.asarray(np.clip(samples * 32768.0, -32768.0, 32767.0) + dither, dtype=np.float32)

    def _spectra(self, pcm: Samples) -> Samples:
        """Frames of 10 ms, scaled as the embedding wants them: log powers of 32 bands up to 3.8 kHz."""
        return np.asarray(self._spectrum.run(pcm[np.newaxis]).reshape(-1, _BANDS) / 10.0 + 2.0, dtype=np.float32)

    def _embed(self, frames: Samples) -> Samples:
        count = (len(frames) - _WINDOW) // _FRAMES_A_STEP + 1
        parts = []
        for first in range(0, count, _MOST_STEPS):
            last = min(first + _MOST_STEPS, count) - 1
            part = frames[first * _FRAMES_A_STEP : last * _FRAMES_A_STEP + _WINDOW]
            parts.append(self._embedding.run(part[np.newaxis, :, :, np.newaxis]).reshape(-1, WIDTH))
        return np.concatenate(parts)


class _Model:
    """A TensorFlow Lite interpreter of our own for one of the wheel's models, with one input and one output.

    The wheel's own interpreters run in as many threads as there are cores: a third more work, for nothing.
    """

    def __init__(self, library: Any, model: int) -> None:
        self._library = library
        library.TfLiteInterpreterOptionsCreate.restype = ctypes.c_void_p
        options = ctypes.c_void_p(library.TfLiteInterpreterOptionsCreate())
        library.TfLiteInterpreterOptionsSetNumThreads(options, ctypes.c_int32(1))
        self._interpreter: int | None = library.TfLiteInterpreterCreate(model, options)
        library.TfLiteInterpreterOptionsDelete(options)
        self._shape: tuple[int, ...] = ()

    def close(self) -> None:
        """Release it. May be called twice."""
        if self._interpreter is not None:
            self._library.TfLiteInterpreterDelete(self._interpreter)
        self._interpreter = None

    def run(self, values: Samples) -> Samples:
        """The output for an input of any shape that the model accepts."""
        library, values = self._library, np.ascontiguousarray(values, dtype=np.float32)
        if values.shape != self._shape:
            shape = (ctypes.c_int32 * values.ndim)(*values.shape)
            interpreter = ctypes.c_void_p(self._interpreter)
            self._checked(library.TfLiteInterpreterResizeInputTensor(interpreter, 0, shape, values.ndim))
            self._checked(library.TfLiteInterpreterAllocateTensors(self._interpreter))
            self._shape = values.shape
        size = ctypes.c_size_t(values.nbytes)
        given = library.TfLiteInterpreterGetInputTensor(self._interpreter, 0)
        self._checked(library.TfLiteTensorCopyFromBuffer(given, ctypes.c_void_p(values.ctypes.data), size))
        self._checked(library.TfLiteInterpreterInvoke(self._interpreter))
        tensor = library.TfLiteInterpreterGetOutputTensor(self._interpreter, 0)
        result = np.empty(library.TfLiteTensorByteSize(tensor) // 4, dtype=np.float32)
        size = ctypes.c_size_t(result.nbytes)
        self._checked(library.TfLiteTensorCopyToBuffer(tensor, ctypes.c_void_p(result.ctypes.data), size))
        return result

    @staticmethod
    def _checked(status: int) -> None:
        if status:
            raise EarError(f"TensorFlow Lite failed with status {status}.")
