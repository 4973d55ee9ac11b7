"""What a printer model can do: config/profiles/*.toml of driver `escpos`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivers.protocol import escpos
from drivers.protocol.charset import Repertoire


@dataclass(frozen=True)
class Profile:
    """dots: printable width, 384 on 58 mm paper, 576 on 80 mm, 512 on some of these. repertoire: what its
    font holds. qr: drawn by the printer (`GS ( k`, or `GS k 97` on 58 mm modules) or by us. raster: the
    command for dots. hanzi_size: "fs" where `GS !` leaves Chinese characters small. cut: how it cuts.

    answers: does it answer at all; if not, a slip is never more than `sent`. status: how it is asked: the
    four real-time questions, automatic status, or the six bytes of kiosk printers. proof: "job_state" asks
    print801
    firmware for "printed and cut" besides the end mark. after_paper_end: what it does by itself after a
    reload in mid-slip; "ask" when nobody knows. tones: beeps after a slip.

    presenter: has it a mouth that holds the slip. present_mm: how far it hands the slip out. take_s: how
    long a slip may hang there, then `untaken`: drawn in again, thrown out, or left. The commands are bytes in
    hex, for makers that do it differently; "{n}" in `present_cmd` is the number of 7 mm steps.
    """

    dots: int = 576
    repertoire: Repertoire = "gbk"
    qr: Literal["native", "gs_k97", "raster"] = "native"
    raster: Literal["gs_v0", "gs_l"] = "gs_v0"
    hanzi_size: Literal["gs", "fs"] = "gs"
    cut: escpos.Cut = "feed_partial"
    answers: bool = True
    status: Literal["real_time", "auto", "full"] = "real_time"
    proof: Literal["gs_r", "job_state"] = "gs_r"
    after_paper_end: Literal["reprints", "continues", "drops", "ask"] = "ask"
    tones: int = 0
    roll_m: int = 80
    presenter: bool = False
    present_mm: int = 84
    take_s: int = 20
    untaken: Literal["retract", "eject", "leave"] = "retract"
    present_cmd: str = "1d6503{n}"
    retract_cmd: str = "1d6502"
    eject_cmd: str = "1d6505"
    presenter_status: str = "1d6506"

    def present(self) -> bytes:
        """The command that hands a slip out. Raises EncodeError for one that is no hex."""
        steps = max(1, min(255, round(self.present_mm / escpos.STEP_MM)))
        return _bytes(self.present_cmd.replace("{n}", f"{steps:02x}"))

    def clear_mouth(self) -> bytes:
        """What is done with a slip that nobody took."""
        return {"retract": _bytes(self.retract_cmd), "eject": _bytes(self.eject_cmd), "leave": b""}[
            self.untaken
        ]

    def ask_mouth(self) -> bytes:
        return _bytes(self.presenter_status)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise escpos.EncodeError(f"{text!r} is no bytes in hex") from error
