"""What `wucha run` does before its server listens: the data of this release, the key of this machine's device
host, and the set-up code while nobody has used one."""

from __future__ import annotations

import click
from sqlalchemy.exc import DBAPIError

from server.actions.device_host import host_left
from server.actions.enrol import ensure_host_key
from server.actions.go_on_above import go_on_above_mark
from server.actions.set_up import make_setup_code
from server.backup import finish_restore
from server.cli import fail
from server.clock import now
from server.domain.actors import SYSTEM
from server.settings import Settings
from server.store.current import Current
from server.store.engine import StorageUnsafe, open_engine
from server.store.marks import chain_line, remembered_beside
from server.store.setup import SchemaTooNew, ensure_hall, migrate
from server.store.unit import Store


def prepare(settings: Settings) -> None:
    """Leaves no open connection. Ends the program with one sentence when the data cannot be opened."""
    try:
        finish_restore(settings)
        engine = open_engine(settings.database)
        migrate(engine)
        ensure_hall(engine, settings.hall.id, now())
    except SchemaTooNew as error:
        fail("数据库来自更新的版本", str(error))
    except StorageUnsafe as error:
        fail("数据库设置不安全", str(error))
    except DBAPIError as error:
        fail("数据库打不开", f"the database cannot be opened: {error.orig}")
    with Store(engine, settings.hall.id, now).unit(SYSTEM) as unit:
        beside = remembered_beside(settings.data, unit.hall, chain_line(unit.connection, unit.hall, 1))
        go_on_above_mark(unit, Current(settings.hall).follow(unit.connection), beside)
        ensure_host_key(unit, settings.data)
        code = make_setup_code(unit)
        host_left(unit)  # what a crash left as "ok" is not known until the host says hello (P12)
    engine.dispose()
    if code:
        click.echo(f"\n  首次使用请打开 {settings.url}/setup\n  初始化码 / set-up code: {code}\n")
