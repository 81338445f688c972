"""The default device: miniaudio, one persistent stream, duplex where there is a microphone.

Measured with PulseAudio without real-time priority, off a recording of the loudspeaker: with a 20 ms buffer, the
smallest that is reliable, a two-core machine with nothing else to do lost nothing; with 10 ms there was a hole even
so. Overloaded (a load of 2.5), the recording had 5 breaks in 20 s with 20 ms, 4 with 40 ms, none with 60 ms. From
``Mixer.silence`` to silence took 20/32/44 ms with 20 ms (min/median/max of 20) and 47/57/85 with 40 ms, which is why
20 ms is the default. A thread of our own that keeps the interpreter busy does more harm than other processes: see
``_SWITCH_INTERVAL``.

Traps of miniaudio 1.71 that this file guards against: an exception in a callback is printed by cffi and ends the
stream, so that none may leave ours; without a sound server or card it falls back on a device that plays to nobody;
``close`` leaves the context, a connection to the sound server, open; one device that will not describe itself hides
all the others from ``Devices``; and when the sound server dies nothing is told and no callback comes again, which
only the player's watchdog can notice.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout  # its own class before Python 3.11
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from voicecoach.audio.alsa_messages import silence_alsa_messages
from voicecoach.audio.buffer_size import GOOD, BufferSize
from voicecoach.audio.device import Exchange, IsFree, never_free
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.audio.underruns import UnderrunCount
from voicecoach.errors import DeviceError
from voicecoach.units import STREAM_RATE

_T = TypeVar("_T")

BUFFER_MS = 20
_SWITCH_INTERVAL = 0.001
"""Seconds after which a busy Python thread must let the callback in. With one thread computing without a pause the
loudspeaker had seven holes in 6 s at the interpreter's own 5 ms, and none at 1 ms. A call into C that keeps the
interpreter to itself for longer than the buffer makes a hole all the same."""
_TIME_TO_OPEN = 1.0
"""Seconds that have to be free for a stream to be opened beside the one that plays. It takes about 0.1."""
_PERIODS_HELD = 2
"""Periods that may be waiting to be played; more than that between two callbacks is counted as an underrun."""
_PATIENCE_OPENING = 5.0
_PATIENCE_CLOSING = 2.0
"""Seconds to wait for the library: a sound server that hangs would keep it, and us, for ever."""

_NO_LOUDSPEAKER = (
    "No loudspeaker could be opened ({why}). Connect one, start the sound server, or close the program that uses it; "
    "or go on without sound: --audio null"
)
_NO_MICROPHONE = "No microphone could be opened ({why}). Connect or allow one, or go on without: --no-mic"
_NOTHING_THERE = "neither a sound server nor a sound card answered"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A loudspeaker or a microphone that miniaudio can open by its ``name``."""

    name: str
    is_microphone: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class _Found:
    info: DeviceInfo
    id: Any
    """miniaudio's ma_device_id; None stands for the default."""


@dataclass(frozen=True, slots=True)
class _Opened:
    stream: Any
    label: str
    has_microphone: bool


def list_devices(backend: str | None = None) -> tuple[DeviceInfo, ...]:
    """Loudspeakers, then microphones; empty where there is neither, or no answer within five seconds.

    The copy of what a loudspeaker plays, which sound servers offer for recording, is no microphone.
    """
    try:
        return _patiently(lambda: tuple(found.info for found in _enumerate(backend, probe=True)), lambda _: None)
    except FutureTimeout:
        return ()


class MiniaudioDevice:
    """Loudspeaker, microphone or both, as one stream of mono float32 at 48 kHz, converted by miniaudio if need be.

    ``capture`` wants a microphone: where none is found or it will not open, the loudspeaker plays alone and
    ``has_microphone`` is False, unless ``capture_name`` asked for a certain one. Without ``playback`` it is a
    microphone only: what the exchange returns is dropped. Names are whole or part of what ``list_devices`` says;
    None is the system's default, and unless ``strict`` also what takes the place of a name that is not there (whole
    names only). ``backend`` forces one of miniaudio's ("null", "alsa", "pulseaudio", ...).

    The buffer is ``buffer_ms`` long on each side; blocks come in clumps of that order. Where it runs dry again and
    again, a stream with a longer one takes over, and one with a shorter later (``BufferSize``), when ``is_free`` says
    that the hole this makes, up to 110 ms, harms nothing. So does a new stream in place of a duplex stream that ran
    dry: miniaudio joins the two directions by a queue of five periods, which a late loudspeaker lets fill up and
    nothing empties again, so that the microphone stays some 60 ms behind. In a duplex stream a microphone that falls
    silent altogether stops the callbacks too.
    """

    def __init__(
        self,
        capture: bool = True,
        playback: bool = True,
        playback_name: str | None = None,
        capture_name: str | None = None,
        buffer_ms: int = BUFFER_MS,
        backend: str | None = None,
        strict: bool = True,
        good: float = GOOD,
    ) -> None:
        """``good``: seconds without an underrun after which another stream may take over."""
        if not (capture or playback):
            raise ValueError("a device plays, captures or does both")
        self._capture, self._playback = capture, playback
        self._playback_name, self._capture_name = playback_name, capture_name
        self._buffer_ms = buffer_ms
        self._backend = backend
        self.is_free: IsFree = never_free
        self._strict = strict
        self._label = "the sound device"
        self._stream: Any = None
        self._guard: GuardedExchange | None = None
        self._has_microphone = False
        self._underruns = UnderrunCount(_PERIODS_HELD * buffer_ms / 1000)
        self._size = BufferSize(buffer_ms, good)
        self._serving = 0
        """The number of the stream whose calls are answered; one that comes or goes gets silence."""
        self.successors = 0
        """How many streams have taken over from the first."""
        self._renewing = False
        self._hands = threading.Lock()
        """Held while the stream changes hands: to its successor, or to close."""
        self._closed = False

    @property
    def buffer_ms(self) -> int:
        """How long the buffer is now."""
        return self._buffer_ms

    @property
    def name(self) -> str:
        """The loudspeaker's and the microphone's name, once started."""
        return self._label

    @property
    def has_microphone(self) -> bool:
        """Whether one was opened; known after ``start``."""
        return self._has_microphone

    @property
    def failure(self) -> BaseException | None:
        """What the exchange raised. A stream whose server died does not fail, it falls still."""
        return self._guard.failure if self._guard else None

    @property
    def slips(self) -> int:
        """How often what is captured may have moved against what is played. From ``exchange``: up to this block."""
        return self._underruns.count + self.successors

    @property
    def underruns(self) -> int:
        """How often blocks were asked for so late that the buffer must have run dry (see ``UnderrunCount``)."""
        return self._underruns.count

    def start(self, exchange: Exchange) -> None:
        """Open the stream. DeviceError where there is no loudspeaker, or none of the name asked for.

        Makes the interpreter switch threads at least every millisecond from now on, for the callback's sake.
        """
        if self._guard is not None:
            raise RuntimeError("a device is started once")
        self._guard = GuardedExchange(exchange)
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_INTERVAL))
        try:
            opened = _patiently(lambda: self._open(self._buffer_ms), lambda late: _close(late.stream))
        except FutureTimeout:
            raise DeviceError(_NO_LOUDSPEAKER.format(why="the sound server does not answer")) from None
        self._stream, self._label, self._has_microphone = opened.stream, opened.label, opened.has_microphone

    def close(self) -> None:
        """Release the device; a library that does not let go within two seconds is left behind."""
        if self._guard is not None:
            self._guard.close()
        with self._hands:
            self._closed = True
            stream, self._stream = self._stream, None
        if stream is not None:
            # When the server is gone the library may wait for it: not on the caller's time.
            closing = threading.Thread(target=_close, args=(stream,), name="miniaudio-close", daemon=True)
            closing.start()
            closing.join(_PATIENCE_CLOSING)

    def _renew(self, wanted: int) -> None:
        """Let another stream take over; where there can be no second one, all stays as it is for good."""
        number = self._serving + 1
        try:
            opened = self._open(wanted, number)
        except Exception:  # a DeviceError, or whatever the library throws: nobody misses what there never was
            self._size.give_up(self._buffer_ms)
            self._renewing = False
            return
        left = opened.stream
        with self._hands:
            if opened.has_microphone != self._has_microphone:
                self._size.give_up(self._buffer_ms)
            elif wanted <= self._buffer_ms and not self.is_free(0.0):
                self._size.put_off(self._buffer_ms)
            elif not self._closed:
                self._underruns = UnderrunCount(_PERIODS_HELD * wanted / 1000, self._underruns.count)
                left, self._stream = self._stream, opened.stream
                self.successors += 1
                self._buffer_ms, self._serving = wanted, number
                self._size.renewed()
        self._renewing = False
        if left is not None:
            _close(left)

    def _open(self, buffer_ms: int, number: int = 0) -> _Opened:
        found = _enumerate(self._backend)
        speaker = _choose(found, False, self._playback_name, self._strict) if self._playback else None
        microphone = _choose(found, True, self._capture_name, self._strict) if self._capture else None
        if self._playback and speaker is None:
            raise DeviceError(_NO_LOUDSPEAKER.format(why=_NOTHING_THERE))
        if not self._playback and microphone is None:
            raise DeviceError(_NO_MICROPHONE.format(why=_NOTHING_THERE))
        try:
            return self._begin(speaker, microphone, buffer_ms, number)
        except DeviceError:
            # A microphone that is in use or not allowed must not silence the coach.
            if speaker is None or microphone is None or (self._strict and self._capture_name is not None):
                raise
            return self._begin(speaker, None, buffer_ms, number)

    def _begin(self, speaker: _Found | None, microphone: _Found | None, buffer_ms: int, number: int) -> _Opened:
        import miniaudio

        mono: tuple[Any, ...] = (miniaudio.SampleFormat.FLOAT32, 1)
        common = {
            "sample_rate": STREAM_RATE,
            "buffersize_msec": buffer_ms,
            "backends": _backends(self._backend),
            "app_name": "voicecoach",
        }
        blocks: Generator[bytes, Any, None]
        if speaker is not None and microphone is not None:
            kind, blocks = miniaudio.DuplexStream, self._captured_blocks(number)
            ids = {"playback_device_id": speaker.id, "capture_device_id": microphone.id}
            formats = (*mono, *mono)
        elif speaker is not None:
            kind, blocks = miniaudio.PlaybackDevice, self._played_blocks(number)
            ids, formats = {"device_id": speaker.id}, mono
        else:
            kind, blocks = miniaudio.CaptureDevice, self._captured_blocks(number)
            ids, formats = {"device_id": microphone and microphone.id}, mono
        next(blocks)
        # In two steps, so that a stream that does not open is at hand for its context to be released.
        stream: Any = kind.__new__(kind)
        try:
            stream.__init__(*formats, **ids, **common)
            stream.start(blocks)
        except miniaudio.MiniaudioError as fault:
            _close(stream)
            message = _NO_MICROPHONE if speaker is None else _NO_LOUDSPEAKER
            why = ", ".join(str(part) for part in fault.args)
            raise DeviceError(message.format(why=f"{_label(speaker, microphone)}: {why}")) from fault
        return _Opened(stream, _label(speaker, microphone), microphone is not None)

    def _played_blocks(self, number: int) -> Generator[bytes, int, None]:
        count = yield b""
        while True:
            count = yield self._exchange(number, count, None)

    def _captured_blocks(self, number: int) -> Generator[bytes, bytearray, None]:
        data = yield b""
        while True:
            data = yield self._exchange(number, len(data) // 4, data)

    def _exchange(self, number: int, count: int, data: bytearray | None) -> bytes:
        if number != self._serving:
            return bytes(4 * count)
        now = time.monotonic()
        self._underruns.block(now, count / STREAM_RATE)
        wanted = self._size.after(now, self.underruns, self._may_open)
        if not self._renewing and (wanted != self._buffer_ms or self._is_behind(now)):
            self._renewing = True
            threading.Thread(target=self._renew, args=(wanted,), name="miniaudio-renew", daemon=True).start()
        captured = None if data is None else np.frombuffer(data, np.float32)
        assert self._guard is not None
        return self._guard(count, captured).tobytes()

    def _may_open(self) -> bool:
        return not self._renewing and self.is_free(_TIME_TO_OPEN)

    def _is_behind(self, now: float) -> bool:
        duplex = self._playback and self._has_microphone
        return duplex and self._size.is_stale(now) and self._may_open()


def _patiently(work: Callable[[], _T], drop: Callable[[_T], None]) -> _T:
    """The result of ``work``, done in a thread; FutureTimeout after five seconds, and a later result is dropped."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as fault:
            future.set_exception(fault)

    threading.Thread(target=run, name="miniaudio-open", daemon=True).start()
    try:
        return future.result(_PATIENCE_OPENING)
    except FutureTimeout:
        future.add_done_callback(lambda late: None if late.exception() else drop(late.result()))
        raise


def _close(stream: Any) -> None:
    import miniaudio

    context, stream._context = getattr(stream, "_context", None), None
    stream.close()
    if context:
        miniaudio.lib.ma_context_uninit(context)


def _label(*devices: _Found | None) -> str:
    return " and ".join(each.info.name for each in devices if each is not None)


def _backends(name: str | None) -> list[Any]:
    import miniaudio

    if name is None:
        return []
    try:
        return [miniaudio.Backend[name.upper()]]
    except KeyError:
        raise DeviceError(f"miniaudio has no backend called {name}") from None


def _enumerate(backend: str | None, probe: bool = False) -> list[_Found]:
    """What there is: loudspeakers first. The library's own stand-in for "nothing" counts as nothing.

    ALSA lists its converters and a default even on a machine without a sound card. With ``probe`` a default that
    does not open takes all of its kind with it.
    """
    try:
        import miniaudio
    except ImportError as fault:
        raise DeviceError(f"miniaudio is not usable here ({fault}): pip install --force-reinstall miniaudio") from fault
    silence_alsa_messages()
    lib, ffi = miniaudio.lib, miniaudio.ffi
    with _context(lib, ffi, _backends(backend)) as context:
        if context is None or (backend is None and context.backend == lib.ma_backend_null):
            return []
        speakers, microphones = ffi.new("ma_device_info **"), ffi.new("ma_device_info **")
        counts = ffi.new("ma_uint32[2]")
        if lib.ma_context_get_devices(context, speakers, counts, microphones, counts + 1) != lib.MA_SUCCESS:
            return []
        found = []
        for infos, count, is_microphone in ((speakers[0], counts[0], False), (microphones[0], counts[1], True)):
            if (
                probe
                and context.backend == lib.ma_backend_alsa
                and not _default_opens(lib, ffi, context, is_microphone)
            ):
                continue
            for info in infos[0:count]:
                if is_microphone and bytes(ffi.buffer(ffi.addressof(info.id))).split(b"\0")[0].endswith(b".monitor"):
                    continue  # PulseAudio's and PipeWire's echo of a loudspeaker: the coach would hear itself
                name = ffi.string(info.name).decode("utf-8", "replace")
                described = DeviceInfo(name, is_microphone, bool(info.isDefault))
                found.append(_Found(described, ffi.new("ma_device_id *", info.id)))
        return found


def _default_opens(lib: Any, ffi: Any, context: Any, is_microphone: bool) -> bool:
    kind = lib.ma_device_type_capture if is_microphone else lib.ma_device_type_playback
    config = lib.ma_device_config_init(kind)
    device = ffi.new("ma_device *")
    if lib.ma_device_init(context, ffi.addressof(config), device) != lib.MA_SUCCESS:
        return False
    lib.ma_device_uninit(device)
    return True


@contextmanager
def _context(lib: Any, ffi: Any, backends: list[Any]) -> Iterator[Any]:
    context = ffi.new("ma_context *")
    wanted = ffi.new("ma_backend[]", [each.value for each in backends]) if backends else ffi.NULL
    if lib.ma_context_init(wanted, len(backends), ffi.NULL, context) != lib.MA_SUCCESS:
        yield None
        return
    try:
        yield context
    finally:
        lib.ma_context_uninit(context)


def choose_name(found: Iterable[DeviceInfo], is_microphone: bool, name: str) -> str:
    """The whole name of the one loudspeaker or microphone that is called ``name``, or has it in its name.

    Raises DeviceError where there is none, or more than one.
    """
    chosen = _choose([_Found(info, None) for info in found], is_microphone, name)
    assert chosen is not None
    return chosen.info.name


def _choose(found: list[_Found], is_microphone: bool, name: str | None, strict: bool = True) -> _Found | None:
    """The device of that name, or the system's default; None where there is none at all and none was named.

    Unless ``strict``, the default takes the place of one that is not there.
    """
    kind = "microphone" if is_microphone else "loudspeaker"
    candidates = [each for each in found if each.info.is_microphone == is_microphone]
    if not strict and all(each.info.name != name for each in candidates):
        name = None
    if name is None:
        if not candidates:
            return None
        unnamed = DeviceInfo(f"the default {kind}", is_microphone, True)
        return _Found(next((each.info for each in candidates if each.info.is_default), unnamed), None)
    exact = [each for each in candidates if each.info.name == name]
    partial = [each for each in candidates if name.lower() in each.info.name.lower()]
    matching = exact or partial
    if len(matching) == 1 or (matching and not strict):
        return matching[0]
    names = ", ".join(each.info.name for each in (matching or candidates)) or "none"
    problem = f"More than one {kind} is called" if matching else f"There is no {kind} called"
    raise DeviceError(f"{problem} {name}. There are: {names}")
