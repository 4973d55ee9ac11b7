"""What a host says to the server about giving numbers alone, and when: first everything it has given, then
what it holds. One question at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from drivers.line.clock import Clock
from drivers.offline.desk import OfflineDesk
from drivers.offline.door import Door
from drivers.offline.kept import Kept

EVERY_S: Final = 30.0
AGAIN_S: Final = 2.0  # after a refusal: the server may not know yet which machines we have
ANSWER_S: Final = 10.0
Said = tuple[str, dict[str, Any], Callable[[Any], None]]


class Alone:
    def __init__(self, desk: OfflineDesk, door: Door, page: Kept, clock: Clock) -> None:
        self.desk, self.door, self._page, self._clock = desk, door, page, clock
        self.again()

    def again(self) -> None:
        """A new connection: nothing was asked on it yet."""
        self._asked_at, self._borrow_at = float("-inf"), float("-inf")

    def due(self) -> Said | None:
        """What is to be said now, and who hears the answer."""
        now = self._clock.now()
        if now - self._asked_at < ANSWER_S:
            return None
        owed = self.desk.owed()
        if owed:
            self._asked_at = now
            return "given", {"numbers": owed}, self._entered
        if now < self._borrow_at:
            return None
        self._asked_at = now
        return "borrow", {"held": self.desk.held()}, self._lent

    def _entered(self, answer: Any) -> None:
        if isinstance(answer, dict) and isinstance(answer.get("done"), list):
            self.desk.handed([link for link in answer["done"] if isinstance(link, str)])
            if answer["done"]:
                self._asked_at = float("-inf")
                self._borrow_at = float("-inf")  # what was used up is filled up

    def _lent(self, answer: Any) -> None:
        self._asked_at = float("-inf")
        heard = isinstance(answer, dict) and answer.get("ok") is True and "lending" in answer
        self._borrow_at = self._clock.now() + (EVERY_S if heard else AGAIN_S)
        if heard:
            if self.desk.lend(answer["lending"]):
                self._borrow_at = float("-inf")  # so that it knows that we have them
            self.door.follow()
            if answer["lending"]:
                self._page.refresh_soon()

    def close(self) -> None:
        self.door.close()
        self.desk.close()
