"""The matrix row by row: what must never be allowed is written out here once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args, get_type_hints

import pytest

from server.domain.access import (
    CALLERS,
    DEMO_TOO,
    DEVICES,
    LISTENING,
    MATRIX,
    STAFF,
    is_own_origin,
    may,
    printed,
)
from server.domain.catalogue import Person
from server.domain.sessions import Failures, Session, is_alive

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_table_names_known_callers_only():
    assert set(STAFF) == set(get_args(get_type_hints(Person)["role"]))
    assert all(callers <= set(CALLERS) for callers in [*MATRIX.values(), *DEMO_TOO.values()])
    assert set(LISTENING.values()) | set(DEMO_TOO) <= set(MATRIX)


def test_unknown_words_are_a_no():
    assert not may("clerk", "hall.burn")
    assert not may("mayor", "ticket.take")
    assert not may("", "")


@pytest.mark.parametrize("role", STAFF)
def test_staff_never_rate(role: str):
    assert not may(role, "rating.give", demo=True)


@pytest.mark.parametrize(
    "act", [a for a in MATRIX if a.startswith(("window.", "ticket.", "rating.", "day."))]
)
def test_the_admin_has_no_business_with_tickets(act: str):
    assert not may("admin", act, demo=True)


@pytest.mark.parametrize("act", MATRIX)
def test_the_supervisor_reads_and_changes_nothing_but_answers_complaints(act: str):
    reading = {
        "hall.watch",
        "queue.watch",
        "manager.watch",
        "device.list",
        "staff.list",
        "placement.see",
        "config.see",
        "slips.see",
        "voice.see",
        "audit.read",
        "order.see",
        "complaint.see",
        "complaint.answer",
        "accuracy.see",
        "guiding.see",
        "ticket.see-own",
    }
    assert may("supervisor", act) == (act in reading)


@pytest.mark.parametrize(
    ("kind", "acts"),
    [
        (
            "kiosk",
            {
                *("ticket.take", "ticket.reprint", "ticket.see-own", "appointment.check-in"),
                *("kiosk.watch", "queue.watch", "aid.ask", "kiosk.upkeep"),
                *("slips.guide", "presence.show"),
            },
        ),
        ("pad", {"rating.give", "pad.watch", "queue.watch"}),
        ("board", {"hall.watch", "queue.watch"}),
        ("window_screen", {"window.watch", "queue.watch"}),
        ("host", {"host.serve"}),
        ("citizen", {"ticket.see-own", "ticket.cancel-own", "rating.give"}),
    ],
)
def test_a_stolen_key_does_little(kind: str, acts: set[str]):
    assert {a for a in MATRIX if may(kind, a, demo=True)} == acts


def test_the_table_can_be_read():
    lines = printed().splitlines()
    assert len(lines) == len(MATRIX) + 1
    assert all(kind in lines[0] for kind in DEVICES)
    assert "demo" in next(line for line in lines if line.startswith("bench.use"))


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True),
        ("http://hall.lan:8600", True),
        ("https://hall.lan:8600", True),
        ("http://HALL.lan:8600", True),
        ("https://queue.example.gov", True),
        ("null", False),
        ("", False),
        ("http://hall.lan", False),
        ("http://hall.lan:8600.evil.example", False),
        ("http://evil.example/http://hall.lan:8600", False),
        ("http://evil.example", False),
        ("ftp://hall.lan:8600", False),
        ("file://", False),
        ("http://[", False),
        ("http://hall.lan:8600@evil.example", False),
    ],
)
def test_own_pages_only(origin: str | None, own: bool):
    assert is_own_origin(origin, "hall.lan:8600", "https://queue.example.gov") is own


@pytest.mark.parametrize(
    ("role", "created", "seen", "alive"),
    [
        ("clerk", 60, 29, True),
        ("clerk", 60, 30, False),
        ("admin", 60, 14, True),
        ("admin", 60, 15, False),
        ("manager", 60, 15, False),
        ("supervisor", 60, 15, False),
        ("duty_leader", 60, 29, True),
        ("clerk", 12 * 60 - 1, 0, True),
        ("clerk", 12 * 60, 0, False),
    ],
)
def test_sessions_end_by_themselves(role: str, created: int, seen: int, alive: bool):
    made, last = NOON - timedelta(minutes=created), NOON - timedelta(minutes=seen)
    assert is_alive(Session("h", "p", "c", made, last), role, 15, NOON) is alive
    assert not is_alive(Session("h", "p", "c", made, last, ended_at=NOON), role, 15, NOON)


def test_the_fifth_wrong_password_locks_for_ten_minutes():
    failed = Failures()
    for _ in range(4):
        failed = failed.one_more(NOON, allowed=5)
        assert not failed.is_locked(NOON)
    failed = failed.one_more(NOON, allowed=5)
    assert failed.is_locked(NOON + timedelta(minutes=9, seconds=59))
    assert not failed.is_locked(NOON + timedelta(minutes=10))
    assert failed.count == 0
