"""A manager drafts a roster by whole weeks: last week's again, a week copied to another, two people who
change places. It is saved in the area's draft, to be looked at with its clashes before it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from pydantic import ValidationError

from server.actions.publish_config import Desk, Looked, drafted, keep_draft
from server.configured import roster_item, roster_of
from server.domain import refusals
from server.domain.configuration import Body
from server.domain.roster_moves import DAYS, copied, swapped
from server.domain.rosters import Plan, Roster
from server.store.unit import Unit

AREA = "rosters"
MOST_DAYS = 62
Moved = tuple[int, int, Looked]


def copy_week(unit: Unit, desk: Desk, source: date, target: date, base: int, rev: int) -> Moved:
    """Lay the week in which `source` is over the one in which `target` is: the draft's next `rev`, how many
    rosters it changed, and what the draft comes to.

    Raises InputInvalid when it is the same week or the target is past, and as `keep_draft`.
    """
    (there, here), today = (_monday(source), _monday(target)), _today(unit, desk)
    if there == here or here + timedelta(days=DAYS) <= today:
        raise refusals.InputInvalid(fields=["to"])
    return _kept(unit, desk, base, rev, lambda plan: copied(plan, there, here, today))


def swap_people(
    unit: Unit, desk: Desk, one: str, other: str, since: date, until: date, base: int, rev: int
) -> Moved:
    """Let two people change places from `since` to `until`, where that is not past: as `copy_week`."""
    known, first = desk.hall.catalogue.people, max(since, _today(unit, desk))
    wrong = [name for name, person in (("one", one), ("other", other)) if person not in known]
    if one == other:
        wrong = ["other"]
    if not wrong and (until < first or (until - first).days > MOST_DAYS):
        wrong = ["until"]
    if wrong:
        raise refusals.InputInvalid(fields=wrong)
    return _kept(unit, desk, base, rev, lambda plan: swapped(plan, one, other, first, until))


def drafted_plan(unit: Unit, desk: Desk) -> Plan:
    """Who would be expected with the draft. Raises ConfigInvalid while the draft cannot be read."""
    try:
        rosters = {i: roster_of(i, item) for i, item in drafted(unit, desk, AREA)[1].items()}
    except ValidationError:
        raise refusals.ConfigInvalid(troubles=[], count=1) from None
    return replace(desk.hall.duties, rosters=rosters)


def _kept(unit: Unit, desk: Desk, base: int, rev: int, move: Callable[[Plan], Mapping[str, Roster]]) -> Moved:
    items: Body = {i: roster_item(roster) for i, roster in move(drafted_plan(unit, desk)).items()}
    rev, looked = keep_draft(unit, desk, AREA, {**drafted(unit, desk, AREA)[0], **items}, base, rev)
    return rev, len(items), looked


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _today(unit: Unit, desk: Desk) -> date:
    return unit.now.astimezone(desk.hall.zone).date()
