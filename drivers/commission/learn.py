"""A new kind of machine, described by hand: read the description, send with it, see the answer, keep it.

A description is the text of a file in config/profiles: a driver and what this make can do. With the driver
`led_frame` it is the frame itself, field by field; with any other it is the switches of a known protocol.
What was learnt here says so in its first line, and only such a file is ever written over.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

from drivers.commission.edit import NAME, URL
from drivers.commission.tracefile import explained, together
from drivers.commission.trial import trial_job, try_out
from drivers.errors import SpecError
from drivers.jobs import Outcome
from drivers.line.clock import Clock
from drivers.line.record import Record
from drivers.line.serial_line import Settings
from drivers.spec import MODELS, DeviceSpec, LineSpec, models

MARK: Final = "# learnt at the installer's page or `wucha devices learn`"
LONGEST: Final = 20_000  # characters of a description


def read(name: str, text: str, url: str, baud: int = 0, address: int = 1) -> DeviceSpec:
    """The machine that `text` describes, on the line `url`. Raises SpecError with every mistake."""
    wrong = [
        f"{key}: {value[:60]!r} 不可用 / cannot be used"
        for key, value, rule in (("name", name, NAME), ("url", url, URL))
        if not rule.fullmatch(value)
    ]
    if len(text) > LONGEST:
        wrong.append(f"{name}: 太长 / longer than {LONGEST} characters")
    if wrong:
        raise SpecError(wrong)
    with tempfile.TemporaryDirectory(prefix="wucha-learn-") as folder:
        (Path(folder) / f"{name}.toml").write_text(text, "utf-8")
        errors: list[str] = []
        found = models(Path(folder), errors).get(name)
        if found is None or errors:
            raise SpecError([line.replace(f"{folder}/", "") for line in errors])
    line = LineSpec(url, Settings(baud or found.baud))
    kind = MODELS[found.driver][2]
    return DeviceSpec(name, name, found.driver, kind, line, found.profile, address)


def send(spec: DeviceSpec, text: str, clock: Clock | None = None) -> tuple[Outcome, list[dict[str, Any]]]:
    """Show `text` (or the model's test) once; how it ended, and every byte both ways."""
    record = Record()
    outcome = try_out(spec, trial_job(spec, text), clock, record)
    entries = together(explained(record.since(0), spec.driver, spec.profile))
    first = entries[0][0].at if entries else 0.0
    return outcome, [
        {
            "at": round(p.at - first, 4),
            "way": p.way,
            "hex": p.hex,
            "said": [[code, more] for code, more in said],
        }
        for p, said in entries[-60:]
    ]


def save(profiles: Path, name: str, text: str) -> Path:
    """Keep a description as a model. Raises SpecError: mistakes, or a model that came with the product."""
    read(name, text, "/dev/none")
    path = profiles / f"{name}.toml"
    if path.exists() and not path.read_text("utf-8").startswith(MARK):
        raise SpecError(
            [f"{path.name}: 已有这个型号，请换一个名称 / this model is there: choose another name"]
        )
    body = text if text.startswith(MARK) else f"{MARK}\n{text}"
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(body.rstrip() + "\n", "utf-8")
    os.replace(fresh, path)
    return path


def template(profiles: Path, name: str) -> str:
    """The description of a known model, to begin with. Raises SpecError."""
    path = profiles / f"{name}.toml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise SpecError([f"{name[:60]}: 没有这个型号 / no such model"])
    return path.read_text("utf-8")
