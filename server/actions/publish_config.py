"""A manager configures the hall: a draft that is saved and compared, a version that is published now or for
the next day, an old one that comes back. What holds is read by every process with its next act; present
tickets stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from server.actions.day import reopen_by_hours
from server.actions.publish_placement import needed_queues
from server.configured import canonical, configured, file_items, known_of, roster_of
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.configuration import (
    AREAS,
    Area,
    Body,
    Change,
    Wrong,
    changes,
    is_delegate,
    may_edit,
    merged,
    not_delegated,
    not_theirs,
    only_tomorrow,
    over,
    title,
    with_draft,
    wrongs,
)
from server.domain.events import ConfigChanged, ConfigDrafted
from server.domain.placement import check_placement
from server.domain.rosters import clashes
from server.settings import HallSettings
from server.store.config import (
    Draft,
    add_version,
    begin_version,
    bodies_in_force,
    drafts_of,
    find_version,
    newest_of,
    save_draft,
    waiting,
    withdraw_version,
)
from server.store.leaves import granted
from server.store.placements import find_placement
from server.store.unit import Unit
from server.store.windows import find_post, post_of

When = Literal["now", "next_day"]
Say = Callable[..., dict[str, str]]
KEPT: Mapping[str, dict[str, Any]] = {"services": {"closed": True}, "people": {"left": True}}
# once made, these stay: somebody may hold them
GATHERED = ("services", "queues", "people", "windows", "departments")


@dataclass(frozen=True)
class Desk:
    """Where configuring is done: the hall in force, its bare files, and how mistakes are worded."""

    hall: HallSettings
    files: HallSettings
    say: Say
    has: Callable[[str], bool] = lambda _name: True  # is there an upload of this name?


@dataclass(frozen=True)
class Looked:
    """What a draft or a version comes to."""

    after: dict[str, dict[str, Any]]
    body: Body
    changes: list[Change]
    wrongs: list[Wrong]


def keep_draft(unit: Unit, desk: Desk, area: str, items: Body, base: int, rev: int) -> tuple[int, Looked]:
    """Save what is to change in an area, mistakes and all; the draft's next `rev`, and what it comes to.

    items: whole items or some of their fields; None takes an item away. rev: of the draft it was made from.
    Raises ConfigUnknown, ConfigForeign, ConfigStale, ConfigDraftStale.
    """
    own, slot = _area(unit, area), slot_of(desk.hall, area, unit.actor)
    _check_base(unit, desk, own, base)
    _check_rev(unit, desk, slot, rev)
    now = _items(unit, desk, own, newest_of(unit.connection, unit.hall, area).body)
    less: Body = {}
    for i, item in items.items():
        if item is None:
            less |= {i: None} if i in now else {}
            continue
        was = now.get(i)
        fields = {k: v for k, v in item.items() if was is None or was.get(k) != v}
        if fields or was is None:
            less[i] = fields
    save_draft(unit, Draft(slot, rev + 1, base, less, unit.actor.id, unit.now))
    unit.add(ConfigDrafted(area))
    return rev + 1, look(unit, desk, own, with_draft(own, now, less))


def compare(unit: Unit, desk: Desk, area: str, version: int | None = None) -> Looked:
    """What the saved draft, or going back to `version`, would change of what is in force, and its mistakes.
    Raises ConfigUnknown, ConfigForeign."""
    own = _area(unit, area)
    if version is not None:
        return look(unit, desk, own, _rolled_back(unit, desk, own, version))
    return look(unit, desk, own, drafted(unit, desk, area)[1])


def as_published(unit: Unit, desk: Desk, area: str, looked: Looked) -> HallSettings | None:
    """The hall as it would be with `looked` in force; None where it cannot be published."""
    if looked.wrongs:
        return None
    try:
        return _placed(unit, desk, _area(unit, area), looked.body)
    except refusals.Refusal:
        return None


def begin_of(unit: Unit, desk: Desk, when: When) -> date | None:
    """The first day of what is published now; None: it holds with this act."""
    return _today(unit, desk) + timedelta(days=1) if when == "next_day" else None


def drafted(unit: Unit, desk: Desk, area: str) -> tuple[Body, dict[str, dict[str, Any]]]:
    """The actor's draft as it is saved, and all items as they would be with it. Raises as `compare`."""
    own = _area(unit, area)
    draft = drafts_of(unit.connection, unit.hall).get(slot_of(desk.hall, area, unit.actor))
    body = draft.body if draft else {}
    now = _items(unit, desk, own, newest_of(unit.connection, unit.hall, area).body)
    return body, with_draft(own, now, body)


def drop_draft(unit: Unit, desk: Desk, area: str, rev: int) -> int:
    """Forget the draft; its next `rev`. Raises ConfigUnknown, ConfigForeign, ConfigDraftStale."""
    _area(unit, area)
    slot = slot_of(desk.hall, area, unit.actor)
    _check_rev(unit, desk, slot, rev)
    save_draft(unit, Draft(slot, rev + 1, 0, {}, unit.actor.id, unit.now))
    unit.add(ConfigDrafted(area))
    unit.note("config.drop", f"config:{area}")
    return rev + 1


def publish_draft(
    unit: Unit, desk: Desk, area: str, base: int, rev: int, when: When, note: str
) -> dict[str, Any]:
    """Put the saved draft in force: {version, since}. since: None = with this act.

    Raises as `keep_draft`, ConfigInvalid with every mistake, ConfigSame, and what a placement over the new
    settings would be refused for.
    """
    own, slot = _area(unit, area), slot_of(desk.hall, area, unit.actor)
    _check_base(unit, desk, own, base)
    _check_rev(unit, desk, slot, rev)
    said = _publish(unit, desk, own, drafted(unit, desk, area)[1], when, note, None)
    save_draft(unit, Draft(slot, rev + 1, 0, {}, unit.actor.id, unit.now))
    return said


def roll_config_back(
    unit: Unit, desk: Desk, area: str, version: int, base: int, when: When, note: str = ""
) -> dict[str, Any]:
    """Put an older version of an area in force again, as a new one (0 = the files): {version, since}.

    What was made since stays known, as closed or left, because somebody may hold a number of it.
    """
    own = _area(unit, area)
    _check_base(unit, desk, own, base)
    return _publish(unit, desk, own, _rolled_back(unit, desk, own, version), when, note, version)


def _rolled_back(unit: Unit, desk: Desk, area: Area, version: int) -> dict[str, dict[str, Any]]:
    try:
        old = find_version(unit.connection, unit.hall, area.name, version)
    except LookupError:
        raise refusals.ConfigUnknown(what=str(version)) from None
    after = _items(unit, desk, area, old.body)
    if area.name in GATHERED:
        now = _items(unit, desk, area, newest_of(unit.connection, unit.hall, area.name).body)
        kept = KEPT.get(area.name, {})
        after |= {i: {**item, **kept} for i, item in now.items() if i not in after}
    if area.name == "days":  # what is past stays as it was
        today, now = _today(unit, desk).isoformat(), _items(unit, desk, area, _in_force(unit, area.name))
        after = {i: item for i, item in after.items() if i >= today}
        after |= {i: item for i, item in now.items() if i < today}
    return after


def withdraw(unit: Unit, desk: Desk, area: str, version: int) -> None:
    """Take a version back that waits for its day; a department its own only. Raises ConfigUnknown,
    ConfigForeign."""
    own = _area(unit, area)
    found = [v for v in waiting(unit.connection, unit.hall) if v.area == area and v.version == version]
    if not found:
        raise refusals.ConfigUnknown(what=str(version))
    if is_delegate(own, unit.actor.role) and found[0].person != unit.actor.id:
        raise refusals.ConfigForeign(area=area)
    withdraw_version(unit, area, version)
    unit.add(ConfigDrafted(area))
    unit.note("config.withdraw", f"config:{area}:{version}")


def begin_due(unit: Unit, hall: HallSettings) -> None:
    """Versions whose day has come are in force from here on; a business day that still runs ends first."""
    today = unit.now.astimezone(hall.zone).date().isoformat()
    for version in waiting(unit.connection, unit.hall):
        since = version.since or ""
        if since <= today and (unit.day is None or since <= unit.day):
            begin_version(unit, version.area, version.version)
            unit.add(ConfigChanged(version.version, version.area))
            unit.note("config.begin", f"config:{version.area}:{version.version}", since=since)


def look(unit: Unit, desk: Desk, area: Area, after: dict[str, dict[str, Any]]) -> Looked:
    """What `after` changes of what is in force, and every mistake in it."""
    base = file_items(desk.files)[area.name]
    before = _items(unit, desk, area, _in_force(unit, area.name))
    known = known_of(desk.hall, _today(unit, desk))
    found = wrongs(area, base, before, after, known)
    found += not_theirs(area, unit.actor.role, before, after)
    if is_delegate(area, unit.actor.role):
        found += not_delegated(area, department_of(desk.hall, unit.actor), before, after)
    if not found:
        after, found = _canonical(area, before, after)
    if not found:
        found = _in_use(unit, desk, area, before, after)
    return Looked(after, over(area, base, after), changes(area, before, after), found)


def department_of(hall: HallSettings, actor: Actor) -> str:
    """Of a member of staff; "" when that is not known."""
    person = hall.catalogue.people.get(actor.id)
    return person.department if person else ""


def slot_of(hall: HallSettings, area: str, actor: Actor) -> str:
    """Where the actor's draft is kept: a department has its own beside the hall's."""
    found = AREAS.get(area)
    return f"{area}@{department_of(hall, actor)}" if found and is_delegate(found, actor.role) else area


def troubles(desk: Desk, area: Area, looked: Looked) -> list[dict[str, Any]]:
    """Mistakes for people: where, which code, one sentence per language."""
    return [
        {
            "item": w.item,
            "name": title(area, w.item, looked.after.get(w.item, {})),
            "field": w.field,
            "code": w.code,
            "text": desk.say(f"config.wrong.{w.code}", **w.facts),
        }
        for w in looked.wrongs
    ]


def _publish(
    unit: Unit,
    desk: Desk,
    area: Area,
    after: dict[str, dict[str, Any]],
    when: When,
    note: str,
    rolled_back_to: int | None,
) -> dict[str, Any]:
    looked = look(unit, desk, area, after)
    if not looked.wrongs and when == "now" and unit.day is not None:
        before = _items(unit, desk, area, _in_force(unit, area.name))
        late = only_tomorrow(area, before, looked.after)
        looked = Looked(looked.after, looked.body, looked.changes, late)
    waits = [v for v in waiting(unit.connection, unit.hall) if v.area == area.name]
    others = [v for v in waits if v.person != unit.actor.id]
    if others and is_delegate(area, unit.actor.role):
        first = others[0]
        raise refusals.ConfigWaits(version=first.version, since=first.since, name=_name(desk, first.person))
    if looked.wrongs:
        said = troubles(desk, area, looked)
        raise refusals.ConfigInvalid(troubles=said, count=len(said))
    if not looked.changes and not waits:
        raise refusals.ConfigSame(area=area.name)
    published = _placed(unit, desk, area, looked.body)
    for version in waits:
        withdraw_version(unit, area.name, version.version)
    begins = begin_of(unit, desk, when)
    day = begins.isoformat() if begins else None
    number = add_version(unit, area.name, looked.body, looked.changes, note, day, rolled_back_to)
    unit.add(ConfigChanged(number, area.name) if day is None else ConfigDrafted(area.name))
    unit.note(
        "config.publish",
        f"config:{area.name}:{number}",
        since=day,
        rolled_back_to=rolled_back_to,
        changes=[f"{c.item} {c.field or c.kind}" for c in looked.changes],
    )
    if day is None:
        reopen_by_hours(unit, desk.hall, published, area=area.name, version=number)
    return {"version": number, "since": day}


def _canonical(
    area: Area, before: Mapping[str, Any], after: dict[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], list[Wrong]]:
    """Changed items with every field, written the one way."""
    done, found = {}, []
    for i, item in after.items():
        try:
            done[i] = item if before.get(i) == item else canonical(area, i, item)
        except ValidationError as error:
            found += [Wrong(i, str(e["loc"][0]) if e["loc"] else "", "wrong", {}) for e in error.errors()]
    return (done, []) if not found else (after, found)


def _in_use(
    unit: Unit, desk: Desk, area: Area, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Wrong]:
    """What cannot change because something else leans on it just now."""
    found = [
        Wrong(i, f.name, "upload-gone", {})
        for i, item in after.items()
        for f in area.fields
        if f.kind in ("photo", "medium") and item.get(f.name) not in ("", None, before.get(i, {}).get(f.name))
        if not desk.has(item[f.name])
    ]
    if area.name == "people":
        for i, person in after.items():
            post = post_of(unit.connection, unit.hall, i) if person.get("left") else None
            if post is not None:
                found.append(Wrong(i, "left", "at-window", {"window": post.window}))
    if area.name == "rosters":
        plan, away = desk.hall.duties, granted(unit.connection, desk.hall)
        rosters = {i: roster_of(i, item) for i, item in after.items()}
        changed = [i for i, item in after.items() if before.get(i) != item]
        found += clashes(replace(plan, rosters=rosters), changed, away, _today(unit, desk))
    if area.name == "windows":
        for i, window in after.items():
            if window.get("out") and not before.get(i, {}).get("out"):
                post = find_post(unit.connection, unit.hall, i)
                if post.clerk is not None:
                    found.append(Wrong(i, "out", "window-staffed", {"name": _name(desk, post.clerk)}))
        zones = {w.get("zone") for w in after.values()}
        named = {z for b in desk.hall.boards.board for z in b.areas} - zones
        moved = [i for i, w in after.items() if before.get(i, {}).get("zone") in named]
        found += [Wrong(i, "zone", "zone-used", {"value": before[i]["zone"]}) for i in moved]
    return found


def _placed(unit: Unit, desk: Desk, area: Area, body: Body) -> HallSettings:
    """The hall as it would be with `body`, the placement over it. Raises as `check_placement`."""
    bodies = {**bodies_in_force(unit.connection, unit.hall, unit.config), area.name: body}
    made = configured(desk.files, bodies)
    wish = find_placement(unit.connection, unit.hall, unit.placement).body
    after = check_placement(made.files, wish, _today(unit, desk), needed_queues(unit, desk.hall))
    return replace(made, catalogue=after)


def _area(unit: Unit, name: str) -> Area:
    area = AREAS.get(name)
    if area is None:
        raise refusals.ConfigUnknown(what=name)
    if not may_edit(area, unit.actor.role):
        raise refusals.ConfigForeign(area=name)
    return area


def _items(unit: Unit, desk: Desk, area: Area, body: Body) -> dict[str, dict[str, Any]]:
    return merged(area, file_items(desk.files)[area.name], body)


def _in_force(unit: Unit, area: str) -> Body:
    return bodies_in_force(unit.connection, unit.hall, unit.config).get(area, {})


def _today(unit: Unit, desk: Desk) -> date:
    return unit.now.astimezone(desk.hall.zone).date()


def _check_base(unit: Unit, desk: Desk, area: Area, base: int) -> None:
    newest = newest_of(unit.connection, unit.hall, area.name)
    if base != newest.version:
        raise refusals.ConfigStale(version=newest.version, base=base, name=_name(desk, newest.person))


def _check_rev(unit: Unit, desk: Desk, slot: str, rev: int) -> None:
    draft = drafts_of(unit.connection, unit.hall).get(slot)
    if rev != (draft.rev if draft else 0):
        name = _name(desk, draft.person) if draft else ""
        raise refusals.ConfigDraftStale(rev=draft.rev if draft else 0, name=name)


def _name(desk: Desk, person: str) -> str:
    known = desk.hall.catalogue.people.get(person)
    return known.name if known else person
