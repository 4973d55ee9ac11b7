"""The `wucha` command: run, migrate, verify, contract, user, bench. Every error is one sentence, Chinese and
English."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import click

from server.settings import Settings, SettingsError, read_hall

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8600


def read_settings(data: str | None = None, port: int | None = None) -> Settings:
    """Settings from the environment, moved by --data and --port. Ends the program with every trouble of the
    files."""
    env = os.environ
    folder = Path(data or env.get("WUCHA_DATA") or ROOT / ".wucha").resolve()
    config = Path(env.get("WUCHA_CONFIG") or ROOT / "config" / "demo").resolve()
    common = Path(env.get("WUCHA_COMMON") or ROOT / "config").resolve()
    try:
        hall = read_hall(config, common)
    except SettingsError as error:
        fail("配置文件有误", "the configuration has errors", *map(str, error.troubles))
    number = port or _port(env.get("WUCHA_PORT"))
    return Settings(
        data=folder,
        config=config,
        common=common,
        database=env.get("WUCHA_DATABASE") or f"sqlite:///{folder / 'wucha.db'}",
        hall=hall,
        demo=config.name == "demo",
        host=env.get("WUCHA_HOST", "127.0.0.1"),
        port=number,
        redis=env.get("WUCHA_REDIS"),
        one_frame=env.get("WUCHA_ONE_FRAME", "1") != "0",
        password_cost="test" if env.get("WUCHA_PASSWORD_COST") == "test" else "full",
        public_url=env.get("WUCHA_URL", ""),
    )


def _port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    if not text.isdigit() or not 0 < int(text) < 65536:
        fail(f"端口不正确：{text}", f"not a port: {text}")
    return int(text)


def fail(zh: str, en: str, *lines: str) -> None:
    """Say what is wrong and end; never a stack."""
    click.echo(f"{zh} / {en}", err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)
    raise SystemExit(1)


@click.group()
@click.option("--data", metavar="DIR", help="Where the hall's database lives (WUCHA_DATA).")
@click.option("--port", type=int, help="Port on 127.0.0.1 (WUCHA_PORT, default 8600).")
@click.pass_context
def main(context: click.Context, data: str | None, port: int | None) -> None:
    """Wucha 无差: the queue and window system of a service hall."""
    if data:
        os.environ["WUCHA_DATA"] = str(Path(data).resolve())
    if port:
        os.environ["WUCHA_PORT"] = str(port)
    context.ensure_object(dict)


@main.command()
@click.option("--data", metavar="DIR")
@click.option("--port", type=int)
@click.option("--devices", metavar="FILE", help="Device list (default config/devices.toml).")
def run(data: str | None, port: int | None, devices: str | None) -> None:
    """Open the hall: server and device host, supervised."""
    from server.run import run_hall

    run_hall(read_settings(data, port), Path(devices) if devices else ROOT / "config" / "devices.toml")


@main.command()
def migrate() -> None:
    """Bring the database to this release's schema."""
    from server.store.engine import open_engine
    from server.store.setup import SchemaTooNew
    from server.store.setup import migrate as upgrade

    settings = read_settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        upgrade(open_engine(settings.database))
    except SchemaTooNew as error:
        fail("数据库来自更新的版本", str(error))
    click.echo("数据库已是最新 / the schema is current")


@main.command()
def verify() -> None:
    """Check the audit chain and the invariants of the stored data."""
    from server.store.engine import open_engine
    from server.store.verify import check

    settings = read_settings()
    troubles = check(open_engine(settings.database), settings.hall.id)
    for line in troubles:
        click.echo(line, err=True)
    if troubles:
        raise SystemExit(1)
    click.echo("审计链完整，数据一致 / the audit chain holds and the data agree")


@main.command()
def contract() -> None:
    """Write EVENTS.md and server/web/client/events.ts from the events the server sends."""
    from server.live.documents import write_documents

    for path in write_documents(ROOT):
        click.echo(str(path.relative_to(ROOT)))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def bench(args: tuple[str, ...]) -> None:
    """Measure take, next and push against bare floors, side by side in one run."""
    from bench.__main__ import main as bench_main

    raise SystemExit(bench_main(list(args)))


def wait_until_up(url: str, seconds: float) -> bool:
    """Poll /healthz; True when it answered in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1) as reply:
                return bool(json.load(reply)["ok"])
        except OSError:
            time.sleep(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())
