"""Trouble with devices.

DriverError            retry?  meaning
 ├─ LineLost           yes     the cable, adapter or socket is gone; the host opens it again with back-off
 │   ├─ LineForbidden      … or is there, and this user may not open it
 │   └─ LineTaken          … or another program holds it
 ├─ DeviceSilent       yes     the line is there, this address does not answer
 ├─ DeviceGarbled      yes     something answers, but no frame of it is whole: two with one address, or noise
 ├─ DeviceBusy         yes     the device said "not now"
 ├─ DeviceRefused      no      the device understood and said no (bad font, no memory, wrong command)
 ├─ DeviceStopped      no      a person is needed: paper, cover, cutter; `.reason` says which
 ├─ JobError           no      a job from outside has a wrong shape
 ├─ SpecError          no      config/devices.toml is wrong; holds every error at once
 └─ VoiceUnavailable   no      no recorded clips and no speech program

EncodeError (protocol/errors.py, a ValueError) says that a message cannot be put on a wire at all; the host
turns it into a failed job with reason "encode".
"""

from __future__ import annotations


class DriverError(Exception):
    """Trouble with a device. `retry`: may the same job be tried again by the host itself?"""

    retry = False
    reason = "error"


class LineLost(DriverError):
    retry = True
    reason = "line_lost"


class LineForbidden(LineLost):
    """The port is there, and this user may not open it."""

    reason = "no_right"


class LineTaken(LineLost):
    """Another program holds the port."""

    reason = "port_taken"


class DeviceSilent(DriverError):
    retry = True
    reason = "silent"


class DeviceGarbled(DriverError):
    retry = True
    reason = "garbled"


class DeviceBusy(DriverError):
    retry = True
    reason = "busy"


class DeviceRefused(DriverError):
    reason = "refused"


class DeviceStopped(DriverError):
    """A person must act. `reason` is one of paper_out, cover_open, cutter, head, offline."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class JobError(DriverError):
    reason = "job_invalid"


class SpecError(DriverError):
    """`errors` lists every mistake found, each naming its file and key, Chinese and English."""

    reason = "spec"

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class VoiceUnavailable(DriverError):
    reason = "voice_unavailable"
