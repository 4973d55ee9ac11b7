"""The one plank between server and drivers: what the hall's state means for its machines, as jobs.

Strips and keypads are told the present, derived from the same rows the screens show, never a past event:
after a cut they are simply told again. Slips come from the outbox. The jobs' classes are the drivers' own.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from drivers.errors import DriverError, SpecError
from drivers.jobs import (
    AskRating,
    ReadCard,
    ShowCounts,
    ShowText,
    StopRating,
    StopReading,
    TextKind,
    job_to_dict,
)
from server.domain import events as e
from server.domain.slips import PrinterModel
from server.settings import HallSettings
from server.text import Texts

log = logging.getLogger(__name__)
Row = Mapping[str, Any]
NARROW = 400  # dots: paper of 58 mm


def strip_text(window: Row, settings: HallSettings, texts: Texts) -> tuple[str, TextKind]:
    """What the strip over a window says now, and in which tone."""
    ticket = window["ticket"]
    if ticket is not None and ticket["state"] == "called":
        return texts.say("strip.call", number=ticket["number"], window=window["number"]), "call"
    if window["state"] == "paused":
        return texts.say("strip.paused"), "pause"
    if ticket is not None:
        return texts.say("strip.serving", number=ticket["number"]), "serving"
    if window["state"] == "open":
        return texts.say("strip.welcome", name=window["name"]), "welcome"
    return texts.say("strip.closed"), "closed"


def counts_of(window: Row, queues: Mapping[str, Row | None]) -> tuple[int, str | None]:
    """What the clerk's keypad shows: how many wait in the window's own queues, and its current number."""
    waiting = sum((queues.get(q) or {"waiting": 0})["waiting"] for q in window["queues"])
    return waiting, window["ticket"]["number"] if window["ticket"] else None


def _numbers(window: Row) -> dict[str, str | None]:
    """Ticket and desk apart, for cards that make their own sentence or have no Chinese."""
    return {
        "number": window["ticket"]["number"] if window["ticket"] else None,
        "window_number": window["number"],
    }


def present(
    windows: Mapping[str, Row | None], queues: Mapping[str, Row | None], settings: HallSettings, texts: Texts
) -> dict[str, Any]:
    """The full truth for a host that has just come: every strip's text, every keypad's figures."""
    strips, keypads = [], []
    for row in windows.values():
        assert row is not None
        text, tone = strip_text(row, settings, texts)
        waiting, number = counts_of(row, queues)
        strips.append({"window": row["id"], "text": text, "kind": tone, **_numbers(row)})
        keypads.append({"window": row["id"], "waiting": waiting, "number": number})
    return {"strips": strips, "keypads": keypads}


def window_jobs(
    row: Row, queues: Mapping[str, Row | None], mark: str, settings: HallSettings, texts: Texts
) -> list[dict[str, Any]]:
    """The jobs that bring one window's strip and keypad to the present. `mark` makes their ids unique."""
    text, tone = strip_text(row, settings, texts)
    waiting, number = counts_of(row, queues)
    window = row["id"]
    return [
        job_to_dict(ShowText(f"strip-{window}-{mark}", window, text, tone, **_numbers(row))),
        job_to_dict(ShowCounts(f"counts-{window}-{mark}", window, waiting, number)),
    ]


def rating_jobs(events: Iterable[e.Event], timeout_s: int) -> list[dict[str, Any]]:
    """Wake the hardware pads when a visit is finished, let them sleep when it is rated or nobody answers."""
    jobs: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, (e.RatingGiven, e.RatingTimedOut, e.RatingWithdrawn)):
            jobs.append(job_to_dict(StopRating(f"stop-{event.leg}", event.window, str(event.leg))))
        elif isinstance(event, e.RatingAsked):
            jobs.append(ask_job(event.window, event.leg, timeout_s))
    return jobs


def ask_job(window: str, leg: int, wait_s: float) -> dict[str, Any]:
    """Wake a window's hardware pad for `wait_s` seconds."""
    return job_to_dict(AskRating(f"ask-{leg}", window, str(leg), deadline_s=float(wait_s)))


def card_job(kiosk: str, wanted: bool, for_s: float) -> dict[str, Any]:
    """Let a kiosk's reader look for a card for so many seconds, or stop looking."""
    if wanted:
        return job_to_dict(ReadCard(f"card-{kiosk}", kiosk, for_s))
    return job_to_dict(StopReading(f"card-{kiosk}", kiosk))


def slip_job(
    slip: str, kiosk: str, copy: int, parts: list[dict[str, Any]], wait_s: float, folders: Iterable[Path]
) -> dict[str, Any]:
    """The print job of an outbox line; its id (`job_of_slip`) is the line's for ever, so that no host prints
    it twice."""
    parts = with_pictures(parts, folders)
    return {
        "id": slip,
        "kind": "print_slip",
        "kiosk": kiosk,
        "copy": copy - 1,
        "parts": parts,
        "deadline_s": wait_s,
    }


def with_pictures(parts: Iterable[dict[str, Any]], folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Pictures named in the parts as dots, from the first folder that has them. One that cannot be read
    is left out: a citizen's number is worth more than a hall's emblem."""
    from drivers.printer.picture import PictureWrong, packed

    places, out = list(folders), []
    for part in parts:
        if "image" not in part:
            out.append(part)
            continue
        name = f"{part['image']}.png"
        path = next((folder / name for folder in places if (folder / name).is_file()), None)
        try:
            if path is None:
                raise PictureWrong("no_png")
            dots, width = packed(path, int(part["mm"]))
        except PictureWrong as trouble:
            log.warning("picture %s: %s", name, trouble)
            continue
        out.append({"image": dots, "width": width, "align": part["align"]})
    return out


def picture_trouble(data: bytes) -> str:
    """Why these bytes are no picture for a slip, "" when they are."""
    from drivers.printer.picture import PictureWrong, check_picture

    try:
        check_picture(data)
    except PictureWrong as trouble:
        return trouble.reason
    return ""


def printer_models(profiles: Path) -> dict[str, PrinterModel]:
    """The printers' models of config/profiles; none when the folder is wrong: `devices --check` says why."""
    return {
        name: PrinterModel(mm=58 if profile.dots <= NARROW else 80, roll_m=profile.roll_m)
        for name, (profile, _) in _printers(profiles).items()
    }


def printer_bauds(profiles: Path) -> dict[str, int]:
    """The usual baud of each model."""
    return {name: baud for name, (_, baud) in _printers(profiles).items()}


def preview_slip(
    parts: list[dict[str, Any]], model: str, baud: int, profiles: Path, folders: Iterable[Path]
) -> Any:
    """The slip as a printer of `model` makes it of the driver's bytes, as the manager's face takes it:
    {png, width, height, mm, bytes, seconds, picture_seconds, missing, rejects}; seconds at `baud`.

    Raises KeyError for an unknown model, ValueError for what no printer can print.
    """
    from drivers.preview import preview

    profile, _ = _printers(profiles)[model]
    try:
        seen = preview(with_pictures(parts, folders), profile)
    except DriverError as error:
        raise ValueError(str(error)) from error
    return {
        "png": base64.b64encode(seen.png()).decode(),
        "width": seen.width,
        "height": len(seen.rows),
        "mm": seen.mm,
        "bytes": seen.bytes,
        "seconds": round(10 * seen.bytes / baud, 2),
        "picture_seconds": round(10 * seen.picture_bytes / baud, 2),
        "missing": seen.missing,
        "rejects": seen.rejects,
    }


def _printers(profiles: Path) -> dict[str, tuple[Any, int]]:
    from drivers.spec import load_profiles

    try:
        return load_profiles(profiles, "escpos")
    except SpecError as error:
        log.warning("%s", error)
        return {}


def job_of_slip(slip: int, era: str, of: str) -> str:
    """The id of a print job. era: of the hall, since a restored one counts its lines from an earlier one on.
    of: day.prefix.place of the number on it, which the host remembers; "" for a paper without one."""
    return f"slip-{slip}{f'-{era}' if era else ''}{f'@{of}' if of else ''}"


def slip_of_job(job: str, era: str) -> int | None:
    """The outbox line of a print job's id; None for any other job, and for one of another era."""
    head, _, tail = job.partition("@")[0].partition("-")
    line, _, of_era = tail.partition("-")
    known = head == "slip" and of_era == era and line.isascii() and line.isdigit() and len(line) <= 18
    return int(line) if known else None


def declaration_troubles(path: Path) -> list[str]:
    """Every mistake of a device list, one line each with file and key."""
    from drivers.spec import load  # the drivers themselves are loaded by the host alone

    try:
        load(path)
    except SpecError as error:
        return [str(line) for line in error.errors]
    return []
