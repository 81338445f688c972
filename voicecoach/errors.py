"""One tree of errors: whose fault it is, and what to do about it.

Every message is a whole sentence for the user; nothing below :mod:`voicecoach.cli` prints or exits.
Imports nothing of ours.
"""

from __future__ import annotations


class VoicecoachError(Exception):
    """Base of everything this program raises on purpose; ``exit_code`` is what the process returns."""

    exit_code = 1


class UsageError(VoicecoachError):
    """The command line asked for something impossible. The caller's to mend; exit code 2."""

    exit_code = 2


class WrittenError(VoicecoachError):
    """Something that a person wrote for the program is wrong. Its writer's to mend; exit code 2.

    ``problems`` holds one ``file:line:column: message`` line for each fault, in file order.
    """

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class RoutineError(WrittenError):
    """A routine file is wrong."""


class ConfigurationError(WrittenError):
    """A value in the configuration file or in the environment is wrong, or none that there is."""


class LanguageError(WrittenError):
    """The data of a language is wrong or not complete, or there is none."""


class RefusedError(VoicecoachError):
    """The session may not start (no approval, nobody could stop it). Exit code 12."""

    exit_code = 12


class VoiceError(VoicecoachError):
    """No voice could speak; the message says what to install."""


class DeviceError(VoicecoachError):
    """A loudspeaker or microphone is missing or failed."""


class EarError(VoicecoachError):
    """A recogniser is missing its package or model, or failed; the message says how to get it."""


class SetupError(VoicecoachError):
    """What an engine needs could not be fetched or unpacked; the message says how to go on."""


class RecordingError(VoicecoachError):
    """A sound file cannot be read or written. Exit code 2. The message is text, whatever bytes the file's name has."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(message.encode("utf-8", "backslashreplace").decode("utf-8"))


class JournalError(VoicecoachError):
    """The journal cannot be read, written or deleted; the message names the file."""
