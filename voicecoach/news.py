"""The latest of what was said, heard and gone wrong: the event log, as far as a screen shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicecoach.event_log import Fields
from voicecoach.session.commands import Command

SOUND_LOST = "{why} Paused; trying to get the sound back."
SOUND_BACK = "Sound is back. Say continue when you are ready."


@dataclass(frozen=True, slots=True)
class News:
    """Times are seconds of the stream; -1 where it never happened."""

    said: str = ""
    is_speaking: bool = False
    heard: str = ""
    heard_at: float = -1.0
    is_sure: bool = True
    """Whether what was heard last was acted on, not only suspected."""
    trouble: str = ""
    trouble_at: float = -1.0
    helped_at: float = -1.0
    """When the keys were asked for."""
    is_emergency: bool = False
    """A warning sign was told, so the safety talk is the graver one."""

    def after(self, t: float, event: str, fields: Fields) -> News:
        """The same, once that has happened too."""
        if event == "prompt":
            return replace(self, said=fields["text"], is_speaking=True)
        if event == "prompt_end":
            return replace(self, is_speaking=False)
        if event == "heard":
            return self._after_heard(t, fields)
        if event == "trouble":
            return replace(self, trouble=fields["what"], trouble_at=t)
        if event == "device_lost":
            return replace(self, trouble=SOUND_LOST.format(why=fields["why"]), trouble_at=t)
        if event == "device_back":
            return replace(self, trouble=SOUND_BACK, trouble_at=t)
        return self

    def _after_heard(self, t: float, fields: Fields) -> News:
        is_sure, command = fields["tier"] == "firm", fields["command"]
        return replace(
            self,
            heard=describe(fields),
            heard_at=t,
            is_sure=is_sure,
            helped_at=t if is_sure and command == Command.HELP.value else -1.0,
            is_emergency=self.is_emergency or (is_sure and command == Command.EMERGENCY.value),
        )


def describe(heard: Fields) -> str:
    """What was heard, or which key was pressed, and what it was taken for."""
    phrase, command = heard["phrase"], heard["command"].replace("_", " ")
    if phrase.startswith("[") and phrase.endswith("]"):
        return f"Key {phrase[1:-1]}: {command}"
    meant = "" if phrase == command else f": {command}"
    return f"Heard “{phrase}”{meant}" + ("" if heard["tier"] == "firm" else " (not sure)")
