"""登记设备: a one-time code made by a manager is traded, once and within ten minutes, for a key of its own.

A place (this kiosk, the pad of that window) has one device: enrolling another revokes the one before it,
so two machines never speak for the same place.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path

from server.actions.passwords import hashed, new_code, new_token, plain_code
from server.domain import refusals
from server.domain.access import BOARD, HOST, KIOSK, PAD, WINDOW_SCREEN
from server.settings import HOST_KEY, HallSettings
from server.store.devices import (
    Code,
    Device,
    add_code,
    add_device,
    devices,
    find_device,
    find_device_by_key,
    save_device,
    use_code,
)
from server.store.unit import Unit

CODE_LIVES = timedelta(minutes=10)
PLACE = {KIOSK: "kiosk", PAD: "window", WINDOW_SCREEN: "window", BOARD: "name", HOST: "name"}


def make_code(
    unit: Unit, hall: HallSettings, kind: str, window: str | None, kiosk: str | None, name: str | None
) -> tuple[str, Code]:
    """A one-time code for a device of `kind` at its place. Raises InputInvalid, WindowUnknown."""
    given = {"window": window, "kiosk": kiosk, "name": name}
    place = given[PLACE[kind]]
    if not place:
        field = {"field": PLACE[kind], "zh": "这种设备需要填写", "en": "needed for this kind of device"}
        raise refusals.InputInvalid(fields=[field])
    if PLACE[kind] == "window" and place not in hall.catalogue.windows:
        raise refusals.WindowUnknown(window=place)
    bound = {"window": None, "kiosk": None, PLACE[kind]: place}
    code = new_code()
    made = Code(kind, name or place, bound["window"], bound["kiosk"], unit.now + CODE_LIVES)
    add_code(unit, hashed(code), made)
    unit.note("device.code", f"{kind}:{place}")
    return code, made


def enrol(unit: Unit, code: str) -> tuple[str, Device]:
    """(key, device) for a code. The key is told once and stored hashed. Raises CodeWrong."""
    found = use_code(unit, hashed(plain_code(code)))
    if found is None or found.kind not in PLACE:
        raise refusals.CodeWrong()
    return _add(unit, found.kind, found.name, found.window, found.kiosk)


def revoke(unit: Unit, device: str) -> Device:
    """The key works no more, from this commit on. Raises NotFound."""
    found = find_device(unit.connection, unit.hall, device)
    if found is None or found.revoked_at is not None:
        raise refusals.NotFound()
    save_device(unit, device, revoked_at=unit.now)
    unit.note("device.revoke", f"device:{device}", kind=found.kind)
    return found


def ensure_host_key(unit: Unit, data_dir: Path) -> str:
    """The key of this machine's own device host, kept in <data>/host.key (mode 0600); made when it is not
    there.

    A file whose key is unknown or revoked is replaced: who can write the data directory runs the hall anyway.
    """
    path = data_dir / HOST_KEY
    if path.exists():
        key = path.read_text("ascii", "replace").strip()
        known = find_device_by_key(unit.connection, unit.hall, hashed(key))
        if known is not None and known.kind == HOST:
            path.chmod(0o600)
            return key
    key, _ = _add(unit, HOST, "host", None, None)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key


def _add(unit: Unit, kind: str, name: str, window: str | None, kiosk: str | None) -> tuple[str, Device]:
    key = new_token()
    made = Device(f"{kind}-{secrets.token_hex(6)}", kind, name, window, kiosk, unit.now)
    for other in devices(unit.connection, unit.hall):
        if other.kind == kind and getattr(other, PLACE[kind]) == getattr(made, PLACE[kind]):
            save_device(unit, other.id, revoked_at=unit.now)
            unit.note("device.revoke", f"device:{other.id}", kind=kind, replaced_by=made.id)
    add_device(unit, made, hashed(key))
    unit.note("device.enrol", f"device:{made.id}", kind=kind, name=name, window=window, kiosk=kiosk)
    return key, made
