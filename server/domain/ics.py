"""An appointment as a calendar entry with a reminder (iCalendar, RFC 5545): the citizen's own phone reminds,
and the hall needs no number to call."""

from __future__ import annotations

from datetime import UTC, datetime

FOLD = 75  # octets in a line, without its end


def calendar_entry(
    uid: str,
    at: datetime,
    until: datetime,
    made: datetime,
    words: dict[str, str],
    remind_minutes: int,
    version: int = 0,
    cancelled: bool = False,
) -> str:
    """One VEVENT. words: summary, location, description, url. version: how often it was moved; a calendar
    that knows the uid replaces the entry by the higher one."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Wucha//appointments//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{version + cancelled}",
        f"DTSTAMP:{_utc(made)}",
        f"DTSTART:{_utc(at)}",
        f"DTEND:{_utc(until)}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        f"SUMMARY:{_text(words['summary'])}",
        f"LOCATION:{_text(words['location'])}",
        f"DESCRIPTION:{_text(words['description'])}",
        f"URL:{words['url']}",
    ]
    if remind_minutes > 0 and not cancelled:
        lines += [
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"TRIGGER:-PT{remind_minutes}M",
            f"DESCRIPTION:{_text(words['summary'])}",
            "END:VALARM",
        ]
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        words = words.replace(plain, escaped)
    return words


def _folded(line: str) -> str:
    """Lines longer than FOLD octets go on after a break and a space, never inside a character."""
    parts, part, room = [], "", FOLD
    for char in line:
        if len(part.encode()) + len(char.encode()) > room:
            parts.append(part)
            part, room = "", FOLD - 1
        part += char
    return "\r\n ".join([*parts, part])
