"""All that may be asked of a device. A job is a fact, not a command sequence; how it is done is the
driver's business.

    print_slip  {kiosk, copy, parts}        show_text  {window, text, kind, number, window_number}
    show_counts {window, waiting, number}   ask_rating {window, leg, until}        stop_rating {window, leg}
    read_card {kiosk, for_s}                stop_reading {kiosk}
    each with {id, kind, deadline_s}

Parts of a slip: {"text", "size", "align", "bold", "underline"} | {"rule": true} | {"qr", "size"} |
{"feed": n} | {"barcode"} | {"image", "width", "align"}.
Results: sending, then confirmed (the device proved it), sent (no way to know), unsure (perhaps on paper) or
failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Literal, get_args, get_type_hints

from drivers.errors import JobError
from drivers.shapes import is_a

Align = Literal["left", "center", "right"]
TextKind = Literal["call", "serving", "pause", "closed", "welcome"]
MAX_PARTS: Final = 200
MAX_TEXT: Final = 500  # characters of one part or strip text
MAX_IMAGE: Final = 40_000  # characters of an image's packed dots: a job travels in one message of 64 KiB


@dataclass(frozen=True)
class Text:
    """One paragraph. size 1..8 times the ordinary 24-dot character."""

    text: str
    size: int = 1
    align: Align = "left"
    bold: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Qr:
    """A QR code, centred. size: dots per module 1..16; made smaller when the paper is too narrow."""

    qr: str
    size: int = 6


@dataclass(frozen=True)
class Rule:
    rule: Literal[True] = True


@dataclass(frozen=True)
class Feed:
    feed: int = 1


@dataclass(frozen=True)
class Barcode:
    """ASCII text as CODE128, centred, its characters below."""

    barcode: str


@dataclass(frozen=True)
class Image:
    """Rows of dots, `width` (a multiple of 8) in each, highest bit left, 1 = black; deflated, in base64."""

    image: str
    width: int
    align: Align = "center"


Part = Text | Qr | Rule | Feed | Barcode | Image
PARTS: Final[dict[str, type]] = {
    "text": Text, "qr": Qr, "rule": Rule, "feed": Feed, "barcode": Barcode, "image": Image,
}  # fmt: skip


@dataclass(frozen=True)
class PrintSlip:
    """Paper for a number. `copy` 0 is the first paper, 1 the first reprint."""

    id: str
    kiosk: str
    parts: tuple[Part, ...]
    copy: int = 0
    deadline_s: float = 30.0


@dataclass(frozen=True)
class ShowText:
    """What the strip over a window says until the next one.

    `tone`: the contract's inner `kind` of the text. number, window_number: the ticket and the desk as people
    read them, for cards that make the sentence themselves or cannot draw Chinese.
    """

    id: str
    window: str
    text: str
    tone: TextKind = "call"
    deadline_s: float = 10.0
    number: str | None = None
    window_number: str | None = None


@dataclass(frozen=True)
class ShowCounts:
    """What the keypad on the desk shows."""

    id: str
    window: str
    waiting: int | None = None
    number: str | None = None
    deadline_s: float = 10.0


@dataclass(frozen=True)
class AskRating:
    """Wake the rating pad. `until`: ISO time after which an answer no longer counts."""

    id: str
    window: str
    leg: str
    until: str = ""
    deadline_s: float = 10.0


@dataclass(frozen=True)
class StopRating:
    """The question about `leg` is over; a pad that asks about another one goes on asking."""

    id: str
    window: str
    leg: str
    deadline_s: float = 10.0


@dataclass(frozen=True)
class ReadCard:
    """Look for an identity card at a kiosk for so many seconds; readers that always look know it already."""

    id: str
    kiosk: str
    for_s: float = 60.0
    deadline_s: float = 5.0


@dataclass(frozen=True)
class StopReading:
    id: str
    kiosk: str
    deadline_s: float = 5.0


@dataclass(frozen=True)
class GiveAddress:
    """Another address for one machine, by an installer's hand only: the hall itself never asks for it.

    alone: its present address is not known, and nothing else of its protocol hangs on the line.
    """

    id: str
    to: int
    alone: bool = False
    window: str = ""
    deadline_s: float = 20.0


Job = PrintSlip | ShowText | ShowCounts | AskRating | StopRating | ReadCard | StopReading | GiveAddress
KINDS: Final[dict[str, type]] = {
    "print_slip": PrintSlip,
    "show_text": ShowText,
    "show_counts": ShowCounts,
    "ask_rating": AskRating,
    "stop_rating": StopRating,
    "read_card": ReadCard,
    "stop_reading": StopReading,
}
_NAMES: Final = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Outcome:
    """How a job ended. state: confirmed | sent | unsure | failed; reason: "" or one word. mm: paper it
    took."""

    state: Literal["confirmed", "sent", "unsure", "failed"]
    reason: str = ""
    mm: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Health:
    """How a device is. state: ok | warn | down | unknown."""

    state: Literal["ok", "warn", "down", "unknown"]
    reason: str = ""
    detail: str = ""


def job_from_dict(row: object) -> Job:
    """The job in `row`. Raises JobError naming the field; unknown fields and kinds are errors.

    The word for a strip's text (call, pause ...) may stand in `tone`, in a nested {"facts": {"kind": ...}},
    or, as in the list of what strips should show, in `kind` itself.
    """
    if not isinstance(row, Mapping):
        raise JobError(f"a job is an object, not {type(row).__name__}")
    facts = dict(row)
    word = str(facts.pop("kind", ""))
    if word in get_args(TextKind):
        facts, word = facts | {"kind": word}, "show_text"
    kind = KINDS.get(word)
    if kind is None:
        raise JobError(f"unknown kind of job {row.get('kind')!r}")
    nested = facts.pop("facts", None)
    if isinstance(nested, Mapping):
        facts.update(nested)
    if kind is ShowText and "kind" in facts:
        facts["tone"] = facts.pop("kind")
    if kind is PrintSlip:
        facts["parts"] = _parts(facts.get("parts"))
    if isinstance(facts.get("leg"), int):
        facts["leg"] = str(facts["leg"])
    job: Job = _make(kind, facts)
    if not job.id or not 0 < job.deadline_s <= 3600:
        raise JobError("a job needs an id and a deadline_s of 0..3600 s")
    if isinstance(job, ShowText) and len(job.text) > MAX_TEXT:
        raise JobError(f"text longer than {MAX_TEXT} characters")
    return job


def job_to_dict(job: Job) -> dict[str, Any]:
    """The inverse of `job_from_dict`."""
    row: dict[str, Any] = {"kind": _NAMES[type(job)]}
    for one in fields(job):
        row[one.name] = getattr(job, one.name)
    if isinstance(job, PrintSlip):
        row["parts"] = [{f.name: getattr(part, f.name) for f in fields(part)} for part in job.parts]
    return row


def _parts(rows: object) -> tuple[Part, ...]:
    if not isinstance(rows, (list, tuple)) or not 1 <= len(rows) <= MAX_PARTS:
        raise JobError(f"parts is a list of 1..{MAX_PARTS}")
    parts: list[Part] = []
    for row in rows:
        known = [name for name in PARTS if isinstance(row, Mapping) and name in row]
        if len(known) != 1:
            raise JobError(f"a part has exactly one of {', '.join(PARTS)}: {row!r:.80}")
        part = _make(PARTS[known[0]], dict(row))
        limits = {
            Text: ("size", 1, 8),
            Qr: ("size", 1, 16),
            Feed: ("feed", 0, 20),
            Image: ("width", 8, 832),
        }.get(type(part))
        if limits and not limits[1] <= getattr(part, limits[0]) <= limits[2]:
            raise JobError(f"{limits[0]} {getattr(part, limits[0])} is not in {limits[1]}..{limits[2]}")
        if (
            isinstance(part, Text)
            and len(part.text) > MAX_TEXT
            or isinstance(part, Qr)
            and not 0 < len(part.qr) <= 500
            or isinstance(part, Barcode)
            and not 0 < len(part.barcode) <= 40
            or isinstance(part, Image)
            and len(part.image) > MAX_IMAGE
        ):
            raise JobError("a part's text, code or image is too long or empty")
        parts.append(part)
    return tuple(parts)


def _make(kind: type, facts: dict[str, Any]) -> Any:
    known = {one.name: one for one in fields(kind)}
    hints = get_type_hints(kind)
    for name, value in facts.items():
        if name not in known:
            raise JobError(f"{kind.__name__}: unknown field {name!r}")
        if name != "parts" and not is_a(value, hints[name]):
            raise JobError(f"{kind.__name__}: {name} cannot be {value!r:.80}")
    missing = [name for name, one in known.items() if name not in facts and one.default is MISSING]
    if missing:
        raise JobError(f"{kind.__name__}: {', '.join(missing)} missing")
    return kind(**facts)
