"""GATE once more, from its description alone: plain dicts and minutes, every waiting leg compared.

It shares no line with server/domain/routing.py and exists to disagree with it.
"""

from __future__ import annotations

from typing import Any

LIMITED_TO = (0.5, 1.5)
GATE, GAMMA, HAND, HARD, RUN, GUARD, MISS = 0.0, 0.5, 10.0, 90.0, 4, 45.0, 0.5
LIMIT = {"ordinary": 30.0, "appointment": 10.0}
LIMIT_PRIORITY = 10.0

Waiting = dict[str, Any]  # id, service, queue, cls, origin, joined (minutes)


class Reference:
    """One hall's lines; `call` answers (id, rule) or None."""

    def __init__(self, minutes: dict[str, float], windows: dict[str, dict[str, Any]]) -> None:
        self.minutes, self.windows = minutes, windows
        self.average = sum(minutes.values()) / len(minutes)
        self.waiting: list[Waiting] = []
        self.open: set[str] = set()
        self.in_a_row = 0

    def call(self, window: str, now: float) -> tuple[int, str] | None:
        place = self.windows[window]
        own = [w for w in self.waiting if w["queue"] in place["queues"]]
        spare = [w for w in self.waiting if self._spills(w, place)]
        chosen = self._smallest(own or spare, place, now)
        if chosen is None:
            return None
        leg, rule = chosen
        self.waiting.remove(leg)
        self.in_a_row = 0 if leg["cls"] == "ordinary" else self.in_a_row + 1
        return leg["id"], rule

    def _spills(self, leg: Waiting, place: dict[str, Any]) -> bool:
        return any(
            leg["queue"] == word.split(":")[0] and word.split(":")[-1] in (leg["queue"], leg["service"])
            for word in place["overflow"]
        )

    def _smallest(self, able: list[Waiting], place: dict[str, Any], now: float) -> tuple[Waiting, str] | None:
        able = [w for w in able if self._first_of_its_line(w, able)]
        if not able:
            return None
        keyed = sorted(((self._key(w, place, now), w) for w in able), key=lambda pair: pair[0])
        key, winner = keyed[0]
        if winner["cls"] != "ordinary" and self.in_a_row >= RUN:
            old = [w for _, w in keyed if w["cls"] == "ordinary" and now - w["origin"] > GUARD]
            if old:
                return old[0], "guard"
        return winner, ("protected", "hard", "share")[key[0]]

    @staticmethod
    def _first_of_its_line(leg: Waiting, able: list[Waiting]) -> bool:
        """Within one class and one service the order is strictly by origin."""
        return not any(
            (x["queue"], x["service"], x["cls"]) == (leg["queue"], leg["service"], leg["cls"])
            and (x["origin"], x["joined"], x["id"]) < (leg["origin"], leg["joined"], leg["id"])
            for x in able
        )

    def _key(self, leg: Waiting, place: dict[str, Any], now: float) -> tuple[Any, ...]:
        protected = leg["cls"] != "ordinary"
        if protected and now - leg["origin"] >= GATE:
            return (0, leg["origin"] + GATE, leg["joined"], leg["id"])
        org = min(leg["origin"], leg["joined"]) if leg["cls"] == "appointment" else leg["origin"]
        age = now - org
        if age >= HARD:
            return (1, org, leg["joined"], leg["id"])
        f = (self.minutes[leg["service"]] / self.average) ** GAMMA
        f = LIMITED_TO[0] if f < LIMITED_TO[0] else LIMITED_TO[1] if f > LIMITED_TO[1] else f
        h = HAND if place["kind"] == "comprehensive" and self._special_takes(leg) else 0.0
        return (2, -(age - h) / f, leg["joined"], leg["id"])

    def _special_takes(self, leg: Waiting) -> bool:
        return any(
            self.windows[w]["kind"] != "comprehensive" and leg["queue"] in self.windows[w]["queues"]
            for w in self.open
        )

    @staticmethod
    def origin_after_a_miss(origin: float, cls: str, now: float) -> float:
        return max(origin, now - LIMIT.get(cls, LIMIT_PRIORITY) * MISS)
