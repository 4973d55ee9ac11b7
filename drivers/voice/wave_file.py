"""16-bit mono WAV: read, trim, join, write. And the chime, which is arithmetic."""

from __future__ import annotations

import array
import contextlib
import math
import os
import sys
import wave
from pathlib import Path
from typing import Final

from drivers.errors import VoiceUnavailable

QUIET: Final = 250  # of 32767: below this a sample counts as silence
MARGIN_S: Final = 0.015
Samples = array.array  # of "h"


def read(path: Path) -> tuple[int, Samples]:
    """(samples per second, samples). Raises VoiceUnavailable when it is no 16-bit mono WAV."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise VoiceUnavailable(f"{path}: a clip is 16-bit mono")
            samples = array.array("h", file.readframes(file.getnframes()))
            rate = file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise VoiceUnavailable(f"{path}: {error}") from error
    if sys.byteorder == "big":
        samples.byteswap()
    return rate, samples


def write(path: Path, rate: int, samples: Samples) -> float:
    """Whole or not at all. Returns seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{id(samples)}")
    data = array.array("h", samples)
    if sys.byteorder == "big":
        data.byteswap()
    try:
        with wave.open(str(beside), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(data.tobytes())
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return len(samples) / rate


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at another rate, by straight lines between samples: enough for speech."""
    if rate == wanted or not samples:
        return samples
    count, last = max(1, len(samples) * wanted // rate), len(samples) - 1
    out = array.array("h", bytes(2 * count))
    for at in range(count):
        place = at * rate / wanted
        low = int(place)
        first, second = samples[min(low, last)], samples[min(low + 1, last)]
        out[at] = int(first + (second - first) * (place - low))
    return out


def trim(rate: int, samples: Samples) -> Samples:
    """Without the silence before and after, but for a small margin."""
    loud = [at for at in range(0, len(samples), 8) if abs(samples[at]) > QUIET]
    if not loud:
        return samples
    margin = int(rate * MARGIN_S)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


def silence(rate: int, seconds: float) -> Samples:
    return array.array("h", bytes(2 * int(rate * seconds)))


def chime(rate: int) -> Samples:
    """Two falling notes, 0.9 s."""
    samples = silence(rate, 0.9)
    for start, pitch in ((0.0, 880.0), (0.3, 659.3)):
        begin = int(rate * start)
        for at in range(begin, len(samples)):
            t = (at - begin) / rate
            value = 9000 * math.exp(-5 * t) * math.sin(2 * math.pi * pitch * t) * min(1.0, t * 200)
            samples[at] = max(-32767, min(32767, samples[at] + int(value)))
    return samples
