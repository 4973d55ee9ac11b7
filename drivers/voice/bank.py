"""The clip bank: the hall's own recordings first, spoken clips for the rest, made once.

Recordings: DATA/voice/clips/<lang>/<clip>.wav, 16-bit mono, all at one rate; names as in
config/voice/<lang>.toml, plus 0-9, A-Z. If some are missing, none is used, for two voices in one sentence
are worse than one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from string import ascii_uppercase, digits
from typing import Final

from drivers.errors import VoiceUnavailable
from drivers.line.clock import Clock
from drivers.voice import wave_file
from drivers.wording import Wording

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PATIENCE_S: Final = 60.0
AGAIN_S: Final = 60.0  # after a failure: a hall without speech must not pay for it at every call
_making = threading.Lock()
_failed_at: dict[Path, float] = {}


def bank_for(wording: Wording, data_dir: Path) -> Path:
    """A folder with every clip of this wording: the recordings when they are complete, else spoken ones,
    made when needed. Raises VoiceUnavailable."""
    own = own_clips(wording.lang, data_dir)
    if recorded(wording, data_dir) == all_clips(wording):
        return own
    return spoken_bank(wording, data_dir)


def spoken_bank(wording: Wording, data_dir: Path) -> Path:
    """A folder with every clip as a speech program says it, made when needed. Raises VoiceUnavailable."""
    bank = _place(wording, data_dir)
    _make(wording, all_clips(wording), bank)
    return bank


def _place(wording: Wording, data_dir: Path) -> Path:
    said = json.dumps(asdict(wording), ensure_ascii=False, sort_keys=True).encode()
    return data_dir / "voice" / f"bank-{wording.lang}-{hashlib.sha256(said).hexdigest()[:12]}"


def _make(wording: Wording, wanted: Iterable[str], bank: Path) -> None:
    with _making:
        missing = [clip for clip in wanted if not (bank / f"{clip}.wav").is_file()]
        if missing:
            now = Clock().now()
            if now - _failed_at.get(bank, -AGAIN_S) < AGAIN_S:
                raise VoiceUnavailable("no speech; tried a moment ago")
            bank.mkdir(parents=True, exist_ok=True)
            _failed_at[bank] = now
            _speak(wording, missing, bank)
            del _failed_at[bank]


def spoken_words(wording: Wording, words: str, data_dir: Path) -> Path:
    """The file of words that no clip says, made when needed. Raises VoiceUnavailable."""
    clip = f"words-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    bank = _place(wording, data_dir)
    _make(replace(wording, clips={clip: words}), [clip], bank)
    return bank / f"{clip}.wav"


def recorded(wording: Wording, data_dir: Path) -> list[str]:
    """The clips that the hall has recorded itself."""
    own = own_clips(wording.lang, data_dir)
    return [clip for clip in all_clips(wording) if (own / f"{clip}.wav").is_file()]


def own_clips(lang: str, data_dir: Path) -> Path:
    """The folder of the hall's own recordings."""
    return data_dir / "voice" / "clips" / lang


def all_clips(wording: Wording) -> list[str]:
    """Every clip a sentence can need."""
    return sorted({*wording.clips, *digits, *ascii_uppercase})


def _speak(wording: Wording, clips: Iterable[str], bank: Path) -> None:
    clips = list(clips)
    if not _by_library(wording, clips, bank) and not _by_program(wording, clips, bank):
        raise VoiceUnavailable("no clips, no eSpeak NG library (espeakng-loader) and no espeak-ng program")


def _is_letter(clip: str) -> bool:
    return len(clip) == 1 and clip in ascii_uppercase


def _by_library(wording: Wording, clips: list[str], bank: Path) -> bool:
    rows = [
        {
            "text": wording.clips.get(clip, clip),
            "voice": wording.letters_voice if _is_letter(clip) else wording.voice,
            "speed": wording.letters_speed or wording.speed if _is_letter(clip) else wording.speed,
            "out": str(bank / f"{clip}.wav"),
        }
        for clip in clips
    ]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "drivers.voice.espeak"],
            input=json.dumps(rows),
            text=True,
            env=env,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and _whole(clips, bank)


def _by_program(wording: Wording, clips: list[str], bank: Path) -> bool:
    program = shutil.which("espeak-ng")
    if program is None:
        return False
    for clip in clips:
        pinyin = (wording.pinyin or {}).get(clip)
        text = pinyin or wording.clips.get(clip, clip)
        voice = (
            wording.letters_voice if _is_letter(clip) else wording.plain_voice if pinyin else wording.voice
        )
        raw = bank / f".{clip}.raw.wav"
        try:
            subprocess.run(
                [program, "-v", voice, "-s", str(wording.speed), "-w", str(raw), "--", text],
                capture_output=True,
                timeout=PATIENCE_S,
                check=True,
            )
            rate, samples = wave_file.read(raw)
        except (OSError, subprocess.SubprocessError, VoiceUnavailable):
            return False
        finally:
            raw.unlink(missing_ok=True)
        wave_file.write(bank / f"{clip}.wav", rate, wave_file.trim(rate, samples))
    return _whole(clips, bank)


def _whole(clips: list[str], bank: Path) -> bool:
    return all((bank / f"{clip}.wav").is_file() for clip in clips)
