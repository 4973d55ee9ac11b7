"""What guides see beside the queues, and what their work comes to: calls for a hand, enquiries, kiosks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.domain.access import KIOSK
from server.domain.aids import Aid, AidState
from server.store.aids import AidFacts, aid_at, aid_facts, running_aids
from server.store.devices import devices
from server.store.enquiries import enquiry_counts
from server.store.health import printing_kiosks
from server.store.snapshots.manager import device_rows
from server.store.snapshots.view import Ids, Rows, View, iso

MOST_DAYS = 366


def kiosk_machine_rows(view: View, ids: Ids) -> Rows:
    """Printers, readers and scanners of the kiosks; a machine that is at none is no row here."""
    rows = {key: row if row and row["kiosk"] else None for key, row in device_rows(view, ids).items()}
    return {key: row for key, row in rows.items() if row} if "*" in ids else rows


def aid_row(view: View, aid: Aid) -> dict[str, Any]:
    known = view.settings.catalogue.people.get(aid.helper or "")
    named = {"name": known.name, "name_en": known.name_en} if known else {"name": aid.helper}
    helper = {"id": aid.helper, **named} if aid.helper else None
    return {
        "id": aid.id,
        "place": aid.place,
        "kind": aid.kind,
        "note": aid.note,
        "state": aid.state.value,
        "helper": helper,
        "by_kiosk": aid.asked_by.startswith("device:"),
        "asked_at": iso(aid.asked_at),
        "taken_at": iso(aid.taken_at),
        "ended_at": iso(aid.ended_at),
    }


def aids_value(view: View) -> list[dict[str, Any]]:
    """Those that are open or taken, oldest first."""
    return [aid_row(view, aid) for aid in running_aids(view.connection, view.hall, view.day)]


def kiosk_aid_value(view: View, kiosk: str) -> dict[str, Any] | None:
    """What the kiosk tells who asked there: is somebody coming? No name of anybody."""
    aid = aid_at(view.connection, view.hall, view.day, kiosk)
    return {"id": aid.id, "state": aid.state.value, "asked_at": iso(aid.asked_at)} if aid else None


def kiosks_value(view: View) -> list[dict[str, Any]]:
    """Every kiosk that is enrolled or has a printer, and whether paper can come out of it."""
    printing = set(printing_kiosks(view.connection, view.hall))
    enrolled = {d.kiosk for d in devices(view.connection, view.hall) if d.kind == KIOSK and d.kiosk}
    return [{"id": kiosk, "prints": kiosk in printing} for kiosk in sorted(printing | enrolled)]


def guiding_value(view: View) -> dict[str, Any]:
    """The counts of the last day that was opened, as `guiding_days` tells them of each day."""
    day = view.last_day() or ""
    return next(iter(guiding_days(view, day, day)), _day(day, {}, []))


def guiding_days(view: View, first: str, last: str) -> list[dict[str, Any]]:
    """[{day, enquiries: {total, kinds}, aids: {total, open, taken, done, cancelled, kinds, waited_s,
    helped_s}}] of the business days first … last (ISO dates), oldest first. waited_s, helped_s: mean seconds
    from being asked to a guide's coming, and until it was done; None when there was none."""
    asked = enquiry_counts(view.connection, view.hall, first, last)
    helped: dict[str, list[AidFacts]] = {}
    for facts in aid_facts(view.connection, view.hall, first, last):
        helped.setdefault(facts.day, []).append(facts)
    days = sorted(asked.keys() | helped.keys())[-MOST_DAYS:]
    return [_day(day, asked.get(day, {}), helped.get(day, [])) for day in days]


def _day(day: str, asked: dict[str, int], aids: Sequence[AidFacts]) -> dict[str, Any]:
    states = Counter(aid.state for aid in aids)
    waits = [aid.taken_at - aid.asked_at for aid in aids if aid.taken_at]
    spans = [
        aid.ended_at - aid.taken_at
        for aid in aids
        if aid.state is AidState.DONE and aid.ended_at and aid.taken_at
    ]
    sums = {state.value: states.get(state, 0) for state in AidState}
    return {
        "day": day,
        "enquiries": {"total": sum(asked.values()), "kinds": asked},
        "aids": {
            "total": len(aids),
            **sums,
            "kinds": dict(Counter(aid.kind for aid in aids)),
            "waited_s": _mean(waits),
            "helped_s": _mean(spans),
        },
    }


def _mean(spans: Sequence[timedelta]) -> int | None:
    return round(sum(spans, timedelta()).total_seconds() / len(spans)) if spans else None
