"""What is wrong with a far end just now: faults by name, for so many times or until they are cleared."""

from __future__ import annotations

from collections.abc import Mapping


class Faults:
    """known: the names there are."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._left: dict[str, int | None] = {}

    def act(self, act: str, facts: Mapping[str, object]) -> bool:
        """Do "fault" {fault, value} and "clear" {fault}; False for anything else."""
        fault = str(facts.get("fault", ""))
        if act == "fault" and fault in self._known:
            value = facts.get("value")
            self._left[fault] = int(str(value)) if value is not None else None
        elif act == "clear":
            for name in [fault] if fault else list(self._left):
                self._left.pop(name, None)
        else:
            return False
        return True

    def __contains__(self, fault: str) -> bool:
        return fault in self._left

    def look(self) -> dict[str, object]:
        """For the bench: those that are on, and all there are."""
        return {"faults": self.names(), "offers": sorted(self._known)}

    def names(self) -> list[str]:
        return sorted(self._left)

    def happens(self, fault: str) -> bool:
        """Is it on? One that was given a number of times is used up."""
        if fault not in self._left:
            return False
        left = self._left[fault]
        if left is not None:
            if left <= 1:
                del self._left[fault]
            else:
                self._left[fault] = left - 1
        return True
