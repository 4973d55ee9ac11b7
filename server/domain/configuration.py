"""What a manager configures in the browser: areas of items with fields, published over the hall's files.

An area's published body says only what differs from the files: item -> field -> value, or None for an item
that is gone. This module knows the fields, what makes a value wrong, and what changes between two states;
which files an item comes from is `server/configured.py`'s business. Values are as in JSON: a time is "08:30",
a day "2026-05-01", a span ["08:30", "12:00"].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, get_args

from server.domain.access import ADMIN, CHIEF, MANAGER
from server.domain.floorplan import SIDE, Floor, Spot, check_plan, lying_on
from server.domain.floorplan import Area as Zone
from server.domain.floorplan import Kind as PlanKind
from server.domain.nearby import MOST, is_address

Item = Mapping[str, Any]
Items = Mapping[str, Item]
Body = dict[str, dict[str, Any] | None]

Kind = Literal[
    "text",
    "long",
    "number",
    "decimal",
    "yes_no",
    "choice",
    "choices",
    "words",
    "time",
    "moment",
    "spans",
    "ref",
    "refs",
    "limit",
    "materials",
    "until",
    "holidays",
    "dates",
    "shifts",
    "shift_days",
    "photo",
    "medium",
    "zones",
    "spots",
]

ID = re.compile(r"[A-Za-z0-9_-]{1,20}")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
PHOTO, MEDIUM = re.compile(r"[0-9a-f]{32}\.jpg"), re.compile(r"[0-9a-f]{32}\.(jpg|mp4|webm)")
LONG, WORDS, FLOOR = 2000, 60, 6
FORMS = ("original", "copy", "form", "photo", "electronic", "onsite")
WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
THEME = ("theme", "theme_en")
UNITS = ("immediate", "workday", "calendar_day", "hour", "none")


@dataclass(frozen=True)
class Field:
    """One field of an item's form.

    least, most: of a number, or how long a text may be. of: what a reference names. fresh: only a new item
    may say it. tomorrow: a change holds from the next day on only. admin: for administrators only.
    delegated: for a department's own items, its representative may change it too.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    least: float | None = None
    most: float | None = None
    options: tuple[str, ...] = ()
    of: str = ""
    fresh: bool = False
    tomorrow: bool = False
    admin: bool = False
    delegated: bool = False
    group: str = "main"


@dataclass(frozen=True)
class Area:
    """One kind of thing. key: the field that names an item ("" = it is named beside its fields). gone: an
    item may be taken away. whole: once published, the files' items no longer count. single: there is one
    item."""

    name: str
    key: str
    fields: tuple[Field, ...]
    editors: tuple[str, ...] = (MANAGER,)
    delegates: tuple[str, ...] = ()  # who may change the `delegated` fields of their own department's items
    gone: bool = False
    whole: bool = False
    single: bool = False
    fresh: bool = True  # new items may be made

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True)
class Wrong:
    """One mistake: where it stands, its code (`config.wrong.<code>` in config/text) and facts for the
    sentence."""

    item: str
    field: str
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One difference for the manager to read. kind: new | changed | gone; values as in JSON."""

    item: str
    name: str
    kind: Literal["new", "changed", "gone"]
    field: str
    before: Any
    after: Any


def _f(name: str, kind: Kind = "text", **more: Any) -> Field:
    return Field(name, kind, **more)


NAME = _f("name", required=True, most=40)
NAME_EN = _f("name_en", required=True, most=80)

SERVICES = Area(
    "services",
    "id",
    (
        NAME,
        NAME_EN,
        _f("also", "words"),
        _f("department", "ref", of="departments"),
        _f("theme", most=20),
        _f("theme_en", most=40),
        _f("queue", "ref", of="queues", required=True, fresh=True),
        _f("closed", "yes_no", delegated=True),
        _f("popular", "yes_no"),
        _f("avg_minutes", "decimal", required=True, least=0.5, most=480, group="time"),
        _f("promised_limit", "limit", delegated=True, group="time"),
        _f("legal_limit", "limit", delegated=True, group="time"),
        _f("visits", "number", least=0, most=9, group="time"),
        _f("day_quota", "number", least=0, most=9999, group="time"),
        _f("appointment", "yes_no", group="time"),
        _f("fee_yuan", "decimal", least=0, most=1_000_000, delegated=True, group="fee"),
        _f("fee_basis", "long", most=200, delegated=True, group="fee"),
        _f("fee_basis_en", "long", most=300, delegated=True, group="fee"),
        _f("legal_basis", "long", group="fee"),
        _f("materials", "materials", delegated=True, group="papers"),
        _f("result", most=60, group="papers"),
        _f("result_en", most=120, group="papers"),
        _f("agent_allowed", "yes_no", group="papers"),
        _f("deferrable", "yes_no", group="papers"),
        _f(
            "identity",
            "choice",
            options=("none", "phone", "id_card_optional", "id_card_required"),
            group="papers",
        ),
    ),
    delegates=(CHIEF,),
)
QUEUES = Area(
    "queues",
    "prefix",
    (
        NAME,
        NAME_EN,
        _f("first_number", "number", least=0, most=99_999, tomorrow=True, group="numbers"),
        _f("last_number", "number", least=1, most=99_999, tomorrow=True, group="numbers"),
        _f("digits", "number", least=1, most=5, tomorrow=True, group="numbers"),
        _f("self_register", "yes_no", group="numbers"),
        _f("appointments", "yes_no", group="numbers"),
        _f("day_quota", "number", least=0, most=99_999, group="numbers"),
        _f("slot_quota", "number", least=0, most=9999, group="numbers"),
        _f("slot_minutes", "number", least=5, most=240, group="numbers"),
        _f("warn_ahead", "number", least=0, most=999, group="numbers"),
        _f("hours", "spans", group="hours"),
        _f("saturday", "spans", group="hours"),
        _f("kiosk_open", "time", group="hours"),
        _f("last_ticket", "time", group="hours"),
        _f("stop_minutes_before_close", "number", least=0, most=480, group="hours"),
        _f("lunch", "choice", required=True, options=("staffed", "open", "closed"), group="hours"),
        _f("carry_over", "yes_no", tomorrow=True, group="hours"),
        _f("target_wait_minutes", "number", least=1, most=480, group="goal"),
        _f("service_level_goal", "decimal", least=0, most=1, group="goal"),
        _f("skill", "text", most=20, group="goal"),
    ),
)
YEARS = Area(
    "years",
    "year",
    (_f("closed", "holidays"), _f("weekend_workdays", "dates")),
)
DAYS = Area(
    "days",
    "date",
    (
        _f(
            "kind",
            "choice",
            required=True,
            options=("closed", "closed_morning", "closed_afternoon", "open", "hours"),
        ),
        _f("hours", "spans"),
        _f("reason", most=60),
    ),
    gone=True,
)
HOURS = Area(
    "hours",
    "",
    (
        _f("kiosk_open", "time", required=True),
        _f("weekday", "spans", required=True),
        _f("saturday", "spans"),
        _f("saturday_mode", "choice", required=True, options=("appointment_only", "walk_in")),
        _f("sunday", "spans"),
        _f("ticket_stop_minutes_before_close", "number", least=0, most=240, group="end"),
        _f("serve_everyone_with_ticket", "yes_no", group="end"),
        _f("closing_grace_minutes", "number", least=0, most=480, group="end"),
    ),
    single=True,
    fresh=False,
)
PEOPLE = Area(
    "people",
    "id",
    (
        NAME,
        _f("name_en", most=80),
        _f("badge", required=True, most=20),
        _f("department", "ref", of="departments", required=True),
        _f(
            "role",
            "choice",
            required=True,
            admin=True,
            options=(
                *("clerk", "back_clerk", "guide", "duty_leader", "supervisor", "manager"),
                *("chief_representative", "admin"),
            ),
        ),
        _f("title", most=40),
        _f("title_en", most=80),
        _f("duties", "long", most=200),
        _f("duties_en", "long", most=400),
        _f("photo", "photo"),
        _f("sign_language", "yes_no"),
        _f("left", "yes_no", admin=True),
        _f("skills", "refs", of="skills", group="skills"),
        _f("skill_until", "until", of="skills", group="skills"),
    ),
    editors=(MANAGER, ADMIN),
)
WINDOWS = Area(
    "windows",
    "id",
    (
        _f("number", required=True, most=6),
        NAME,
        _f("name_en", most=80),
        _f(
            "kind",
            "choice",
            required=True,
            options=("comprehensive", "special", "cross_province", "stuck_case", "collection", "supplement"),
        ),
        _f("queues", "refs", of="queues", required=True, fresh=True),
        _f("zone", most=20, group="place"),
        _f("floor", most=FLOOR, group="place"),
        _f("low_counter", "yes_no", group="place"),
        _f("led_address", "number", least=1, most=247, group="place"),
        _f("pad_id", most=20, group="place"),
        _f("out", "choice", options=("repair", "closed"), group="work"),
        _f("default_state", "choice", required=True, options=("open", "tidal"), group="work"),
        _f("lunch_duty", "yes_no", group="work"),
        _f("saturday", "yes_no", group="work"),
    ),
)
POSTS = Area(
    "posts",
    "window",
    (_f("a", "ref", of="people"), _f("b", "refs", of="people")),
    fresh=False,
)
DEPARTMENTS = Area(
    "departments",
    "id",
    (
        NAME,
        NAME_EN,
        _f("kind", "choice", required=True, options=("local", "vertical", "group", "operator")),
        _f("uscc", most=18),
        _f("place", most=60),
        _f("place_en", most=120),
        _f("phone", most=30),
    ),
)
ROSTERS = Area(
    "rosters",
    "window",
    (_f("week", "shifts", of="people"), _f("days", "shift_days", of="people")),
    fresh=False,
)
BOARDS = Area(
    "boards",
    "id",
    (
        _f(
            "parts",
            "choices",
            required=True,
            options=("calls", "windows", "queues", "next", "media", "figures"),
        ),
        _f("areas", "refs", of="zones"),
        _f("queues", "refs", of="queues"),
        _f("lang", "choice", required=True, options=("zh", "en", "both")),
        _f("theme", "choice", required=True, options=("dark", "light")),
        _f("calls", "number", least=1, most=9, group="layout"),
        _f("columns", "number", least=0, most=6, group="layout"),
        _f("rows", "number", least=0, most=20, group="layout"),
        _f("side", "number", least=0, most=75, group="layout"),
        _f("page_s", "number", least=4, most=120, group="layout"),
        _f("media_s", "number", least=4, most=600, group="layout"),
    ),
    gone=True,
    whole=True,
)
NOTICES = Area(
    "notices",
    "",
    (
        _f("zh", "long", required=True, most=200),
        _f("en", "long", most=300),
        _f("urgent", "yes_no"),
        _f("boards", "words"),
        _f("since", "moment"),
        _f("until", "moment"),
    ),
    gone=True,
    whole=True,
)

MEDIA = Area(
    "media",
    "id",
    (
        _f("name", required=True, most=40),
        _f("file", "medium", required=True),
        _f("boards", "words"),
        _f("order", "number", least=0, most=999),
        _f("since", "moment"),
        _f("until", "moment"),
    ),
    gone=True,
)

NEARBY = Area(
    "nearby",
    "id",
    (
        NAME,
        _f("name_en", most=80),
        _f("address", most=80),
        _f("address_en", most=120),
        _f("phone", most=30),
        _f("serves", "long", most=80),
        _f("serves_en", "long", most=120),
        _f("weekday", "spans", group="hours"),
        _f("saturday", "spans", group="hours"),
        _f("sunday", "spans", group="hours"),
        _f("distance_km", "decimal", least=0, most=1000, group="place"),
        _f("latitude", "decimal", least=-90, most=90, group="place"),
        _f("longitude", "decimal", least=-180, most=180, group="place"),
        _f("url", most=220, group="figures"),
        _f("page", most=220, group="figures"),
    ),
    gone=True,
)

THINGS = get_args(PlanKind)
PLAN = Area(
    "plan",
    "id",
    (
        _f("name", most=40),
        _f("name_en", most=80),
        _f("width", "decimal", required=True, least=4, most=SIDE),
        _f("height", "decimal", required=True, least=3, most=SIDE),
        _f("zone", "zones", of="zones"),
        _f("spot", "spots", of="windows"),
    ),
    gone=True,
    whole=True,
)

AREAS: dict[str, Area] = {
    a.name: a
    for a in (
        *(SERVICES, QUEUES, HOURS, YEARS, DAYS, DEPARTMENTS, PEOPLE, POSTS, ROSTERS),
        *(WINDOWS, PLAN, BOARDS, NOTICES, MEDIA, NEARBY),
    )
}


def merged(area: Area, base: Items, body: Body) -> dict[str, dict[str, Any]]:
    """The items that hold with `body` over the files' items `base`."""
    found = {} if area.whole and body else {i: dict(item) for i, item in base.items()}
    for i, patch in body.items():
        if patch is None:
            found.pop(i, None)
        else:
            found[i] = {**found.get(i, {}), **patch}
    return found


def over(area: Area, base: Items, now: Items) -> Body:
    """The smallest body that makes `now` of `base`."""
    if area.whole:
        same = {i: dict(item) for i, item in now.items()} == {i: dict(item) for i, item in base.items()}
        gone: Body = {i: None for i in base if i not in now}
        return {} if same else {**gone, **{i: dict(item) for i, item in now.items()}}
    body: Body = {i: None for i in base if i not in now}
    for i, item in now.items():
        was = base.get(i, {})
        patch = {k: v for k, v in item.items() if i not in base or was.get(k) != v}
        if patch or i not in base:
            body[i] = patch
    return body


def with_draft(area: Area, now: Items, draft: Body) -> dict[str, dict[str, Any]]:
    """The items as they would be: those in force, and over them what the draft says of some, field by
    field."""
    found = {i: dict(item) for i, item in now.items()}
    for i, item in draft.items():
        if item is None:
            found.pop(i, None)
        else:
            found[i] = {**found.get(i, {}), **item}
    return found


def changes(area: Area, before: Items, after: Items) -> list[Change]:
    """What changes, item by item and field by field, in the order of the area's fields."""
    found = []
    for i in dict.fromkeys((*before, *after)):
        was, now = before.get(i), after.get(i)
        if was is None and now is not None:
            found.append(Change(i, title(area, i, now), "new", "", None, None))
        if now is None and was is not None:
            found.append(Change(i, title(area, i, was), "gone", "", None, None))
        for f in area.fields if now is not None else ():
            a, b = (was or {}).get(f.name), (now or {}).get(f.name)
            if a != b and (was is not None or b not in (None, "", [], {}, False)):
                kind: Literal["new", "changed"] = "new" if was is None else "changed"
                found.append(Change(i, title(area, i, now or {}), kind, f.name, a, b))
    return found


def title(area: Area, item: str, value: Item) -> str:
    """What people call the item."""
    return str(value.get("name") or value.get("zh") or value.get("reason") or item)[:60]


def may_edit(area: Area, role: str) -> bool:
    return role in area.editors or role in area.delegates


def is_delegate(area: Area, role: str) -> bool:
    """Does `role` change the area only for its own department (部门管理员)?"""
    return role in area.delegates and role not in area.editors


def only_tomorrow(area: Area, before: Items, after: Items) -> list[Wrong]:
    """Which changes cannot hold before the next day: a running day keeps its numbers."""
    found = []
    for c in changes(area, before, after):
        field = area.field(c.field)
        if field is not None and field.tomorrow and c.kind == "changed":
            found.append(Wrong(c.item, c.field, "tomorrow", {}))
    return found


def not_theirs(area: Area, role: str, before: Items, after: Items) -> list[Wrong]:
    """What only an administrator may change: who has which role, who works here at all."""
    if role == ADMIN or not any(f.admin for f in area.fields):
        return []
    said = [(c.item, c.field or "role", area.field(c.field)) for c in changes(area, before, after)]
    theirs = dict.fromkeys((i, name) for i, name, f in said if f is None or f.admin)
    return [Wrong(i, name, "admin", {}) for i, name in theirs]


def not_delegated(area: Area, department: str, before: Items, after: Items) -> list[Wrong]:
    """What a department's representative may not change: items of others, and of the own ones what the hall
    decides."""
    found: dict[tuple[str, str], Wrong] = {}
    for c in changes(area, before, after):
        was, field = before.get(c.item), area.field(c.field)
        if was is None or not department or was.get("department") != department:
            found.setdefault((c.item, ""), Wrong(c.item, "", "foreign-item", {}))
        elif field is None or not field.delegated:
            found.setdefault((c.item, c.field), Wrong(c.item, c.field, "foreign-field", {}))
    return list(found.values())


# --- what makes a value wrong
@dataclass(frozen=True)
class Known:
    """What references may name, and the hall's local day. of -> ids."""

    ids: Mapping[str, Collection[str]]
    today: date


def wrongs(area: Area, base: Items, before: Items, after: Items, known: Known) -> list[Wrong]:
    """Every mistake of the items that differ from `before`, and of their neighbours together."""
    found: list[Wrong] = []
    for i, item in after.items():
        if before.get(i) == item:
            continue
        if i not in before and not _may_be_new(area, i):
            found.append(Wrong(i, area.key or "id", "id", {}))
        for name in item:
            if area.field(name) is None and item[name] != base.get(i, {}).get(name):
                found.append(Wrong(i, name, "unknown", {}))
        for f in area.fields:
            value = item.get(f.name)
            if f.fresh and i in before and value != before[i].get(f.name):
                found.append(Wrong(i, f.name, "fixed", {}))
            found += [Wrong(i, f.name, code, facts) for code, facts in _value(f, value, known)]
    for i in before:
        if i not in after and not area.gone:
            found.append(Wrong(i, "", "stays", {}))
    if not found:
        found += TOGETHER.get(area.name, _nothing)(before, after, known)
    return found


def _may_be_new(area: Area, item: str) -> bool:
    if area.name == "years":
        return item.isdigit() and 2000 <= int(item) < 2100
    if area.name == "days":
        return _day(item) is not None
    if area.name == "plan":  # as a window's own field names it: 负一
        return item.isprintable() and len(item) <= FLOOR
    return area.fresh and (ID.fullmatch(item) is not None or (area.name == "boards" and item == "*"))


Found = Iterator[tuple[str, dict[str, Any]]]


def _value(f: Field, value: Any, known: Known) -> Found:
    empty = value is None or value == "" or value == [] or value == {}
    if empty:
        if f.required:
            yield "missing", {}
        return
    yield from CHECKS[f.kind](f, value, known)


def _text(f: Field, value: Any, known: Known) -> Found:
    most = int(f.most or (LONG if f.kind == "long" else 200))
    if not isinstance(value, str):
        yield "text", {}
    elif CONTROL.search(value):
        yield "control", {}
    elif len(value) > most:
        yield "long", {"most": most, "is": len(value)}
    elif f.required and not value.strip():
        yield "missing", {}


def _number(f: Field, value: Any, known: Known) -> Found:
    right = isinstance(value, int) if f.kind == "number" else isinstance(value, int | float)
    if isinstance(value, bool) or not right:
        yield "number" if f.kind == "number" else "decimal", {}
    elif (f.least is not None and value < f.least) or (f.most is not None and value > f.most):
        yield "range", {"least": _plain(f.least), "most": _plain(f.most)}


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value < 100_000 else f"{value:.0f}"


def _yes_no(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, bool):
        yield "yes-no", {}


def _choice(f: Field, value: Any, known: Known) -> Found:
    if value not in f.options:
        yield "choice", {"value": str(value)[:40]}


def _choices(f: Field, value: Any, known: Known) -> Found:
    if not _is_texts(value):
        yield "list", {}
        return
    for one in value:
        if one not in f.options:
            yield "choice", {"value": one[:40]}
    if len(set(value)) < len(value):
        yield "twice", {"value": next(v for v in value if value.count(v) > 1)}


def _words(f: Field, value: Any, known: Known) -> Found:
    if not _is_texts(value):
        yield "list", {}
    elif any(CONTROL.search(word) or not word.strip() for word in value):
        yield "control", {}
    elif len(value) > 20 or any(len(word) > WORDS for word in value):
        yield "long", {"most": WORDS, "is": max(map(len, value))}


def _clock(f: Field, value: Any, known: Known) -> Found:
    if _time(value) is None:
        yield "time", {"value": str(value)[:20]}


def _moment(f: Field, value: Any, known: Known) -> Found:
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        yield "moment", {"value": str(value)[:30]}
    else:
        if zoned:
            yield "moment", {"value": value[:30]}


def _spans(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, list) or not all(isinstance(s, list) and len(s) == 2 for s in value):
        yield "list", {}
        return
    ends = [(_time(a), _time(b)) for a, b in value]
    for (a, b), (start, end) in zip(value, ends, strict=True):
        if start is None or end is None:
            yield "time", {"value": str(a if start is None else b)[:20]}
            return
    whole = [(a, b) for a, b in ends if a is not None and b is not None]
    for (_, end), (start, _) in zip(whole, whole[1:], strict=False):
        if start < end:
            yield "overlap", {}
    if f.name != "hours" and any(a >= b for a, b in whole):  # a queue's own hours may run past midnight
        yield "order", {}


def _ref(f: Field, value: Any, known: Known) -> Found:
    if value not in known.ids[f.of]:
        yield "ref", {"value": str(value)[:40]}


def _refs(f: Field, value: Any, known: Known) -> Found:
    if not _is_texts(value):
        yield "list", {}
        return
    for one in value:
        if one not in known.ids[f.of]:
            yield "ref", {"value": one[:40]}
    if len(set(value)) < len(value):
        yield "twice", {"value": next(v for v in value if value.count(v) > 1)}


def _limit(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, dict) or set(value) != {"n", "unit"} or value["unit"] not in UNITS:
        yield "limit", {}
    elif not isinstance(value["n"], int) or isinstance(value["n"], bool) or not 0 <= value["n"] <= 3650:
        yield "range", {"least": "0", "most": "3650"}


def _materials(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, list) or not all(isinstance(m, dict) for m in value):
        yield "list", {}
        return
    if len(value) > 60:
        yield "many", {"most": 60}
    flags = ("required", "deferrable", "shared")
    keys = {"name", "name_en", "form", *flags}
    for n, m in enumerate(value, 1):
        name = m.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > 120 or CONTROL.search(name):
            yield "material-name", {"n": n}
        elif m.get("form") not in FORMS:
            yield "material-form", {"n": n, "name": name}
        elif not _is_plain(m.get("name_en", ""), 200):
            yield "material-name-en", {"n": n, "name": name}
        elif set(m) - keys or not all(isinstance(m.get(k, True), bool) for k in flags):
            yield "list", {}


def _until(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, dict):
        yield "list", {}
        return
    for skill, day in value.items():
        if skill not in known.ids[f.of]:
            yield "ref", {"value": str(skill)[:40]}
        if _day(day) is None:
            yield "date", {"value": str(day)[:20]}


def _holidays(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, list) or not all(isinstance(h, dict) for h in value):
        yield "list", {}
        return
    for n, h in enumerate(value, 1):
        first, last, name = _day(h.get("from")), _day(h.get("to")), h.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > 30 or set(h) - {"name", "from", "to"}:
            yield "holiday-name", {"n": n}
        if first is None or last is None:
            yield "date", {"value": str(h.get("to") if first else h.get("from"))[:20]}
        elif last < first or (last - first).days > 30:
            yield "holiday-order", {"n": n, "name": str(name)[:30]}


def _dates(f: Field, value: Any, known: Known) -> Found:
    if not _is_texts(value):
        yield "list", {}
        return
    for one in value:
        if _day(one) is None:
            yield "date", {"value": one[:20]}
    if len(set(value)) < len(value):
        yield "twice", {"value": next(v for v in value if value.count(v) > 1)}


def _upload(f: Field, value: Any, known: Known) -> Found:
    if not isinstance(value, str) or not (PHOTO if f.kind == "photo" else MEDIUM).fullmatch(value):
        yield "upload", {}


def _shifts(f: Field, value: Any, known: Known) -> Found:
    """Rows {days, start, end, person, since, until}, or {date, start, end, person, reason}."""
    dated = f.kind == "shift_days"
    own = {"date", "reason"} if dated else {"days", "since", "until"}
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        yield "list", {}
        return
    if len(value) > 400:
        yield "many", {"most": 400}
    for n, row in enumerate(value, 1):
        start, end, person = _time(row.get("start")), _time(row.get("end")), row.get("person") or ""
        if set(row) - own - {"start", "end", "person"}:
            yield "list", {}
        if start is None or end is None:
            yield "shift-time", {"n": n}
        elif end <= start:
            yield "shift-order", {"n": n}
        if person and person not in known.ids.get(f.of, ()):
            yield "ref", {"value": str(person)[:40]}
        for one in [row.get("date")] if dated else [row[k] for k in ("since", "until") if row.get(k)]:
            if _day(one) is None:
                yield "date", {"value": str(one)[:20]}
        days, reason = row.get("days"), row.get("reason") or ""
        if not dated and (not _is_texts(days) or not days or not WEEKDAYS.issuperset(days)):
            yield "shift-days", {"n": n}
        if not isinstance(reason, str) or len(reason) > WORDS or CONTROL.search(reason):
            yield "long", {"most": WORDS, "is": len(str(reason))}


def _zones(f: Field, value: Any, known: Known) -> Found:
    """Rows {name, x, y, w, h}."""
    if not _is_placed(value, {"name", "x", "y", "w", "h"}, 100):
        yield "list", {}
        return
    for row in value:
        if not isinstance(row.get("name"), str) or CONTROL.search(row["name"]) or len(row["name"]) > 20:
            yield "long", {"most": 20, "is": len(str(row.get("name")))}
        elif row["w"] <= 0 or row["h"] <= 0:
            yield "plan-size", {"value": row["name"]}


def _spots(f: Field, value: Any, known: Known) -> Found:
    """Rows {kind, id, name, name_en, x, y}."""
    if not _is_placed(value, {"kind", "id", "name", "name_en", "x", "y"}, 500):
        yield "list", {}
        return
    for row in value:
        texts = [row.get(k, "") for k in ("id", "name", "name_en")]
        if row.get("kind") not in THINGS:
            yield "choice", {"value": str(row.get("kind"))[:40]}
        elif not _is_texts(texts) or any(CONTROL.search(t) or len(t) > 40 for t in texts):
            yield "long", {"most": 40, "is": max(len(str(t)) for t in texts)}


def _is_placed(value: Any, keys: set[str], most: int) -> bool:
    """Is it a list of rows with these keys, of which those of one letter are lengths?"""
    if not isinstance(value, list) or len(value) > most or not all(isinstance(row, Mapping) for row in value):
        return False
    lengths = [row.get(k) for row in value for k in keys if len(k) == 1]
    right = [isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= SIDE for n in lengths]
    return all(right) and all(set(row) <= keys for row in value)


CHECKS: dict[str, Callable[[Field, Any, Known], Found]] = {
    "text": _text,
    "long": _text,
    "number": _number,
    "decimal": _number,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "words": _words,
    "time": _clock,
    "moment": _moment,
    "spans": _spans,
    "ref": _ref,
    "refs": _refs,
    "limit": _limit,
    "materials": _materials,
    "until": _until,
    "holidays": _holidays,
    "dates": _dates,
    "shifts": _shifts,
    "shift_days": _shifts,
    "photo": _upload,
    "medium": _upload,
    "zones": _zones,
    "spots": _spots,
}


def _is_plain(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and not CONTROL.search(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _time(value: Any) -> time | None:
    try:
        return time.fromisoformat(value) if isinstance(value, str) and len(value) in (5, 8) else None
    except ValueError:
        return None


def _day(value: Any) -> date | None:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None
    return found if found is None or 2000 <= found.year < 2100 else None


# --- what items must be together
def _nothing(before: Items, after: Items, known: Known) -> list[Wrong]:
    return []


def _same(before: Items, after: Items, field: str) -> Iterable[Wrong]:
    """What two items say now and may not; what the files said twice before is nobody's mistake here."""
    first: dict[Any, str] = {}
    for i, item in after.items():
        value = item.get(field)
        if value in (None, "") or item.get("left"):
            continue
        other = first.setdefault(value, i)
        if other != i and any(before.get(one, {}).get(field) != value for one in (i, other)):
            yield Wrong(i, field, "used", {"value": value, "by": other})


def _services(before: Items, after: Items, known: Known) -> list[Wrong]:
    """A theme has one English name, whichever of its services says it."""
    found, first = [], dict[str, str]()
    for i, item in after.items():
        if not item.get("theme") or not item.get("theme_en"):
            continue
        other = first.setdefault(item["theme"], i)
        if after[other]["theme_en"] == item["theme_en"]:
            continue
        pairs = ((i, other), (other, i))
        changed = [p for p in pairs if any(before.get(p[0], {}).get(f) != after[p[0]][f] for f in THEME)]
        for one, says in changed[:1]:
            said = {"name": title(SERVICES, says, after[says]), "is": after[says]["theme_en"]}
            found.append(Wrong(one, "theme_en", "theme-en", {"value": item["theme"], **said}))
    return found


def _queues(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = []
    letters = frozenset("ABCDEFGHJKLMNPRSTUVWXY")
    for i, q in after.items():
        if before.get(i) == q:
            continue
        if i not in before and not letters.issuperset(i):
            found.append(Wrong(i, "prefix", "letter", {"value": i}))
        first, last, digits = q.get("first_number", 1), q.get("last_number", 999), q.get("digits", 3)
        if last < first:
            found.append(Wrong(i, "last_number", "numbers", {"first": first}))
        elif len(str(last)) > digits:
            found.append(Wrong(i, "digits", "digits", {"last": last}))
        hours, carries = q.get("hours") or [], q.get("carry_over", False)
        past = [a for a, b in hours if (_time(a) or time()) >= (_time(b) or time())]
        if past and not carries:
            found.append(Wrong(i, "hours", "order", {}))
    return found


def _windows(before: Items, after: Items, known: Known) -> list[Wrong]:
    return [*_same(before, after, "number"), *_same(before, after, "led_address")]


def _people(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = list(_same(before, after, "badge"))
    for role, code in ((ADMIN, "last-admin"), (MANAGER, "last-manager")):
        had = [i for i, p in before.items() if p.get("role") == role and not p.get("left")]
        left = [i for i, p in after.items() if p.get("role") == role and not p.get("left")]
        if had and not left:
            field = "left" if after.get(had[0], {}).get("left") else "role"
            found.append(Wrong(had[0], field, code, {}))
    return found


def _posts(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = list(_same(before, after, "a"))
    for i, post in after.items():
        if before.get(i) != post and post.get("a") and post["a"] in (post.get("b") or ()):
            found.append(Wrong(i, "b", "same-person", {"value": post["a"]}))
    return found


def _years(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = []
    for i, year in after.items():
        if before.get(i) == year:
            continue
        rest: set[date] = set()
        for h in year.get("closed") or ():
            first, last = _day(h["from"]), _day(h["to"])
            assert first is not None
            assert last is not None
            if str(first.year) != i and str(last.year) != i:
                found.append(Wrong(i, "closed", "other-year", {"value": h["from"]}))
            days = {date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)}
            if rest & days:
                found.append(Wrong(i, "closed", "overlap-day", {"value": min(rest & days).isoformat()}))
            rest |= days
        for one in year.get("weekend_workdays") or ():
            day = _day(one)
            assert day is not None
            if str(day.year) != i:
                found.append(Wrong(i, "weekend_workdays", "other-year", {"value": one}))
            elif day.weekday() < 5:
                found.append(Wrong(i, "weekend_workdays", "no-weekend", {"value": one}))
            elif day in rest:
                found.append(Wrong(i, "weekend_workdays", "is-holiday", {"value": one}))
    return found


def _days(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = []
    for i in dict.fromkeys((*before, *after)):
        day, one = _day(i), after.get(i)
        if before.get(i) == one:
            continue
        if day is not None and day < known.today:
            found.append(Wrong(i, "date", "past", {"value": i}))
        if one is not None and one.get("kind") == "hours":
            if not one.get("hours"):
                found.append(Wrong(i, "hours", "missing", {}))
            elif any((_time(a) or time()) >= (_time(b) or time()) for a, b in one["hours"]):
                found.append(Wrong(i, "hours", "order", {}))
        elif one is not None and one.get("hours"):
            found.append(Wrong(i, "hours", "needless", {}))
    return found


def _notices(before: Items, after: Items, known: Known) -> list[Wrong]:
    return [
        Wrong(i, "until", "order", {})
        for i, n in after.items()
        if before.get(i) != n and n.get("since") and n.get("until") and n["until"] <= n["since"]
    ]


def _nearby(before: Items, after: Items, known: Known) -> list[Wrong]:
    found = [Wrong(list(after)[-1], "", "many", {"most": MOST})] if len(after) > MOST else []
    for i, hall in after.items():
        if before.get(i) == hall:
            continue
        for key in ("url", "page"):
            if hall.get(key) and not is_address(hall[key]):
                found.append(Wrong(i, key, "address", {"value": hall[key][:60]}))
        if (hall.get("latitude") is None) != (hall.get("longitude") is None):
            found.append(Wrong(i, "longitude", "together", {}))
    return found


def _plan(before: Items, after: Items, known: Known) -> list[Wrong]:
    if before == after:
        return []
    floors = {i: floor_item(i, item) for i, item in after.items()}
    found = [
        Wrong(m.floor, m.part, m.code, m.facts) for m in check_plan([*floors.values()], known.ids["windows"])
    ]
    for i, floor in floors.items():
        stood = {(s.id, s.x, s.y) for s in floor_item(i, before[i]).spot} if i in before else set()
        for a, b in lying_on(floor):  # what the files drew over each other is nobody's mistake here
            if any((s.id, s.x, s.y) not in stood for s in (a, b)):
                found.append(Wrong(i, "spot", "plan-clash", {"value": a.id, "by": b.id}))
    return found


def floor_item(id: str, item: Item) -> Floor:
    """A floor whose values were checked."""
    zones = tuple(Zone(**row) for row in item.get("zone") or ())
    spots = tuple(Spot(**row) for row in item.get("spot") or ())
    return Floor(id, item["width"], item["height"], zone=zones, spot=spots)


TOGETHER: dict[str, Callable[[Items, Items, Known], Sequence[Wrong] | list[Wrong]]] = {
    "services": _services,
    "queues": _queues,
    "windows": _windows,
    "people": _people,
    "posts": _posts,
    "years": _years,
    "days": _days,
    "plan": _plan,
    "notices": _notices,
    "media": _notices,
    "nearby": _nearby,
}
