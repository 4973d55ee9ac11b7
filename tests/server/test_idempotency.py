"""Pressing twice is the same as pressing once, in any order of retries, callers and refusals (I10, P4)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from server.app import App, create_app
from server.settings import Settings, read_hall
from server.store import tables as t
from server.store.verify import check
from tests.conftest import ROOT, Clock, fresh_sqlite
from tests.server.callers import Caller, device, nobody, staff

HALL = read_hall(ROOT / "config" / "demo", ROOT / "config")
KIOSKS, CLERKS = ("kiosk 1", "kiosk 2"), ("clerk",)
SERVICES = ("S001", "S101", "S999", "X902")  # two that are given, one unknown, one for staff only
DEEDS = ("call-next", "recall", "start", "finish", "no-show", "hold")


@dataclass(frozen=True)
class Press:
    """One intent: who presses what. It may arrive once or many times."""

    who: str
    path: str
    body: tuple[tuple[str, Any], ...]
    request_id: str


def presses() -> st.SearchStrategy[list[Press]]:
    """Few request_ids, so that ids meet: of the same caller with another body, and of another caller."""
    ids = st.sampled_from([f"request-{n}" for n in range(6)])
    take = st.builds(
        lambda who, service, rid: Press(who, "/api/tickets", (("service", service),), rid),
        st.sampled_from(KIOSKS),
        st.sampled_from(SERVICES),
        ids,
    )
    deed = st.builds(
        lambda deed, rid: Press("clerk", f"/api/windows/W01/{deed}", (), rid), st.sampled_from(DEEDS), ids
    )
    return st.lists(take | deed, min_size=1, max_size=25)


class Town:
    """One hall for all examples; each example starts with fresh request_ids."""

    def __init__(self, folder: Path) -> None:
        config = ROOT / "config"
        made = Settings(folder, config / "demo", config, fresh_sqlite(folder), HALL, password_cost="test")
        self.clock = Clock()
        self.app: App = create_app(made, self.clock)
        self.callers: dict[str, Caller] = {
            "kiosk 1": device(self.app, "kiosk"),
            "kiosk 2": device(self.app, "kiosk", kiosk="K2"),
            "clerk": staff(self.app, "clerk"),
        }
        manager = staff(self.app, "manager")
        for who, path in ((manager, "/api/day/open"), (self.callers["clerk"], "/api/windows/W01/open")):
            assert who.ask("POST", path, {"request_id": "request-setup"}).status_code == 200

    def fresh(self) -> None:
        """Forget all answers: the ids may be used again."""
        with self.app.house.store.engine.begin() as connection:
            connection.execute(delete(t.answered))

    def press(self, press: Press) -> tuple[int, Any]:
        body = {"request_id": press.request_id, **dict(press.body)}
        reply = self.callers[press.who].ask("POST", press.path, body)
        return reply.status_code, reply.json

    def effects(self) -> dict[str, int]:
        """How much was ever done: tickets, papers, calls, and lines that say "done"."""
        with self.app.house.store.read() as connection:
            many = {
                x.name: select(func.count()).select_from(x)
                for x in (t.ticket, t.leg, t.slip, t.call, t.rating)
            }
            many["done"] = select(func.count()).where(t.audit.c.line.contains('"result":"done"'))
            return {name: connection.execute(query).scalar_one() for name, query in many.items()}


@pytest.fixture(scope="module")
def town() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        made = Town(Path(folder))
        yield made
        assert check(made.app.house.store.engine, HALL.id) == []
        made.app.house.store.engine.dispose()


def what_was_done(said: tuple[int, Any]) -> tuple[int, Any]:
    """The part of an answer that is remembered: not the desk, which is shown as it is now."""
    status, body = said
    return status, {key: value for key, value in body.items() if key != "desk"}


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(intents=presses())
def test_one_effect_and_one_answer_for_each_request(town: Town, intents: list[Press]):
    town.fresh()
    first: dict[tuple[str, str], tuple[Press, tuple[int, Any]]] = {}
    for press in intents:
        town.clock.forward(seconds=7)
        before, key = town.effects(), (press.who, press.request_id)
        said = town.press(press)
        known = first.get(key)
        if known is None:
            first[key] = (press, said)
            assert said[0] < 500
            if "refused" in said[1]:
                assert town.effects() == before, "a refusal does nothing"
            elif press.path == "/api/tickets":
                assert town.effects()["ticket"] == before["ticket"] + 1
                assert town.effects()["slip"] == before["slip"] + 1
        elif (known[0].path, known[0].body) == (press.path, press.body):
            assert what_was_done(said) == what_was_done(known[1])
            assert town.effects() == before
        else:
            assert (said[0], said[1]["refused"]) == (422, "request-id-conflict")
            assert town.effects() == before
    for press, answer in first.values():
        before = town.effects()
        assert what_was_done(town.press(press)) == what_was_done(answer), "the first answer, much later too"
        assert town.effects() == before


def test_numbers_of_retried_takes_have_no_gap(town: Town):
    town.fresh()
    given_out = []
    for n in range(5):
        intent = Press("kiosk 1", "/api/tickets", (("service", "S201"),), f"take-no-{n}")
        answers = [town.press(intent)[1]["ticket"]["number"] for _ in range(3)]
        assert len(set(answers)) == 1
        given_out.append(answers[0])
    assert given_out == [f"C{n:03}" for n in range(1, 6)]


def test_a_failed_commit_is_not_remembered(town: Town):
    """5xx is no answer: the same request may be sent again and is then done (D8)."""
    town.fresh()
    intent = Press("kiosk 1", "/api/tickets", (("service", "S101"),), "request-lost")
    with town.app.house.store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER lost BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    before = town.effects()
    status, said = town.press(intent)
    assert (status, said["refused"]) == (500, "server-fault")
    assert town.effects() == before
    with town.app.house.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER lost")
    assert town.press(intent)[0] == 201
    assert town.effects()["ticket"] == before["ticket"] + 1


def test_a_citizens_presses_are_their_own(town: Town):
    """Two links may use the same request_id; one link pressing twice cancels once."""
    town.fresh()
    takes = [Press("kiosk 1", "/api/tickets", (("service", "S101"),), f"take-{n:04}") for n in range(2)]
    links = [town.press(take)[1]["ticket"]["link"] for take in takes]
    phone, body = nobody(town.app), {"request_id": "same-on-both"}
    for link in links:
        replies = [phone.ask("POST", f"/api/my/{link}/cancel", body) for _ in range(3)]
        assert [(r.status_code, r.json) for r in replies] == [(200, {"state": "cancelled"})] * 3
    other = phone.ask("POST", f"/api/my/{links[0]}/cancel", {"request_id": "another-one"})
    assert (other.status_code, other.json["refused"]) == (409, "move-refused")
