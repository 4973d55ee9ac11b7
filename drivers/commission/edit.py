"""Adding, removing and re-addressing machines in config/devices.toml as a careful hand would: comments and
order stay.

The new text is read whole before it takes the place of the old; a mistake leaves the file as it was.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.errors import SpecError
from drivers.spec import HallSpec, load

NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
URL: Final = re.compile(r"(?:/dev/|socket://|rfc2217://|virtual://)[A-Za-z0-9_.:/?=&@%+,-]{1,200}")
PLACE: Final = re.compile(r"[A-Za-z0-9_:-]{1,40}")
HEADER: Final = re.compile(r"^\s*\[")


@dataclass(frozen=True)
class NewDevice:
    """One device to declare. baud 0: the model's."""

    name: str
    model: str
    url: str
    baud: int = 0
    address: int = 0
    window: str = ""
    kiosk: str = ""


def add(path: Path, new: NewDevice, profiles: Path | None = None) -> HallSpec:
    """Declare one more device, on the line of this URL that is there or a new one. Raises SpecError."""
    errors = [
        f"{key}: {value!r} 不可用 / cannot be used"
        for key, value, rule in (
            ("name", new.name, NAME),
            ("model", new.model, NAME),
            ("url", new.url, URL),
            ("window", new.window or "-", PLACE),
            ("kiosk", new.kiosk or "-", PLACE),
        )
        if not rule.fullmatch(value)
    ]
    if errors:
        raise SpecError(errors)
    text = path.read_text("utf-8")
    known = _line_of(text, new.url)
    line, made = (
        (known, "") if known else (new.name, _table(f"[line.{_bare(new.name)}]", url=new.url, baud=new.baud))
    )
    row = _table(
        "[[device]]", name=new.name, model=new.model, line=line, address=new.address,
        window=new.window, kiosk=new.kiosk,
    )  # fmt: skip
    return _replace(path, f"{text.rstrip()}\n\n{made}{row}", profiles)


def remove(path: Path, name: str, profiles: Path | None = None) -> HallSpec:
    """Take a device out, and its line when nothing else stands on it. Raises SpecError, KeyError."""
    blocks = _blocks(path.read_text("utf-8"))
    mine = [block for block in blocks if _is_device(block, name)]
    if not mine:
        raise KeyError(name)
    left = [block for block in blocks if block not in mine]
    line = _value(mine[0], "line")
    if line and not any(_value(block, "line") == line for block in left if _head(block) == "[[device]]"):
        left = [block for block in left if _head(block) not in (f"[line.{line}]", f'[line."{line}"]')]
    return _replace(path, "\n".join(row for block in left for row in block).rstrip() + "\n", profiles)


def readdress(path: Path, name: str, to: int, profiles: Path | None = None) -> HallSpec:
    """Write another address of a device into its table; a remark beside the old one stays. Raises SpecError,
    KeyError.
    """
    return _replace(path, _readdressed(path, name, to), profiles)


def may_readdress(path: Path, name: str, to: int, profiles: Path | None = None) -> None:
    """Would the list be sound with it? Nothing is written that counts. Raises SpecError, KeyError."""
    _sound(path, _readdressed(path, name, to), profiles)[0].unlink()


def _readdressed(path: Path, name: str, to: int) -> str:
    blocks = _blocks(path.read_text("utf-8"))
    mine = next((block for block in blocks if _is_device(block, name)), None)
    if mine is None:
        raise KeyError(name)
    at = next((n for n, row in enumerate(mine) if re.match(r"\s*address\s*=", row)), None)
    if at is None:
        last = max(n for n, row in enumerate(mine) if row.strip() and not row.startswith("#"))
        mine.insert(last + 1, f"address = {to}")
    else:
        mine[at] = re.sub(r"^(\s*address\s*=\s*)\S+", rf"\g<1>{to}", mine[at])
    return "\n".join(row for block in blocks for row in block).rstrip() + "\n"


def _replace(path: Path, text: str, profiles: Path | None) -> HallSpec:
    fresh, hall = _sound(path, text, profiles)
    os.replace(fresh, path)
    return hall


def _sound(path: Path, text: str, profiles: Path | None) -> tuple[Path, HallSpec]:
    """The new text beside the old one, read whole. Raises SpecError, and then it is gone again."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, "utf-8")
    try:
        return fresh, load(fresh, profiles or path.resolve().parent / "profiles")
    except SpecError as error:
        fresh.unlink()
        raise SpecError([line.replace(str(fresh), path.name) for line in error.errors]) from error


def _table(head: str, **values: str | int) -> str:
    rows = [
        f"{key} = {value if isinstance(value, int) else _quoted(value)}"
        for key, value in values.items()
        if value
    ]
    return "\n".join([head, *rows]) + "\n\n"


def _quoted(text: str) -> str:
    return f'"{text}"'  # NAME, URL and PLACE hold nothing that TOML would read otherwise


def _bare(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _line_of(text: str, url: str) -> str | None:
    """The name of the [line.…] table with this URL."""
    for block in _blocks(text):
        found = re.fullmatch(r'\[line\.(?:"([^"]+)"|([A-Za-z0-9_-]+))\]', _head(block))
        if found and _value(block, "url") == url:
            return found[1] or found[2]
    return None


def _blocks(text: str) -> list[list[str]]:
    """Lines from one table's head to the next; comments right above a head are a block of their own."""
    blocks: list[list[str]] = [[]]
    for row in text.splitlines():
        if HEADER.match(row):
            above: list[str] = []
            while blocks[-1] and blocks[-1][-1].startswith("#"):
                above.insert(0, blocks[-1].pop())
            blocks += [above, [row]] if above else [[row]]
        else:
            blocks[-1].append(row)
    return blocks


def _head(block: list[str]) -> str:
    return block[0].split("#")[0].strip() if block else ""


def _value(block: list[str], key: str) -> str | None:
    for row in block:
        found = re.match(rf'\s*{key}\s*=\s*"([^"]*)"', row)
        if found:
            return found[1]
    return None


def _is_device(block: list[str], name: str) -> bool:
    return _head(block) == "[[device]]" and _value(block, "name") == name
