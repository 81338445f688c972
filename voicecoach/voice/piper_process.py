"""The process in which Piper speaks; :mod:`voicecoach.voice.piper_synthesizer` starts it and talks to it.

Why a process of its own: Piper has espeak-ng inside, which ends its process where its data is missing; the network uses
every processor, and here it can be made to yield to the session's sound; and Piper is under the GPL, which voicecoach
only talks to.

It speaks as :mod:`voicecoach.voice.engine_server` says. What it is: ``{"engine", "inputs": [name]}``. Its requests:
``{"text", "file", "scale", "speaker"}`` to write speech to a WAV file; the answer's ``ends`` are where its sentences
end, in frames.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import wave
from pathlib import Path
from typing import Any

from voicecoach.voice.engine_server import serve, within_reach

_NICENESS = 5
"""A session may play while the next tempo is rendered."""


def main() -> None:
    """Serve until standard input ends. Arguments: the voice's .onnx file; a private folder for the files."""
    file, folder = Path(sys.argv[1]), Path(sys.argv[2])
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    serve(folder, lambda: _Engine(file, folder))


class _Engine:
    def __init__(self, file: Path, folder: Path) -> None:
        import piper

        data = Path(piper.__file__).parent / "espeak-ng-data"
        self._piper = piper
        self._voice: Any = piper.PiperVoice.load(file)
        if data.is_dir() and not sys.platform.startswith("win"):
            self._voice.espeak_data_dir = within_reach(data, folder)

    def description(self) -> dict[str, Any]:
        return {
            "engine": f"piper-tts {importlib.metadata.version('piper-tts')}",
            "inputs": [each.name for each in self._voice.session.get_inputs()],
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        # each sentence keeps the loudness that the voice gives it
        how = self._piper.SynthesisConfig(
            speaker_id=request["speaker"], length_scale=request["scale"], normalize_audio=False
        )
        ends, end = [], 0
        with wave.open(request["file"], "wb") as file:
            file.setparams((1, 2, self._voice.config.sample_rate, 0, "NONE", ""))
            for sentence in self._voice.synthesize(request["text"], how):
                file.writeframes(sentence.audio_int16_bytes)
                end += len(sentence.audio_int16_array)
                ends.append(end)
        return {"ends": ends}


if __name__ == "__main__":
    main()
