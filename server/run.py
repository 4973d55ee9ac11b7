"""Opening a hall for somebody at a terminal: start both processes at once, print where everything is.

The server prepares the data and says what is wrong with it; nothing heavy is imported here.
"""

from __future__ import annotations

import os
import sys
import time
from math import inf
from pathlib import Path

import click

from server.cli import ROOT, fail, wait_until_up
from server.serve import PortTaken, check_port
from server.settings import HOST_KEY, Settings
from server.supervise import Child, Supervisor

PATIENCE_S = 20.0  # a start that takes longer is told of, and waited for
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
    """Run until Ctrl-C. Ends when the port is taken or the data folder cannot be made, and when the server
    ends before it answered once.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        check_port(settings.host, settings.port)
    except PortTaken:
        fail(
            f"端口 {settings.port} 已被占用，请用 --port 换一个",
            f"port {settings.port} is in use: pass another --port",
        )
    except OSError as error:
        fail("数据目录不可用", f"the data folder cannot be used: {error}")
    env = {
        "WUCHA_DATA": str(settings.data),
        "WUCHA_CONFIG": str(settings.config),
        "WUCHA_COMMON": str(settings.common),
        "WUCHA_PORT": str(settings.port),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    local = f"http://{settings.host}:{settings.port}"  # not the public address: the host stands beside us
    server = Child("server", [sys.executable, "-m", "server.serve", "--hall"], env)
    host_command = [sys.executable, "-m", "drivers", "--server", local, "--devices", str(devices)]
    host_command += ["--key-file", str(settings.data / HOST_KEY), "--data", str(settings.data)]
    host = Child("device host", host_command, env)
    supervisor = Supervisor([server, host])
    try:
        supervisor.start()
        if comes_up(server, supervisor, local):
            _tell(settings)
        supervisor.run()
    finally:
        supervisor.end()


def comes_up(server: Child, supervisor: Supervisor, url: str, patience_s: float = PATIENCE_S) -> bool:
    """Wait for the first answer, however slow the machine. Ends the program when the server ends instead: it
    has said why. False: somebody stopped us first."""
    late = time.monotonic() + patience_s
    while not supervisor.stopping:
        if wait_until_up(url, 0.2):
            return True
        if server.process is None or server.process.poll() is not None:
            raise SystemExit(1)
        if time.monotonic() > late:
            click.echo("仍在启动，请稍候 / still starting")
            late = inf
    return False


def _tell(settings: Settings) -> None:
    centre = settings.hall.hall.centre
    click.echo(f"\n无差 Wucha · {centre.name}\n\n  {settings.url}/")
    for path, zh, en in FACES:
        click.echo(f"  {settings.url}{path:<12} {zh} {en}")
    click.echo("\n  Ctrl-C 退出 / to stop\n")
    sys.stdout.flush()
