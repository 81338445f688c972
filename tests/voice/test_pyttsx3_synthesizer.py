"""pyttsx3: its voices, its pace, and what happens when its process misbehaves."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from voicecoach.errors import UsageError, VoiceError
from voicecoach.voice.pyttsx3_synthesizer import (
    DEFAULT_RATE,
    InstalledVoice,
    Pyttsx3Synthesizer,
    UnknownVoiceError,
    choose_voice,
    list_voices,
)

PROMPTS = [
    "Hold your right arm out in front of you. Keep the elbow straight. Turn the palm forward, as if to halt traffic.",
    "With your other hand, gently pull the fingers back toward your body until you feel a light stretch.",
    "Let go slowly, and rest your hand in your lap.",
    "Next comes the wrist flexion stretch, on the left side.",
    "Move slowly. You may not feel pain where you are numb, so you are more likely to hurt yourself.",
    "Make a fist. Now open your hand, and keep the thumb close to it.",
    "Bring your right ear toward your right shoulder. Keep your face forward. Come back to the middle.",
]

VOICES = [
    InstalledVoice("gmw/de", "German", ("de",)),
    InstalledVoice("gmw/en", "English (Great Britain)", ("en-gb",)),
    InstalledVoice("gmw/en-us", "English (America)", ("en-us",)),
    InstalledVoice("gmw/en-gb-scotland", "English (Scotland)", ("en-gb-scotland",)),
]


@pytest.fixture(scope="module")
def synthesizer() -> Iterator[Pyttsx3Synthesizer]:
    made = Pyttsx3Synthesizer()
    yield made
    made.close()


class TestChoice:
    def test_american_english_comes_first(self) -> None:
        assert choose_voice(VOICES, None).id == "gmw/en-us"

    def test_then_british_then_any_english_then_the_engines_own(self) -> None:
        assert choose_voice([VOICES[0], VOICES[1], VOICES[3]], None).id == "gmw/en"
        assert choose_voice([VOICES[0], VOICES[3]], None).id == "gmw/en-gb-scotland"
        french = InstalledVoice("fr", "French", ("fr",))
        assert choose_voice([VOICES[0], french], None, default="fr").id == "fr"
        assert choose_voice([VOICES[0], french], None).id == "gmw/de"

    def test_of_equals_the_engines_own_is_taken(self) -> None:
        alex, novelty = InstalledVoice("alex", "Alex", ("en-us",)), InstalledVoice("bells", "Bells", ("en-us",))
        assert choose_voice([novelty, alex], None, default="alex") is alex

    def test_the_best_that_macos_has_is_taken_and_no_joke(self) -> None:
        def voice(identifier: str, language: str = "en-us") -> InstalledVoice:
            return InstalledVoice(f"com.apple.{identifier}", identifier.rsplit(".", maxsplit=1)[-1], (language,))

        bells, fred, alex = (voice(f"speech.synthesis.voice.{name}") for name in ("Bells", "Fred", "Alex"))
        flo, samantha = voice("eloquence.en-US.Flo"), voice("voice.compact.en-US.Samantha")
        evan, zoe = voice("voice.enhanced.en-US.Evan"), voice("voice.premium.en-US.Zoe")
        anna = voice("voice.premium.de-DE.Anna", "de-de")
        everything = [anna, bells, fred, flo, samantha, evan, zoe]
        assert choose_voice(everything, None, default=samantha.id) is zoe
        assert choose_voice(everything[:-1], None, default=samantha.id) is evan
        assert choose_voice(everything[:-2], None, default=bells.id) is samantha
        assert choose_voice([bells, alex], None) is alex
        assert choose_voice([anna, bells], None) is bells

    def test_windows_natural_voices_come_first(self) -> None:
        desktop = InstalledVoice("TTS_MS_EN-US_ZIRA_11.0", "Microsoft Zira Desktop", ("en-us",))
        natural = InstalledVoice("TTS_MS_EN-GB_SONIA", "Microsoft Sonia (Natural)", ("en-gb",))
        assert choose_voice([desktop, natural], None, default=desktop.id) is natural

    @pytest.mark.parametrize(
        "wanted", ["gmw/en-gb-scotland", "GMW/EN-GB-Scotland", "en-gb-scotland", "english (scotland)"]
    )
    def test_an_id_its_end_a_name_and_a_language_are_understood(self, wanted: str) -> None:
        assert choose_voice(VOICES, wanted).id == "gmw/en-gb-scotland"

    def test_an_id_goes_before_another_voices_language(self) -> None:
        assert choose_voice([*VOICES, InstalledVoice("x/de", "gmw/de", ("gmw/de",))], "gmw/de").id == "gmw/de"

    def test_a_near_miss_is_named(self) -> None:
        with pytest.raises(UnknownVoiceError, match=r'"en-uss".*Did you mean en-us.*voicecoach voices') as caught:
            choose_voice(VOICES, "en-uss")
        assert caught.value.exit_code == 2
        assert isinstance(caught.value, VoiceError)

    def test_where_nothing_is_near_nothing_is_guessed(self) -> None:
        with pytest.raises(UnknownVoiceError) as caught:
            choose_voice(VOICES, "zzz")
        assert "Did you mean" not in str(caught.value)

    def test_no_voices_at_all(self) -> None:
        with pytest.raises(VoiceError, match="no voices"):
            choose_voice([], None)


class TestRealEngine:
    def test_the_pace_is_that_which_is_asked_for(self, synthesizer: Pyttsx3Synthesizer) -> None:
        words = sum(len(prompt.split()) for prompt in PROMPTS)
        seconds = sum(synthesizer.speak(prompt).seconds for prompt in PROMPTS)
        assert words / seconds * 60 == pytest.approx(DEFAULT_RATE, rel=0.05)

    @pytest.mark.parametrize("rate", [110, 200])
    def test_so_is_another_pace(self, rate: int) -> None:
        synthesizer = Pyttsx3Synthesizer(rate=rate)
        words = sum(len(prompt.split()) for prompt in PROMPTS)
        seconds = sum(synthesizer.speak(prompt).seconds for prompt in PROMPTS)
        synthesizer.close()
        assert words / seconds * 60 == pytest.approx(rate, rel=0.05)

    @pytest.mark.parametrize("rate", [0, -1, 94, 401])
    def test_an_absurd_pace_is_refused(self, rate: int) -> None:
        with pytest.raises(UsageError, match="95 to 400"):
            Pyttsx3Synthesizer(rate=rate)

    def test_it_speaks_english_by_default(self, synthesizer: Pyttsx3Synthesizer) -> None:
        assert synthesizer.voice.languages[0].startswith("en")

    def test_voices_sound_different_and_say_so_in_their_key(self, synthesizer: Pyttsx3Synthesizer) -> None:
        other = next(voice for voice in list_voices() if voice.id != synthesizer.voice.id)
        second = Pyttsx3Synthesizer(other.id)
        one, two = synthesizer.speak(PROMPTS[0]), second.speak(PROMPTS[0])
        second.close()
        assert second.voice == other
        assert synthesizer.key != second.key
        assert len(one) != len(two) or not np.allclose(one.samples, two.samples, atol=0.05)

    def test_an_unknown_voice_is_refused_and_no_process_is_left(self) -> None:
        with pytest.raises(UnknownVoiceError, match="voicecoach voices"):
            Pyttsx3Synthesizer("no such voice")

    def test_english_voices_are_listed_first(self) -> None:
        voices = list_voices()
        assert voices[0].languages[0].startswith("en")
        assert len({voice.id for voice in voices}) == len(voices)

    def test_nothing_is_printed(self, synthesizer: Pyttsx3Synthesizer, capfd: pytest.CaptureFixture[str]) -> None:
        synthesizer.speak("Nobody sees this.")
        assert capfd.readouterr() == ("", "")

    def test_a_long_first_sentence_is_whole(self) -> None:
        # pyttsx3's first loop does not wait for the file
        synthesizer = Pyttsx3Synthesizer(rate=300)
        first, again = (synthesizer.speak(" ".join(PROMPTS)) for _ in range(2))
        synthesizer.close()
        assert first.seconds == pytest.approx(again.seconds, abs=0.05)

    def test_two_thousand_words_are_spoken(self) -> None:
        synthesizer = Pyttsx3Synthesizer(rate=400)
        few, all_of_them = (synthesizer.speak("go on " * times).seconds for times in (100, 1000))
        synthesizer.close()
        assert all_of_them == pytest.approx(10 * few, rel=0.05)

    def test_it_starts_again_after_close(self) -> None:
        synthesizer = Pyttsx3Synthesizer()
        synthesizer.close()
        synthesizer.close()
        assert len(synthesizer.speak("Here again."))
        synthesizer.close()


def real_process(first: str) -> list[str]:
    """The real engine's process, the bundled espeak-ng in it, after some lines of preparation."""
    lines = f"""
        import os, sys
        folder = sys.argv[-1]
        {first}
        from voicecoach.voice.pyttsx3_process import main
        sys.argv = ["", "bundled", folder]
        main()
    """
    return [sys.executable, "-c", textwrap.dedent(lines)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bundled espeak-ng is for Linux")
class TestRealEngineInTrouble:
    def test_a_full_disk_is_an_error_and_no_endless_wait(self) -> None:
        # pyttsx3's loop never ends where it cannot write its file
        full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
        synthesizer = Pyttsx3Synthesizer(command=real_process(full), patience=0.05)
        with pytest.raises(VoiceError):
            synthesizer.speak("There is no room for this.")
        synthesizer.close()

    def test_an_installation_deep_in_the_file_system_speaks(self, tmp_path: Path) -> None:
        # espeak-ng ends its process where the path of its data is longer than 160 bytes
        deep = tmp_path / ("d" * 100) / ("e" * 100)
        deep.mkdir(parents=True)
        elsewhere = (
            "import espeakng_loader as loader; "
            f"os.symlink(loader.get_data_path(), {str(deep / 'espeak-ng-data')!r}); "
            f"loader.get_data_path = lambda: {str(deep / 'espeak-ng-data')!r}"
        )
        synthesizer = Pyttsx3Synthesizer(command=real_process(elsewhere))
        assert len(synthesizer.speak("Deep down."))
        synthesizer.close()

    def test_data_that_is_missing_is_an_error_that_helps(self, tmp_path: Path) -> None:
        missing = f"import espeakng_loader as loader; loader.get_data_path = lambda: {str(tmp_path)!r}"
        with pytest.raises(VoiceError, match=r"espeakng-loader.*phontab"):
            Pyttsx3Synthesizer(command=real_process(missing))

    def test_a_session_that_is_killed_leaves_nothing_behind(self, tmp_path: Path) -> None:
        script = (
            "import os; from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer\n"
            "Pyttsx3Synthesizer().speak('Hello.'); kept = Pyttsx3Synthesizer(); os.kill(os.getpid(), 9)"
        )
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == -9
        for _ in range(500):
            if not list(tmp_path.glob("voicecoach-*")):
                break
            time.sleep(0.01)
        assert not list(tmp_path.glob("voicecoach-*"))


HELLO = """
import json, os, sys
folder = sys.argv[1]
def reply(answer): print(json.dumps(answer), flush=True)
def hello(): reply({"engine": "stub", "espeak": False, "voice": "v", "voices": [["v", "Voice", ["en-us"]]]})
def requests(): return map(json.loads, sys.stdin)
def write(file, seconds=0.5, level=0.5):
    import wave, struct
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(struct.pack("<h", int(level * 32767)) * int(16000 * seconds))
"""

Stub = Callable[[str], list[str]]


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    """A program that stands in for the engine's process: what it does after the helpers of HELLO."""

    def make(body: str) -> list[str]:
        script = tmp_path / "stub.py"
        script.write_text(HELLO + textwrap.dedent(body), "utf-8")
        return [sys.executable, str(script)]

    return make


class TestMisbehavingProcess:
    def test_a_good_one_speaks(self, stub: Stub) -> None:
        command = stub("""
            hello()
            for request in requests():
                if "file" in request: write(request["file"])
                reply({})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command)
        assert synthesizer.speak("Hello.").seconds == 0.5
        synthesizer.close()

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("sys.exit(3)", "ended without an answer"),
            ("sys.stderr.write('no phontab\\n')", "no phontab"),
            ("print('what?', flush=True)", "nonsense"),
            ("reply([])", "nonsense"),
            ("reply({'engine': 'x'})", "does not say what it is"),
            ("reply({'error': 'ImportError: pyttsx3'})", "ImportError: pyttsx3"),
            ("import time; time.sleep(60)", "ended without an answer"),
        ],
        ids=["exits", "complains", "babbles", "list", "half", "says why", "hangs"],
    )
    def test_one_that_does_not_start_gives_one_message_that_helps(self, stub: Stub, body: str, reason: str) -> None:
        with pytest.raises(VoiceError, match=reason) as caught:
            Pyttsx3Synthesizer(command=stub(body), patience=0.02 if "sleep" in body else 1.0)
        assert "install" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_program_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(VoiceError, match="cannot be started"):
            Pyttsx3Synthesizer(command=[str(tmp_path / "nothing")])

    def test_one_that_dies_is_replaced_within_the_sentence(self, stub: Stub, tmp_path: Path) -> None:
        died = tmp_path / "died"
        command = stub(f"""
            hello()
            for request in requests():
                if "file" in request:
                    if not os.path.exists({str(died)!r}):
                        open({str(died)!r}, "w").close()
                        os._exit(1)
                    write(request["file"])
                reply({{}})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command)
        assert synthesizer.speak("Hello.").seconds == 0.5
        assert died.exists()
        synthesizer.close()

    def test_one_that_hangs_is_ended_and_the_sentence_named(self, stub: Stub) -> None:
        command = stub("""
            import time
            hello()
            for request in requests():
                if "file" in request: time.sleep(60)
                reply({})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command, patience=0.05)
        with pytest.raises(VoiceError, match=r'"Hello\."'):
            synthesizer.speak("Hello.")

    @pytest.mark.parametrize(
        ("act", "reason"),
        [
            ("pass", "wrote no sound"),
            ("open(request['file'], 'w').close()", "wrote no sound"),
            ("write(request['file'], seconds=0)", "only silence"),
            ("write(request['file'], level=0)", "only silence"),
        ],
        ids=["no file", "empty file", "no samples", "silence"],
    )
    def test_one_that_writes_nothing_is_found_out(self, stub: Stub, act: str, reason: str) -> None:
        command = stub(f"""
            hello()
            for request in requests():
                if "file" in request: {act}
                reply({{}})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command)
        with pytest.raises(VoiceError, match=reason):
            synthesizer.speak("Hello.")
        synthesizer.close()

    def test_an_error_in_one_sentence_leaves_the_next_alone(self, stub: Stub) -> None:
        command = stub("""
            hello()
            for request in requests():
                if request.get("text") == "Bad.":
                    reply({"error": "OSError: disk full"})
                    continue
                if "file" in request: write(request["file"])
                reply({})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command)
        with pytest.raises(VoiceError, match="disk full"):
            synthesizer.speak("Bad.")
        assert synthesizer.speak("Good.").seconds == 0.5
        synthesizer.close()

    def test_its_folder_is_private_and_goes_with_it(self, stub: Stub, tmp_path: Path) -> None:
        note = tmp_path / "folder"
        command = stub(f"""
            open({str(note)!r}, "w").write(folder)
            hello()
            for request in requests():
                if "file" in request: write(request["file"])
                reply({{}})
        """)
        synthesizer = Pyttsx3Synthesizer(command=command)
        synthesizer.speak("Hello.")
        folder = Path(note.read_text())
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0
        assert {file.name for file in folder.iterdir()} <= {"stderr.txt"}
        del synthesizer
        assert not folder.exists()


class TestVoiceForALanguage:
    def test_the_default_goes_first_if_it_speaks_the_language(self) -> None:
        austrian = InstalledVoice("x/at", "at", ("de-at",))
        german = InstalledVoice("x/de", "de", ("de-de",))
        assert choose_voice([austrian, german], None, default="x/de", language="de") is german
        assert choose_voice([german, austrian], None, default="x/de", language="de-at") is austrian
        assert choose_voice([german], None, language="de-ch") is german

    def test_no_voice_of_the_language_is_better_than_one_that_mumbles_it(self) -> None:
        with pytest.raises(VoiceError, match='No installed voice speaks the language "eo"'):
            choose_voice([voice for voice in VOICES if "eo" not in voice.languages], None, language="eo")

    def test_a_voice_that_was_asked_for_speaks_any_language(self) -> None:
        assert choose_voice(VOICES, "gmw/en-us", language="de").id == "gmw/en-us"
