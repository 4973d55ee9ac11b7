"""What is said, in which order, and that it becomes one sound file."""

from __future__ import annotations

import wave
from dataclasses import replace

import pytest

from drivers.errors import SpecError, VoiceUnavailable
from drivers.voice import announce, bank, wave_file
from drivers.voice.announce import Manner, announce_call, clip_file, render_call
from drivers.voice.phrase import chinese_number, english_number, phrase
from drivers.wording import load_wording

ZH, EN = load_wording("zh"), load_wording("en")


@pytest.mark.parametrize(
    ("number", "window", "said"),
    [
        ("A001", "3", "please A 0 0 1 hao , to 3 window"),
        ("B112", "12", "please B 1 1 2 hao , to ten 2 window"),
        ("a-0 1", "20", "please A 0 1 hao , to 2 ten window"),
        ("C010", "A3", "please C 0 1 0 hao , to A 3 window"),
    ],
)
def test_chinese(number, window, said):
    assert " ".join(phrase(number, window, ZH)) == said


def test_yao_is_for_tickets_only():
    assert (
        " ".join(phrase("A101", "1", replace(ZH, digit_one="yao"))) == "please A yao 0 yao hao , to 1 window"
    )


def test_english():
    assert " ".join(phrase("A012", "12", EN)) == "number A 0 1 2 , please_go_to_window 12"
    assert english_number(45) == ["40", "5"]
    assert english_number(123) == ["1", "2", "3"]


def test_a_window_with_a_name_is_called_by_it_in_each_language():
    assert phrase("A012", "贵宾", ZH, "贵宾")[-2:] == ["=贵宾", "window"]
    assert phrase("A012", "综1", EN, "General services 1")[-1] == "=General services 1"
    assert phrase("A012", "A3", EN, "not needed")[-2:] == ["A", "3"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (9, "9"),
        (10, "ten"),
        (11, "ten 1"),
        (20, "2 ten"),
        (99, "9 ten 9"),
        (100, "1 hundred"),
        (101, "1 hundred 0 1"),
        (110, "1 hundred 1 ten"),
        (999, "9 hundred 9 ten 9"),
    ],
)
def test_chinese_numbers(value, said):
    assert " ".join(chinese_number(value)) == said


@pytest.mark.parametrize("wording", [ZH, EN])
def test_every_sentence_has_its_clips(wording):
    clips = {*bank.all_clips(wording), ","}
    for window in range(1, 130):
        assert set(phrase(f"Z{window * 7:03}", str(window), wording)) <= clips


@pytest.fixture
def recorded(tmp_path):
    """A hall that recorded its own clips."""
    for wording in (ZH, EN):
        for clip in bank.all_clips(wording):
            file = tmp_path / "voice" / "clips" / wording.lang / f"{clip}.wav"
            wave_file.write(file, 8000, wave_file.chime(8000)[:800])
    return tmp_path


def seconds(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getnframes() / file.getframerate()


def test_own_recordings_are_joined_and_cached(recorded):
    first = render_call("A001", "3", "zh", recorded, chime=False)
    clips, gaps = 9 * 0.1, 10 * ZH.gap_s
    assert seconds(first) == pytest.approx(clips + gaps + ZH.comma_s, abs=0.02)
    stamp = first.stat().st_mtime_ns
    assert render_call("A001", "3", "zh", recorded, chime=False) == first
    assert first.stat().st_mtime_ns == stamp
    twice = render_call("A001", "3", "zh", recorded, repeat=2)
    assert seconds(twice) == pytest.approx(2 * seconds(first) + 1.0 + 0.9, abs=0.02)


def test_a_new_recording_is_heard(recorded):
    first = render_call("A001", "3", "zh", recorded)
    wave_file.write(recorded / "voice" / "clips" / "zh" / "to.wav", 8000, wave_file.chime(8000))
    assert seconds(render_call("A001", "3", "zh", recorded)) > seconds(first)


def test_clips_of_two_rates_are_brought_to_one(recorded):
    folder = recorded / "voice" / "clips" / "zh"
    before = seconds(render_call("A001", "3", "zh", recorded))
    wave_file.write(folder / "to.wav", 16000, wave_file.chime(16000)[:3200])
    after = render_call("A001", "3", "zh", recorded)
    assert seconds(after) == pytest.approx(before + 0.1, abs=0.01)
    assert wave_file.read(after)[0] == 8000


def test_without_any_speech_program(tmp_path, monkeypatch):
    monkeypatch.setattr(bank, "_by_library", lambda *_: False)
    monkeypatch.setattr(bank.shutil, "which", lambda _: None)
    with pytest.raises(VoiceUnavailable, match="no espeak-ng"):
        render_call("A001", "3", "zh", tmp_path)
    with pytest.raises(VoiceUnavailable, match="a moment ago"):
        render_call("A001", "3", "zh", tmp_path)


@pytest.mark.parametrize("lang", ["../zh", "xx", ""])
def test_a_language_that_is_not_there(tmp_path, lang):
    with pytest.raises((SpecError, VoiceUnavailable)):
        render_call("A001", "3", lang, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "sentence = 7",
        'sentence = ["a"]',
        'sentence = ["a"]\nspeeed = 1\n[clips]\na = "a"',
        "clips = 3",
        "sentence =",
        'sentence = ["a"]\nwindow = "x"\n[clips]\na = "a"',
    ],
)
def test_a_wrong_voice_file_is_said(tmp_path, text):
    (tmp_path / "zz.toml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_wording("zz", tmp_path)
    assert "zz.toml" in str(caught.value)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_speech_library_makes_a_bank(tmp_path, lang):
    pytest.importorskip("espeakng_loader")
    path = render_call("A001", "12", lang, tmp_path, repeat=2)
    assert 6 < seconds(path) < 20
    rate, samples = wave_file.read(path)
    assert max(samples) > 4000
    assert announce.render_call("A001", "12", lang, tmp_path, repeat=2) == path


def test_the_program_makes_a_bank(tmp_path):
    if not bank.shutil.which("espeak-ng"):
        pytest.skip("no espeak-ng program on this machine")
    clips = ["please", "hao", "A", "1"]
    assert bank._by_program(ZH, clips, tmp_path)
    assert all(seconds(tmp_path / f"{clip}.wav") > 0.1 for clip in clips)


def test_a_call_never_leaves_its_window_out(recorded):
    """A language that has no word for the window is left out while another calls; none alone."""
    called = {"en": "VIP room"}
    zh, both, plain = (
        announce_call("A001", "贵宾", Manner(langs, 1, False, called=names), recorded)
        for langs, names in ((("zh",), {}), (("zh", "en"), called), (("zh", "en"), {}))
    )
    assert seconds(zh) == seconds(plain) > seconds(render_call("A001", "3", "zh", recorded, chime=False))
    assert seconds(both) > seconds(zh) + 1.0
    with pytest.raises(VoiceUnavailable, match="no word for window"):
        announce_call("A001", "贵宾", Manner(("en",)), recorded)
    room, hall = (
        announce_call("A001", "贵宾", Manner(("en",), 1, False, called={"en": name}), recorded)
        for name in ("VIP room", "The very large hall of receptions")
    )
    assert seconds(hall) > seconds(room) + 0.5


def test_a_file_that_is_no_clip(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(VoiceUnavailable):
        wave_file.read(tmp_path / "a.wav")


def test_a_word_before_the_numbers_of_a_class():
    collect = replace(ZH, prefix={"P": "collect"})
    assert " ".join(phrase("P012", "3", collect)) == "please collect P 0 1 2 hao , to 3 window"
    assert " ".join(phrase("A012", "3", collect)) == "please A 0 1 2 hao , to 3 window"


def test_two_languages_with_recordings_of_different_rates(recorded):
    folder = recorded / "voice" / "clips" / "en"
    for clip in bank.all_clips(EN):
        wave_file.write(folder / f"{clip}.wav", 16000, wave_file.chime(16000)[:1600])
    both = announce_call("A001", "3", Manner(("zh", "en"), repeat=1, chime=False), recorded)
    zh = announce_call("A001", "3", Manner(("zh",), repeat=1, chime=False), recorded)
    en = announce_call("A001", "3", Manner(("en",), repeat=1, chime=False), recorded)
    assert seconds(both) == pytest.approx(seconds(zh) + seconds(en) + 0.6, abs=0.02)
    assert clip_file("please", "zh", recorded).parent.name == "zh"


def test_resampled_sound_lasts_as_long():
    tone = wave_file.chime(8000)
    again = wave_file.resample(tone, 8000, 22050)
    assert len(again) / 22050 == pytest.approx(len(tone) / 8000, abs=0.001)
    assert max(again) == pytest.approx(max(tone), rel=0.05)
    assert wave_file.resample(tone, 8000, 8000) is tone
