"""What Vite built: source path -> the files a page must load. Nothing built is no error: the pages fall
back. Every face is built by itself and has a manifest of its own, in which no other face's files stand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DIST = Path(__file__).resolve().parent / "dist"
BASE = "/assets/"


@dataclass(frozen=True)
class Built:
    """Addresses: the module to run, its styles, and the modules it imports."""

    script: str
    styles: tuple[str, ...]
    modules: tuple[str, ...]


def built(source: str, dist: Path | None = None) -> Built | None:
    """The files of the entry `source`, e.g. "kiosk/touch/main.ts"; None when it is not built."""
    manifest = _manifest(source, dist or DIST)
    if source not in manifest:
        return None
    reached = _reached(manifest, source)
    styles = dict.fromkeys(style for chunk in reached for style in chunk.get("css", ()))
    modules = [chunk["file"] for chunk in reached[1:]]
    return Built(BASE + reached[0]["file"], tuple(BASE + s for s in styles), tuple(BASE + m for m in modules))


def entry(source: str) -> str | None:
    """The address of one built file (a script or a style sheet), None when it is not built."""
    chunk = _manifest(source, DIST).get(source)
    return BASE + chunk["file"] if chunk else None


def _reached(manifest: dict[str, Any], source: str) -> list[dict[str, Any]]:
    """The entry and every chunk it imports at once, each once."""
    names: list[str] = [source]
    for name in names:
        names += [other for other in manifest[name].get("imports", ()) if other not in names]
    return [manifest[name] for name in names]


def _manifest(source: str, dist: Path) -> dict[str, Any]:
    """The manifest of the build that `source` belongs to: it is named by its folder."""
    path = dist / ".vite" / f"{Path(source).parent.name}.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
