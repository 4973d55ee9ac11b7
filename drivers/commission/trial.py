"""Trying a machine by hand: a test slip, a text on a strip, all segments of a keypad.

What they say stands in config/trial.toml.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from drivers.crew import Station
from drivers.errors import DriverError, LineLost, SpecError
from drivers.jobs import GiveAddress, Job, Outcome, ShowCounts, ShowText, job_from_dict
from drivers.line.clock import Clock
from drivers.line.record import Record
from drivers.line.serial_line import SerialLine
from drivers.printer.raster import Artist
from drivers.protocol.errors import EncodeError
from drivers.spec import CONFIG, MODELS, DeviceSpec, addresses, moves

FILE: Final = CONFIG / "trial.toml"
FIXED: Final = (
    "{driver}: 已知的协议资料里没有改地址的命令，请用厂家的设置工具或照说明书在设备上设置，再改清单 / "
    "no command for another address is known in this protocol: set it on the device, as its maker says, "
    "then change the list"
)


def trial_job(spec: DeviceSpec, text: str = "", now: datetime | None = None, file: Path = FILE) -> Job:
    """What this device is to do as a test; `text` instead of its own words. Raises SpecError, JobError."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SpecError([f"{file}: 读不了 / cannot be read: {error}"]) from error
    place = spec.window or spec.kiosk or ""
    facts = {
        "device": spec.name,
        "model": spec.model,
        "line": spec.line.url,
        "baud": spec.line.settings.baud,
        "address": spec.address,
        "place": place,
        "time": (now or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M:%S"),
    }
    if spec.kind == "printer":
        parts: list[dict[str, Any]] = [
            {
                k: v.format(**facts) if isinstance(v, str) and k in ("text", "qr") else v
                for k, v in part.items()
            }
            for part in table.get("part", [])
        ]
        if text:
            parts = [{"text": text, "size": 2}, *parts[-1:]]
        return job_from_dict({"kind": "print_slip", "id": "trial", "kiosk": place, "parts": parts})
    if spec.kind == "strip":
        words = text or str(table.get("strip", "{device}")).format(**facts)
        return ShowText("trial", place, words, "call")
    return ShowCounts("trial", place, 888, "888")


def address_job(driver: str, profile: Any, to: int, alone: bool = False) -> GiveAddress:
    """The job that gives a machine of this driver another address. Raises SpecError: it has no such command,
    or no such address.
    """
    if not moves(driver):
        raise SpecError([FIXED.format(driver=driver)])
    lowest, highest = addresses(driver, profile)
    if not lowest <= to <= highest:
        raise SpecError([f"address: 地址须在 {lowest}..{highest} / must be in {lowest}..{highest}"])
    return GiveAddress("trial", to, alone)


def try_out(spec: DeviceSpec, job: Job, clock: Clock | None = None, record: Record | None = None) -> Outcome:
    """Do `job` on a machine that no host works with yet: its line is opened for this alone.

    record: gets the bytes both ways.
    """
    line = SerialLine(spec.line.url, spec.line.settings, clock or Clock(), record)
    driver: Any = MODELS[spec.driver][0]
    if spec.kind == "printer":
        station = Station(spec, driver(spec.name, line, spec.profile, Artist()))
    else:
        station = Station(spec, driver(spec.name, line, spec.address, spec.profile))
    try:
        line.open()
        return _tries(station.driver, job)
    except EncodeError:
        return Outcome("failed", "encode")
    except DriverError as error:
        return Outcome("failed", error.reason)
    finally:
        line.close()


def _tries(driver: Any, job: Job) -> Outcome:
    """Once, and once more when the machine was only silent or busy."""
    try:
        outcome: Outcome = driver.perform(job)
    except DriverError as error:
        if not error.retry or isinstance(error, LineLost):
            raise
        outcome = driver.perform(job)
    return outcome
