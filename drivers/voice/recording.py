"""A hall's own recording of one clip: checked, made plain, kept."""

from __future__ import annotations

import array
import io
import sys
import wave
from pathlib import Path
from typing import Final

from drivers.errors import DriverError
from drivers.voice import wave_file

RATE: Final = 22_050  # what speech programs give; all recordings are brought to it
RATES: Final = (8_000, 48_000)
SECONDS: Final = (0.05, 8.0)
LOUD: Final = 1_000  # of 32767: a clip that nowhere reaches this is silence


class RecordingWrong(DriverError):
    """`reason` is one word: no_wav, not_16_bit, rate, too_short, too_long, silent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_recording(data: bytes) -> array.array[int]:
    """The samples of an uploaded WAV at RATE: PCM of 16 bits, one or two channels, without the silence
    around it.

    Raises RecordingWrong.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            channels, width, rate, count = (
                file.getnchannels(),
                file.getsampwidth(),
                file.getframerate(),
                file.getnframes(),
            )
            if width != 2 or channels not in (1, 2):
                raise RecordingWrong("not_16_bit")
            if not RATES[0] <= rate <= RATES[1]:
                raise RecordingWrong("rate")
            if not 0 < count <= SECONDS[1] * rate:
                raise RecordingWrong("too_long" if count > 0 else "too_short")
            samples = array.array("h", file.readframes(count)[: 2 * channels * count])
    except (wave.Error, EOFError, ValueError) as error:
        raise RecordingWrong("no_wav") from error
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 2:
        pairs = zip(samples[::2], samples[1::2], strict=False)
        samples = array.array("h", ((left + right) // 2 for left, right in pairs))
    if not samples or max(max(samples), -min(samples)) < LOUD:
        raise RecordingWrong("silent")
    samples = wave_file.resample(wave_file.trim(rate, samples), rate, RATE)
    if len(samples) < SECONDS[0] * RATE:
        raise RecordingWrong("too_short")
    return samples


def keep_recording(path: Path, samples: array.array[int]) -> float:
    """Write it, whole or not at all; its seconds."""
    return wave_file.write(path, RATE, samples)
