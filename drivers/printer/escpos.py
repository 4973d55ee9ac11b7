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
Nor does one that is asked for after a restart: it names no slip, and comes from a printer that lost half of
one just the same.

A slip that takes long on its wire is interrupted every PULSE_S, between two commands, by the question whether
the printer is on line. One that lost its power meanwhile has not heard all of them: as it prints the rest and
answers the end mark, that is the only trace, and the slip is unsure. A printer that never answers while it is
spoken to is not judged by it, and one answer may be lost to noise. One that answers every question twice is
known by its answers to questions that stood alone, and owes both.

After the death of a host in mid-slip (`left_torn`) nobody knows what the printer still waits for or holds:
before anything else it is brought back into step and what hangs there is cut off.

One status byte carries no checksum: a change of health counts only when two readings agree.

Before a slip one question is enough when the last look, at most FRESH_S ago, found all well: a printer
that says it is on line has paper, a closed cover and no error. So the paper starts to move at once.

Nor does it say which of the four questions it answers. Only questions of one kind are therefore ever open at
once, and another kind waits until they are answered or lost: after a silent spell, `LOST_S` and all is well.

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
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist
from drivers.printer.slip import Slip, compose
from drivers.protocol import escpos
from drivers.protocol.escpos import AutoStatus, Marked, RealTime, Status

log = logging.getLogger(__name__)
ANSWER_S: Final = (0.3, 0.9)  # patience for a real-time answer, and for it asked once more
GAP_S: Final = 0.05  # between two questions
LOST_S: Final = 3.0  # an answer that did not come within this time is lost, not late
SILENCE_S: Final = 3.0  # without any sign of life after a slip
LINE_S: Final = 0.12  # one text line at 40 mm/s, the slowest mechanism
FRESH_S: Final = 5.0  # how long a good look holds
GOOD: Final = 0x12  # the answer of a printer that has nothing to complain of
LONE: Final = 4  # questions by which it is known how often the printer answers one
CUT_S: Final = 2.0  # for the answer "printed and cut" of firmware that gives it
PULSE_S: Final = 0.25  # of a slip's sending, between two looks whether the printer is still there
CODE: Final = 600  # bytes of the longest command with data that is no image: a QR code


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
        self._open = 0  # answers still to come, all of them to `_asked`
        self._each = 1  # so many it gives to one question
        self._gave: deque[int] = deque(maxlen=LONE)  # to each of the last questions that stood alone
        self._alone, self._since = False, 0  # did the last question stand alone; answers since then
        self._asked, self._asked_at, self._asked_on = 1, 0.0, 0  # kind, when, in which opening of the line
        self._resynced = 0  # the opening of the line in which the printer was brought back into step
        self._asked_last = 0.0  # when a question was sent last
        self._fine_at = -FRESH_S  # when all was well last
        self._auto: AutoStatus | None = None  # the newest automatic status
        self._hangs_since: float | None = None  # a slip at the presenter's mouth
        self._missed = 0  # questions amid a slip that were never answered
        self._talks = False  # does it answer while it is spoken to?

    @property
    def torn(self) -> bool:
        """May half a slip be in it?"""
        return self._torn or self._owed > 0

    def left_torn(self) -> None:
        """Somebody else was printing on it and has died."""
        longest = self._block() or escpos.RASTER_ROWS * self._profile.dots // 8
        self._broken, self._torn, self._owed = max(CODE, longest), True, 1

    def perform(self, job: Job) -> Outcome:
        """Print one slip. Never raises for trouble with the device."""
        if not isinstance(job, PrintSlip):
            return Outcome("failed", "not_for_this_device")
        try:
            slip = compose(job.parts, self._profile, self._artist, self._block())
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
        reason = outcome.reason
        if outcome.state in ("confirmed", "sent") and slip.missing and not reason:
            reason = "glyphs_replaced"
        return Outcome(outcome.state, reason, slip.mm)

    def check(self) -> Health:
        """Ask the printer how it is. Raises LineLost."""
        if not self._profile.answers:
            return Health("unknown", "", "this model does not answer")
        health = _health(self._status())
        if health != self._health and _health(self._status()) != health:
            return self._health  # the two readings disagree: noise
        if self._profile.presenter and health.state in ("ok", "warn"):
            health = self._look_after_mouth(health)
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
        if self._is_fine():
            return ""
        status = self._status()
        if status.trouble or not status.whole:
            status = self._status()
        self._health = _health(status)
        if status.silent:
            return "silent"
        if status.trouble or not self._settle():
            return status.trouble or "silent"
        if self._profile.presenter:
            self._free_mouth()
        return ""

    def _is_fine(self) -> bool:
        """Was all well a moment ago, and is it on line now? One question answers for cover, paper and
        errors."""
        owes = self._owed or self._torn or self._open or self._hangs_since is not None
        fresh = self._line.clock.now() - self._fine_at < FRESH_S and self._asked_on == self._line.opens
        if owes or not fresh or self._profile.status != "real_time" or self._health.state != "ok":
            return False
        answer = self._ask(1, ANSWER_S[0])
        return answer is not None and not answer & 0x08

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
            asked = self._send(slip)
            if not self._profile.answers:
                self._owed = 0
                return Outcome("sent")
            outcome = self._await(slip)
            self._talks = self._talks or self._missed < asked
            if outcome.state == "confirmed" and self._talks and self._missed > 1:
                outcome = Outcome("unsure", "cut_off")
        except LineLost:
            self._broken, self._torn, self._owed = slip.longest, True, 0
            return Outcome("unsure", "line_lost")
        return outcome

    def _block(self) -> int:
        """Bytes of an image in one command, so that the line is never long without a question; 0: any."""
        second = self._line.wire_time(1000)
        return round(1000 * PULSE_S / second) if second else 0

    def _send(self, slip: Slip) -> int:
        """Every byte of it; how many questions were put in between."""
        asks = self._profile.answers and self._profile.status == "real_time"
        self._answer_of_old()
        self._missed, asked, waiting = 0, 0, b""
        for command in slip.commands:
            if asks and self._line.wire_time(len(waiting)) >= PULSE_S:
                self._line.send(waiting + escpos.ask(1))
                waiting, asked = b"", asked + 1
                self._open, self._asked, self._asked_at = self._open + self._each, 1, self._line.quiet_at()
                self._asked_on, self._alone = self._line.opens, False
                self._sweep()
            waiting += command
        self._line.send(waiting)
        return asked

    def _await(self, slip: Slip) -> Outcome:
        clock = self._line.clock
        began = max(clock.now(), self._line.quiet_at())
        until, heard_at = began + SILENCE_S + slip.lines * LINE_S, began
        while clock.now() < until or self._marks:
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
        self._answer_of_old()
        status = self._status()
        if status.trouble or status.silent:
            status = self._status()
        self._health = _health(status)
        if mark.end or status.trouble:
            return Outcome("unsure", status.trouble or "paper_out")
        if status.silent:
            return Outcome("unsure", "silent")
        if self._profile.proof == "job_state" and not self._was_cut():
            return Outcome("unsure", "cutter")
        if self._profile.presenter:
            self._hangs_since = self._line.clock.now()
        return Outcome("confirmed")

    def _was_cut(self) -> bool:
        """Does the firmware itself say "printed and cut"?"""
        clock = self._line.clock
        until = clock.now() + CUT_S
        while clock.now() < until:
            self._line.send(escpos.JOB_STATE)
            if self._line.receive(escpos.decode_job_state, ANSWER_S[0]) == escpos.JOB_CUT:
                return True
            clock.sleep(GAP_S)
        return False

    # the presenter: a slip that hangs at the outlet until somebody takes it

    def _look_after_mouth(self, health: Health) -> Health:
        """Draw in or throw out a slip that hangs too long; a jam stops everything."""
        clock = self._line.clock
        clock.sleep(GAP_S)
        self._line.send(self._profile.ask_mouth())
        mouth = self._line.receive(escpos.decode_presenter, ANSWER_S[0])
        if mouth is None:
            return health
        if mouth.jam:
            return Health("down", "jam", "presenter")
        if not mouth.waiting:
            self._hangs_since = None
            return health
        if self._hangs_since is None:
            self._hangs_since = clock.now()
        if clock.now() - self._hangs_since >= self._profile.take_s and self._profile.untaken != "leave":
            self._free_mouth()
            return health
        return Health("warn", "not_taken") if health.state == "ok" else health

    def _free_mouth(self) -> None:
        if self._hangs_since is not None:
            self._line.send(self._profile.clear_mouth())
            self._hangs_since = None

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
            if isinstance(heard, AutoStatus):
                self._auto = heard
                if heard.status.trouble:
                    return None  # the printer tells of its own accord why it stopped
            if isinstance(heard, Marked) and clock.now() >= self._line.quiet_at():
                return heard  # an answer before our question left the wire would be noise

    def _status(self) -> Status:
        self._resync()
        if self._profile.status == "real_time":
            status = self._real_time()
        else:
            status = self._auto_status() if self._profile.status == "auto" else self._full_status()
        if status.whole and not status.trouble and not status.near_end:
            self._fine_at = self._line.clock.now()
        return status

    def _real_time(self) -> Status:
        """The four questions. A printer that is on line has nothing to say to the second and the third."""
        answers: dict[int, int] = {}
        order = sorted((1, 4, 2, 3), key=lambda n: not self._open or n != self._asked)  # open: first
        for n in order:
            if n in (2, 3) and not (answers.get(1, 0x08) & 0x08 or answers.get(4, 0x60) & 0x60):
                answers[n] = GOOD
                continue
            answer = next((a for s in ANSWER_S if (a := self._ask(n, s)) is not None), None)
            if answer is None:
                return Status()
            answers[n] = answer
        return Status(*(answers[n] for n in (1, 2, 3, 4)))

    def _auto_status(self) -> Status:
        """Switching automatic status on makes the printer say it at once; a stopped one has said it
        already."""
        before = self._auto
        self._auto = None
        self._line.send(escpos.AUTO_STATUS_ON)
        until = max(self._line.clock.now(), self._line.quiet_at()) + sum(ANSWER_S)
        while self._auto is None and (left := until - self._line.clock.now()) > 0:
            self._hear(self._line.receive(escpos.decode, left))
        if self._auto is None and before is not None and before.status.trouble:
            self._auto = before
        return self._auto.status if self._auto else Status()

    def _full_status(self) -> Status:
        for patience in ANSWER_S:
            self._line.send(escpos.FULL_STATUS)
            status = self._line.receive(escpos.decode_full_status, patience)
            if status is not None:
                return status
        return Status()

    def _hear(self, heard: escpos.Heard | None) -> None:
        """Keep what was said unasked."""
        if isinstance(heard, AutoStatus):
            self._auto = heard
        elif isinstance(heard, Marked) and self._owed:
            self._marks.append(heard)

    def _ask(self, n: int, patience: float) -> int | None:
        """One question, one answer. An answer that comes late is as good an answer to the same question
        asked again, but must not be taken for that to another kind."""
        if self._asked_on != self._line.opens:
            self._open, self._asked_on, self._alone = 0, self._line.opens, False
        self._line.clock.sleep(max(0.0, self._asked_last + GAP_S - self._line.clock.now()))
        self._sweep()
        self._learn()
        if n != self._asked:
            self._answer_of_old()
        self._asked_last = self._line.clock.now()
        self._line.send(escpos.ask(n))
        self._alone, self._since = not self._open, 0
        self._open, self._asked, self._asked_at = self._open + self._each, n, self._line.quiet_at()
        return self._answer(max(self._line.clock.now(), self._line.quiet_at()) + patience)

    def _answer_of_old(self) -> None:
        """Wait until no answer to an earlier question can come any more."""
        while self._open and self._answer(self._asked_at + LOST_S) is not None:
            pass
        self._missed += -(-self._open // self._each)
        self._open = 0

    def _answer(self, until: float) -> int | None:
        clock = self._line.clock
        while (left := until - clock.now()) > 0:
            heard = self._line.receive(escpos.decode, left)
            if isinstance(heard, RealTime):
                self._answered()
                return heard.value
            if isinstance(heard, Marked):
                self._marks.append(heard)
            elif heard is not None:
                self._hear(heard)
        return None

    def _answered(self) -> None:
        self._open, self._since = max(0, self._open - 1), self._since + 1

    def _learn(self) -> None:
        """How many answers it gives to one question: the fewest of the last lone ones, as noise adds some."""
        if self._alone and self._since:
            self._gave.append(self._since)
            self._each = min(self._gave) if len(self._gave) == LONE else 1
        self._alone = False

    def _sweep(self) -> None:
        """Forget answers nobody waits for; keep end marks when one is owed."""
        for _ in range(64):
            heard = self._line.receive(escpos.decode, 0.0)
            if heard is None:
                return
            if isinstance(heard, RealTime):
                self._answered()
            self._hear(heard)


def _health(status: Status) -> Health:
    if status.silent:
        return Health("unknown", "silent")
    if status.trouble:
        return Health("down", status.trouble)
    return Health("warn", "near_end") if status.near_end else Health("ok")
