"""Windows' and macOS' speech for pyttsx3's own drivers, on any system: what they were seen and documented to do.

Each stand-in is a program that puts these modules in the place of the system's and then runs voicecoach's process for
pyttsx3, whose driver for that system runs unchanged. They object to what the real ones object to: another thread, a
loop in a loop, a file that nobody closes.

SAPI 5 (Microsoft's reference of SpVoice, SpFileStream and SpeechVoiceSpeakFlags; pyttsx3 2.99 ``drivers/sapi5.py``):
a stream opened for writing makes a WAV of 22,050 Hz, 16 bit, mono, whole once it is closed; ``Speak`` without flags
returns when all is written; events come in the apartment's own thread, from its message queue, or while a call waits.

NSSpeechSynthesizer (Apple's reference; ``drivers/nsss.py``): ``startSpeakingString:toURL:`` returns at once and writes
AIFF whatever the name's ending is, 16 bit big-endian; the delegate is told at the end, by the run loop of the thread
that made it; ``stopSpeaking`` leaves the file as short as it is.
"""

from __future__ import annotations

import sys
import textwrap

SPEECH = """
import struct, sys, threading, types, wave
MAIN = threading.main_thread()

def module(name, **contents):
    made = types.ModuleType(name)
    made.__dict__.update(contents)
    sys.modules[name] = made
    return made

def frames(text, share=1.0):
    count = int(2205 * len(text) * share) // 2
    return [8000 if i // 50 % 2 else -8000 for i in range(count)]
"""

SAPI = """
EVENTS = []
DELIVERED = {delivered!r}

class COMError(Exception): pass

class Apartment:
    def __init__(self):
        object.__setattr__(self, "_thread", threading.current_thread())
    def __getattribute__(self, name):
        if object.__getattribute__(self, "_thread") is not threading.current_thread():
            raise COMError(-2147417842, "RPC_E_WRONG_THREAD")
        return object.__getattribute__(self, name)

class Token:
    def __init__(self, number, name, **attributes):
        self.Id = "HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\Speech\\\\Voices\\\\Tokens\\\\" + number
        self.name, self.attributes = name, attributes
    def GetDescription(self):
        if self.name is None: raise COMError(-2147024894, "not found")
        return self.name
    def GetAttribute(self, name):
        if name not in self.attributes: raise COMError(-2147200966, "SPERR_NOT_FOUND")
        return self.attributes[name]

VOICES = [
    Token("TTS_MS_DE-DE_HEDDA_11.0", "Microsoft Hedda Desktop", Language="407", Gender="Female", Age="Adult"),
    Token("TTS_MS_EN-US_ZIRA_11.0", "Microsoft Zira Desktop", Language="409", Gender="Female", Age="Adult"),
    Token("MS-Anna-1033-20-DSK", "Microsoft Anna", Language="409;9", Gender="Female"),
    Token("Broken", None),
]

class FileStream(Apartment):
    def Open(self, name, mode):
        assert mode == 3, mode
        self.file = open(name, "wb")
        self.samples = []
    def close(self):
        with self.file, wave.open(self.file, "wb") as wav:
            wav.setparams((1, 2, 22050, 0, "NONE", ""))
            wav.writeframes(struct.pack("<%dh" % len(self.samples), *self.samples))

class Voice(Apartment):
    EventInterests = Rate = 0
    Volume = 100
    AudioOutputStream = "the loudspeaker"
    Voice = VOICES[0]
    def GetVoices(self): return VOICES
    def Speak(self, text, flags=0):
        assert isinstance(self.AudioOutputStream, FileStream), "nothing may sound here"
        assert flags == 0 and -10 <= self.Rate <= 10
        if "fail" in text: raise COMError(-2147200925, "SPERR_DEVICE_BUSY")
        self.AudioOutputStream.samples += frames(text)
        EVENTS.append(lambda: self.sink._ISpeechVoiceEvents_EndStream(1, 0))
        if DELIVERED == "while it speaks": deliver()

def deliver():
    while EVENTS: EVENTS.pop(0)()

def get_events(voice, sink):
    voice.sink = sink
    return object()

def create(name):
    return {{"sapi.spvoice": Voice, "sapi.spfilestream": FileStream}}[name.lower()]()

comtypes = module("comtypes", COMError=COMError)
comtypes.client = module("comtypes.client", CreateObject=create, GetEvents=get_events)
comtypes.gen = module("comtypes.gen", SpeechLib=module("comtypes.gen.SpeechLib", SSFMCreateForWrite=3))
module("pythoncom", PumpWaitingMessages=deliver)
PLATFORM = "win32"
"""

NSSS = """
TIMERS, SPEAKING, STOPPERS = [], [], []

def on_main():
    assert threading.current_thread() is MAIN, "AppKit wants the main thread"

class NSObject:
    @classmethod
    def alloc(cls):
        on_main()
        return cls.__new__(cls)
    def init(self): return self

class Synthesizer(NSObject):
    _rate, _volume, _voice = 180.0, 1.0, "com.apple.voice.compact.en-US.Samantha"
    def initWithVoice_(self, voice): return self
    def setDelegate_(self, delegate): self.delegate = delegate
    def rate(self): return self._rate
    def setRate_(self, rate): self._rate = rate
    def volume(self): return self._volume
    def setVolume_(self, volume): self._volume = volume
    def voice(self): return self._voice
    def setVoice_(self, voice):
        self._voice, self._rate = voice, 180.0
        return True
    @classmethod
    def availableVoices(cls): return ["com.apple.voice.compact.de-DE.Anna", cls._voice]
    @staticmethod
    def attributesForVoice_(name):
        return {"VoiceIdentifier": name, "VoiceName": name.split(".")[-1],
                "VoiceLocaleIdentifier": name.split(".")[-2].replace("-", "_"), "VoiceGender": "VoiceGenderFemale"}
    def startSpeakingString_toURL_(self, text, url):
        on_main()
        if SPEAKING: return False
        SPEAKING.append([self, text, url, 0])
        return True
    def stopSpeaking(self):
        on_main()
        if SPEAKING: self._write(SPEAKING.pop())
    @staticmethod
    def _write(job):
        _, text, url, tenths = job
        samples = frames(text, tenths / 10)
        data = struct.pack(">%dh" % len(samples), *samples)
        rate = struct.pack(">HQ", 16383 + 14, 22050 << 49)
        common = struct.pack(">hLh", 1, len(samples), 16) + rate
        sound = struct.pack(">LL", 0, 0) + data
        body = b"AIFFCOMM" + struct.pack(">L", len(common)) + common
        body += b"SSND" + struct.pack(">L", len(sound)) + sound
        with open(url, "wb") as file:
            file.write(b"FORM" + struct.pack(">L", len(body)) + body)

class RunLoop:
    def limitDateForMode_(self, mode): return None
    def runMode_beforeDate_(self, mode, date):
        on_main()
        if TIMERS:
            TIMERS.pop(0)()
        elif SPEAKING:
            SPEAKING[0][3] += 1
            if SPEAKING[0][3] == 10:
                job = SPEAKING.pop()
                job[0]._write(job)
                job[0].delegate.speechSynthesizer_didFinishSpeaking_(job[0], True)
        else:
            return False
        return True

class Date:
    @staticmethod
    def dateWithTimeIntervalSinceNow_(seconds): return None

class Timer:
    @staticmethod
    def scheduledTimerWithTimeInterval_target_selector_userInfo_repeats_(seconds, target, selector, info, repeats):
        TIMERS.append(lambda: getattr(target, selector.replace(":", "_"))(None))

class Stopper(NSObject):
    def init(self):
        self.shouldStop = False
        return self
    @classmethod
    def addRunLoopStopper_toRunLoop_(cls, stopper, loop):
        assert not STOPPERS, "Stopper already registered for this runLoop"
        STOPPERS.append(stopper)
    @classmethod
    def removeRunLoopStopperFromRunLoop_(cls, loop): STOPPERS.pop()
    def shouldRun(self): return not self.shouldStop
    def performStop_(self, timer): self.stop()

def stop_event_loop():
    assert STOPPERS, "no loop to stop"
    Timer.scheduledTimerWithTimeInterval_target_selector_userInfo_repeats_(0, STOPPERS[-1], "performStop:", None, False)
    return True

class Url:
    @staticmethod
    def fileURLWithPath_(path): return path

LOOP = RunLoop()
module("objc", python_method=lambda method: method, super=super)
module("AppKit", NSSpeechSynthesizer=Synthesizer)
module("Foundation", NSURL=Url, NSDate=Date, NSDefaultRunLoopMode="default", NSObject=NSObject, NSTimer=Timer,
       NSRunLoop=types.SimpleNamespace(currentRunLoop=lambda: LOOP))
helper = module("PyObjCTools.AppHelper", PyObjCAppHelperRunLoopStopper=Stopper, stopEventLoop=stop_event_loop)
module("PyObjCTools", AppHelper=helper)
PLATFORM = "darwin"
"""

RUN = """
import ctypes, importlib.metadata, locale, json, shutil, signal, os, pyttsx3
from voicecoach.voice import pyttsx3_process
sys.platform = PLATFORM
sys.argv = ["", "system", sys.argv[-1]]
pyttsx3_process.main()
"""


def windows(delivered: str) -> list[str]:
    """A command for Pyttsx3Synthesizer; events are ``delivered`` "from the queue" or "while it speaks"."""
    return [sys.executable, "-c", textwrap.dedent(SPEECH + SAPI.format(delivered=delivered) + RUN)]


def macos() -> list[str]:
    """A command for Pyttsx3Synthesizer."""
    return [sys.executable, "-c", textwrap.dedent(SPEECH + NSSS + RUN)]
