"""What a display without Chinese says: the number, dashes for a pause, else nothing."""

from __future__ import annotations

from typing import Final

from drivers.jobs import ShowText

WITH_NUMBER: Final = frozenset({"call", "serving"})


def words(job: ShowText, room: int) -> str:
    """At most `room` characters. Of a number that is too long the letters go first, then its first digits."""
    if job.tone == "pause":
        return "-" * room
    number = job.number if job.number and job.tone in WITH_NUMBER else ""
    if len(number) > room:
        number = "".join(char for char in number if char.isdigit())
    return number[-room:]
