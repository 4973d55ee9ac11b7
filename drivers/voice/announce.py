"""The announcement of a call as one WAV file, cached by what is said."""

from __future__ import annotations

import array
import functools
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.errors import VoiceUnavailable
from drivers.voice import wave_file
from drivers.voice.bank import bank_for
from drivers.voice.phrase import COMMA, phrase
from drivers.wording import CONFIG, Wording, load_wording

BETWEEN_S: Final = 1.0  # between two announcements of the same call
KEPT: Final = 2000  # files in the cache; the oldest go


def render_call(
    number: str,
    window_number: str,
    lang: str,
    data_dir: Path | str,
    *,
    repeat: int = 1,
    chime: bool = True,
    digit_one: str | None = None,
    config_dir: Path = CONFIG,
) -> Path:
    """The WAV that calls `number` to window `window_number`. May be called from several threads.

    repeat: how often it is said, 1..3. digit_one: "yi" or "yao", instead of what config/voice says.
    The first call of a language makes its clips (about a second); later ones take milliseconds.
    Raises VoiceUnavailable without clips and without a speech program, SpecError for a wrong config/voice
    file.
    """
    data_dir = Path(data_dir)
    wording = _wording(lang, config_dir, digit_one)
    tokens = phrase(number, window_number, wording)
    bank = bank_for(wording, data_dir)
    times = max(1, min(3, repeat))
    made_at = max((_changed(bank / f"{token}.wav") for token in tokens if token != COMMA), default=0)
    said = f"{bank.name}|{made_at}|{'/'.join(tokens)}|{times}|{chime}"
    out = data_dir / "voice" / "calls" / f"{lang}-{hashlib.sha256(said.encode()).hexdigest()[:24]}.wav"
    if not out.is_file():
        render(tokens, bank, out, repeat=times, chime=chime, comma_s=wording.comma_s, gap_s=wording.gap_s)
        _forget_oldest(out.parent)
    return out


def render(
    tokens: list[str],
    bank: Path,
    out_path: Path,
    *,
    repeat: int = 1,
    chime: bool = False,
    comma_s: float = 0.25,
    gap_s: float = 0.04,
) -> float:
    """Join clips into one file; returns its seconds.

    Raises VoiceUnavailable: no such clip, or clips of two rates.
    """
    rates: set[int] = set()
    once: array.array[int] = array.array("h")
    clips = [token for token in tokens if token != COMMA]
    for clip in clips:
        rates.add(_read(bank / f"{clip}.wav")[0])
    if len(rates) != 1:
        raise VoiceUnavailable(f"{bank}: {len(rates)} sampling rates in one sentence")
    (rate,) = rates
    for token in tokens:
        once += wave_file.silence(rate, comma_s) if token == COMMA else _read(bank / f"{token}.wav")[1]
        once += wave_file.silence(rate, gap_s)
    whole: array.array[int] = array.array("h")
    for turn in range(repeat):
        if turn:
            whole += wave_file.silence(rate, BETWEEN_S)
        elif chime:
            whole += wave_file.chime(rate)
        whole += once
    return wave_file.write(out_path, rate, whole)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path) -> tuple[int, array.array[int]]:
    return _clip(path, _changed(path))


@functools.lru_cache(maxsize=512)
def _clip(path: Path, _changed_at: int) -> tuple[int, array.array[int]]:
    return wave_file.read(path)


@functools.lru_cache(maxsize=16)
def _wording(lang: str, config_dir: Path, digit_one: str | None) -> Wording:
    if not lang.isascii() or not lang.replace("-", "").isalpha():
        raise VoiceUnavailable(f"no language {lang!r}")
    wording = load_wording(lang, config_dir)
    if digit_one in ("yi", "yao"):
        wording = replace(wording, digit_one="yao" if digit_one == "yao" else "yi")
    return wording


def _forget_oldest(folder: Path) -> None:
    files = list(folder.glob("*.wav"))
    if len(files) > KEPT:
        for file in sorted(files, key=lambda one: one.stat().st_mtime)[: len(files) - KEPT]:
            file.unlink(missing_ok=True)
