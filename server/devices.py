"""The one plank between server and drivers: what the hall's state means for its machines, as jobs.

Strips and keypads are told the present, derived from the same rows the screens show, never a past event:
after a cut they are simply told again. Slips come from the outbox. The jobs' classes are the drivers' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from drivers.errors import SpecError
from drivers.jobs import AskRating, ShowCounts, ShowText, StopRating, TextKind, job_to_dict
from server.domain import events as e
from server.settings import HallSettings
from server.text import Texts

Row = Mapping[str, Any]


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


def present(
    windows: Mapping[str, Row | None], queues: Mapping[str, Row | None], settings: HallSettings, texts: Texts
) -> dict[str, Any]:
    """The full truth for a host that has just come: every strip's text, every keypad's figures."""
    strips, keypads = [], []
    for row in windows.values():
        assert row is not None
        text, tone = strip_text(row, settings, texts)
        waiting, number = counts_of(row, queues)
        facts = {"number": number, "window_number": row["number"]}
        strips.append({"window": row["id"], "text": text, "kind": tone} | facts)
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
        job_to_dict(
            ShowText(
                f"strip-{window}-{mark}", window, text, tone, number=number, window_number=row["number"]
            )
        ),
        job_to_dict(ShowCounts(f"counts-{window}-{mark}", window, waiting, number)),
    ]


def rating_jobs(events: Iterable[e.Event], timeout_s: int) -> list[dict[str, Any]]:
    """Wake the hardware pads when a visit is finished, let them sleep when it is rated or nobody answers."""
    jobs: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, (e.RatingGiven, e.RatingTimedOut, e.RatingWithdrawn)):
            jobs.append(job_to_dict(StopRating(f"stop-{event.leg}", event.window)))
        elif isinstance(event, e.RatingAsked):
            jobs.append(ask_job(event.window, event.leg, timeout_s))
    return jobs


def ask_job(window: str, leg: int, wait_s: float) -> dict[str, Any]:
    """Wake a window's hardware pad for `wait_s` seconds."""
    return job_to_dict(AskRating(f"ask-{leg}", window, str(leg), deadline_s=float(wait_s)))


def slip_job(slip: int, kiosk: str, copy: int, parts: list[dict[str, Any]], wait_s: float) -> dict[str, Any]:
    """The print job of an outbox line; its id is the line's for ever, so that no host prints it twice."""
    return {
        "id": f"slip-{slip}",
        "kind": "print_slip",
        "kiosk": kiosk,
        "copy": copy - 1,
        "parts": parts,
        "deadline_s": wait_s,
    }


def slip_of_job(job: str) -> int | None:
    """The outbox line of a print job's id, None for any other job."""
    head, _, tail = job.partition("-")
    known = head == "slip" and tail.isascii() and tail.isdigit() and len(tail) <= 18
    return int(tail) if known else None


def declaration_troubles(path: Path) -> list[str]:
    """Every mistake of a device list, one line each with file and key."""
    from drivers.spec import load  # the drivers themselves are loaded by the host alone

    try:
        load(path)
    except SpecError as error:
        return [str(line) for line in error.errors]
    return []
