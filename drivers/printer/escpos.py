"""ESC/POS ticket printer: one slip, one life.

    ask status --trouble--> failed, nothing was sent
        |ok
    settle what an earlier unsure slip left behind --no answer--> failed, nothing was sent
        |
    send --line lost--> unsure      (before the first byte: failed)
        |
    wait for the end mark; ask status meanwhile --paper, cover, cutter, silence--> unsure
        |mark, and a good status after the cut
    confirmed

An unsure slip is never sent again from here. A printer may by itself finish or repeat a slip after a reload
(`after_paper_end`), so a late mark only settles the account; it does not turn unsure into confirmed.

One status byte carries no checksum: a change of health counts only when two readings agree.

Sources: as in drivers/protocol/escpos.py. Patience and gaps: makers' advice of 50 ms between questions; the
rest is unverified general knowledge.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Final

from drivers.errors import LineLost
from drivers.jobs import Health, Job, Outcome, PrintSlip
from drivers.line.serial_line import SerialLine
from drivers.printer.raster import Artist
from drivers.printer.slip import Profile, Slip, compose
from drivers.protocol import escpos
from drivers.protocol.escpos import Marked, RealTime, Status

log = logging.getLogger(__name__)
ANSWER_S: Final = 0.3  # patience for one real-time answer
ASKS: Final = 6  # of one question, as long as something answers at all; two when nothing does
GAP_S: Final = 0.05  # between two questions
LOST_S: Final = 3.0  # an answer that did not come within this time is lost, not late
SILENCE_S: Final = 3.0  # without any sign of life after a slip
LINE_S: Final = 0.12  # one text line at 40 mm/s, the slowest mechanism


class EscposPrinter:
    """One printer alone on its line."""

    model = "escpos"

    def __init__(
        self, name: str, line: SerialLine, profile: Profile | None = None, artist: Artist | None = None
    ) -> None:
        self.name, self._line = name, line
        self._profile = profile or Profile()
        self._artist = artist or Artist()
        self._health = Health("unknown")
        self._owed = 0  # end marks sent and not yet answered
        self._marks: list[Marked] = []
        self._broken = 0  # bytes a printer may still wait for after a line broke in mid-slip; 0: none did
        self._torn = False
        self._open_questions: deque[tuple[int, float]] = deque()  # number, asked at
        self._asked_on = 0
        self._stirred = False  # did anything answer the last question, in time or not?
        self._resynced = 0  # the opening of the line in which the printer was brought back into step

    def perform(self, job: Job) -> Outcome:
        """Print one slip. Never raises for trouble with the device."""
        if not isinstance(job, PrintSlip):
            return Outcome("failed", "not_for_this_device")
        try:
            slip = compose(job.parts, self._profile, self._artist)
        except escpos.EncodeError as error:
            log.warning("%s: slip %s cannot be printed: %s", self.name, job.id, error)
            return Outcome("failed", "encode")
        if slip.missing:
            log.warning("%s: slip %s: no glyph for %s", self.name, job.id, slip.missing)
        try:
            trouble = self._before()
        except LineLost:
            return Outcome("failed", "line_lost")
        if trouble:
            return Outcome("failed", trouble)
        outcome = self._print(slip)
        if outcome.state in ("confirmed", "sent") and slip.missing and not outcome.reason:
            return Outcome(outcome.state, "glyphs_replaced")
        return outcome

    def check(self) -> Health:
        """Ask the printer how it is. Raises LineLost."""
        if not self._profile.answers:
            return Health("unknown", "", "this model does not answer")
        health = _health(self._status())
        if health != self._health and _health(self._status()) != health:
            return self._health  # the two readings disagree: noise
        if health.reason in ("cutter", "head"):
            self._line.send(escpos.DROP_BUFFER)  # lets the cutter try again and forgets the half slip
        self._health = health
        return health

    @property
    def health(self) -> Health:
        return self._health

    def _before(self) -> str:
        """Why this slip must not be sent now, or ""."""
        if not self._profile.answers:
            self._resync()
            self._torn = False
            return ""
        status = self._status()
        if status.trouble or not status.whole:
            status = self._status()
        self._health = _health(status)
        if status.silent:
            return "silent"
        return status.trouble or ("" if self._settle() else "silent")

    def _settle(self) -> bool:
        """After an unsure slip: wait until the printer has worked off what it still holds, and cut off a
        torn one.
        """
        if not self._owed and not self._torn:
            return True
        self._line.send(escpos.END_MARK)
        self._owed += 1
        got = 0
        while got < self._owed and self._mark(SILENCE_S if not got else 1.0):
            got += 1
        if not got:
            return False
        self._owed, self._torn = 0, False
        return True

    def _resync(self) -> None:
        """After a line broke in mid-slip, once per opening and before anything else, questions included.

        The printer may still wait for the dots of an image or for the length of one, and would take a
        question for it: zeros fill either. Then the torn slip is ended and cut off, so that it does not
        hang on the next one.
        """
        if self._torn and self._resynced != self._line.opens:
            self._line.send(bytes(self._broken + 16) + b"\n" + escpos.INIT + escpos.cut(self._profile.cut))
            self._resynced = self._line.opens

    def _print(self, slip: Slip) -> Outcome:
        self._marks.clear()
        self._owed += 1
        try:
            self._line.send(slip.data)
            if not self._profile.answers:
                self._owed = 0
                return Outcome("sent")
            outcome = self._await(slip)
        except LineLost:
            self._broken, self._torn, self._owed = slip.longest, True, 0
            return Outcome("unsure", "line_lost")
        return outcome

    def _await(self, slip: Slip) -> Outcome:
        clock = self._line.clock
        began = max(clock.now(), self._line.quiet_at())
        until, heard_at = began + SILENCE_S + slip.lines * LINE_S, began
        while clock.now() < until:
            mark = self._mark(0.5)
            if mark is not None:
                self._owed = 0
                return self._after(mark)
            status = self._status()
            if self._marks:
                continue
            if not status.silent:
                heard_at = clock.now()
                if status.trouble and self._status().trouble == status.trouble and not self._marks:
                    self._health = _health(status)
                    return Outcome("unsure", status.trouble)
            elif clock.now() - heard_at >= SILENCE_S - 1:
                break
        self._health = Health("unknown", "silent")
        return Outcome("unsure", "silent")

    def _after(self, mark: Marked) -> Outcome:
        """The slip is out; is all well after the cut? Only then it is confirmed."""
        status = self._status()
        if status.trouble or status.silent:
            status = self._status()
        self._health = _health(status)
        if mark.end or status.trouble:
            return Outcome("unsure", status.trouble or "paper_out")
        return Outcome("unsure", "silent") if status.silent else Outcome("confirmed")

    def _mark(self, patience: float) -> Marked | None:
        clock = self._line.clock
        until = max(clock.now(), self._line.quiet_at()) + patience
        while True:
            if self._marks:
                return self._marks.pop(0)
            heard = self._line.receive(escpos.decode, max(0.0, until - clock.now()))
            if heard is None:
                return None
            if isinstance(heard, RealTime):
                self._answered()
            if isinstance(heard, Marked) and clock.now() >= self._line.quiet_at():
                return heard  # an answer before our question left the wire would be noise

    def _status(self) -> Status:
        self._resync()
        answers: list[int] = []
        for n in (1, 2, 3, 4):
            self._sweep()
            answer = None
            for turn in range(ASKS):
                answer = self._ask(n)
                if answer is not None or (turn and not self._stirred):
                    break
            if answer is None:
                return Status()
            answers.append(answer)
            self._line.clock.sleep(GAP_S)
        return Status(*answers)

    def _ask(self, n: int) -> int | None:
        """One question, one answer. The printer answers in order, so an answer belongs to the oldest open
        question: a late one is never taken for the answer to another."""
        clock = self._line.clock
        if self._asked_on != self._line.opens:
            self._open_questions.clear()
            self._asked_on = self._line.opens
        self._line.send(escpos.ask(n))
        self._open_questions.append((n, clock.now()))
        until = max(clock.now(), self._line.quiet_at()) + ANSWER_S
        self._stirred = False
        while (left := until - clock.now()) > 0:
            heard = self._line.receive(escpos.decode, left)
            if isinstance(heard, RealTime):
                self._stirred = True
                if self._answered() == n:
                    return heard.value
            if isinstance(heard, Marked):
                self._marks.append(heard)
        return None

    def _answered(self) -> int | None:
        """The number of the question that the answer just heard belongs to."""
        now = self._line.clock.now()
        while self._open_questions and now - self._open_questions[0][1] > LOST_S:
            self._open_questions.popleft()
        return self._open_questions.popleft()[0] if self._open_questions else None

    def _sweep(self) -> None:
        """Forget answers nobody waits for; keep end marks when one is owed."""
        for _ in range(64):
            heard = self._line.receive(escpos.decode, 0.0)
            if heard is None:
                return
            if isinstance(heard, RealTime):
                self._answered()
            if isinstance(heard, Marked) and self._owed:
                self._marks.append(heard)


def _health(status: Status) -> Health:
    if status.silent:
        return Health("unknown", "silent")
    if status.trouble:
        return Health("down", status.trouble)
    return Health("warn", "near_end") if status.near_end else Health("ok")
