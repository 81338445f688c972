import os
from pathlib import Path

import pytest

from voicecoach.routine.yaml_document import DEEPEST, LARGEST, Spot, YamlError, compose, decode, read_text


def faults(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(YamlError) as caught:
        compose(text)
    return [(fault.spot.line, fault.spot.column, fault.text) for fault in caught.value.faults]


def test_every_node_has_a_place() -> None:
    document = compose("title: Wrists\nsteps:\n  - hold: 15 s\n  - say: 'Let go'\n")
    assert document.data == {"title": "Wrists", "steps": [{"hold": "15 s"}, {"say": "Let go"}]}
    assert document.keys[("steps", 1, "say")] == Spot(4, 5)
    assert document.values[("steps", 1, "say")] == Spot(4, 10)
    assert document.spot(("steps", 1)) == Spot(4, 5)
    assert document.spot(("steps", 1, "missing")) == Spot(4, 5)


def test_scalars_stay_as_they_were_written() -> None:
    text = "a: no\nb: 1:30\nc: 012\nd: 2024-01-01\ne: .inf\nf: 1_000\ng: true\nh:\ni: ~\nj: ''\nk: 'null'\n"
    assert compose(text).data == {
        "a": "no", "b": "1:30", "c": "012", "d": "2024-01-01", "e": ".inf", "f": "1_000", "g": "true",
        "h": None, "i": None, "j": "", "k": "null",
    }  # fmt: skip


def test_a_field_given_twice_keeps_the_first_and_reading_goes_on() -> None:
    document = compose("a: 1\na: {b: 2}\nc: 3\n")
    assert document.data == {"a": "1", "c": "3"}
    assert [(fault.spot, fault.text) for fault in document.faults] == [
        (Spot(2, 1), '"a" is given twice here; the first is on line 1')
    ]


def test_an_alias_bomb_is_refused_at_its_first_anchor_and_never_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert faults(bomb) == [(1, 4, '"&a": anchors are not allowed; write the text out')]


def test_nesting_ends_at_the_limit_wherever_it_comes_from() -> None:
    assert faults("[" * 5000)[0][:2] == (1, DEEPEST + 1)
    assert faults("- " * 5000)[0][:2] == (1, 2 * DEEPEST + 1)
    assert compose("[" * DEEPEST + "]" * DEEPEST).data is not None


def test_a_large_text_is_refused_before_it_is_scanned() -> None:
    assert faults("[" * (LARGEST + 1)) == [(1, 1, f"the text is too large for a routine: at most {LARGEST // 1024} KB")]


def test_a_large_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as opened:
        opened.truncate(10 * 1024 * 1024)  # Sparse: were it read, it would be reported as binary.
    with pytest.raises(YamlError, match="too large for a routine: 10,240 KB, at most 64 KB"):
        read_text(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(YamlError, match="this is not a file"):
        read_text(tmp_path / "pipe.yaml")


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"title: caf\xe9\n", 1, 11, "byte 0xe9 at offset 10 is not UTF-8; save the file as UTF-8"),
        (b"a: \xc3\xa9\nb: \xff", 2, 4, "byte 0xff at offset 9 is not UTF-8; save the file as UTF-8"),
        (b"a: \xed\xa0\x80", 1, 4, "byte 0xed at offset 3 is not UTF-8; save the file as UTF-8"),
        ("title: x".encode("utf-16"), 1, 1, "the file is UTF-16; save it as UTF-8"),
        (b"RIFF\x24\x00WAVE", 1, 6, "the file is binary, not text"),
    ],
)
def test_what_is_not_utf8_is_told_with_its_place(data: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        decode(data)
    assert [(fault.spot, fault.text) for fault in caught.value.faults] == [(Spot(line, column), message)]


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    document = compose(decode(b"\xef\xbb\xbfformat: 1\r\ntitle: x\r\n"))
    assert document.data == {"format": "1", "title": "x"}
    assert document.keys[("title",)] == Spot(2, 1)


def test_every_tab_is_told_up_to_a_limit() -> None:
    assert [fault[:2] for fault in faults("a:\n\tb: 1\n  \tc: 2\n")] == [(2, 1), (3, 3)]
    assert len(faults("a:\n" + "\tb: 1\n" * 500)) == 20


def test_a_tab_inside_a_text_is_told_unless_it_is_quoted() -> None:
    assert compose("a: 'x\ty'\n").data == {"a": "x\ty"}
    assert faults("a: x\ty\n") == [(1, 5, "a tab stands here; use spaces, or put the text in quotes")]
