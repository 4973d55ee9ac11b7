"""The book of a host that gives numbers alone: what it was lent, what it has given, what is handed over.
Pure.

The book is the fold of its records, in the order in which they were written down:

    lent {lending, skew_s}       all that is held from now on; None: nothing
    given {...Given}             one number, written before anybody sees it
    slip {link, state, reason, copies}
    handed {links}               the server has them

A number is the next one of a block, so it can be given once, whatever is repeated, torn off or read again.
Moments are aware; `lending` is what the server's `borrow` answers (server/actions/lend_blocks.py `lending`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

Record = Mapping[str, Any]
Lending = Mapping[str, Any]
REMEMBERED: Final = 500  # numbers handed over, for a page that asks again
ORDINARY: Final = "ordinary"
ENDS: Final = ("printed", "unsure", "failed")


class NotGiven(Exception):
    """No number: `code` says why (offline-empty, offline-hours, offline-over, and the server's own words for
    a wish it would refuse)."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Given:
    """One number. slip: "" while nobody knows, sending, then printed | unsure | failed. copies: papers so
    far. priority: the class that its holder named; further: the services that follow on it."""

    request_id: str
    block: int
    kiosk: str
    seq: int
    number: str
    service: str
    lang: str
    at: str
    link: str
    slip: str = ""
    reason: str = ""
    copies: int = 1
    handed: bool = False
    priority: str = ORDINARY
    further: list[str] = field(default_factory=list)


@dataclass
class Book:
    lending: Lending | None = None
    skew_s: float = 0.0  # the server's clock minus ours, when it lent
    nexts: dict[int, int] = field(default_factory=dict)  # block -> the number that comes next
    given: dict[str, Given] = field(default_factory=dict)  # by link, in the order they were given
    era: str | None = None  # of the server that lent last

    def apply(self, record: Record) -> None:
        """Take one record in. Raises KeyError, TypeError or ValueError for what is none."""
        if "lent" in record:
            self._lent(record["lent"], float(record["skew_s"]))
        elif "given" in record:
            one = Given(**record["given"])
            self.given[one.link] = one
            self.nexts[one.block] = max(self.nexts.get(one.block, 0), one.seq + 1)
        elif "slip" in record:
            said = record["slip"]
            changed = {key: said[key] for key in ("slip", "reason", "copies")}
            self.given[said["link"]] = replace(self.given[said["link"]], **changed)
        elif "handed" in record:
            for link in record["handed"]:
                if link in self.given:
                    self.given[link] = replace(self.given[link], handed=True)
        else:
            raise ValueError("no record")

    def _lent(self, lending: Lending | None, skew_s: float) -> None:
        self.lending, self.skew_s = lending, skew_s
        era = lending.get("era") if lending else None
        if era is not None:
            if self.era is not None and era != self.era:  # restored: it may not know what it was told
                self.given = {link: replace(one, handed=False) for link, one in self.given.items()}
            self.era = era
        blocks = lending["blocks"] if lending else []
        # What was given since the server looked counts, and so does what only the server remembers.
        self.nexts = {b["id"]: max(b["next"], self.nexts.get(b["id"], b["first"])) for b in blocks}

    def records(self) -> Iterator[Record]:
        """The shortest book that says the same."""
        if self.lending is not None:
            blocks = [{**b, "next": self.nexts[b["id"]]} for b in self.lending["blocks"]]
            yield {"lent": {**self.lending, "blocks": blocks}, "skew_s": self.skew_s}
        over = [one.link for one in self.given.values() if one.handed]
        for one in self.given.values():
            if not one.handed or one.link in over[-REMEMBERED:]:
                yield {"given": asdict(one)}

    # --- looking

    def held(self) -> dict[int, int]:
        """block -> next number, of everything that was lent and not taken back."""
        return {b["id"]: self.nexts[b["id"]] for b in self.lending["blocks"]} if self.lending else {}

    def owed(self) -> list[Given]:
        """What the server has not heard yet and whose paper is settled, oldest first."""
        return [one for one in self.given.values() if not one.handed and one.slip in ENDS]

    def unsettled(self) -> list[Given]:
        """Those whose paper nobody has settled."""
        return [one for one in self.given.values() if one.slip not in ENDS]

    def of_request(self, request_id: str) -> Given | None:
        return next((one for one in self.given.values() if one.request_id == request_id), None)

    def next_number(self, kiosk: str, service: str, now: datetime) -> tuple[int, int, str]:
        """(block, seq, number as printed) that `kiosk` gives next for `service`. Raises NotGiven."""
        lending = self.lending
        if lending is None or now >= datetime.fromisoformat(lending["until"]):
            raise NotGiven("offline-over")
        item = lending["services"].get(service)
        if item is None or kiosk not in item["papers"]:
            raise NotGiven("service-unknown")
        queue = lending["queues"][item["queue"]]
        spans = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in queue["gives"]]
        if not any(a <= now < b for a, b in spans):
            zone = ZoneInfo(lending["zone"])
            hours = "、".join(f"{a.astimezone(zone):%H:%M}–{b.astimezone(zone):%H:%M}" for a, b in spans)
            raise NotGiven("offline-hours", hours=hours or "—")
        for block in lending["blocks"]:
            seq = self.nexts[block["id"]]
            if (block["kiosk"], block["prefix"]) == (kiosk, item["queue"]) and seq <= block["last"]:
                return block["id"], seq, f"{block['prefix']}{queue['first'] + seq - 1:0{queue['digits']}d}"
        raise NotGiven("offline-empty")

    def check_wish(self, kiosk: str, service: str, priority: str, further: list[str]) -> None:
        """Raises NotGiven for a class or services that may not stand on a number of `service`."""
        lending = self.lending or {}
        if priority != ORDINARY and priority not in lending.get("classes", ()):
            raise NotGiven("priority-unknown")
        if further and not lending.get("several"):
            raise NotGiven("service-single")
        if len({service, *further}) <= len(further):
            raise NotGiven("service-repeated")
        for one in further:
            if kiosk not in lending.get("services", {}).get(one, {}).get("papers", ()):
                raise NotGiven("service-unknown")

    def open_services(self, kiosk: str, now: datetime) -> tuple[list[str], NotGiven | None]:
        """What `kiosk` can give a number for now; when it is nothing, why."""
        found: list[str] = []
        why: NotGiven | None = None
        for service in self.lending["services"] if self.lending else ():
            try:
                self.next_number(kiosk, service, now)
            except NotGiven as no:
                why = why or no
            else:
                found.append(service)
        return found, None if found else why or NotGiven("offline-over")


def filled(parts: list[dict[str, Any]], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts of a paper with each {mark} replaced; a line that comes out empty is left out."""
    out = []
    for part in parts:
        made = dict(part)
        for key in ("text", "qr", "barcode"):
            if isinstance(made.get(key), str):
                for mark, word in words.items():
                    made[key] = made[key].replace(f"{{{mark}}}", word)
        if "text" not in made or made["text"].strip():
            out.append(made)
    return out
