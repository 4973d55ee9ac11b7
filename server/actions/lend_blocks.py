"""离线取号: what a device host is lent for its kiosks while it can be reached, and what it hands over
afterwards.

Lending ends the ordinary series before the block in the same transaction (domain/blocks.py). A host tells
what it holds each time it asks; a block it no longer knows is lost and told to the managers, since people
may stand in the hall with its numbers. What is handed over is entered once, by the number itself: a
repetition finds its own ticket there, however late it comes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any

from server.actions.day import reseal_day
from server.actions.print_slip import english_facts, standing_facts
from server.actions.raise_alarm import clear_alarm, raise_alarm
from server.domain.blocks import (
    ALONE,
    LOST,
    OFFLINE,
    UNENTERED,
    UNUSUAL,
    Block,
    End,
    Given,
    as_asked,
    believed,
    cut,
    end_of,
    may_lend,
    may_offer,
    missing,
)
from server.domain.catalogue import Queue, Service
from server.domain.events import TicketCancelled, TicketTaken
from server.domain.numbering import as_printed
from server.domain.opening import giving
from server.domain.slips import Part, SlipBook, SlipTemplate, Wanted, compose
from server.domain.tickets import Move, State
from server.settings import HallSettings
from server.store.blocks import (
    add_block,
    end_block,
    find_block,
    hold_block,
    holder_of,
    lent_to,
    series_now,
    taken_before,
    used_of,
)
from server.store.brands import slogan_now
from server.store.days import Day, find_day
from server.store.errands import add_errand
from server.store.health import printer_model
from server.store.slips import add_slip, last_slip, save_slip
from server.store.snapshots.view import View
from server.store.tickets import add_leg, add_ticket, find_ticket, last_leg, move
from server.store.unit import Unit

MARKS = ("number", "taken_at", "url", "copy")  # what the host fills in when it gives a number


@dataclass(frozen=True)
class Loan:
    """A block as its host keeps it. next: the first number of it that was not entered yet."""

    block: Block
    next: int


def lend_blocks(
    unit: Unit, hall: HallSettings, kiosks: Collection[str], held: Mapping[int, int]
) -> list[Loan]:
    """What the calling host has for its kiosks from now on. held: block -> its next number, as the host
    knows.

    Blocks of another day, of a kiosk that moved away, and all of them while the hall gives no numbers offline
    or the day is not open, are taken back. Filled up where half is gone.
    """
    rules, day = hall.hall.offline, find_day(unit.connection, unit.hall, unit.day)
    open_now = rules.enabled and day is not None and day.state == "open"
    known = lent_to(unit.connection, unit.hall, unit.actor.id)
    used = used_of(unit.connection, unit.hall, [block.id for block in known])
    kept: list[Loan] = []
    for block in known:
        if block.id not in held:
            _lose(unit, hall, block, used.get(block.id, (0, 0))[0])
        elif not open_now or block.day != unit.day or block.kiosk not in kiosks:
            _take_back(unit, hall, block)
        else:
            most = used.get(block.id, (0, block.first - 1))[1]
            if block.state == "lent":
                hold_block(unit, block.id)
            kept.append(Loan(block, min(block.last + 1, max(held[block.id], most + 1, block.first))))
    for kiosk in sorted(kiosks):
        clear_alarm(unit, ALONE, kiosk)
        for queue in _lendable(hall) if open_now else ():
            left = sum(loan.block.last - loan.next + 1 for loan in kept if _is_for(loan.block, kiosk, queue))
            made = _lend(unit, kiosk, queue, missing(left, rules.numbers))
            if made is not None:
                kept.append(Loan(made, made.first))
    return kept


def _is_for(block: Block, kiosk: str, queue: Queue) -> bool:
    return (block.kiosk, block.prefix) == (kiosk, queue.prefix)


def _lendable(hall: HallSettings) -> list[Queue]:
    return [q for q in hall.catalogue.queues.values() if may_lend(q, hall.hall.offline.queues)]


def _lend(unit: Unit, kiosk: str, queue: Queue, size: int) -> Block | None:
    assert unit.day is not None
    room = cut(queue, *series_now(unit.connection, unit.hall, unit.day, queue.prefix), size)
    if room is None:
        return None
    block = add_block(unit, queue.prefix, kiosk, unit.actor.id, *room)
    unit.note("block.lend", f"block:{block.id}", kiosk=kiosk, **_range(queue, block))
    return block


def _queue_of(unit: Unit, hall: HallSettings, block: Block) -> Queue | None:
    """Its queue as it was when the block was lent: so its numbers stand on paper, whatever range was
    published since."""
    then = hall.as_of(unit.connection, block.lent_at).queues if hall.as_of else {}
    return then.get(block.prefix) or hall.catalogue.queues.get(block.prefix)


def _range(queue: Queue | None, block: Block) -> dict[str, str]:
    """First and last number as people read them."""
    first, last = (as_printed(queue, block.prefix, seq) for seq in (block.first, block.last))
    return {"first": first, "last": last}


def _take_back(unit: Unit, hall: HallSettings, block: Block) -> None:
    end_block(unit, block.id, "returned")
    unit.note("block.return", f"block:{block.id}", **_range(_queue_of(unit, hall, block), block))
    reseal_day(unit, block.day, "offline")


def _lose(unit: Unit, hall: HallSettings, block: Block, entered: int) -> None:
    """The host does not know the block any more, or the answer that lent it was lost on its way. Nobody gives
    its numbers again; the managers are told of one that the host had."""
    end_block(unit, block.id, "lost")
    named = _range(_queue_of(unit, hall, block), block)
    facts = {"kiosk": block.kiosk, "entered": entered, **named}
    unit.note("block.lose", f"block:{block.id}", **facts)
    if block.state == "held":
        raise_alarm(unit, LOST, f"{block.day}:{block.kiosk}", "yellow", date=block.day, **facts)
    reseal_day(unit, block.day, "offline")


def host_alone(unit: Unit, hall: HallSettings) -> None:
    """A host went away with numbers in hand: whoever runs the hall should know that its kiosk may give
    them."""
    ranges: dict[str, list[str]] = {}
    for block in lent_to(unit.connection, unit.hall, unit.actor.id):
        if block.day == unit.day:
            named = _range(_queue_of(unit, hall, block), block)
            ranges.setdefault(block.kiosk, []).append("～".join(named.values()))
    for kiosk, numbers in ranges.items():
        raise_alarm(unit, ALONE, kiosk, "yellow", kiosk=kiosk, numbers="、".join(numbers))


# --- what the host needs to know


def lending(
    view: View, slips: SlipBook, base_url: str, loans: Collection[Loan], kiosks: Collection[str]
) -> dict[str, Any]:
    """All that a host keeps to give numbers alone: its blocks, the services with their hours of this day, and
    the papers with `{mark}`s where the number goes in. Times are ISO with zone; JSON values only."""
    hall = view.settings
    rules, day = hall.hall.offline, find_day(view.connection, view.hall, view.day)
    until = view.at + timedelta(minutes=rules.valid_minutes)
    blocks = [
        {"id": o.block.id, "day": o.block.day, "kiosk": o.block.kiosk, "prefix": o.block.prefix}
        | {"first": o.block.first, "last": o.block.last, "next": o.next}
        for o in loans
    ]
    offered = {
        queue.prefix: [
            s
            for s in hall.catalogue.services.values()
            if s.queue == queue.prefix and may_offer(s, hall.identity_of(s))
        ]
        for queue in _lendable(hall)
    }
    papers = _Papers(view, slips)
    return {
        "at": view.at.isoformat(),
        "until": until.isoformat(),
        "port": rules.port,
        "origins": [base_url, *rules.origins],
        "tickets": f"{base_url}/t/",
        "zone": hall.hall.centre.timezone,
        "reprints": hall.hall.ticket.reprint_allowed,
        "blocks": blocks,
        "classes": [c.id for c in hall.hall.priority.classes if not c.by_staff_only],
        "several": hall.hall.ticket.multi_service_ticket,
        "queues": {q: _queue_facts(hall, hall.catalogue.queues[q], day) for q in offered},
        "services": {
            item.id: {"queue": q, "name": item.name, "name_en": item.name_en}
            | {"papers": {kiosk: papers.of(item, kiosk) for kiosk in sorted(kiosks)}}
            for q, items in offered.items()
            for item in items
        },
        "papers": papers.found,
    }


def _queue_facts(hall: HallSettings, queue: Queue, day: Day | None) -> dict[str, Any]:
    windows = [hall.catalogue.windows[w] for w in hall.catalogue.serving[queue.prefix]]
    return {
        "name": queue.name,
        "name_en": queue.name_en,
        "windows": [w.number for w in windows],
        "first": queue.first_number,
        "digits": queue.digits,
        "gives": [[a.isoformat(), b.isoformat()] for a, b in _gives(hall, queue, day)],
    }


def _gives(hall: HallSettings, queue: Queue, day: Day | None) -> list[tuple[datetime, datetime]]:
    """When its numbers may be given on the open day; a day that a person opened has no hours, only an end."""
    if day is None:
        return []
    on = date.fromisoformat(day.day)
    if day.by_hand:
        spans = [(datetime.combine(on, time()), datetime.combine(on + timedelta(days=1), time()))]
    else:
        windows = [hall.catalogue.windows[w] for w in hall.catalogue.serving[queue.prefix]]
        spans = giving(hall.calendar, queue, windows, on)
    zone = hall.zone
    return [
        (a.replace(tzinfo=zone).astimezone(UTC), b.replace(tzinfo=zone).astimezone(UTC)) for a, b in spans
    ]


class _Papers:
    """Every paper once: services that share a template share theirs but for a few words, which are marks
    too."""

    WORDS = ("service", "service_en", "queue", "windows", "windows_en")
    EMPTY = ("appointment", "items", "wait", "wait_soon", "wait_unknown")
    PLAIN = {"ahead": "—", "counted": False, "offline": True}

    def __init__(self, view: View, slips: SlipBook) -> None:
        self._view, self._slips = view, slips
        self._mm: dict[str, int] = {}
        self._made: dict[int, int] = {}  # template -> its paper
        files = view.settings.brand
        self._slogans = {
            lang: slogan_now(view.connection, view.hall, files, lang) for lang in ("zh", "en")
        }
        self.found: list[dict[str, list[Part]]] = []

    def of(self, item: Service, kiosk: str) -> dict[str, Any]:
        """Which paper, and its own words per language."""
        if kiosk not in self._mm:
            model = printer_model(self._view.connection, self._view.hall, kiosk)
            self._mm[kiosk] = self._slips.mm_of(model) if self._slips.asks_width else 0
        wanted = Wanted(service=item.id, queue=item.queue, kiosk=kiosk, mm=self._mm[kiosk])
        facts = {
            lang: standing_facts(self._view.settings, item, lang, slogan)
            for lang, slogan in self._slogans.items()
        }
        words = {lang: {name: known[name] for name in self.WORDS} for lang, known in facts.items()}
        return {"paper": self._paper(self._slips.choose(wanted), facts), "words": words}

    def _paper(self, template: SlipTemplate, facts: Mapping[str, Mapping[str, object]]) -> int:
        """Its forms by language: `+` printed again, `&` with services that follow."""
        if id(template) not in self._made:
            marked = {name: f"{{{name}}}" for name in (*self.WORDS, *MARKS)}
            paper: dict[str, list[Part]] = {}
            for lang, again, more in product(facts, (False, True), (False, True)):
                known = {**facts[lang], **self.PLAIN, **dict.fromkeys(self.EMPTY, ""), **marked}
                known |= {"reprint": again, "further": "{further}" if more else ""}
                known |= english_facts(known, "{further_en}" if more else "")
                paper[f"{lang}{'+' if again else ''}{'&' if more else ''}"] = compose(template, known)
            self._made[id(template)] = len(self.found)
            self.found.append(paper)
        return self._made[id(template)]


# --- what the host has given


def enter_given(unit: Unit, hall: HallSettings, given: Given) -> End:
    """Make one number that was given offline a ticket of the hall. What cannot be entered is told to the
    managers; it is answered all the same, and the host need not say it again."""
    connection = unit.connection
    block = find_block(connection, unit.hall, given.block)
    standing = holder_of(connection, unit.hall, block.day, block.prefix, given.seq) if block else None
    end = end_of(given, block, standing, hall.catalogue.services, unit.day)
    if block is not None and end in ("entered", "late"):
        _enter(unit, hall, given, block, late=end == "late")
    if end in UNENTERED:
        _tell(unit, hall, given, block, end)
    if block is not None and end == "late":
        reseal_day(unit, block.day, "offline")
    return end


def _tell(unit: Unit, hall: HallSettings, given: Given, block: Block | None, end: End) -> None:
    item = hall.catalogue.services.get(given.service)
    queue, prefix = (_queue_of(unit, hall, block), block.prefix) if block else (None, "")
    facts = {
        "number": as_printed(queue, prefix, given.seq),
        "kiosk": block.kiosk if block else "",
        "service": item.name if item else given.service,
        "time": f"{given.at.astimezone(hall.zone):%Y-%m-%d %H:%M}",
    }
    raise_alarm(unit, f"{UNUSUAL}{end}", f"{given.block}:{given.seq}", "yellow", **facts)
    if end != "late":
        unit.note("ticket.offline", f"block:{given.block}", end, **facts)


def _enter(unit: Unit, hall: HallSettings, given: Given, block: Block, late: bool) -> None:
    item = hall.catalogue.services[given.service]
    classes = {c.id for c in hall.hall.priority.classes if not c.by_staff_only}
    wish = as_asked(given, hall.catalogue.services, classes)
    printed = as_printed(_queue_of(unit, hall, block), block.prefix, given.seq)
    at = believed(given.at, block.lent_at, unit.now)
    place = {"day": block.day, "taken_at": at, "channel": f"{OFFLINE}:{block.kiosk}", "link": given.link}
    ticket = add_ticket(unit, block.prefix, given.seq, printed, item.id, wish.priority, given.lang, **place)
    leg = add_leg(unit, ticket, 1, item.queue, joined_at=at, origin_at=at)
    facts = {"number": printed, "service": item.id, "priority": wish.priority, "offline": True}
    facts |= {"kiosk": block.kiosk, "block": block.id, "at": at.isoformat(), "said": given.at.isoformat()}
    if wish.further:
        facts["further"] = list(wish.further)
    if (wish.priority, wish.further) != (given.priority, given.further):
        facts["asked"] = [given.priority, *given.further]
    if late:
        move(unit, leg, Move.EXPIRE, ended_at=unit.now)
        facts["late"] = True
    else:
        for one in wish.further:
            add_errand(unit, ticket.id, one)
        for left in reversed(range(given.copies)):  # each paper counts; of the last one we know how it ended
            slip = add_slip(unit, ticket.id, block.kiosk, {"number": printed, "parts": []})
            save_slip(unit, slip.id, "unsure" if left else given.slip, given.reason)
        unit.add(TicketTaken(ticket.id, printed, item.queue))
    unit.note("ticket.take", f"ticket:{ticket.id}", **facts)
    _drop_twin(unit, given, printed)


def _drop_twin(unit: Unit, given: Given, printed: str) -> None:
    """The same wish may have reached the server just before the cut, whose answer nobody saw: that number has
    no holder, and is taken back while it waits unprinted."""
    twin = taken_before(unit.connection, given.request_id)
    if twin is None or find_ticket(unit.connection, unit.hall, twin).day != unit.day:
        return
    leg, slip = last_leg(unit.connection, twin), last_slip(unit.connection, twin)
    if leg.state is not State.WAITING or (slip is not None and slip.state in ("printed", "unsure")):
        return
    move(unit, leg, Move.CANCEL, ended_at=unit.now)
    unit.add(TicketCancelled(leg.ticket, leg.number, leg.queue))
    unit.note("ticket.cancel", f"leg:{leg.id}", offline=printed)
