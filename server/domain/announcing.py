"""How calls are spoken: rules of the hall, and which loudspeaker serves which window. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import ClassVar, Literal

from server.domain.calendar import Interval
from server.domain.catalogue import STRICT, Window


@dataclass(frozen=True)
class AnnounceZone:
    """A part of the hall with a mouth of its own: two windows of one zone never speak at once.

    areas: windows whose `zone` is one of these; windows: further ones by id. boards: whose loudspeakers
    speak here,
    by the name in the board's address; name one, or several out of earshot of each other. languages:
    phrase files, () = the hall's. volume: percent of the hall's volume.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    boards: tuple[str, ...]
    areas: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    volume: int = 100


@dataclass(frozen=True)
class AnnounceRules:
    """hall.toml [announce]. repeat: how often a call is said. languages: phrase files of config/voice,
    said one after
    another. volume: percent; volume_hours: other percents from a time on until a time. quiet_hours:
    nothing is spoken,
    the text stays. min_dwell_seconds: how long a text stays on the board at least. zone: none = one mouth
    for all.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    template_zh: str = "请{ticket}号，到{window}号窗口办理。"
    template_en: str = "Number {ticket}, please go to window {window}."
    repeat: int = 2
    digit_one: Literal["yi", "yao"] = "yi"
    quiet_hours: tuple[Interval, ...] = ()
    chime: bool = True
    languages: tuple[str, ...] = ("zh",)
    min_dwell_seconds: int = 5
    volume: int = 100
    volume_hours: tuple[tuple[time, time, int], ...] = ()
    zone: tuple[AnnounceZone, ...] = ()


def zone_of(rules: AnnounceRules, window: Window) -> AnnounceZone | None:
    """The zone that speaks for a window, None where the hall has one mouth."""
    return next((z for z in rules.zone if window.id in z.windows or window.zone in z.areas), None)


def is_call(sentence: object) -> bool:
    """Does a phrase file with this `sentence` call a number to a window? Others are for something else: a cry
    for help, a kiosk's prompts."""
    return isinstance(sentence, list) and {"{number}", "{window}"} <= {str(word) for word in sentence}


def announce_troubles(
    rules: AnnounceRules, windows: dict[str, Window], languages: list[str]
) -> list[tuple[str, str, str]]:
    """Every mistake: (key, Chinese, English). languages: phrase files that call."""
    found = []
    percents = [("volume", rules.volume), *(("volume_hours", p) for _, _, p in rules.volume_hours)]
    percents += [(f"zone.{z.id}.volume", z.volume) for z in rules.zone]
    for key, percent in percents:
        if not 0 <= percent <= 100:
            found.append((key, "须在 0 到 100 之间", "must be in 0..100"))
    if not 1 <= rules.repeat <= 3:
        found.append(("repeat", "须在 1 到 3 之间", "must be in 1..3"))
    if not 0 <= rules.min_dwell_seconds <= 60:
        found.append(("min_dwell_seconds", "须在 0 到 60 之间", "must be in 0..60"))
    if not rules.languages:
        found.append(("languages", "至少要有一种", "at least one is needed"))
    for key, langs in (
        ("languages", rules.languages),
        *((f"zone.{z.id}.languages", z.languages) for z in rules.zone),
    ):
        for lang in langs:
            if lang not in languages:
                found.append(
                    (
                        key,
                        f"没有 config/voice/{lang}.toml，或它不是叫号用的",
                        f"there is no config/voice/{lang}.toml that calls numbers",
                    )
                )
    areas = {w.zone for w in windows.values()}
    for zone in rules.zone:
        for name in zone.windows:
            if name not in windows:
                found.append((f"zone.{zone.id}.windows", f"没有窗口 {name}", f"no window {name}"))
        for area in zone.areas:
            if area not in areas:
                found.append((f"zone.{zone.id}.areas", f"没有区域 {area}", f"no area {area}"))
    for window in windows.values():
        mine = [z.id for z in rules.zone if window.id in z.windows or window.zone in z.areas]
        if len(mine) > 1:
            found.append(
                (f"zone.{mine[1]}", f"{window.id} 已在 {mine[0]}", f"{window.id} is in {mine[0]} already")
            )
        if rules.zone and not mine:
            found.append(("zone", f"{window.id} 不在任何播报分区", f"{window.id} is in no zone"))
    return found
