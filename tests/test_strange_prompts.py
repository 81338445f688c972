"""Prompts made to disturb: what is left of them for the voice, the terminal, the journal and the doctor."""

from __future__ import annotations

import io
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from rich.console import Console

from voicecoach import doctor_page
from voicecoach.display import Display
from voicecoach.errors import RoutineError
from voicecoach.history import add_up
from voicecoach.journal import encode, read
from voicecoach.journal_report import csv_lines, report
from voicecoach.routine.loader import parse
from voicecoach.voice.plain_text import plain_text

STRANGE = {
    "SSML": ("<speak><break time='1h'/>Hold <prosody rate='x-slow'>on</prosody></speak>", "Hold on"),
    "commands of a voice": ("[[slnc 3600000]] Hold on", "Hold on"),
    "console markup": ("[bold red]Hold[/] on [link=file:///x]x[/link]", "bold red Hold / on link=file:///x x /link"),
    "right to left": ("\u05e9\u05dc \u0645\u0631", "\u05e9\u05dc \u0645\u0631"),
    "turned round": ("\u202edlot\u202c \u2066on\u2069 \u200fHold", "dlot on Hold"),
    "emoji": ("Hold \U0001f469\u200d\U0001f9bd\ufe0f on \U0001f44d\U0001f3fd", "Hold on"),
    "a page of HTML": ("</td><script>x()</script> Hold on", "x() Hold on"),
    "a formula": ("=HYPERLINK('http://x')", "=HYPERLINK('http://x')"),
}  # fmt: skip


def routine(text: str) -> str:
    quoted = text.replace("'", "''")
    return (
        f"format: 1\ntitle: '{quoted[:80]}'\napproval: not required\nexercises:\n"
        f"  - id: a\n    name: '{quoted[:80]}'\n    steps:\n      - say: '{quoted}'\n"
    )


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_prompt_is_spoken_as_words(name: str) -> None:
    text, spoken = STRANGE[name]
    step = parse(routine(text), "w.yaml").exercises[0].steps[0]
    assert plain_text(getattr(step, "say")) == spoken  # noqa: B009


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_prompt_is_shown_without_steering_the_terminal(name: str) -> None:
    text = STRANGE[name][0]
    shown = io.StringIO()
    display = Display(Console(file=shown, highlight=False, soft_wrap=True))
    display(0.0, "prompt", {"text": text, "exercise": None, "side": None, "rep": None})
    display.say(text)
    display(0.0, "trouble", {"what": text})
    for line in shown.getvalue().splitlines():
        assert line.isprintable(), line
    if name == "console markup":
        assert "[bold red]" in shown.getvalue()


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_harmless_in_the_journal_and_all_its_pages(name: str, tmp_path: Path) -> None:
    text = STRANGE[name][0]
    at, path = datetime(2026, 6, 29, 8, tzinfo=timezone.utc), tmp_path / "journal.jsonl"
    place = {"session": "s", "routine": text, "title": text, "exercise": "a", "name": text, "rep": 1}
    path.write_bytes(b"".join(encode(at, event, place) for event in ("started", "repetition", "pain")))
    history, today = add_up(read(path)), date(2026, 6, 30)
    html = doctor_page.as_html(history, today)
    assert "<script" not in html
    joiners = dict.fromkeys((0x200C, 0x200D))
    texts = (html, doctor_page.as_markdown(history, today), *report(history, today), *csv_lines(read(path)))
    for line in "\n".join(texts).splitlines():
        assert line.translate(joiners).isprintable(), line
    assert not any(cell.startswith("=") for row in csv_lines(read(path)) for cell in row.replace('"', "").split(","))


def test_ten_thousand_words_are_refused_with_their_place_and_what_may_be() -> None:
    with pytest.raises(RoutineError) as caught:
        parse(routine("word " * 10_000), "w.yaml")
    assert caught.value.problems == [
        f'w.yaml:8:9: say must be text of 1 to 600 characters, got "{("word " * 12)[:59]}…"'
    ]


@pytest.mark.parametrize("escape", ["\\e[2J", "\\0", "\\x9b", "\\ud800", "\\a"])
def test_control_characters_are_refused_also_where_an_escape_stands_for_them(escape: str) -> None:
    text = routine("x").replace("say: 'x'", f'say: "a {escape} b"')
    with pytest.raises(RoutineError, match=r"w\.yaml:8:\d+: "):
        parse(text, "w.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [echo]",
        "!!python/name:os.system x",
        "!include /etc/passwd",
        "!!binary aGVsbG8=",
        "&a [*a, *a]",
        "<<: *a",
        "[" * 5000,
        "{a: " * 5000,
    ],
)
def test_no_tag_anchor_merge_or_depth_is_obeyed(text: str) -> None:
    with pytest.raises(RoutineError):
        parse(f"format: 1\ntitle: T\napproval: not required\nabout: {text}\n", "w.yaml")
