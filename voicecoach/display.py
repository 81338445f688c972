"""What the terminal shows: one readable line for each thing that happens."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.text import Text

from voicecoach.event_log import Fields
from voicecoach.news import SOUND_BACK, SOUND_LOST
from voicecoach.screen import plain
from voicecoach.session.cues import Sound
from voicecoach.units import spoken_duration

_SOUNDS = {
    Sound.HALF_WAY.value: "half-way",
    Sound.SWITCH_SIDES.value: "switch sides",
    Sound.TROUBLE.value: "trouble",
}
"""Earcons worth a line; the others belong to something that has one."""

REASONS = {
    "completed": "Session complete.",
    "stop": "Session ended, as you asked.",
    "pain": "Session ended because of pain. Please contact your doctor before doing these exercises again.",
    "emergency": "Session ended. This can be an emergency: call your local emergency number now.",
    "refused": "Session not started.",
    "interrupt": "Session interrupted.",
    "error": "Session ended because of an error.",
}
"""What is printed last."""


class _Console(Console):
    """Goes quiet when the other end of a pipe is closed, where rich would end the program."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _let_go(self)


class Display:
    """Follows the event log and prints. One thread writes: the player's.

    Colour and width are rich's to decide: it honours NO_COLOR, TERM=dumb and pipes. A terminal that went away must not
    end a session, so a failure to write is kept in ``failure`` and nothing more is printed.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.failure: OSError | None = None
        self.console: Console = console or _Console(highlight=False, soft_wrap=True)

    def __call__(self, t: float, event: str, fields: Fields) -> None:
        """Show one event, if it is one for people."""
        line = self._line(event, fields)
        if line is not None:
            minutes, seconds = divmod(int(t), 60)
            self._print(Text.assemble((f"{minutes:02d}:{seconds:02d}  ", "dim"), line))

    def say(self, message: str, style: str = "", *, by_words: bool = False) -> None:
        """Print a line that belongs to no event; ``by_words``: one that is too long is broken between two words."""
        self._print(Text(plain(message), style=style), by_words)

    def _print(self, line: Text, by_words: bool = False) -> None:
        if self.failure is not None:
            return
        try:
            self.console.print(line, soft_wrap=not by_words)
        except OSError as fault:
            self.failure = fault
            _let_go(self.console)

    def _line(self, event: str, fields: Fields) -> Text | None:
        show = getattr(self, f"_show_{event}", None)
        line: Text | None = show(fields) if show else None
        return line

    def _show_ready(self, fields: Fields) -> Text:
        if fields["ear"]:
            return Text("Listening. Say: pause, say it again, stop, or it hurts.", style="green")
        return Text("Not listening: only the keys steer this session.", style="yellow")

    def _show_prompt(self, fields: Fields) -> Text:
        return Text.assemble((plain(fields["text"]), "bold"), (_where(fields), "dim"))

    def _show_hold_start(self, fields: Fields) -> Text:
        return Text.assemble((f"Hold {spoken_duration(fields['seconds'])}", "bold cyan"), (_where(fields), "dim"))

    def _show_hold_end(self, fields: Fields) -> Text:
        if fields["completed"]:
            return Text("Let go.", style="cyan")
        return Text(f"Hold broken off after {fields['held']:.1f} seconds.", style="yellow")

    def _show_earcon(self, fields: Fields) -> Text | None:
        name = _SOUNDS.get(fields["name"])
        return Text(f"({name})", style="dim") if name else None

    def _show_heard(self, fields: Fields) -> Text:
        doubt = "" if fields["tier"] == "firm" else " (not sure)"
        return Text(f'Heard "{fields["phrase"]}": {fields["command"]}{doubt}', style="magenta")

    def _show_state(self, fields: Fields) -> Text | None:
        shown = {
            "paused": "Paused.",
            "waiting": "Waiting for your answer: yes or no.",
            "check_in_waiting": "Waiting for your answer: say no, or what is new.",
        }
        return Text(shown[fields["to"]], style="yellow") if fields["to"] in shown else None

    def _show_trouble(self, fields: Fields) -> Text:
        return Text(f"Trouble: {plain(fields['what'])}", style="bold red")

    def _show_device_lost(self, fields: Fields) -> Text:
        return Text(SOUND_LOST.format(why=plain(fields["why"])), style="bold red")

    def _show_device_back(self, _: Fields) -> Text:
        return Text(SOUND_BACK, style="green")

    def _show_finished(self, fields: Fields) -> Text:
        return Text(REASONS[fields["reason"]], style="bold")


def _let_go(console: Console) -> None:
    """Python keeps what could not be written, and writes it again at every flush; from now on nothing minds."""
    with suppress(OSError, ValueError):  # it has no file descriptor
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, console.file.fileno())
        os.close(null)


def _where(fields: dict[str, Any]) -> str:
    parts = [fields["exercise"], fields["side"], f"repetition {fields['rep']}" if fields["rep"] else None]
    return "".join(f"  {part}" for part in parts if part)
