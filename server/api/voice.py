"""How calls sound: languages, the hall's own recordings clip by clip, a trial of any number."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import request, send_file
from flask.typing import ResponseReturnValue

from server import voice
from server.api.access import current_actor, needs, recheck
from server.domain import refusals
from server.house import house
from server.settings import call_languages

bp = APIBlueprint("voice", __name__, url_prefix="/api/voices")

NUMBER = re.compile(r"[A-Z]{0,2}[0-9]{1,4}")
WINDOW = re.compile(r"[A-Z]?[0-9]{1,3}")


@bp.get("")
@needs("voice.see")
def get_voices() -> ResponseReturnValue:
    """Rules, zones and phrase files with their clips, which of them are recorded; `calls`: numbers are called
    in it: 200."""
    h = house()
    rules = h.hall.hall.announce
    told = [voice.described(lang, h) for lang in voice.banks(h.settings.common)]
    return {
        "languages": sorted(told, key=lambda one: _rank(one, rules.languages)),
        "spoken": rules.languages,
        "repeat": rules.repeat,
        "zones": [{"id": z.id, "boards": z.boards, "languages": z.languages} for z in rules.zone],
    }


def _rank(described: dict[str, Any], called: tuple[str, ...]) -> tuple[bool, bool, str, bool, str]:
    """What calls here, then what could; then the rest by what it is for. Chinese comes first of each."""
    lang, _, purpose = described["id"].partition("-")
    return described["id"] not in called, not described["calls"], purpose, lang != "zh", lang


@bp.get("/kiosk/<lang>/<clip>.wav")
@needs("kiosk.watch")
def get_prompt(lang: str, clip: str) -> ResponseReturnValue:
    """A spoken prompt of the kiosk's large-type mode in a language of config/text
    (config/voice/<lang>-kiosk.toml), the hall's own recording where there is one: 200 audio/wav; 404 when
    that language has no such clip or nothing here can speak."""
    path = voice.prompt(lang, clip, house())
    if path is None:
        raise refusals.NotFound()
    return send_file(path, mimetype="audio/wav", max_age=0)


@bp.get("/<lang>/<clip>.wav")
@needs("voice.see")
def get_clip(lang: str, clip: str) -> ResponseReturnValue:
    """The sound of one clip, the recording where there is one: 200 audio/wav."""
    h = house()
    path = voice.sound_of(lang, clip, h) if voice.clip_path(lang, clip, h) else None
    if path is None:
        raise refusals.NotFound()
    return send_file(path, mimetype="audio/wav", max_age=0)


@bp.get("/trial.wav")
@needs("voice.see")
def get_trial() -> ResponseReturnValue:
    """?number=A012&window=3&langs=zh,yue: the announcement with the recordings there are: 200 audio/wav."""
    h = house()
    number, window = request.args.get("number", ""), request.args.get("window", "")
    langs = tuple(filter(None, request.args.get("langs", "zh").split(",")))
    known = call_languages(h.settings.common)
    if not NUMBER.fullmatch(number) or not WINDOW.fullmatch(window) or not 0 < len(langs) <= 4:
        raise refusals.InputInvalid(fields=[])
    if any(lang not in known for lang in langs):
        raise refusals.NotFound()
    path = voice.trial(number, window, langs, h)
    if path is None:
        raise refusals.NotFound()
    return send_file(path, mimetype="audio/wav", max_age=0)


@bp.put("/<lang>/<clip>.wav")
@needs("voice.record")
def put_clip(lang: str, clip: str) -> ResponseReturnValue:
    """Upload the hall's own recording of a clip, PCM WAV of 16 bits, at most 8 s: 200 {clip, seconds}; 422
    recording-wrong. The recordings are used when a language has all of its clips."""
    h = house()
    path = voice.clip_path(lang, clip, h)
    if path is None:
        raise refusals.NotFound()
    sound, reason = voice.checked(request.get_data())
    if reason:
        raise refusals.RecordingWrong(reason=reason)
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        seconds = round(voice.keep(path, sound), 2)
        unit.note("voice.record", f"clip:{lang}:{clip}", seconds=seconds)
    return {"clip": clip, "seconds": seconds}


@bp.delete("/<lang>/<clip>.wav")
@needs("voice.record")
def delete_clip(lang: str, clip: str) -> ResponseReturnValue:
    """Drop a recording; the clip is spoken again: 200 {clip}; 404 when there was none."""
    h = house()
    path = voice.clip_path(lang, clip, h)
    if path is None or not path.is_file():
        raise refusals.NotFound()
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        path.unlink()
        unit.note("voice.drop", f"clip:{lang}:{clip}")
    return {"clip": clip}


def facts() -> dict[str, Any]:
    """What a board must know to speak: {repeat, dwell_s, volume, hours, quiet, zones}."""
    hall = house().hall
    rules = hall.hall.announce
    zones = [
        {
            "id": z.id,
            "boards": z.boards,
            "volume": z.volume,
            "windows": [
                w.number for w in hall.catalogue.windows.values() if w.id in z.windows or w.zone in z.areas
            ],
        }
        for z in rules.zone
    ]
    return {
        "dwell_s": rules.min_dwell_seconds,
        "volume": rules.volume,
        "hours": [[f"{a:%H:%M}", f"{b:%H:%M}", percent] for a, b, percent in rules.volume_hours],
        "quiet": [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in rules.quiet_hours],
        "zones": zones,
    }
