"""Announcements as sound: clips joined on the server, eSpeak NG where the hall has recorded none.

Rendered once per sentence and kept in the data folder. A hall without any speech goes on: screens and strips
still call. This is the plank to the drivers' speech, as server/devices.py is to the machines.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import digits
from threading import Lock
from typing import Any, Final

from drivers.errors import DriverError
from server.domain.announcing import AnnounceRules, is_call, zone_of
from server.house import House

log = logging.getLogger(__name__)
PROMPTS: Final = "-kiosk"  # config/voice/<lang>-kiosk.toml: what the kiosk says in large type
ALONE: Final = ("home", "guide", "refused", "number", "listen")  # and without the server, beside the number
MOST_ALONE: Final = 4 * 1024 * 1024  # bytes: a device host that finds the page too large takes none at all
MOST_FILES_ALONE: Final = 150  # and one with too many files in it neither
NAMELESS: Mapping[str, str] = {}
_rendering = Lock()  # one at a time: the same sentence is asked for by every board at once


def announcement(number: str, window: str, house: House) -> Path | None:
    """The WAV file that calls `number` to the window of that id, None when nothing here can speak."""
    rules, place = house.hall.hall.announce, house.hall.catalogue.windows[window]
    zone = zone_of(rules, place)
    langs = (zone.languages if zone else ()) or rules.languages
    called = {"en": place.name_en} if place.name_en else {}
    return _render(number, place.number, langs, rules, house, mixed=False, called=called)


def call_for_help(window_number: str, house: House) -> Path | None:
    """The same for the emergency at a window (config/voice/zh-help.toml)."""
    return _render("", window_number, ("zh-help",), house.hall.hall.announce, house, mixed=False)


def trial(number: str, window_number: str, langs: tuple[str, ...], house: House) -> Path | None:
    """How it would sound with the recordings there are, speech for the rest."""
    return _render(number, window_number, langs, house.hall.hall.announce, house, mixed=True)


def _render(
    number: str,
    window_number: str,
    langs: tuple[str, ...],
    rules: AnnounceRules,
    house: House,
    mixed: bool,
    called: Mapping[str, str] = NAMELESS,
) -> Path | None:
    from drivers.voice.announce import (
        Manner,
        announce_call,
    )  # loads the speech parts on first use, not at start

    manner = Manner(langs, rules.repeat, rules.chime, rules.digit_one, mixed, called)
    folder = house.settings.common / "voice"
    with _rendering:
        try:
            return Path(announce_call(number, window_number, manner, house.settings.data, config_dir=folder))
        except DriverError as trouble:
            log.warning("voice: %s", trouble)
            return None


def warm(house: House) -> None:
    """Make the clips of every language now, beside the work: the first call of the day must not wait for
    them."""
    windows = house.hall.catalogue.windows

    def speak() -> None:
        for window in windows:
            announcement("A001", window, house)

    threading.Thread(target=speak, name="warm voice", daemon=True).start()


def banks(common: Path) -> list[str]:
    """Everything that has a phrase file: the languages of calls, the cry for help, the kiosk's prompts."""
    return sorted(path.stem for path in (common / "voice").glob("*.toml"))


def described(lang: str, house: House) -> dict[str, Any]:
    """One phrase file as the manager sees it: {id, title, sentence, calls: are numbers called in it, clips:
    [{id, says, recorded, seconds}], recorded, trouble}. A wrong one says so in `trouble`."""
    from drivers.voice import bank, wave_file
    from drivers.wording import load_wording

    data = house.settings.data
    try:
        wording = load_wording(lang, house.settings.common / "voice")
    except DriverError as trouble:
        return {
            "id": lang,
            "title": lang,
            "sentence": [],
            "calls": False,
            "clips": [],
            "recorded": 0,
            "trouble": str(trouble),
        }
    have, clips = set(bank.recorded(wording, data)), []
    for clip in bank.all_clips(wording):
        seconds = None
        if clip in have:
            rate, samples = wave_file.read(bank.own_clips(lang, data) / f"{clip}.wav")
            seconds = round(len(samples) / rate, 2)
        clips.append(
            {"id": clip, "says": wording.clips.get(clip, clip), "recorded": clip in have, "seconds": seconds}
        )
    title = wording.title or lang
    return {
        "id": lang,
        "title": title,
        "sentence": wording.sentence,
        "calls": is_call(list(wording.sentence)),
        "clips": clips,
        "recorded": len(have),
        "trouble": "",
    }


def clip_path(lang: str, clip: str, house: House) -> Path | None:
    """Where a recording of this clip belongs; None for a language or a clip that there is not."""
    from drivers.voice import bank
    from drivers.wording import load_wording

    try:
        wording = load_wording(lang, house.settings.common / "voice")
    except DriverError:
        return None
    known = clip in bank.all_clips(wording)
    return bank.own_clips(lang, house.settings.data) / f"{clip}.wav" if known else None


def sound_of(lang: str, clip: str, house: House) -> Path | None:
    """The sound of one clip, recorded or spoken; None when nothing here can speak."""
    from drivers.voice.announce import clip_file

    try:
        return clip_file(clip, lang, house.settings.data, config_dir=house.settings.common / "voice")
    except DriverError as trouble:
        log.warning("voice: %s", trouble)
        return None


def prompt(lang: str, clip: str, house: House) -> Path | None:
    """What the kiosk says in this language of config/text; None where it has no such prompt, or no speech."""
    bank = lang + PROMPTS
    known = bank in banks(house.settings.common) and clip_path(bank, clip, house) is not None
    return sound_of(bank, clip, house) if known else None


def prompts_alone(house: House, langs: Iterable[str]) -> dict[tuple[str, str], bytes]:
    """(language, clip) -> its WAV, for a kiosk that goes on while this server is away: in this order each
    language for which there is room, whole. Left out is one that nothing here can speak and one whose
    recordings are too long to be carried along."""
    found = dict[tuple[str, str], bytes]()
    room, known = MOST_ALONE, banks(house.settings.common)
    for lang in langs:
        own = _alone(lang, house) if lang + PROMPTS in known else {}
        size = sum(map(len, own.values()))
        if size <= room and len(found) + len(own) <= MOST_FILES_ALONE:
            found |= own
            room -= size
    return found


def _alone(lang: str, house: House) -> dict[tuple[str, str], bytes]:
    from drivers.voice.announce import clip_files

    letters = {sign for queue in house.hall.catalogue.queues.values() for sign in queue.prefix}
    clips, config = (*ALONE, *digits, *sorted(letters)), house.settings.common / "voice"
    try:
        files = clip_files(clips, lang + PROMPTS, house.settings.data, config_dir=config)
        return {(lang, clip): path.read_bytes() for clip, path in files.items()}
    except (DriverError, OSError) as trouble:
        log.debug("no prompts for the time without us: %s", trouble)  # asked again every half minute
        return {}


def checked(data: bytes) -> tuple[Any, str]:
    """An uploaded WAV: (its sound, "") or (None, why it is no clip, one word)."""
    from drivers.voice.recording import RecordingWrong, read_recording

    try:
        return read_recording(data), ""
    except RecordingWrong as trouble:
        return None, trouble.reason


def keep(path: Path, sound: Any) -> float:
    """Write a checked recording; its seconds."""
    from drivers.voice.recording import keep_recording

    return keep_recording(path, sound)
