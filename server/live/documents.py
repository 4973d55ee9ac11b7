"""EVENTS.md and server/web/client/events.ts, written from the events themselves; a test keeps them
current."""

from __future__ import annotations

from pathlib import Path

from server.domain.events import EVENTS, payload
from server.live.contract import AUDIENCE

_TYPES = {"int": "number", "int | None": "number | null", "str": "string", "str | None": "string | null"}


def events_page() -> str:
    """Every event: its fields, who hears it, what it touches."""
    lines = [
        "# Events",
        "",
        "Written by `./wucha contract` from `server/domain/events.py` and `server/live/contract.py`.",
        "All events of a commit go out in one `changes` message with the rows they touched; the faces listed",
        "here hear the event itself too.",
        "",
        "What a machine beside a kiosk or a desk says is no event of the hall: `card.read`, `card.failed`,",
        "`code.scanned` and `code.failed` come as one `beside` message, once, with no revision, and are kept",
        "nowhere. A kiosk asks for a card with `want_card {wanted}`.",
        "",
        "| event | fields | heard by | touches |",
        "|---|---|---|---|",
    ]
    for name, cls in sorted(EVENTS.items()):
        fields = ", ".join(
            f"`{field}`: {kind}".replace(" | ", " or ") for field, kind in payload(cls).items()
        )
        faces = ", ".join(sorted(face for face, (names, _) in AUDIENCE.items() if name in names))
        lines.append(f"| `{name}` | {fields} | {faces} | {', '.join(sorted(cls.touches))} |")
    return "\n".join(lines) + "\n"


def events_types() -> str:
    """The same as TypeScript: one member of a union per event."""
    lines = [
        "// Written by `./wucha contract` from server/domain/events.py. Do not edit.",
        "export type HallEvent =",
    ]
    for name, cls in sorted(EVENTS.items()):
        fields = "; ".join(f"{field}: {_TYPES[kind]}" for field, kind in payload(cls).items())
        extra = (
            "; voice: string; text: { zh: string; en: string }"
            if name in ("ticket.called", "ticket.recalled")
            else ""
        )
        lines.append(f"  | {{ name: '{name}'; {fields}{extra} }}")
    return "\n".join(lines) + "\n"


def documents(root: Path) -> dict[Path, str]:
    return {
        root / "EVENTS.md": events_page(),
        root / "server" / "web" / "client" / "events.ts": events_types(),
    }


def write_documents(root: Path) -> list[Path]:
    """Write what has changed; the paths of both."""
    for path, words in documents(root).items():
        path.write_text(words, "utf-8")
    return list(documents(root))
