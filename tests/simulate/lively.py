"""The real hall with clerks and citizens who do everything a day brings: hold, transfer, take back, pause,
call by choice, rate, cancel, call for help. The loop sees a plain day; what it does not expect is answered
here.
"""

from __future__ import annotations

from random import Random
from typing import Any

from sqlalchemy import select

from server.actions.add_service import add_service
from server.actions.call_chosen import call_chosen
from server.actions.call_next import call_next
from server.actions.cancel import cancel
from server.actions.correct import correct
from server.actions.emergency import acknowledge_emergency, close_emergency, raise_emergency
from server.actions.hold import hold, unhold, watch_holds
from server.actions.keep_appointments import keep_appointments
from server.actions.print_slip import give_up_late_slips
from server.actions.rate import close_overdue_questions, rate
from server.actions.recall import recall
from server.actions.run_day import watch
from server.actions.staff_window import pause_window, resume_window
from server.actions.stand_in import call_stand_ins
from server.actions.tidal import watch_load
from server.actions.transfer import transfer
from server.actions.undo import undo
from server.actions.unserved import watch_unserved
from server.domain.actors import SYSTEM, Actor
from server.domain.slips import SlipBook
from server.domain.tickets import State
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called
from server.simulate.real import RealHall, VirtualClock
from server.store import tables as t
from server.store.once import Answer
from server.store.tickets import legs_in
from server.store.unit import Store, Unit

LEADER = Actor("staff", "ZW021", "duty_leader", proof="session-ZW021")
EXTRA_SERVICES = ("S001", "S101", "S303")


class LivelyHall(RealHall):
    """`lively`: how probable each of these deeds is where it is possible."""

    def __init__(
        self, store: Store, clock: VirtualClock, settings: HallSettings, template: SlipBook, rng: Random,
        lively: float,
    ) -> None:  # fmt: skip
        super().__init__(store, clock, settings, template)
        self.rng, self.lively = rng, lively
        self.rated: dict[int, int] = {}  # leg -> level, as the citizen gave it
        self.chosen: set[int] = set()  # legs that were called by choice

    def some(self, factor: float = 1.0) -> bool:
        return self.rng.random() < self.lively * factor

    def act(self, window: str, word: str, deed: Any, *args: Any) -> Answer:
        """One press of the clerk of `window`: deed(unit, *args) -> something with an id, or nothing."""

        def doing(unit: Unit) -> dict[str, Any]:
            made = deed(unit, *args)
            return {"id": getattr(made, "id", None)}

        return self.send(self.request_id(), self.clerk(window), {word: window}, doing)

    # --- calling
    def at(self, now_s: float) -> None:
        super().at(now_s)
        if self.some(0.3):
            self._beat()

    def _beat(self) -> None:
        """What the hall's own heartbeat does, but for opening and closing the day."""

        def beat(unit: Unit) -> dict[str, Any]:
            close_overdue_questions(unit, self.settings)
            give_up_late_slips(unit)
            watch(unit, self.settings)
            watch_load(unit, self.settings)
            watch_holds(unit, self.settings)
            watch_unserved(unit, self.settings)
            call_stand_ins(unit, self.settings)
            keep_appointments(unit, self.settings)
            return {}

        self.do(SYSTEM, {"beat": True}, beat)

    def take(self, citizen: Citizen) -> float | None:
        if self.some(0.5):
            self._somebody_cancels()
        return super().take(citizen)

    def _somebody_cancels(self) -> None:
        waiting = self._waiting()
        if waiting:
            leg = self.rng.choice(waiting)
            who = Actor("citizen", str(leg.ticket), "citizen")
            self.do(who, {"cancel": leg.ticket}, lambda u: {"leg": cancel(u, leg.ticket).id})

    def _waiting(self) -> list[Any]:
        with self.store.read() as connection:
            day = connection.execute(select(t.hall.c.day).where(t.hall.c.id == self.settings.id)).scalar_one()
            return legs_in(connection, self.settings.id, day or "", State.WAITING)

    def call(self, window: str) -> Called | None:
        if self.some(0.5):
            self._pause(window)
        called = self._by_choice(window) if self.some(0.3) else None
        called = called or super().call(window)
        if called is not None and called.rule != "choice" and self.some():
            self._take_back(window, "call", called.citizen, State.WAITING)
            again = super().call(window)
            assert again == called, "a call that was taken back and made again found another (undo)"
        return called

    def _pause(self, window: str) -> None:
        reason = self.settings.choices.pause_reason[0].id
        self.act(window, "pause", pause_window, self.settings, window, reason)
        answer, status = self.send(
            self.request_id(), self.clerk(window), {"no call": window}, self._call(window)
        )
        assert (answer["refused"], status) == ("window-paused", 409)
        self.act(window, "resume", resume_window, window)

    def _by_choice(self, window: str) -> Called | None:
        queues = self.settings.catalogue.windows[window].queues
        able = [leg for leg in self._waiting() if leg.queue in queues and not leg.target_window]
        if not able:
            return None
        number, reason = self.rng.choice(able).number, self.settings.choices.choice_reason[0].id

        def deed(unit: Unit) -> dict[str, Any]:
            leg = call_chosen(unit, self.settings, window, number, reason)
            return {"ticket": leg.ticket, "leg": leg.id, "rule": leg.rule}

        answer, _ = self.send(self.request_id(), self.clerk(window), {"choose": window}, deed)
        if "refused" in answer:
            assert answer["refused"] == "number-not-waiting"
            return None
        self.chosen.add(answer["leg"])
        return self.called(answer)

    def _call(self, window: str) -> Any:
        return lambda unit: {"leg": getattr(call_next(unit, self.settings, window), "id", None)}

    def _take_back(self, window: str, move: str, citizen: int, state: State) -> None:
        """Undo, and the leg is again what it was."""
        answer, _ = self.act(window, "undo", undo, self.settings, window)
        assert answer.get("id") == self.leg_of[citizen], f"undo of {move} at {window}: {answer}"
        assert self._state(answer["id"]) == state

    def _state(self, leg: int) -> str:
        with self.store.read() as connection:
            return str(connection.execute(select(t.leg.c.state).where(t.leg.c.id == leg)).scalar_one())

    # --- at the window
    def start(self, window: str) -> None:
        if self.some():
            answer, _ = self.act(window, "recall", recall, self.settings, window)
            assert answer.get("refused") in (None, "recall-too-soon")
        super().start(window)

    def finish(self, window: str) -> None:
        leg, citizen = self._at(window)
        if self.some():
            self._help(window)
        if self.some():
            self.act(window, "hold", hold, window)
            if self.some(5):
                answer, _ = self.act(window, "unhold", unhold, self.settings, window, leg)
                assert "refused" not in answer, answer
            else:
                self._take_back(window, "hold", citizen, State.SERVING)
        if self.some(0.5):
            self.act(window, "errand", add_service, self.settings, window, self.rng.choice(EXTRA_SERVICES))
        if self.some() and self._goes_on(window, leg, citizen):
            return
        super().finish(window)
        if self.some():
            self._take_back(window, "finish", citizen, State.SERVING)
            super().finish(window)
        self._is_rated(window, leg)
        if self.some(0.5):
            outcome = self.settings.choices.outcome[0].id
            self.act(window, "correct", correct, self.settings, window, leg, outcome, None, "写错了")

    def _at(self, window: str) -> tuple[int, int]:
        """(leg, citizen) that is served there."""
        c = t.leg.c
        with self.store.read() as connection:
            row = connection.execute(
                select(c.id, c.ticket).where(c.window == window, c.state == State.SERVING)
            ).one()
        return row.id, self.citizen_of[row.ticket]

    def _goes_on(self, window: str, leg: int, citizen: int) -> bool:
        """Sent on to a queue, a window or a person; True when nobody took it back."""
        others = [w for w in self.clerk_at if w != window]
        where: tuple[Any, ...] = self.rng.choice([
            (self.rng.choice(sorted(self.settings.catalogue.queues)), None, "", None),
            (None, self.rng.choice(others), "", None),
            (None, None, "", self.clerk_at[self.rng.choice(others)]),
        ])  # fmt: skip
        back = self.rng.random() < 0.5
        answer, _ = self.act(window, "transfer", transfer, self.settings, window, *where, back)
        if "refused" in answer:
            assert answer["refused"] in ("target-wrong", "person-away"), answer
            return False
        if self.some(3):
            self._take_back(window, "transfer", citizen, State.SERVING)
            return False
        return True

    def _help(self, window: str) -> None:
        raised, _ = self.act(window, "alarm", raise_emergency, window)
        again, _ = self.act(window, "alarm again", raise_emergency, window)
        assert again == raised, "pressed again it is the same one"
        for word, deed, args in (
            ("acknowledge", acknowledge_emergency, ()),
            ("over", close_emergency, ("好了",)),
        ):

            def doing(unit: Unit, deed: Any = deed, args: Any = args) -> dict[str, Any]:
                deed(unit, raised["id"], *args)
                return {}

            self.do(LEADER, {word: raised["id"]}, doing)

    def miss(self, window: str) -> float:
        wait = super().miss(window)
        if wait == 0 and self.some():
            answer, _ = self.act(window, "undo", undo, self.settings, window)
            assert self._state(answer["id"]) == State.CALLED
            wait = super().miss(window)
            assert wait == 0, "taken back and missed again at the same moment"
        return wait

    # --- ratings
    def _is_rated(self, window: str, leg: int) -> None:
        if not self.some(3):
            return
        level = self.rng.choice(sorted(self.settings.rating_rule.reasons))
        reasons = sorted(self.settings.rating_rule.reasons[level])[:1]
        own, other = (Actor("device", f"pad-{w}", "pad", window=w) for w in (window, "W99"))
        for who, word, refused in (
            (other, "foreign rating", "rating-not-asked"),
            (own, "rate", None),
            (own, "second rating", "rating-given-already"),
        ):

            def deed(unit: Unit) -> dict[str, Any]:
                return {"level": rate(unit, self.settings, leg, level, reasons, "还行")}

            answer, _ = self.send(self.request_id(), who, {word: leg}, deed)
            assert answer.get("refused") == refused, f"{word}: {answer}"
        self.rated[leg] = level
        answer, _ = self.act(window, "late undo", undo, self.settings, window)
        assert answer.get("refused") in ("undo-rated", "undo-too-late", "undo-nothing"), answer
