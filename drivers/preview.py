"""A slip as it will come out: the bytes the driver would send, printed by the virtual printer, as dots.

Nothing is drawn here. What one sees is what the far end makes of the real bytes for the real profile.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from drivers.jobs import PrintSlip, job_from_dict
from drivers.line.clock import JumpClock
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist
from drivers.printer.slip import Slip, compose
from drivers.virtual.medium import HOST, Medium
from drivers.virtual.printer import Printer

_artist = Artist()


@dataclass(frozen=True)
class Preview:
    """rows: dots, highest bit left, 1 = black. bytes: on the wire. picture_bytes: those of them that are
    pictures. missing: characters that came out as 〓. rejects: what the printer did not understand."""

    rows: list[bytes]
    width: int
    mm: int
    bytes: int
    picture_bytes: int
    missing: str
    rejects: int

    def png(self) -> bytes:
        """Black on white, one pixel a dot."""
        data = b"".join(bytes(255 - byte for byte in row) for row in self.rows)
        image = Image.frombytes("1", (self.width, len(self.rows)), data)
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return out.getvalue()


def preview(parts: list[dict[str, Any]], profile: Profile) -> Preview:
    """Raises JobError and EncodeError, as printing it would."""
    job = job_from_dict({"id": "preview", "kind": "print_slip", "kiosk": "-", "parts": parts})
    assert isinstance(job, PrintSlip)
    slip = compose(job.parts, profile, _artist)
    far = _print(slip, profile)
    paper = far.papers[-2]
    return Preview(
        rows=paper.dots(),
        width=profile.dots,
        mm=round(paper.mm),
        bytes=len(slip.data),
        picture_bytes=slip.images,
        missing=slip.missing,
        rejects=far.rejects,
    )


def _print(slip: Slip, profile: Profile) -> Printer:
    clock = JumpClock()
    cable, far = Medium("preview", baud=0, clock=clock), Printer("preview", 1, options_of(profile))
    cable.join(far)
    data = slip.data if profile.cut != "none" else slip.data + b"\x1d\x56\x00"
    cable.say(HOST, data, clock.now())
    while not any(paper.end for paper in far.papers):
        clock.sleep(1.0)
        cable.advance(clock.now())
    return far


def options_of(profile: object) -> dict[str, str]:
    """A profile as the far end of the same make takes it."""
    return {k: str(v) for k, v in vars(profile).items() if isinstance(v, (str, int, float, bool))}
