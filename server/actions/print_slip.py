"""The paper of a ticket: owed with the number, reprinted on request (补打), followed by the printer's own
words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from server.domain import refusals
from server.domain.access import KIOSK
from server.domain.blocks import OFFLINE
from server.domain.catalogue import Material, Service
from server.domain.estimate.promise import Estimate
from server.domain.events import RollChanged, SlipChanged
from server.domain.papers import GUIDE, NOTICE, TICKET
from server.domain.persons import Reading
from server.domain.routing import APPOINTMENT
from server.domain.slips import SlipBook, Wanted, compose
from server.domain.tickets import Ticket
from server.settings import HallSettings
from server.store.appointments import appointment_time
from server.store.brands import slogan_now
from server.store.errands import open_errands
from server.store.estimates import told_with
from server.store.health import keeps_paper, printer_model, printing_kiosks
from server.store.orders import order_of
from server.store.rolls import Roll, rolls, save_roll
from server.store.slips import (
    Slip,
    add_slip,
    copies,
    find_slip,
    last_slip,
    printed_for_nobody,
    queued_before,
    save_slip,
)
from server.store.tickets import count_ahead, find_ticket, last_leg
from server.store.unit import Unit

PATIENCE = timedelta(seconds=90)  # longer than the host's own deadline for a print job
FOLLOWS = {  # what a printer's word may still change: a late one nothing, and nothing is queued again
    "queued": ("sending", "printed", "unsure", "failed"),
    "sending": ("sending", "printed", "unsure", "failed"),
    "unsure": ("printed", "failed"),
    "printed": (),
    "failed": (),
}
FORMS = ("original", "copy", "form", "photo", "electronic", "onsite")  # others are words already
UNPRINTED = ("queued", "sending")
ALSO_ENGLISH = (
    *("reprint", "appointment", "items", "counted", "wait", "wait_soon", "wait_unknown", "offline"),
)


@dataclass(frozen=True)
class Told:
    """What a slip says beside its ticket. ahead: people; further: the services that follow on the number;
    items: matters of a batch."""

    ahead: int
    estimate: Estimate
    further: Sequence[str] = ()
    items: int = 1


def told_before(unit: Unit, ticket: Ticket, ahead: int) -> Told:
    """For one more paper of a number: its estimate as it was given, its services as they stand."""
    order = order_of(unit.connection, unit.hall, ticket.id)
    further = [errand.service for errand in open_errands(unit.connection, ticket.id)]
    estimate = told_with(unit.connection, ticket.id)
    return Told(ahead, estimate, further, order.items if order else 1)


def owe_slip(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    base_url: str,
    ticket: Ticket,
    told: Told,
    copy: int,
    kiosk: str,
) -> Slip:
    """Write the slip that `kiosk` owes; the host prints it after commit. `copy` counts from 1."""
    shows = hall.hall.ticket.show_estimated_wait
    estimate = told.estimate
    facts = {
        **standing_facts(
            hall,
            hall.catalogue.services[ticket.service],
            ticket.lang,
            slogan_now(unit.connection, unit.hall, hall.brand, ticket.lang),
        ),
        "number": ticket.number,
        "ahead": told.ahead,
        "counted": True,
        "offline": False,
        "taken_at": f"{ticket.taken_at.astimezone(hall.zone):%Y-%m-%d %H:%M}",
        "url": f"{base_url}/t/{ticket.link}",
        "copy": copy - 1,
        "reprint": copy > 1,
        "wait": f"{estimate.low}～{estimate.high}" if shows and estimate.state == "range" else "",
        "wait_soon": shows and estimate.state == "soon",
        "wait_unknown": shows and estimate.state == "unknown",
        "appointment": agreed_time(unit, hall, ticket),
        "items": told.items if told.items > 1 else "",
        "further": "、".join(hall.catalogue.services[service].name for service in told.further),
    }
    facts |= english_facts(facts, ", ".join(hall.catalogue.services[s].name_en for s in told.further))
    return _owe(unit, hall, slips, TICKET, ticket, ticket.service, kiosk, facts)


def standing_facts(hall: HallSettings, item: Service, lang: str, slogan: str) -> dict[str, object]:
    """What every paper of a number for `item` says, whoever gives it and when."""
    windows = [hall.catalogue.windows[w].number for w in hall.catalogue.serving[item.queue]]
    return {
        "hall": hall.hall.centre.name,
        "slogan": slogan,
        "service": item.name,
        "service_en": item.name_en if lang == "en" else "",
        "hall_en": hall.hall.centre.name_en if lang == "en" else "",
        "windows_en": ", ".join(windows) if lang == "en" else "",
        "queue": hall.catalogue.queues[item.queue].name,
        "windows": "、".join(windows),
        "hotline": hall.hall.centre.hotline,
        "supervision": hall.hall.centre.supervision_phone,
    }


def english_facts(facts: Mapping[str, object], further: str) -> dict[str, object]:
    """What a number in English says beside the Chinese, from the facts its paper has anyway. further: the
    names of the services that follow. All empty for another language, which has no `hall_en`."""
    english = bool(facts["hall_en"])
    said = {f"{name}_en": facts[name] if english else "" for name in ALSO_ENGLISH}
    wait = str(said["wait_en"]).replace("～", "-")  # printers draw a longer dash two letters wide
    return {**said, "wait_en": wait, "further_en": further if english else ""}


def _owe(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    paper: str,
    ticket: Ticket,
    service: str,
    kiosk: str,
    facts: Mapping[str, object],
) -> Slip:
    queue = hall.catalogue.services[service].queue
    mm = slips.mm_of(printer_model(unit.connection, unit.hall, kiosk)) if slips.asks_width else 0
    template = slips.choose(Wanted(paper, service, queue, kiosk, mm))
    content = {"number": ticket.number, "parts": compose(template, facts)}
    if not ticket.channel.startswith(f"{OFFLINE}:"):  # those have an account of their own
        content["of"] = f"{ticket.day}.{ticket.prefix}.{ticket.seq}"
    slip = add_slip(unit, ticket.id, kiosk, content, paper)
    unit.add(SlipChanged(slip.id, ticket.id, kiosk, "queued", "", slip.copy))
    return slip


def print_notice(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    base_url: str,
    ticket: int,
    kiosk: str,
    missing: Collection[int],
    note: str,
    say: Callable[..., str],
) -> Slip:
    """一次性告知: tell on paper, at once and completely, what the service needs that a ticket is for now.

    say: the words of a key of config/text in a language. missing: places in the service's list of materials,
    from 0; empty = all of them. Printed at `kiosk`, "" = where the number was taken. Raises
    TicketUnknown, PrinterNeeded, NoPrinter, MaterialUnknown, ReprintsSpent.
    """
    found = find_ticket(unit.connection, unit.hall, ticket)
    service = last_leg(unit.connection, ticket).service  # of a further errand, not of the first
    item = hall.catalogue.services[service]
    if any(n >= len(item.materials) for n in missing):
        raise refusals.MaterialUnknown(service=item.name, service_en=item.name_en)
    place = kiosk or _printer(unit, found, None, last_slip(unit.connection, ticket))
    if not printer_model(unit.connection, unit.hall, place):
        raise refusals.NoPrinter(kiosk=place)
    made = copies(unit.connection, ticket, NOTICE)
    if made > hall.hall.ticket.reprint_allowed:
        raise refusals.ReprintsSpent(number=found.number, allowed=hall.hall.ticket.reprint_allowed)
    english = found.lang == "en"

    def tell(key: str) -> str:
        return say(key, found.lang)

    facts = {
        **notice_facts(hall, item, sorted(missing) or range(len(item.materials)), note, tell, english),
        "slogan": slogan_now(unit.connection, unit.hall, hall.brand, found.lang),
        "number": found.number,
        "url": f"{base_url}/t/{found.link}",
        "date": f"{unit.now.astimezone(hall.zone):%Y-%m-%d}",
        "copy": made,
        "reprint": made > 0,
    }
    slip = _owe(unit, hall, slips, NOTICE, found, service, place, facts)
    unit.note("slip.notice", f"ticket:{ticket}", copy=slip.copy, missing=sorted(missing), again=made)
    return slip


def print_guide(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    service: str,
    english: bool,
    told: Mapping[str, Any],
    say: Callable[[str], str],
) -> Slip:
    """一次性告知 before the number: what a service needs, on the paper of the kiosk that asks.

    told: what the guide says beside the materials: bring, fetched, lines, scan, url. A kiosk prints
    ticket.guide_papers of them in guide_minutes, and none when its paper is nearly out: numbers go first.
    Raises ServiceUnknown, GuideOff, NoPrinter, PaperLow, GuideEnough.
    """
    item, kiosk, rules = hall.catalogue.services.get(service), unit.actor.kiosk or "", hall.hall.ticket
    if item is None:
        raise refusals.ServiceUnknown(service=service)
    if not rules.guide_papers:
        raise refusals.GuideOff()
    model = printer_model(unit.connection, unit.hall, kiosk)
    if not model:
        raise refusals.NoPrinter(kiosk=kiosk)
    if keeps_paper(unit.connection, unit.hall, kiosk):
        raise refusals.PaperLow(kiosk=kiosk)
    span = timedelta(minutes=rules.guide_minutes)
    before = printed_for_nobody(unit.connection, unit.hall, kiosk, unit.now - span)
    if len(before) >= rules.guide_papers:
        left = before[-rules.guide_papers] + span - unit.now
        raise refusals.GuideEnough(minutes=ceil(left.total_seconds() / 60))
    bring = [n for n, material in enumerate(item.materials) if not material.shared]
    local = unit.now.astimezone(hall.zone).date().isoformat()
    facts = {**notice_facts(hall, item, bring, "", say, english), **told, "date": local}
    facts["slogan"] = slogan_now(unit.connection, unit.hall, hall.brand, "en" if english else "zh")
    mm = slips.mm_of(model) if slips.asks_width else 0
    template = slips.choose(Wanted(GUIDE, service, item.queue, kiosk, mm))
    content = {"number": "", "parts": compose(template, facts)}
    slip = add_slip(unit, None, kiosk, content, GUIDE, local)
    unit.add(SlipChanged(slip.id, None, kiosk, "queued", "", slip.copy))
    unit.note("slip.guide", f"slip:{slip.id}", service=service, kiosk=kiosk)
    return slip


def notice_facts(
    hall: HallSettings,
    item: Service,
    wanted: Collection[int],
    note: str,
    say: Callable[[str], str],
    english: bool,
) -> dict[str, Any]:
    """What a one-time notice says of a service; `wanted`: places in its list of materials. The names stand in
    Chinese for the staff who read the paper, in `english` also for whoever carries it."""
    department = hall.catalogue.departments.get(item.department)
    windows = [hall.catalogue.windows[w].number for w in hall.catalogue.serving[item.queue]]
    return {
        "hall": hall.hall.centre.name,
        "hotline": hall.hall.centre.hotline,
        "supervision": hall.hall.centre.supervision_phone,
        "department": department.name if department else "",
        "service": item.name,
        "hall_en": hall.hall.centre.name_en if english else "",
        "department_en": department.name_en if department and english else "",
        "service_en": item.name_en if english else "",
        "windows": "、".join(windows),
        "windows_en": ", ".join(windows) if english else "",
        "days": "",
        "note": note,
        "materials": [_material(n, item.materials[place], say, english) for n, place in enumerate(wanted, 1)],
    }


def _material(n: int, material: Material, say: Callable[[str], str], english: bool) -> dict[str, object]:
    need = "deferrable" if material.deferrable else "required" if material.required else "optional"
    form = say(f"touch.form.{material.form}") if material.form in FORMS else material.form
    name_en = material.name_en if english else ""
    return {
        "n": n,
        "name": material.name,
        "name_en": name_en,
        "form": form,
        "need": say(f"paper.{need}"),
        "why": "",
    }


def agreed_time(unit: Unit, hall: HallSettings, ticket: Ticket) -> str:
    """The appointment's local time, empty for a walk-in and for who came too late to keep it."""
    at = appointment_time(unit.connection, ticket.id) if ticket.priority == APPOINTMENT else None
    return f"{at.astimezone(hall.zone):%H:%M}" if at else ""


def reprint_slip(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    base_url: str,
    ticket: int,
    reading: Reading | None = None,
    at: str | None = None,
) -> Slip:
    """补打: one more paper with the same number, marked and counted.

    A kiosk prints its own numbers only, and those of whoever laid a card on its reader. Staff name the kiosk
    `at` which the paper comes out; without it, it is the one that printed before. Raises TicketUnknown,
    ReprintsSpent, DayClosed; PrinterNeeded when no kiosk is known, PrinterUnknown when the named one has no
    printer.
    """
    found = find_ticket(unit.connection, unit.hall, ticket)
    kiosk = unit.actor.kiosk
    own = reading is not None and found.person == reading.person
    if kiosk is not None and found.channel not in (f"{KIOSK}:{kiosk}", f"{OFFLINE}:{kiosk}") and not own:
        raise refusals.TicketUnknown(ticket=ticket)
    if found.day != unit.day:
        raise refusals.DayClosed(date=found.day, opens=None)
    before = last_slip(unit.connection, ticket)
    made = copies(unit.connection, ticket)
    if made > hall.hall.ticket.reprint_allowed:
        raise refusals.ReprintsSpent(number=found.number, allowed=hall.hall.ticket.reprint_allowed)
    place = kiosk or _printer(unit, found, at, before)
    ahead = count_ahead(unit.connection, unit.hall, found.day, last_leg(unit.connection, ticket))
    slip = owe_slip(unit, hall, slips, base_url, found, told_before(unit, found, ahead), made + 1, place)
    unit.note("slip.reprint", f"ticket:{ticket}", copy=slip.copy, again=made, kiosk=place)
    return slip


def printing_place(unit: Unit, at: str | None) -> str | None:
    """The kiosk that prints a fresh number: the caller itself, or the one `at` that staff name. Raises
    PrinterUnknown."""
    if unit.actor.kiosk or at is None:
        return unit.actor.kiosk
    known = printing_kiosks(unit.connection, unit.hall)
    if at not in known:
        raise refusals.PrinterUnknown(kiosk=at, kiosks=known)
    return at


def _printer(unit: Unit, ticket: Ticket, at: str | None, before: Slip | None) -> str:
    named = printing_place(unit, at)
    if named is not None:
        return named
    if before is None or not before.kiosk:
        known = printing_kiosks(unit.connection, unit.hall)
        raise refusals.PrinterNeeded(number=ticket.number, kiosks=known)
    return before.kiosk


def follow_slip(unit: Unit, slip: int, state: str, reason: str, mm: int = 0) -> None:
    """The device host's word about a slip, if FOLLOWS lets it count; `mm` of paper it took. Raises
    NotFound."""
    found = find_slip(unit.connection, unit.hall, slip)
    if state not in FOLLOWS[found.state] or (found.state, found.reason) == (state, reason):
        return
    save_slip(unit, slip, state, reason)
    unit.add(SlipChanged(slip, found.ticket, found.kiosk, state, reason, found.copy))
    unit.note("slip.follow", f"slip:{slip}", state=state, reason=reason)
    if mm and found.state in UNPRINTED and state in ("printed", "unsure"):
        now = rolls(unit.connection, unit.hall).get(found.kiosk) or Roll(found.kiosk, 0, 0, unit.now)
        save_roll(unit, Roll(found.kiosk, now.used_mm + mm, now.slips + 1, now.since))


def slip_seen(unit: Unit, slip: int, printed: bool) -> None:
    """Somebody has looked where a slip that is unsure came out, or did not. It is not printed again by this:
    who wants the paper reprints it. Raises NotFound, SlipCertain."""
    found = find_slip(unit.connection, unit.hall, slip)
    if found.state != "unsure":
        raise refusals.SlipCertain(state=found.state)
    state, reason = ("printed", "seen") if printed else ("failed", "not_seen")
    save_slip(unit, slip, state, reason)
    unit.add(SlipChanged(slip, found.ticket, found.kiosk, state, reason, found.copy))
    unit.note("slip.seen", f"slip:{slip}", state=state, was=found.reason)


def change_roll(unit: Unit, kiosk: str) -> None:
    """Somebody has put a new roll into the printer of `kiosk`. Raises NoPrinter."""
    if not printer_model(unit.connection, unit.hall, kiosk):
        raise refusals.NoPrinter(kiosk=kiosk)
    before = rolls(unit.connection, unit.hall).get(kiosk)
    save_roll(unit, Roll(kiosk, 0, 0, unit.now))
    unit.add(RollChanged(kiosk))
    unit.note("roll.change", f"kiosk:{kiosk}", used_mm=before.used_mm if before else 0)


def give_up_late_slips(unit: Unit) -> None:
    """A slip that no printer took in time is failed: a paper that comes out later finds nobody (F51)."""
    for slip in queued_before(unit.connection, unit.hall, unit.now - PATIENCE):
        follow_slip(unit, slip, "failed", "no_printer")
