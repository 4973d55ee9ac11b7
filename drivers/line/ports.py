"""The serial ports of this computer, by the names that survive re-plugging."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from serial.tools import list_ports

BY_ID: Final = (Path("/dev/serial/by-id"), Path("/dev/serial/by-path"))
State = Literal["free", "forbidden", "gone"]


@dataclass(frozen=True)
class Port:
    """url: what goes into the declaration, by-id where there is one. device: the node behind it today.

    about: what the adapter says of itself. state: free, or forbidden (this user may not open it: group
    dialout), or gone.
    """

    url: str
    device: str
    about: str = ""
    state: State = "free"


def ports(folders: Iterable[Path] = BY_ID) -> list[Port]:
    """All of them, by name. Cheap clones that share one serial number have only one by-id name between them:
    the others are called by path."""
    named: dict[str, str] = {}
    for folder in folders:
        for link in sorted(folder.glob("*")) if folder.is_dir() else ():
            named.setdefault(os.path.realpath(link), str(link))
    about = {
        os.path.realpath(p.device): " ".join(
            filter(None, (p.manufacturer, p.product or _known(p.description)))
        )
        for p in list_ports.comports()
    }
    found = [
        Port(named.get(node, node), node, about.get(node, ""), _state(node)) for node in {*named, *about}
    ]
    return sorted(found, key=lambda port: port.url)


def _known(text: str | None) -> str:
    return "" if text in (None, "n/a") else str(text)


def _state(node: str) -> State:
    if not os.path.exists(node):
        return "gone"
    return "free" if os.access(node, os.R_OK | os.W_OK) else "forbidden"
