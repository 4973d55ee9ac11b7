"""Opening a hall for somebody at a terminal: prepare the data, start both processes, print where everything is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from server.actions.enrol import ensure_host_key
from server.actions.set_up import make_setup_code
from server.cli import ROOT, fail, wait_until_up
from server.clock import now
from server.domain.actors import SYSTEM
from server.serve import PortTaken, check_port
from server.settings import Settings
from server.store.engine import StorageUnsafe, open_engine
from server.store.setup import SchemaTooNew, ensure_hall, migrate
from server.store.unit import Store
from server.supervise import Child, Supervisor

START_S = 20.0
FACES = (
    ("/touch/K1", "取号机", "kiosk"),
    ("/pad/W01", "评价器", "rating pad"),
    ("/hall/B1", "大厅大屏", "hall board"),
    ("/window/W01", "窗口屏", "window screen"),
    ("/clerk", "窗口工作台", "clerk"),
    ("/manager", "管理台", "manager"),
    ("/bench", "虚拟大厅", "virtual hall: paper, strips, keypads, faults"),
)


def run_hall(settings: Settings, devices: Path) -> None:
    """Run until Ctrl-C. Ends with one sentence when the port is taken or the data cannot be opened."""
    try:
        check_port(settings.host, settings.port)
    except PortTaken:
        fail(
            f"端口 {settings.port} 已被占用，请用 --port 换一个",
            f"port {settings.port} is in use: pass another --port",
        )
    key, code = _prepare(settings)
    env = {
        "WUCHA_DATA": str(settings.data),
        "WUCHA_CONFIG": str(settings.config),
        "WUCHA_COMMON": str(settings.common),
        "WUCHA_PORT": str(settings.port),
        "WUCHA_DEVICE_KEY": key,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    server = Child("server", [sys.executable, "-m", "server.serve"], env)
    host_command = [sys.executable, "-m", "drivers", "--server", settings.url, "--devices", str(devices)]
    host = Child("device host", [*host_command, "--data", str(settings.data)], env)
    supervisor = Supervisor([server, host])
    supervisor.start()
    if wait_until_up(f"http://{settings.host}:{settings.port}", START_S):
        _tell(settings, code)
    supervisor.run()


def _prepare(settings: Settings) -> tuple[str, str | None]:
    """Open and migrate the database; the host's key, and the set-up code while nobody has used one."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        engine = open_engine(settings.database)
        migrate(engine)
        ensure_hall(engine, settings.hall.id, now())
    except SchemaTooNew as error:
        fail("数据库来自更新的版本", str(error))
    except StorageUnsafe as error:
        fail("数据库设置不安全", str(error))
    except OSError as error:
        fail("数据目录不可用", f"the data folder cannot be used: {error}")
    with Store(engine, settings.hall.id, now).unit(SYSTEM) as unit:
        key = ensure_host_key(unit, settings.data)
        code = make_setup_code(unit)
    engine.dispose()
    return key, code


def _tell(settings: Settings, code: str | None) -> None:
    centre = settings.hall.hall.centre
    click.echo(f"\n无差 Wucha · {centre.name}\n\n  {settings.url}/")
    if code:
        click.echo(f"\n  首次使用请打开 {settings.url}/setup\n  初始化码 / set-up code: {code}\n")
    for path, zh, en in FACES:
        click.echo(f"  {settings.url}{path:<12} {zh} {en}")
    click.echo("\n  Ctrl-C 退出 / to stop\n")
    sys.stdout.flush()
