"""The announcement of a call as one WAV file, cached by what is said."""

from __future__ import annotations

import array
import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from drivers.errors import VoiceUnavailable
from drivers.voice import wave_file
from drivers.voice.bank import all_clips, bank_for, own_clips, recorded, spoken_bank, spoken_words
from drivers.voice.phrase import COMMA, FREE, has_name, phrase
from drivers.wording import CONFIG, Wording, load_wording

BETWEEN_S: Final = 1.0  # between two announcements of the same call
LANGUAGE_S: Final = 0.6  # between two languages
KEPT: Final = 2000  # files in the cache; the oldest go


@dataclass(frozen=True)
class Manner:
    """How calls are said in this hall. langs: phrase files, one after another. repeat: how often all of
    it is said,
    1..3. digit_one: "yi" or "yao" instead of what a phrase file says. mixed: recordings where there are
    any, speech for the rest: to hear how far a recording has come. called: language -> what the window is
    called there, for one whose number is no number; Chinese says what stands over the window."""

    langs: tuple[str, ...] = ("zh",)
    repeat: int = 2
    chime: bool = True
    digit_one: str | None = None
    mixed: bool = False
    called: Mapping[str, str] = field(default_factory=dict)


def announce_call(
    number: str, window_number: str, manner: Manner, data_dir: Path | str, *, config_dir: Path = CONFIG
) -> Path:
    """The WAV that calls `number` to window `window_number`. May be called from several threads.

    The first call of a language makes its clips (about a second); later ones take milliseconds. A
    language that cannot be spoken here, or has no word for the window, is left out while another can. Raises
    VoiceUnavailable without any, SpecError for a wrong config/voice file.
    """
    data_dir = Path(data_dir)
    sentences, trouble = [], VoiceUnavailable("no language")
    for lang in manner.langs:
        wording = _wording(lang, config_dir, manner.digit_one)
        try:
            name = _called(window_number, lang, wording, manner)
            tokens = phrase(number, window_number, wording, name)
            sentences.append((wording, tokens, _clips(wording, data_dir, manner.mixed, tokens)))
        except VoiceUnavailable as error:
            trouble = error
    if not sentences:
        raise trouble
    times = max(1, min(3, manner.repeat))
    said = [f"{times}|{manner.chime}"]
    for wording, tokens, find in sentences:
        made_at = max((_changed(find(token)) for token in tokens if token != COMMA), default=0)
        said.append(
            f"{find(tokens[0]).parent}|{made_at}|{'/'.join(tokens)}|{wording.comma_s}|{wording.gap_s}"
        )
    mark = hashlib.sha256("||".join(said).encode()).hexdigest()[:24]
    out = data_dir / "voice" / "calls" / f"{'-'.join(manner.langs)}-{mark}.wav"
    if not out.is_file():
        rate, once = 0, array.array("h")
        for wording, tokens, find in sentences:
            own, samples = join(tokens, find, wording.comma_s, wording.gap_s)
            rate = rate or own
            once += wave_file.silence(rate, LANGUAGE_S) if once else array.array("h")
            once += wave_file.resample(samples, own, rate)
        _write(out, rate, once, times, manner.chime)
        _forget_oldest(out.parent)
    return out


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
    """`announce_call` in one language."""
    manner = Manner((lang,), repeat, chime, digit_one)
    return announce_call(number, window_number, manner, data_dir, config_dir=config_dir)


def clip_file(clip: str, lang: str, data_dir: Path, *, config_dir: Path = CONFIG) -> Path:
    """The recording of one clip, or the spoken one where there is none. Raises VoiceUnavailable,
    SpecError."""
    return clip_files((clip,), lang, data_dir, config_dir=config_dir)[clip]


def clip_files(
    clips: Iterable[str], lang: str, data_dir: Path, *, config_dir: Path = CONFIG
) -> dict[str, Path]:
    """The same for several at once: the folder is looked through once."""
    find = _known(_wording(lang, config_dir, None), data_dir, mixed=True)
    return {clip: find(clip) for clip in clips}


def _called(window: str, lang: str, wording: Wording, manner: Manner) -> str:
    """The window's name in this language, "" for one that has a number. Raises VoiceUnavailable: it has none
    here, and a call without its window would send people astray."""
    if not has_name(window):
        return ""
    name = window if wording.window == "chinese" else manner.called.get(lang.partition("-")[0], "")
    if not name:
        raise VoiceUnavailable(f"no word for window {window!r} in {lang}")
    return name


def _clips(wording: Wording, data_dir: Path, mixed: bool, tokens: Sequence[str]) -> Callable[[str], Path]:
    """Where each clip's file is; words that are no clip are spoken now."""
    free = {one: spoken_words(wording, one[len(FREE) :], data_dir) for one in tokens if one.startswith(FREE)}
    known = _known(wording, data_dir, mixed)
    return lambda clip: free.get(clip) or known(clip)


def _known(wording: Wording, data_dir: Path, mixed: bool) -> Callable[[str], Path]:
    own = own_clips(wording.lang, data_dir)
    if not mixed:
        bank = bank_for(wording, data_dir)
        return lambda clip: bank / f"{clip}.wav"
    have = set(recorded(wording, data_dir))
    spoken = own if have >= set(all_clips(wording)) else spoken_bank(wording, data_dir)
    return lambda clip: (own if clip in have else spoken) / f"{clip}.wav"


def join(
    tokens: list[str], find: Callable[[str], Path], comma_s: float = 0.25, gap_s: float = 0.04
) -> tuple[int, array.array[int]]:
    """Clips one after another: (samples per second, samples). Raises VoiceUnavailable: no such clip."""
    clips = {token: _read(find(token)) for token in tokens if token != COMMA}
    if not clips:
        raise VoiceUnavailable("nothing to say")
    rate = next(iter(clips.values()))[0]
    once: array.array[int] = array.array("h")
    for token in tokens:
        if token == COMMA:
            once += wave_file.silence(rate, comma_s)
        else:
            own, samples = clips[token]
            once += wave_file.resample(samples, own, rate)
        once += wave_file.silence(rate, gap_s)
    return rate, once


def _write(out: Path, rate: int, once: array.array[int], repeat: int, chime: bool) -> float:
    whole: array.array[int] = array.array("h")
    for turn in range(repeat):
        if turn:
            whole += wave_file.silence(rate, BETWEEN_S)
        elif chime:
            whole += wave_file.chime(rate)
        whole += once
    return wave_file.write(out, rate, whole)


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
