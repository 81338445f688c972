"""A laptop without hardware: a private PulseAudio server with a loudspeaker, a microphone and a tape of both.

One null sink, the ``bus``, has three channels: the loudspeaker's two and the microphone's one. Everything else is
a view on it:

- ``spk``: the default sink, what a program plays on (bus channels 1 and 2)
- ``micin``: a sink; what a test plays there is what the microphone hears (bus channel 3)
- ``mic``: the default source, what a program records (bus channel 3)
- ``ear``: a source, what the loudspeaker sounds (bus channels 1 and 2)

Because loudspeaker and microphone are channels of one sink, one recording of its monitor holds both on one sample
clock: the distance from the end of a spoken word to the loudspeaker's silence is read off the tape to the sample.

No sound card, no D-Bus, no system mode; runs as root and unattended, and several can run side by side.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 48_000
"""Frames a second of the whole laptop."""

NEEDED = ("pulseaudio", "pactl", "pacat", "parec")
"""Commands that must be there (Debian: pulseaudio, pulseaudio-utils; programs that use ALSA: libasound2-plugins)."""

FLOOR_DBFS = -70.0
"""Level of the noise that always reaches the microphone, as in every real one."""

Samples = npt.NDArray[np.float32]

_LAYOUT = "front-left,front-right,aux0"


def missing_commands() -> list[str]:
    """The commands that this machine lacks."""
    return [name for name in NEEDED if shutil.which(name) is None]


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """What the loudspeaker sounded and what the microphone heard, RATE frames a second, on one clock."""

    loudspeaker: Samples
    microphone: Samples

    def where(self, sound: Samples, *, heard_by: str = "microphone", least: float = 0.5) -> int:
        """The frame of the tape on which ``sound`` (RATE frames a second) begins: the peak of the normalised
        cross-correlation. Raises AssertionError where that peak is lower than ``least`` (1 is a perfect copy)."""
        place, likeness = locate(sound, getattr(self, heard_by))
        assert likeness >= least, f"the sound is not on the tape (best likeness {likeness:.2f})"
        return place

    def silent_from(self, frame: int, *, seconds: float, threshold_dbfs: float = -60.0) -> int:
        """The first frame at or after ``frame`` from which the loudspeaker stays below ``threshold_dbfs`` for
        ``seconds``. Raises AssertionError where it never does."""
        loud = np.flatnonzero(np.abs(self.loudspeaker[frame:]) > _amplitude(threshold_dbfs))
        needed = round(seconds * RATE)
        edges = np.concatenate(([-1], loud, [len(self.loudspeaker) - frame]))
        gaps = np.flatnonzero(np.diff(edges) > needed)
        assert len(gaps), f"the loudspeaker is never silent for {seconds} s"
        return frame + int(edges[gaps[0]]) + 1

    def sounds_from(self, frame: int, *, threshold_dbfs: float = -60.0) -> int:
        """The first frame at or after ``frame`` on which the loudspeaker is above ``threshold_dbfs``."""
        loud = np.flatnonzero(np.abs(self.loudspeaker[frame:]) > _amplitude(threshold_dbfs))
        assert len(loud), "the loudspeaker never sounds again"
        return frame + int(loud[0])


def locate(sound: Samples, tape: Samples) -> tuple[int, float]:
    """Where in ``tape`` the waveform of ``sound`` lies, and how alike the two are there (0 to 1)."""
    if len(tape) < len(sound):
        return 0, 0.0
    size = 1 << (len(tape) + len(sound) - 1).bit_length()
    product = np.fft.rfft(tape, size) * np.conj(np.fft.rfft(sound, size))
    match = np.fft.irfft(product, size)[: len(tape) - len(sound) + 1]
    energy = np.concatenate(([0.0], np.cumsum(tape.astype(np.float64) ** 2)))
    local = np.sqrt(np.maximum(energy[len(sound) :] - energy[: len(match)], 0.0))
    norm = float(np.sqrt(np.sum(sound.astype(np.float64) ** 2)))
    # A stretch that is all but digital silence would divide noise by nothing and look like anything.
    likeness = match / (norm * np.maximum(local, 1e-3 * max(float(local.max()), 1e-9)))
    place = int(np.argmax(likeness))
    return place, float(likeness[place])


def end_of_word(word: Samples, *, below_peak_db: float = 25.0) -> int:
    """One past the last frame of the speech in a recording of one word: the end of the last 10 ms whose level is
    within ``below_peak_db`` of the loudest 10 ms (background noise of a recording lies lower, a final "p" not)."""
    step = RATE // 100
    blocks = word[: len(word) // step * step].reshape(-1, step)
    level = np.sqrt(np.mean(blocks.astype(np.float64) ** 2, axis=1))
    return (int(np.flatnonzero(level > level.max() * _amplitude(-below_peak_db))[-1]) + 1) * step


def read_sound(path: Path) -> Samples:
    """A sound file as mono samples at RATE."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return at_rate(samples.mean(axis=1), rate)


def at_rate(samples: Samples, rate: int) -> Samples:
    """Mono ``samples`` brought from ``rate`` to RATE."""
    if rate == RATE:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, rate, RATE), dtype=np.float32)


class VirtualLaptop:
    """The server and what plays into it. Use it as a context manager, or close it.

    ``room_delay`` seconds: the microphone also hears the loudspeaker, that much late and ``room_gain`` (amplitude)
    as loud; None keeps them apart, as headphones do. ``folder`` must be empty and its path short (it holds a Unix
    socket, whose path may have 107 characters).
    """

    def __init__(self, folder: Path, *, room_delay: float | None = None, room_gain: float = 0.4) -> None:
        self._folder = folder
        self._room = None if room_delay is None else (room_delay, room_gain)
        self._socket = folder / "run" / "native"
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []
        self._feeders: list[threading.Thread] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that lives on this laptop."""
        kept = {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
        return kept | {
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "PULSE_RUNTIME_PATH": str(self._folder / "run"),
            "PULSE_STATE_PATH": str(self._folder / "state"),
            "PULSE_COOKIE": str(self._folder / "state" / "cookie"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(self._folder / "asound.conf"),
        }

    def __enter__(self) -> VirtualLaptop:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and the microphone's noise; returns when both run."""
        for name in ("run", "state"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        (self._folder / "asound.conf").write_text(
            "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n"
        )
        script = self._folder / "laptop.pa"
        script.write_text("\n".join(self._modules()) + "\n")
        log = self._folder / "pulseaudio.log"
        # It ends by itself some seconds after its last client, should a test run be killed before it can close.
        self._server = subprocess.Popen(
            f"pulseaudio -n -F {script} --daemonize=no --use-pid-file=no --exit-idle-time=10 --realtime=no"
            f" --high-priority=no --log-target=file:{log} --log-level=info".split(),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while "\tmic\t" not in self._pactl("list", "short", "sources"):
            if self._server.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"PulseAudio did not start:\n{log.read_text() if log.exists() else ''}")
            time.sleep(0.02)
        if self._room is not None:
            loop = self._pactl("list", "short", "sink-inputs", needed=True).split("\t")[0]
            # PulseAudio's volumes are cubic; an integer of 65536 parts is the cube root of the amplitude.
            self._pactl("set-sink-input-volume", loop, str(round(65536 * self._room[1] ** (1 / 3))), needed=True)
        self._make_noise()

    def _make_noise(self) -> None:
        rng = np.random.default_rng(1)
        noise = rng.standard_normal(10 * RATE).astype(np.float32) * np.float32(_amplitude(FLOOR_DBFS))
        self._play(noise, name="floor", again=True)

    def close(self) -> None:
        """End every process that this laptop started."""
        for player in self._players:
            _end(player)
        for feeder in self._feeders:
            feeder.join(10)
        self._players.clear()
        self._feeders.clear()
        if self._server is not None:
            _end(self._server)
            self._server = None

    def speak(self, sound: Samples | Path) -> Samples:
        """Begin to play ``sound`` (a file, or mono samples at RATE) into the microphone, and return it at RATE, so
        that it can be found on a tape. Does not wait for its end."""
        samples = read_sound(sound) if isinstance(sound, Path) else sound
        self._play(samples, name="somebody")
        return samples

    @contextmanager
    def record(self, source: str = "bus.monitor") -> Iterator[Recorder]:
        """Record loudspeaker and microphone for the length of the block; afterwards ``recorder.tape`` is there.

        ``source``: what another stereo sink sounds ("headset.monitor"), as the tape's loudspeaker.
        """
        path = self._folder / f"tape-{time.monotonic_ns()}.raw"
        with path.open("wb") as target:
            process = subprocess.Popen(
                f"parec --raw -d {source} --format=float32le --rate={RATE} --channels=3 --channel-map={_LAYOUT}"
                " --no-remix --no-remap --latency-msec=20".split(),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.DEVNULL,
            )
            self._players.append(process)
            recorder = Recorder(path)
            try:
                _wait_until(lambda: path.stat().st_size > 0, 10, "nothing is being recorded")
                yield recorder
                # What the last block of the body heard or played must be on the tape: the recorder runs behind.
                time.sleep(0.2)
            finally:
                _end(process)
        recorder.stop()

    def silence_server(self) -> None:
        """Kill the server, as when a user's sound system dies under the program; ``start`` starts it again."""
        assert self._server is not None
        self._server.kill()
        self._server.wait(10)

    def tell(self, *arguments: str) -> str:
        """Have the server do something: a command of ``pactl``, which has to succeed; returns what it says."""
        return self._pactl(*arguments, needed=True)

    def unload(self, *parts: str) -> None:
        """Take away what the modules whose arguments contain one of ``parts`` made: the plug is pulled."""
        for line in self.tell("list", "short", "modules").splitlines():
            if any(part in line for part in parts):
                self.tell("unload-module", line.split("\t")[0])

    def plug_in(self) -> None:
        """All of it is there again, after ``unload("sink_name=bus ")`` took loudspeaker and microphone away."""
        for module in self._modules():
            if "sink_name=" in module or "source_name=" in module:
                self.tell(*module.split())
        self.tell("set-default-sink", "spk")
        self.tell("set-default-source", "mic")
        self._make_noise()

    def plug_in_microphone(self) -> None:
        """The microphone is there again, after ``unload("source_name=mic")``."""
        module = next(line for line in self._modules() if "source_name=mic " in line)
        self.tell(*module.split())
        self.tell("set-default-source", "mic")

    def _modules(self) -> list[str]:
        mono = "channels=1 channel_map=mono master_channel_map=aux0 remix=no"
        stereo = "channels=2 channel_map=front-left,front-right master_channel_map=front-left,front-right remix=no"
        modules = [
            ".fail",
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            f"load-module module-null-sink norewinds=1 sink_name=bus rate={RATE} channels=3 channel_map={_LAYOUT}",
            f"load-module module-remap-sink sink_name=spk master=bus {stereo}",
            f"load-module module-remap-sink sink_name=micin master=bus {mono}",
            f"load-module module-remap-source source_name=mic master=bus.monitor {mono}",
            f"load-module module-remap-source source_name=ear master=bus.monitor {stereo}",
            "set-default-sink spk",
            "set-default-source mic",
        ]
        if self._room is not None:
            modules.append(
                f"load-module module-loopback source=ear sink=micin latency_msec={self._room[0] * 1000:.0f}"
                " adjust_time=0 source_dont_move=yes sink_dont_move=yes"
            )
        return modules

    def _pactl(self, *arguments: str, needed: bool = False) -> str:
        done = subprocess.run(
            ["pactl", *arguments], env=self.env, capture_output=True, text=True, timeout=20, check=needed
        )
        return done.stdout

    def _play(self, samples: Samples, *, name: str, again: bool = False) -> None:
        process = subprocess.Popen(
            f"pacat --raw -d micin --format=float32le --rate={RATE} --channels=1"
            f" --latency-msec={200 if again else 40} --client-name={name}".split(),
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        data = samples.astype("<f4").tobytes()
        feeder = threading.Thread(target=_feed, args=(process.stdin, data, again), name=f"feed {name}", daemon=True)
        feeder.start()
        self._players.append(process)
        self._feeders.append(feeder)


class Recorder:
    """A recording that is under way, and its tape once it is over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tape: Tape | None = None

    @property
    def seconds(self) -> float:
        """How much has been recorded so far."""
        return self._path.stat().st_size / (3 * 4 * RATE)

    def loudest(self, seconds: float) -> float:
        """The loudspeaker's peak (0 to 1) in the last ``seconds`` that were recorded so far."""
        frame = 3 * 4
        whole = self._path.stat().st_size // frame
        first = max(0, whole - round(seconds * RATE))
        with self._path.open("rb") as file:
            file.seek(first * frame)
            data = np.frombuffer(file.read((whole - first) * frame), dtype="<f4").reshape(-1, 3)
        return float(np.abs(data[:, :2]).max()) if len(data) else 0.0

    @property
    def tape(self) -> Tape:
        """What was recorded; only once the recording is over."""
        assert self._tape is not None, "the recording is still running"
        return self._tape

    def stop(self) -> None:
        """Read the finished recording."""
        data = np.fromfile(self._path, dtype="<f4")
        frames: npt.NDArray[Any] = data[: len(data) // 3 * 3].reshape(-1, 3)
        self._path.unlink()
        loudspeaker = frames[:, :2].mean(axis=1).astype(np.float32)
        self._tape = Tape(loudspeaker, np.ascontiguousarray(frames[:, 2]))


def _amplitude(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 20.0))


def _feed(pipe: IO[bytes], data: bytes, again: bool) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(data)
        while again:
            pipe.write(data)


def _wait_until(condition: Any, seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        time.sleep(0.01)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
