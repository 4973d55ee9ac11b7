"""Readers of 2nd-generation identity cards: one card laid is one reading.

    looking --find 9f--> selecting --90--> reading --90, sound record--> read --find 80--> looking
    any step fails: tried again from "find"; after TRIES, or when the card is gone, one failure is told
    silent: nothing is asked until `check` has heard the module again

Looking happens all the time or only while a kiosk asks (profile.poll). What leaves here is what the hall
needs: number, masked name, day of birth, sex. The photo is never cut out of the answer, the full name and
the address stay in one function's frame, nothing is written to the line's record but the lengths of what
came in (`discreet`). Source: see drivers/protocol/sam.py; waits from HARDWARE 4.1: looking every 300 ms
or slower, 3 s for a read, the card lifted before the next [A]; tries and SAME_S are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Final, Literal

from drivers.errors import DeviceSilent
from drivers.jobs import Health, Job, Outcome, ReadCard, StopReading
from drivers.line.serial_line import SerialLine
from drivers.protocol import sam
from drivers.protocol.id_record import Kind, kind_of, masked, parse
from drivers.reader.seen import Seen

ANSWER_S: Final = 2.5
READ_S: Final = 3.0
MISHEARD: Final = frozenset({"checksum", "length", "unknown_command"})
TRIES: Final = 3
SAME_S: Final = 3.0  # between two readings: a card that slides about on the reader is one card


@dataclass(frozen=True)
class Profile:
    """poll: look for cards always, or only while a kiosk asks. poll_s: seconds between two looks, 0.3 or
    more.
    """

    poll: Literal["always", "asked"] = "always"
    poll_s: float = 0.3


@dataclass(frozen=True)
class CardRead:
    """One card, once. `name` is masked; only the device shows in a repr."""

    word: ClassVar[str] = "card"
    device: str
    kind: Kind = field(repr=False)
    number: str = field(repr=False)
    name: str = field(repr=False)
    birth: date | None = field(repr=False)
    sex: str = field(repr=False)

    def facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "number": self.number,
            "name": self.name,
            "birth": self.birth.isoformat() if self.birth else None,
            "sex": self.sex,
        }


@dataclass(frozen=True)
class CardFailed:
    """A card that could not be read. reason: moved, refused, broken, unknown_type or unsound."""

    word: ClassVar[str] = "card"
    device: str
    reason: str

    def facts(self) -> dict[str, Any]:
        return {"failed": self.reason}


class _Trouble(Exception):
    """One try failed. `reason` as in CardFailed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IdCardReader:
    """One reader, alone on its line; the crew listens to it."""

    model = "idcard_sam"
    discreet = True
    only_listens = False

    def __init__(self, name: str, line: SerialLine, address: int = 1, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self.profile = profile or Profile()
        self._wanted_until = 0.0
        self._next_at = 0.0
        self._seen = Seen(SAME_S)
        self._forget_card()
        self._silent = False

    # what is asked of it

    def perform(self, job: Job) -> Outcome:
        """Begin and end looking, where the profile says that a kiosk asks. Raises LineLost, DeviceSilent."""
        if isinstance(job, ReadCard):
            if self.check().state == "down":
                return Outcome("failed", "self_test")
            self._wanted_until = self._line.clock.now() + job.for_s
        elif isinstance(job, StopReading):
            self._wanted_until = 0.0
        else:
            return Outcome("failed", "not_for_this_device")
        return Outcome("confirmed")

    def check(self) -> Health:
        """How the module is. Raises LineLost, DeviceSilent."""
        answer = self._ask(sam.STATUS, ANSWER_S)
        if answer is None:
            self._silent = True
            raise DeviceSilent(f"{self.name}: no answer")
        self._silent = False
        if answer.word == "self_test":
            return Health("down", "self_test")
        return Health("ok") if answer.word == "ok" else Health("warn", answer.word)

    def listen(self, patience: float) -> list[CardRead | CardFailed]:
        """Look for a card once, or let `patience` seconds pass. Raises LineLost."""
        clock = self._line.clock
        looking = self.profile.poll == "always" or clock.now() < self._wanted_until
        wait = min(patience, max(0.0, self._next_at - clock.now()))
        if self._silent or not looking:
            clock.sleep(patience)
            return []
        if wait:
            clock.sleep(wait)
            return []
        event = self._look()
        self._next_at = clock.now() + max(0.3, self.profile.poll_s)
        return [event] if event is not None else []

    @property
    def somebody_talks(self) -> bool:
        """It never speaks unasked."""
        return False

    # one look

    def _look(self) -> CardRead | CardFailed | None:
        found = self._ask(sam.FIND, ANSWER_S)
        if found is None:
            self._silent = True
            return self._give_up("moved")
        if found.word != "found":
            self._must_lift = False
            return self._give_up("moved")
        if self._must_lift:
            return None
        try:
            return self._read()
        except _Trouble as trouble:
            self._tries, self._reason = self._tries + 1, trouble.reason
            if self._tries < TRIES:
                return None
            self._must_lift = True
            return self._give_up(trouble.reason)

    def _give_up(self, reason: str) -> CardFailed | None:
        """Tell a failure once, if a card was tried at all; `reason` when it gave none itself."""
        if not self._tries:
            return None
        reason = self._reason or reason
        self._tries, self._reason = 0, ""
        return CardFailed(self.name, reason)

    def _read(self) -> CardRead | None:
        """Raises _Trouble, LineLost."""
        selected = self._ask(sam.SELECT, ANSWER_S)
        if selected is None or selected.word != "ok":
            raise _Trouble("refused" if selected else "broken")
        answer = self._ask(sam.READ, READ_S + self._line.wire_time(1295))
        if answer is None:
            raise _Trouble("broken")
        record = sam.text_of(answer)
        if record is None:
            raise _Trouble("moved" if answer.word == "read_failed" else "broken")
        kind, card = kind_of(record), parse(record)
        if kind is None:
            raise _Trouble("unknown_type")
        if card is None or not card.is_sound:
            raise _Trouble("unsound")
        self._forget_card()
        self._must_lift = True
        if self._seen.again(card.number, self._line.clock.now()):
            return None
        return CardRead(self.name, kind, card.number, masked(card.name), card.birth, card.sex)

    def _forget_card(self) -> None:
        self._must_lift, self._tries, self._reason = False, 0, ""

    def _ask(self, command: bytes, patience: float) -> sam.Answer | None:
        """The answer; what the module did not understand is said once more, for half a command of an earlier
        connection may have stood before it. Raises LineLost.
        """
        for _ in range(2):
            self._line.drain()
            self._line.send(command)
            answer = self._line.receive(sam.decode, patience)
            if answer is None or answer.word not in MISHEARD:
                break
        return answer
