"""Announcements as sound: clips joined on the server, eSpeak NG where the hall has recorded none.

Rendered once per sentence and kept in the data folder. A hall without any speech goes on: screens and strips
still call.
"""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock

from drivers.errors import DriverError
from server.house import House

log = logging.getLogger(__name__)
_rendering = Lock()  # one at a time: the same sentence is asked for by every board at once


def announcement(number: str, window: str, house: House) -> Path | None:
    """The WAV file that calls `number` to `window`, None when nothing here can speak."""
    return _spoken(number, window, "zh", house)


def call_for_help(window: str, house: House) -> Path | None:
    """The same for the emergency at a window (config/voice/zh-help.toml)."""
    return _spoken("", window, "zh-help", house)


def _spoken(number: str, window: str, wording: str, house: House) -> Path | None:
    from drivers.voice.announce import render_call  # loads the speech parts on first use, not at start

    with _rendering:
        try:
            return Path(render_call(number, window, wording, house.settings.data))
        except DriverError as trouble:
            log.warning("voice: %s", trouble)
            return None
