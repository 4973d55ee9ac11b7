"""What everybody may know: the hall, its services, its words, and whether the server is alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from server.api.voice import facts as announce_facts
from server.domain.calendar import Hours
from server.domain.catalogue import Limit, Queue, Service, Span
from server.domain.floorplan import floor_of
from server.domain.refusals import NotFound
from server.house import house
from server.settings import HallSettings
from server.store import tables as t

bp = APIBlueprint("hall", __name__)

KIOSK_WORDS = "touch.slip"  # the rest of [touch] may be lent to the phone, what to bring for one
TOLD_AHEAD = 60  # days: a face may run for weeks before it asks again


@bp.get("/healthz")
def get_health() -> ResponseReturnValue:
    """200 when the database answers."""
    h = house()
    with h.store.read() as connection:
        revision = connection.execute(
            select(t.hall.c.revision).where(t.hall.c.id == h.store.hall)
        ).scalar_one()
    return {"ok": True, "revision": revision}


@bp.get("/api/text/<lang>.json")
def get_text(lang: str) -> ResponseReturnValue:
    """All words of a language, flat, packed for whoever takes it so; an ETag saves the second loading."""
    texts = house().texts
    if lang not in texts.languages:
        raise NotFound()
    words = texts.sent(lang)
    response = make_response("", 304)
    if not request.if_none_match.contains(words.etag):
        packed = "gzip" in request.accept_encodings
        response = Response(words.packed if packed else words.body, mimetype="application/json")
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.set_etag(words.etag)
    return response


@bp.get("/api/hall")
def get_hall() -> ResponseReturnValue:
    """Name, hours, windows, queues, rating options: all that does not change during a day."""
    h = house()
    hall = h.published()
    catalogue = hall.catalogue
    centre, worn = hall.hall.centre, h.brand().brand
    return {
        "id": hall.id,
        "version": hall.version,
        "name": centre.name,
        "name_en": centre.name_en,
        "address": centre.address,
        "address_en": centre.address_en,
        "hotline": centre.hotline,
        "supervision_phone": centre.supervision_phone,
        "zone": centre.timezone,
        "kiosk_open": f"{hall.hall.hours.kiosk_open:%H:%M}",
        "hours": _hours(hall.hall.hours),
        "special": _special(hall, h.clock()),
        "plan": [asdict(floor) for floor in hall.plan],
        "slogan": worn.slogan,
        "slogan_en": worn.slogan_en,
        "languages": list(h.texts.speaking(KIOSK_WORDS)),
        "language_names": h.texts.speaking(KIOSK_WORDS),
        "pad_languages": h.texts.speaking("pad"),
        "url": h.settings.url,
        "demo": h.settings.demo,
        "several": hall.hall.ticket.multi_service_ticket,
        "rating": {
            "levels": [_level(level) for level in hall.levels],
            "reason_required_max_level": hall.rating.reason_required_max_level,
            "timeout_s": hall.rating.timeout_seconds,
            "free_text_max": hall.rating.free_text_max,
        },
        "windows": [
            {
                "id": w.id,
                "number": w.number,
                "name": w.name,
                "name_en": w.name_en,
                "zone": w.zone,
                "zone_en": hall.zones.get(w.zone, ""),
                "floor": floor_of(w, hall.plan),
                "kind": w.kind,
                "low_counter": w.low_counter,
                "classes": list(w.classes),
            }
            for w in catalogue.windows.values()
        ],
        "queues": [
            {"id": q.prefix, "name": q.name, "name_en": q.name_en, "hours": _own_hours(q)}
            for q in catalogue.queues.values()
        ],
        "classes": [{"id": c.id, "name": c.name, "name_en": c.name_en} for c in catalogue.classes.values()],
        "priorities": [
            {"id": c.id, "name": c.name, "name_en": c.name_en}
            for c in hall.hall.priority.classes
            if not c.by_staff_only
        ],
        "classes_by_staff": [
            {"id": c.id, "name": c.name, "name_en": c.name_en}
            for c in hall.hall.priority.classes
            if c.by_staff_only
        ],
        "pause_reasons": [{"id": r.id, "zh": r.zh, "en": r.en} for r in hall.choices.pause_reason],
        "choice_reasons": [{"id": r.id, "zh": r.zh, "en": r.en} for r in hall.choices.choice_reason],
        "enquiry_kinds": [{"id": k.id, "zh": k.zh, "en": k.en} for k in hall.choices.enquiry_kind],
        "aid_kinds": [{"id": k.id, "zh": k.zh, "en": k.en} for k in hall.choices.aid_kind],
        "undo_s": hall.hall.call.undo_seconds,
        "announce": announce_facts(),
        "handover": {"url": hall.hall.handover.url, "zh": hall.hall.handover.zh, "en": hall.hall.handover.en}
        if hall.hall.handover.url
        else None,
        "remote": hall.hall.remote.enabled,
        "nearby": bool(hall.nearby),
        "guide_papers": hall.hall.ticket.guide_papers > 0,
        "paper_out": hall.hall.ticket.paper_out,
        "outcomes": [{"id": o.id, "zh": o.zh, "en": o.en} for o in hall.choices.outcome],
    }


def _hours(hours: Hours) -> dict[str, list[list[str]]]:
    days = {"weekday": hours.weekday, "saturday": hours.saturday, "sunday": hours.sunday}
    return {day: _spans(spans) for day, spans in days.items()}


def _spans(spans: Sequence[Span]) -> list[list[str]]:
    return [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in spans]


def _own_hours(queue: Queue) -> dict[str, list[list[str]]] | None:
    """Of a queue that is served early, late or on other days than the hall."""
    if not queue.hours and not queue.saturday:
        return None
    return {"weekday": _spans(queue.hours), "saturday": _spans(queue.saturday)}


def _special(hall: HallSettings, now: datetime) -> dict[str, list[list[str]]]:
    """ISO date -> its hours, of the days ahead on which they are not those of the week: holidays, weekends
    that work, what the hall decided for one date."""
    hours, today = hall.hall.hours, now.astimezone(hall.zone).date()
    week = (*[hours.weekday] * 5, hours.saturday, hours.sunday)
    days = [today + timedelta(days=n) for n in range(TOLD_AHEAD)]
    known = {day: hall.calendar.intervals(day) for day in days}
    return {d.isoformat(): _spans(spans) for d, spans in known.items() if spans != week[d.weekday()]}


def _level(level: Any) -> dict[str, Any]:
    reasons = [{"code": r.code, "text": r.text, "first": r.first} for r in level.reason]
    return {"value": level.value, "name": level.name, "name_en": level.name_en, "reasons": reasons}


@bp.get("/api/services")
def get_services() -> ResponseReturnValue:
    """Every service with what to bring, what it costs and how to find it by pinyin."""
    return _services(house().published())


@lru_cache(maxsize=2)
def _services(hall: HallSettings) -> dict[str, Any]:
    items = [s for s in hall.catalogue.services.values() if not s.closed]
    themes, english = Counter(s.theme for s in items if s.theme), hall.catalogue.themes_en
    return {
        "version": hall.version,
        "themes": [
            {"id": theme, "name": theme, "name_en": english.get(theme, ""), "count": n}
            for theme, n in themes.most_common()
        ],
        "events": [
            {"id": e.id, "name": e.name, "name_en": e.name_en, "services": e.services}
            for e in hall.catalogue.events
        ],
        "services": [_service(hall, s) for s in items],
    }


def _service(hall: HallSettings, s: Service) -> dict[str, Any]:
    department = hall.catalogue.departments.get(s.department)
    body = (
        {"id": department.id, "name": department.name, "name_en": department.name_en} if department else None
    )
    queue = hall.catalogue.queues[s.queue]
    return {
        "id": s.id,
        "name": s.name,
        "name_en": s.name_en,
        "theme": s.theme,
        "department": body,
        "queue": s.queue,
        "audience": s.audience,
        "case_type": s.case_type,
        "avg_minutes": s.avg_minutes,
        "promised_limit": _limit(s.promised_limit),
        "legal_limit": _limit(s.legal_limit),
        "fee_yuan": s.fee_yuan,
        "fee_basis": s.fee_basis,
        "fee_basis_en": s.fee_basis_en,
        "visits": s.visits,
        "result": s.result,
        "result_en": s.result_en,
        "materials": [
            {
                "name": m.name,
                "name_en": m.name_en,
                "form": m.form,
                "required": m.required,
                "deferrable": m.deferrable,
                "shared": m.shared,
            }
            for m in s.materials
        ],
        **_pinyin(s.name),
        "also": [{"word": word, **_pinyin(word)} for word in s.also],
        "popular": s.popular,
        "appointment": s.appointment,
        "self_register": queue.self_register,
        "identity": hall.identity_of(s),
        "windows": [hall.catalogue.windows[w].number for w in hall.catalogue.serving[s.queue]],
    }


def _pinyin(name: str) -> dict[str, str]:
    from pypinyin import Style, lazy_pinyin  # its dictionary loads on first use, not at start

    first = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return {"pinyin": "".join(lazy_pinyin(name)), "initials": "".join(first)}


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    return {"n": limit.n, "unit": limit.unit} if limit else None
