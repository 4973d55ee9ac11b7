"""A separate program that speaks: python -m drivers.voice.espeak < list of {"voice", "speed", "text",
"out"} as JSON.

It drives the eSpeak NG library (PyPI espeakng-loader) through ctypes. eSpeak NG is GPL-3 and not
thread-safe, so it lives in a process of its own that nothing of the product imports. Exit 3: no library.
Measured: the library's voice `cmn` reads Hanzi; the program `espeak-ng` 1.51 of Debian 12 does not.
"""

from __future__ import annotations

import array
import ctypes
import json
import sys
from pathlib import Path

from drivers.voice import wave_file

RETRIEVAL, UTF8 = 1, 1
RATE_PARAMETER = 1
NO_LIBRARY = 3


class Speaker:
    """The library, opened. Raises OSError when it is not there."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise OSError(str(error)) from error
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        try:
            data = espeakng_loader.get_data_path()
        except RuntimeError as error:
            raise OSError(str(error)) from error
        self.rate = self._lib.espeak_Initialize(RETRIEVAL, 0, data.encode(), 0)
        if self.rate <= 0:
            raise OSError("eSpeak NG does not start")
        self._heard = array.array("h")
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._hear)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _hear(self, samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            self._heard.frombytes(ctypes.string_at(samples, count * 2))
        return 0

    def say(self, text: str, voice: str, speed: int) -> array.array:
        """Samples of one text. Raises OSError for an unknown voice."""
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise OSError(f"no voice {voice}")
        self._lib.espeak_SetParameter(RATE_PARAMETER, speed, 0)
        self._heard = array.array("h")
        data = text.encode() + b"\0"
        self._lib.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 1, 0, UTF8, None, None)
        self._lib.espeak_Synchronize()
        return self._heard


def main() -> int:
    try:
        speaker = Speaker()
        for row in json.load(sys.stdin):
            samples = speaker.say(row["text"], row["voice"], row["speed"])
            wave_file.write(Path(row["out"]), speaker.rate, wave_file.trim(speaker.rate, samples))
    except OSError as error:
        print(error, file=sys.stderr)
        return NO_LIBRARY
    return 0


if __name__ == "__main__":
    sys.exit(main())
