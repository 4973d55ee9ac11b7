"""B3 and its leave, through the doors: asked for, granted by another, the stand-in called, closed on
return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.actions.leave import watch_leaves
from server.actions.stand_in import call_stand_ins
from server.app import App
from server.domain import refusals
from server.domain.actors import SYSTEM
from server.domain.catalogue import Person
from server.domain.leave import STEPS, Leave, LeaveState, LeaveStep, check_cover, stepped
from server.settings import HallSettings
from tests.conftest import Clock
from tests.server.callers import Caller, audit, person_of, staff
from tests.server.test_desk_more import ask, do

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def span(clock: Clock, begin: float, end: float) -> dict[str, str]:
    """From so many hours from now to so many."""
    return {k: (clock.at + timedelta(hours=h)).isoformat() for k, h in (("since", begin), ("until", end))}


def beat(app: App) -> list[str]:
    with app.house.store.unit(SYSTEM) as unit:
        watch_leaves(unit, app.house.hall)
        call_stand_ins(unit, app.house.hall)
        return [e.name for e in unit.events if getattr(e, "window", "W02") == "W02"]


@pytest.fixture
def leader(app: App) -> Caller:
    who = staff(app, "duty_leader")
    do(who, "/api/day/open")
    return who


@pytest.fixture
def a(app: App, leader: Caller) -> Caller:
    return person_of(app, "ZW002")  # A of window 2; B is ZW001


def granted(leader: Caller, who: Caller, **when: str) -> int:
    leave = do(who, "/api/leaves", **when)["leave"]
    assert leave["state"] == "requested"
    assert do(leader, f"/api/leaves/{leave['id']}/decide", approve=True)["leave"]["state"] == "approved"
    return int(leave["id"])


def test_B3_A_goes_on_leave_and_B_is_called_at_once(app: App, leader: Caller, a: Caller, clock: Clock):
    assert app.house.hall.catalogue.people["ZW001"].b_windows == ("W02",)
    granted(leader, a, **span(clock, 0, 8), note="看病")
    assert "post.stand_in_called" in beat(app), "nobody waits five minutes for who will not come"
    b = person_of(app, "ZW001")
    asked = b.ask("GET", "/api/posts/asked").json["posts"]
    assert ("W02", "李明远") in {(p["window"], p["main"]) for p in asked}
    post = leader.ask("GET", "/api/state/manager").json["values"]["posts"]["W02"]
    assert (post["state"], post["leave"]["until"][:10]) == ("uncovered", "2026-03-02")
    clock.forward(minutes=5)
    assert "post.leader_called" in beat(app)
    do(b, "/api/windows/W02/open")
    assert leader.ask("GET", "/api/state/manager").json["values"]["posts"]["W02"]["state"] == "covered_by_b"


def test_B3_leave_for_B_is_refused_while_A_is_away(app: App, leader: Caller, a: Caller, clock: Clock):
    b = person_of(app, "ZW001")
    granted(leader, a, **span(clock, 24, 48))
    no = ask(b, "/api/leaves", **span(clock, 30, 60))
    assert (no.status_code, no.json["refused"]) == (409, "leave-uncovered")
    assert no.json["facts"] == {"window": "2", "names": "李明远"}
    assert "2 号岗位" in no.json["text"]["zh"]
    do(b, "/api/leaves", **span(clock, 48, 60))


def test_B3_A_who_has_not_come_counts_as_away(app: App, leader: Caller, a: Caller, clock: Clock):
    clock.forward(minutes=5)
    beat(app)
    b = person_of(app, "ZW001")
    assert ask(b, "/api/leaves", **span(clock, -0.1, 2)).json["refused"] == "leave-uncovered"
    do(b, "/api/leaves", **span(clock, 1, 2))


def test_B3_two_wishes_that_crossed_are_not_both_granted(app: App, leader: Caller, a: Caller, clock: Clock):
    b = person_of(app, "ZW001")
    first, second = (do(who, "/api/leaves", **span(clock, 24, 48))["leave"]["id"] for who in (a, b))
    do(leader, f"/api/leaves/{first}/decide", approve=True)
    assert ask(leader, f"/api/leaves/{second}/decide", approve=True).json["refused"] == "leave-uncovered"
    assert do(leader, f"/api/leaves/{second}/decide", approve=False)["leave"]["state"] == "denied"


def test_B12_who_is_on_leave_takes_no_window_until_it_is_closed(
    app: App, leader: Caller, a: Caller, clock: Clock
):
    leave = granted(leader, a, **span(clock, 0, 4))
    no = ask(a, "/api/windows/W02/open")
    assert (no.json["refused"], no.json["facts"]["until"]) == ("person-on-leave", "2026-03-02 13:00")
    clock.forward(hours=4)
    a, leader = person_of(app, "ZW002"), staff(app, "duty_leader")  # signed in anew after so long
    beat(app)
    alarms = leader.ask("GET", "/api/state/manager").json["values"]["alarms"]
    late = [x["text"]["zh"] for x in alarms if x["kind"] == "leave"]
    assert late == ["李明远 的假到 2026年3月2日 13:00 已满，还没有销假"]
    assert ask(a, "/api/windows/W02/open").json["refused"] == "person-on-leave"
    assert do(a, f"/api/leaves/{leave}/return")["leave"]["state"] == "returned"
    beat(app)
    assert leader.ask("GET", "/api/state/manager").json["values"]["alarms"] == []
    do(a, "/api/windows/W02/open")


def test_B12_who_asks_decides_and_closes(app: App, leader: Caller, a: Caller, clock: Clock):
    when = span(clock, 24, 48)
    own = do(leader, "/api/leaves", **when)["leave"]["id"]
    assert ask(leader, f"/api/leaves/{own}/decide", approve=True).json["refused"] == "leave-own"
    assert ask(a, f"/api/leaves/{own}/decide", approve=True).status_code == 403
    assert ask(a, f"/api/leaves/{own}/cancel").json["refused"] == "leave-unknown"
    assert ask(staff(app, "supervisor"), "/api/leaves", **when).status_code == 403
    manager = staff(app, "manager")
    do(manager, f"/api/leaves/{own}/decide", approve=True)
    assert ask(leader, f"/api/leaves/{own}/return").json["refused"] == "leave-state-wrong"
    do(leader, f"/api/leaves/{own}/cancel")
    for wrong in (span(clock, 2, 1), span(clock, -5, -1), span(clock, 1, 9999)):
        assert ask(a, "/api/leaves", **wrong).json["refused"] == "leave-invalid"
    do(a, "/api/leaves", **span(clock, 1, 2))
    assert ask(a, "/api/leaves", **span(clock, 1.5, 3)).json["refused"] == "leave-overlap"
    mine = a.ask("GET", "/api/leaves").json
    assert ([x["state"] for x in mine["mine"]], mine["open"]) == (["requested"], [])
    everybody = leader.ask("GET", "/api/leaves").json["open"]
    assert [x["name"] for x in everybody] == ["李明远"]
    assert {line["act"] for line in audit(app, None)} >= {"leave.ask", "leave.decide", "leave.cancel"}


# --- the rule alone
def person(id_: str, a_window: str = "", *b_windows: str) -> Person:
    return Person(id_, id_, "", "D", "clerk", a_window=a_window, b_windows=b_windows)


PEOPLE = [person("A", "W1"), person("B", "", "W1"), person("C", "", "W1"), person("D", "W2")]


def leave(who: str, begin: int, end: int, state: LeaveState = LeaveState.APPROVED) -> Leave:
    hours = (NOON + timedelta(hours=h) for h in (begin, end))
    return Leave(1, who, *hours, state, "", NOON)


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 20), st.integers(1, 10)), max_size=6),
    st.sampled_from("ABC"),
    st.integers(0, 20),
    st.integers(1, 10),
)
def test_B3_at_no_moment_is_a_post_left_alone(
    others: list[tuple[str, int, int]], who: str, begin: int, length: int
):
    """Whatever has been granted: when one more leave passes the rule, then in every hour of it somebody of
    the post is there, or nobody was before it either."""
    given_ = [leave(p, b, b + n) for p, b, n in others if p != who]
    since, until = (NOON + timedelta(hours=h) for h in (begin, begin + length))
    alone = any(
        {x.person for x in given_ if x.covers(NOON + timedelta(hours=h))} >= set("ABC") - {who}
        for h in range(begin, begin + length)
    )
    wish = (who, since, until, NOON - timedelta(days=1), PEOPLE, given_)
    if alone:
        with pytest.raises(refusals.LeaveUncovered):
            check_cover(*wish)
    else:
        check_cover(*wish)


def test_B3_a_post_without_stand_in_is_the_leaders_to_judge():
    check_cover("D", NOON, NOON + timedelta(hours=9), NOON, PEOPLE, [])


@pytest.mark.parametrize("state", LeaveState)
@pytest.mark.parametrize("step", LeaveStep)
@pytest.mark.parametrize("begun", [True, False])
def test_every_arrow_of_a_leave(state: LeaveState, step: LeaveStep, begun: bool):
    one = leave("A", 0, 9, state)
    now = NOON + timedelta(hours=1 if begun else -1)
    right = (state, step) in STEPS
    if state is LeaveState.APPROVED:
        right = step is (LeaveStep.RETURN if begun else LeaveStep.CANCEL)
    if right:
        assert stepped(one, step, now) is STEPS[state, step]
    else:
        with pytest.raises(refusals.LeaveStateWrong):
            stepped(one, step, now)


def test_every_window_of_the_demo_hall_has_a_stand_in(hall: HallSettings):
    covered = {w for p in hall.catalogue.people.values() for w in p.b_windows}
    assert {w.id for w in hall.catalogue.windows.values() if w.default_state == "open"} <= covered
