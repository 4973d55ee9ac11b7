"""Configuration as pure data: a body is the smallest that makes the items, a draft touches what it names, and
no value a person can type ends otherwise than in a list of mistakes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.configuration import (
    AREAS,
    Area,
    Known,
    Wrong,
    changes,
    may_edit,
    merged,
    only_tomorrow,
    over,
    with_draft,
    wrongs,
)

WORDS = st.text("ab", min_size=1, max_size=2)
SCALAR = st.none() | st.booleans() | st.integers(-5, 1000) | st.floats(allow_nan=False) | st.text(max_size=6)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.dictionaries(WORDS, st.fixed_dictionaries({"name": SCALAR, "visits": SCALAR}), max_size=4)
AREA = st.sampled_from(list(AREAS.values()))
KINDS = ("departments", "queues", "windows", "people", "skills", "zones")
KNOWN = Known(dict.fromkeys(KINDS, ("A", "B")), date(2026, 3, 2))


@given(AREA, ITEMS, ITEMS)
def test_the_body_over_the_files_makes_the_items_again(area: Area, files: dict, now: dict) -> None:  # type: ignore[type-arg]
    assert merged(area, files, over(area, files, now)) == now
    if files == now:
        assert over(area, files, now) == {}


@given(AREA, ITEMS, st.dictionaries(WORDS, st.none() | st.fixed_dictionaries({"name": SCALAR}), max_size=3))
def test_a_draft_changes_what_it_names_and_nothing_else(area: Area, now: dict, draft: dict) -> None:  # type: ignore[type-arg]
    after = with_draft(area, now, draft)
    assert {i for i in now if i not in after} == {i for i, v in draft.items() if v is None and i in now}
    assert all(after[i] == now[i] for i in now if i not in draft)
    assert {c.item for c in changes(area, now, after)} <= set(draft)


@given(AREA, st.data())
def test_whatever_is_typed_ends_in_mistakes_that_name_their_field(area: Area, data: st.DataObject) -> None:
    fields = st.fixed_dictionaries({}, optional={f.name: VALUE for f in area.fields})
    item = data.draw(fields)
    found = wrongs(area, {}, {}, {"2026-05-01" if area.name == "days" else "A": item}, KNOWN)
    required = {f.name for f in area.fields if f.required and item.get(f.name) in (None, "", [], {})}
    assert required <= {w.field for w in found if w.code == "missing"}


def told(area: str, now: dict[str, object], item: str) -> set[str]:
    """Mistakes of `item` when it becomes `now`; areas without new items had it before, empty."""
    was: dict[str, dict[str, object]] = {} if AREAS[area].fresh else {item: {}}
    return {f"{w.field}:{w.code}" for w in wrongs(AREAS[area], was, was, {item: now}, KNOWN)}


SERVICE = {"name": "登记", "name_en": "Registration", "queue": "A", "avg_minutes": 5}
PAPER, NAMED_ILL = {"name": "申请表", "form": "form"}, {"materials:material-name-en"}
QUEUE = {"name": "综合", "name_en": "All", "lunch": "staffed"}
TWICE, NINE = [["09:00", "11:00"], ["10:00", "12:00"]], "2026-03-02T09:00"
YEAR = {"closed": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-03"}]}


@pytest.mark.parametrize(
    ("area", "item", "now", "no"),
    [
        ("services", "S9", {**SERVICE, "materials": [{**PAPER, "name_en": "Form"}, PAPER]}, set()),
        ("services", "S9", {**SERVICE, "materials": [{**PAPER, "name_en": "x" * 201}]}, NAMED_ILL),
        ("services", "S9", {**SERVICE, "materials": [{**PAPER, "name_en": None}]}, NAMED_ILL),
        ("queues", "A", {**QUEUE, "first_number": 9, "last_number": 8}, {"last_number:numbers"}),
        ("queues", "A", {**QUEUE, "last_number": 1000, "digits": 3}, {"digits:digits"}),
        ("queues", "I", QUEUE, {"prefix:letter"}),
        ("queues", "A", {**QUEUE, "hours": [["09:00", "08:00"]]}, {"hours:order"}),
        ("queues", "A", {**QUEUE, "hours": [["22:00", "06:00"]], "carry_over": True}, set()),
        ("queues", "A", {**QUEUE, "saturday": TWICE}, {"saturday:overlap"}),
        ("queues", "A", {**QUEUE, "last_ticket": "25:00"}, {"last_ticket:time"}),
        ("years", "2027", YEAR, set()),
        ("years", "2027", {**YEAR, "weekend_workdays": ["2027-01-02"]}, {"weekend_workdays:is-holiday"}),
        ("years", "2028", YEAR, {"closed:other-year"}),
        ("years", "27", YEAR, {"year:id"}),
        ("days", "2026-03-01", {"kind": "closed"}, {"date:past"}),
        ("days", "2026-03-02", {"kind": "hours"}, {"hours:missing"}),
        ("days", "2026-03-02", {"kind": "closed", "hours": [["09:00", "10:00"]]}, {"hours:needless"}),
        ("days", "2026-03-02", {"kind": "hours", "hours": [["09:00", "20:00"]]}, set()),
        ("posts", "A", {"a": "A", "b": ["A"]}, {"b:same-person"}),
        ("notices", "N1", {"zh": "通知", "since": NINE, "until": "2026-03-02T08:00"}, {"until:order"}),
        ("notices", "N1", {"zh": "通知", "since": f"{NINE}+08:00"}, {"since:moment"}),
        ("notices", "N1", {"zh": "换\x00行"}, {"zh:control"}),
    ],
)  # fmt: skip
def test_each_rule(area: str, item: str, now: dict[str, object], no: set[str]) -> None:
    assert told(area, now, item) == no


def test_numbers_wait_for_the_next_day_and_names_do_not() -> None:
    before = {"A": {"name": "a", "digits": 3}}
    now = {"A": {"name": "b", "digits": 4}, "B": {"name": "new", "digits": 5}}
    assert only_tomorrow(AREAS["queues"], before, now) == [Wrong("A", "digits", "tomorrow", {})]


def test_who_edits_what() -> None:
    rows = {
        name: {
            r for r in ("manager", "admin", "supervisor", "clerk", "chief_representative") if may_edit(a, r)
        }
        for name, a in AREAS.items()
    }
    assert rows.pop("people") == {"manager", "admin"}
    assert rows.pop("services") == {"manager", "chief_representative"}
    assert set(map(frozenset, rows.values())) == {frozenset({"manager"})}


def test_a_theme_has_one_english_name() -> None:
    def said(theme: str, english: str, name: str = "登记") -> dict[str, object]:
        return {**SERVICE, "name": name, "theme": theme, "theme_en": english}

    def found(before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]) -> list[Wrong]:
        return wrongs(AREAS["services"], before, before, after, KNOWN)

    one, silent, other = said("婚姻", "Marriage", "结婚"), said("婚姻", ""), said("婚姻", "Weddings", "离婚")
    assert found({}, {"S1": one, "S2": silent, "S3": one, "S4": said("", "x")}) == []
    facts = {"value": "婚姻", "name": "结婚", "is": "Marriage"}
    assert found({"S1": one}, {"S1": one, "S2": other}) == [Wrong("S2", "theme_en", "theme-en", facts)]
    (wrong,) = found({"S1": one, "S2": one}, {"S1": {**one, "theme_en": "Weddings"}, "S2": one})
    assert (wrong.item, wrong.facts["is"]) == ("S1", "Marriage"), "who changed is told"
    files = {"S1": one, "S2": other}
    assert found(files, {"S1": one, "S2": {**other, "visits": 2}}) == [], "as the files say it"
