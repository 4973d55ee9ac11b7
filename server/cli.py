"""The `wucha` command. Every error is one sentence, Chinese and English; never a stack."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import urllib.request
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from server.settings import HOST_KEY, Settings, SettingsError, read_hall

if TYPE_CHECKING:
    from server.actions.go_on_above import Said
    from server.backup import Restored
    from server.simulate.run import World
    from server.simulate.scenario import Scenario

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8600


def read_settings(
    data: str | None = None, port: str | None = None, devices: Path | None = None, config: Path | None = None
) -> Settings:
    """Settings from the environment, moved by --data, --port and --hall (`config`). Ends the program with
    every trouble of the files, those of the device list `devices` among them."""
    env = os.environ
    folder = Path(data or env.get("WUCHA_DATA") or ROOT / ".wucha").resolve()
    config = Path(config or env.get("WUCHA_CONFIG") or ROOT / "config" / "demo").resolve()
    common = Path(env.get("WUCHA_COMMON") or ROOT / "config").resolve()
    try:
        hall = read_hall(config, common)
        wrong: list[str] = []
    except SettingsError as error:
        wrong = [str(trouble) for trouble in error.troubles]
    if devices is not None:
        from server.devices import declaration_troubles

        wrong += declaration_troubles(devices)
    if wrong:
        fail("配置文件有误", "the configuration has errors", *wrong)
    number = _port(env.get("WUCHA_PORT") if port is None else port)
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
        metrics=_networks(env.get("WUCHA_METRICS", "")),
    )


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one) for one in text.replace(",", " ").split())
    except ValueError as error:
        fail("WUCHA_METRICS 写得不对", f"WUCHA_METRICS wants addresses or networks: {error}")


def _port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    known = text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536
    if not known:
        fail(f"端口不正确：{text[:20]}", f"not a port: {text[:20]}")
    return int(text)


def fail(zh: str, en: str, *lines: str) -> NoReturn:
    """Say what is wrong and end; never a stack."""
    click.echo(f"{zh} / {en}", err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)
    raise SystemExit(1)


class Misused(click.UsageError):
    """What was typed wrongly, said in both languages."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message(), error.ctx)
        self._kind = type(error)

    def format_message(self) -> str:
        zh = MISUSED.get(self._kind, "命令写得不对")
        return f"{zh} / {super().format_message()}"


MISUSED: dict[type[click.UsageError], str] = {
    click.MissingParameter: "还缺少内容",
    click.NoSuchOption: "没有这个选项",
    click.BadParameter: "内容不正确",
    click.BadOptionUsage: "选项写得不对",
}


class Commands(click.Group):
    """Tells what is wrong in one sentence, whatever was asked: with the words, a file, the database."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(context, args)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Misused(error) from None

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Misused(error) from None
        except OSError as error:
            where, why = error.filename or "", error.strerror or str(error)
            fail(f"文件或数据目录不可用：{where}", f"cannot be used: {where}: {why}")
        except Exception as error:
            from sqlalchemy.exc import ArgumentError, DBAPIError  # not before it is needed: starting is quick

            if isinstance(error, ArgumentError):
                fail("WUCHA_DATABASE 写得不对", f"WUCHA_DATABASE is no database's URL: {error}")
            if not isinstance(error, DBAPIError):
                raise
            fail("数据库打不开", f"the database cannot be opened: {error.orig}")


@click.group(
    cls=Commands,
    epilog="./wucha test [--all]：全部测试 / the whole suite.  ./wucha check：格式与类型 / style and types.",
)
@click.option("--data", metavar="DIR", help="Where the hall's database lives (WUCHA_DATA).")
@click.option("--port", metavar="N", help="Port on 127.0.0.1 (WUCHA_PORT, default 8600).")
@click.pass_context
def main(context: click.Context, data: str | None, port: str | None) -> None:
    """Wucha 无差：大厅的排队叫号与窗口系统 / the queue and window system of a service hall."""
    if data:
        os.environ["WUCHA_DATA"] = str(Path(data).resolve())
    if port is not None:
        os.environ["WUCHA_PORT"] = port
    context.ensure_object(dict)


@main.command()
@click.option("--data", metavar="DIR")
@click.option("--port", metavar="N")
@click.option("--devices", metavar="FILE", help="Device list (default config/devices.toml).")
def run(data: str | None, port: str | None, devices: str | None) -> None:
    """打开大厅 / open the hall: server and device host, supervised."""
    from server.run import run_hall

    declared = _machines(devices)
    run_hall(read_settings(data, port, declared), declared)


@main.command()
def migrate() -> None:
    """升级数据库 / bring the database to this release's schema."""
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
    """检查审计链和数据 / check the audit chain and the invariants of the stored data."""
    from server.store.engine import open_engine
    from server.store.verify import check

    settings = read_settings()
    _there(settings)
    troubles = check(open_engine(settings.database), settings.hall.id)
    for line in troubles:
        click.echo(line, err=True)
    if troubles:
        raise SystemExit(1)
    click.echo("审计链完整，数据一致 / the audit chain holds and the data agree")


@main.command()
@click.argument("day")
@click.option("--reason", default="", help="Why; without it nothing is changed.")
def recount(day: str, reason: str) -> None:
    """Count the sealed sums of the closed DAY (2026-03-02) again from what is stored of it: shows what would
    change, and changes it with a --reason. What was sealed stays in the audit trail."""
    from getpass import getuser

    from server.actions.day import reseal_day
    from server.clock import now
    from server.domain.actors import SYSTEM
    from server.store.day_sums import recounted
    from server.store.engine import open_engine
    from server.store.unit import Store

    settings = read_settings()
    _there(settings)
    store = Store(open_engine(settings.database), settings.hall.id, now)
    with store.read() as connection:
        found = recounted(connection, store.hall, day)
    if found is None:
        fail(f"{day[:20]} 没有日结", f"no closed day: {day[:20]}")
    before, after = found
    changed = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    for key in changed:
        old, new = (json.dumps(sums.get(key, 0), ensure_ascii=False) for sums in found)
        click.echo(f"{key:<12} {old} -> {new}")
    if not changed:
        click.echo("与日结一致 / as it was sealed")
    elif not reason.strip():
        click.echo("没有改动；加 --reason 说明原因后更正 / nothing was changed: say why with --reason")
    else:
        with store.unit(SYSTEM) as unit:
            reseal_day(unit, day, f"{reason.strip()} ({getuser()})")
        click.echo("已更正，原来的合计保留在留痕中 / amended; what was sealed stays in the audit trail")


def _there(settings: Settings) -> None:
    """Ends the program when the hall was never opened: looking must not make an empty database."""
    kind, _, path = settings.database.partition(":///")
    if kind == "sqlite" and not Path(path).exists():
        fail("这里还没有大厅的数据", f"no hall has been opened in {settings.data}")


@main.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--devices", metavar="FILE", help="Device list (default config/devices.toml).")
def backup(target: Path, devices: str | None) -> None:
    """备份整个大厅 / write the whole running hall to the file TARGET and verify it: database, the hall's key,
    uploads, the hall's files. Keep it like the key itself."""
    from server.backup import back_up
    from server.keys import NAME as HALL_KEY
    from server.store.backup import BackupBroken

    settings = read_settings()
    try:
        kept = back_up(settings, _machines(devices), target)
    except FileNotFoundError as error:
        if not target.absolute().parent.is_dir():
            fail(f"没有这个文件夹：{target.parent}", f"no such folder: {target.parent}")
        fail("没有找到数据库", f"no database at {error}")
    except BackupBroken as error:
        fail("备份未通过检查，未保存", "the copy did not pass its check and was not kept", *error.troubles)
    except OSError as error:
        fail("备份写不进去", f"the backup could not be written: {error.strerror}")
    click.echo(f"已备份并校验 / backed up and verified: {target}")
    for line in BACKED_UP if HALL_KEY in kept.files else (*BACKED_UP[:1], NO_KEY):
        click.echo(f"  {line.format(uploads=kept.count('uploads'))}")


BACKED_UP = (
    "数据库、{uploads} 个上传文件、大厅配置 / the database, {uploads} uploaded files, the hall's files",
    "内含机密：大厅密钥（辨认本人、打开封存内容）、密码和设备密钥的散列、群众留言。",
    "文件只有本人可读（600）；请像密钥一样保管，存放处要加密。",
    "It holds secrets: the hall's key (tells persons apart, opens what is sealed), hashes of passwords and",
    "devices' keys, what citizens wrote. Only its owner may read it (600): keep it like a key, encrypted.",
)
NO_KEY = "没有 hall.key，以前的人会认不出 / no hall.key: people of past days are strangers"


@main.command()
@click.argument("source", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--hall", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
              help="Put the hall's files of the backup into this new folder first, and restore for "
              "them.")  # fmt: skip
@click.option("--above", metavar="NUMBER", multiple=True,
              help="The newest number of a queue that people hold (A057); once for each queue.")
@click.option("--none-given", is_flag=True,
              help="No number was given after the backup was made, but in the queues that --above "
              "names.")  # fmt: skip
@click.option("--yes", is_flag=True, help="What --above leaves out is right, much as it is.")
@click.option("--devices", metavar="FILE", help="Device list (default config/devices.toml).")
def restore(
    source: Path, hall: Path | None, above: tuple[str, ...], none_given: bool, yes: bool, devices: str | None
) -> None:
    """恢复备份 / put the hall of the backup SOURCE in place; the hall must not be running.

    What was there is kept beside it; a PostgreSQL database must be empty. Numbers go on above those that were
    given since: the replaced hall is asked; where nothing is left of it, --above or --none-given must say.
    """
    from server.actions.go_on_above import NumberOffline, NumbersUnknown, NumberUnread, Said
    from server.backup import FolderFull, differing, take_files
    from server.domain.refusals import StorageFailed
    from server.lock import DataInUse, hold
    from server.store.backup import BackupBroken, NotEmpty
    from server.store.setup import SchemaTooNew

    # What came to nothing leaves nothing in the folder, so that the same command can be given again.
    clear = hall is not None and not (hall.exists() and any(hall.iterdir()))
    try:
        if hall is not None:
            _found(source)
            take_files(source, hall)
        settings = read_settings(config=hall)
        with hold(settings.data):
            _found(source)
            done = _put_back(settings, source, Said(above, none_given, yes))
        clear = False
    except DataInUse:
        fail("大厅正在运行，请先停止", "the hall is running: stop it first")
    except FolderFull:
        fail(f"文件夹里已有内容：{hall}", f"something is in that folder already: {hall}")
    except NotEmpty:
        fail(
            "PostgreSQL 数据库里已有大厅：请新建一个空库，用 WUCHA_DATABASE 指定，旧库保持原样",
            "the database holds a hall: make an empty one and name it by WUCHA_DATABASE; the old one stays",
        )
    except BackupBroken as error:
        fail("这份备份不可用", "this backup is not sound", *error.troubles)
    except SchemaTooNew as error:
        fail("备份来自更新的版本", str(error))
    except NumbersUnknown as error:
        queues = (f"{queue.prefix} {queue.name} / {queue.name_en}" for queue in error.queues)
        fail(*NUMBERS_UNKNOWN, *queues)
    except NumberUnread as error:
        fail(f"没有这样的号：{error}", f"no queue prints such a number: {error}")
    except NumberOffline as error:
        fail(
            f"{error} 是离线号：请说明最新一张普通号，没有则写 {error.none}",
            f"{error} was given offline: name the newest ordinary number; {error.none} where there is none",
        )
    except StorageFailed:
        fail("数据目录写不进去", "the data folder cannot be written")
    except OSError as error:
        fail("数据目录写不进去", f"the data folder cannot be written: {error.strerror}")
    finally:
        if clear and hall is not None:
            shutil.rmtree(hall, ignore_errors=True)
    kept = done.kept
    click.echo(f"已恢复 / restored: {kept.made_at}")
    _tell_missing(settings, done)
    if hall is not None:
        start = f"WUCHA_CONFIG={hall} ./wucha run --devices {hall / 'devices.toml'}"
        click.echo(f"  启动时用 / open it with: {start}")
    elif other := differing(settings, _machines(devices), kept):
        click.echo("  以下大厅文件与备份时不同，未改动；restore --hall 文件夹 可取出备份里的")
        click.echo("  these files differ from the backup's and stay; restore --hall FOLDER takes those:")
        for name in other[:20]:
            click.echo(f"    {name}")


NUMBERS_UNKNOWN = (
    "这里没有留下备份之后发号的记录，没有恢复：同一个号不能发两次",
    "nothing here knows which numbers were given after the backup, so nothing was restored",
    "请看各队列最新一张小票，逐个说明：--above A057 --above B012；其余队列没有发过号：--none-given",
    "Look at the newest slip of each queue: --above A057 --above B012; if no other gave any: --none-given",
    "还没有说明的队列 / queues of which nothing was said:",
)


def _put_back(settings: Settings, source: Path, said: Said) -> Restored:
    """Restore; what leaves out so much that it may be a typing mistake is asked at the terminal first."""
    from server.actions.go_on_above import LeavesOutMuch
    from server.backup import restore

    try:
        return restore(settings, source, said)
    except LeavesOutMuch as error:
        leaps = [
            f"{leap.number}：跳过 {leap.out} 个号，今天还剩 {leap.left} 个 / "
            f"leaves out {leap.out} numbers, {leap.left} are left today"
            for leap in error.leaps
        ]
    if not sys.stdin.isatty():
        fail("没有恢复：请核对，无误就加上 --yes", "nothing was restored: if this is right add --yes", *leaps)
    click.echo("\n".join(leaps))
    try:
        right = click.confirm("没有写错吗？ / Is that right?")
    except click.Abort:
        right = False
    if not right:
        fail("没有恢复", "nothing was restored")
    return restore(settings, source, replace(said, certain=True))


def _tell_missing(settings: Settings, done: Restored) -> None:
    """What was lost, and which numbers people may hold."""
    missing = done.missing
    if done.unread:
        click.echo("  原数据库读不出来，按 numbers.json 和所说明的接续号码")
        click.echo("  the replaced database cannot be read: numbers go on by numbers.json and what was said")
    if missing.until is not None:
        zone, made = settings.hall.zone, datetime.fromisoformat(done.kept.made_at)
        window = [f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" for moment in (made, missing.until)]
        if missing.until > made:
            click.echo(f"  丢失的时段 / lost: {window[0]} – {window[1]}")
    for word, known in missing.below:
        click.echo(f"  {word} 低于已知的 {known}，从其后继续 / goes on above {known}, which is known")
    if missing.left:
        left = " ".join(f"{prefix} {count}" for prefix, count in missing.left)
        click.echo(f"  不知道借出过哪些离线号，今天这些队列只剩：{left}")
        click.echo(f"  nobody knows what was lent for offline; numbers left for today: {left}")
    if not missing.lost:
        if missing.sure:
            click.echo("  备份之后没有发出普通号 / no ordinary number was given after it")
        else:
            click.echo("  按所说明的：备份之后没有发号 / as was said, no number was given after it")
        return
    click.echo("  以下的号可能在群众手中，系统已不认识；新号从其后继续。请现场按先后为持号人补取：")
    click.echo("  people may hold these numbers, unknown now; take each a new one. New ones go on above:")
    for day in sorted({lost.day for lost in missing.lost}):
        click.echo(f"    {day}  {' '.join(str(lost) for lost in missing.lost if lost.day == day)}")


def _found(source: Path) -> None:
    if not source.is_file():
        fail(f"没有找到备份：{source}", f"no backup at {source}")


def _machines(devices: str | None) -> Path:
    """The list of machines."""
    common = Path(os.environ.get("WUCHA_COMMON") or ROOT / "config").resolve()
    return Path(devices) if devices else common / "devices.toml"


@main.group()
def user() -> None:
    """人员 / people of the hall."""


@user.command("reset")
@click.argument("person")
def user_reset(person: str) -> None:
    """重置密码 / give PERSON a new one-time password, shown once; for an administrator who forgot theirs."""
    from server.actions.passwords import Passwords, new_once_password
    from server.actions.reset_password import reset_password
    from server.clock import now
    from server.domain.actors import SYSTEM
    from server.domain.refusals import NotFound
    from server.store.engine import open_engine
    from server.store.setup import ensure_hall
    from server.store.setup import migrate as upgrade
    from server.store.unit import Store

    settings = read_settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    upgrade(engine)
    ensure_hall(engine, settings.hall.id, now())
    once = new_once_password()
    try:
        with Store(engine, settings.hall.id, now).unit(SYSTEM) as unit:
            reset_password(unit, settings.hall, person, Passwords(settings.password_cost).hash(once))
    except NotFound:
        fail(f"没有这个人：{person}", f"no such person: {person}")
    click.echo(f"{settings.hall.catalogue.people[person].name} {person}: {once}")


@main.group()
def devices() -> None:
    """设备 / machines of the hall."""


@devices.command("list")
def devices_list() -> None:
    """设备现状 / the machines as the device host last reported them."""
    from server.store.engine import open_engine, reading
    from server.store.health import health_of

    settings = read_settings()
    _there(settings)
    with reading(open_engine(settings.database)) as connection:
        for row in health_of(connection, settings.hall.id):
            place = row["window"] or row["kiosk"] or ""
            state = f"{row['state']:<8} {row['reason']}".rstrip()
            click.echo(f"{row['device']:<16} {row['model']:<14} {place:<5} {row['host']:<8} {state}")


RAW = {"ignore_unknown_options": True, "help_option_names": []}


@devices.command("check", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_check(words: tuple[str, ...]) -> None:
    """检查设备清单 / tell every mistake of the list; --lines asks every machine, --search looks for more."""
    _tool("check", words)


@devices.command("ports", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_ports(words: tuple[str, ...]) -> None:
    """本机串口 / the serial ports of this computer, by the names that survive re-plugging."""
    _tool("ports", words)


@devices.command("record", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_record(words: tuple[str, ...]) -> None:
    """录制线路 / write what passes by on a line into a file: a port, or a machine of a running hall."""
    settings = read_settings()
    local = f"http://{settings.host}:{settings.port}"
    beside = ("--server", local) if "--server" not in words else ()
    key = settings.data / HOST_KEY
    _tool("record", (*words, *beside, *(("--key-file", str(key)) if key.exists() else ())))


@devices.command("replay", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_replay(words: tuple[str, ...]) -> None:
    """解释录制的文件 / what the decoders make of a recorded file."""
    _tool("replay", words)


@devices.command("try", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_try(words: tuple[str, ...]) -> None:
    """试打或试显一次 / one test slip or text on a line nobody works with."""
    _tool("try", words)


@devices.command("address", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_address(words: tuple[str, ...]) -> None:
    """改设备地址 / give one machine another address, alone on its line or by its present one."""
    _tool("address", words)


@devices.command("learn", context_settings=RAW)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def devices_learn(words: tuple[str, ...]) -> None:
    """试新型号 / send with a description of a new machine, see the answer, keep it as a model."""
    _tool("learn", words)


def _tool(deed: str, words: tuple[str, ...]) -> None:
    """The installer's tools live with the drivers, who know the wires; this process loads none of it."""
    import subprocess

    command = [sys.executable, "-m", "drivers.commission", deed, *words]
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    raise SystemExit(subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}).returncode)


@main.command()
@click.argument("what", type=click.Choice(["tickets", "ratings", "audit", "columns"]))
@click.option("--from", "first", metavar="DATE", help="First business day, 2026-03-02 (default: --to).")
@click.option("--to", "last", metavar="DATE", help="Last business day (default: the newest).")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File (default: the terminal).")
def export(what: str, first: str | None, last: str | None, form: str, out: Path | None) -> None:
    """导出 / tickets, ratings or the audit trail as CSV or JSON; `columns` says what each column holds."""
    from server.exporting import BadDate, columns_table, export_to

    if what == "columns":
        click.echo(columns_table())
        return
    settings = read_settings()
    _there(settings)
    try:
        count = export_to(settings, what, first, last, form, out)
    except BadDate as error:
        fail(f"日期不正确：{error}", f"not a range of dates: {error}")
    except OSError as error:
        fail("文件写不进去", f"the file could not be written: {error.strerror}")
    click.echo(f"已导出 {count} 行 / {count} rows exported", err=True)


@main.command()
def contract() -> None:
    """重写事件约定 / write EVENTS.md and server/web/client/events.ts from the events the server sends."""
    from server.live.documents import write_documents

    for path in write_documents(ROOT):
        click.echo(str(path.relative_to(ROOT)))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def bench(args: tuple[str, ...]) -> None:
    """性能测量 / measure take, next and push against bare floors, side by side in one run."""
    from bench.run import main as bench_main

    raise SystemExit(bench_main(list(args)))


@main.command()
@click.option("--scenario", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="What differs from an ordinary Monday (config/demo/scenarios).")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="Same seed, same days.")
@click.option("--days", default=1, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--real", is_flag=True, help="Do the real deeds on a database, not the rule alone.")
@click.option("--hall", metavar="FOLDER", type=click.Path(file_okay=False, exists=True, path_type=Path),
              help="Play the files of this folder as they stand, not the hall of the data folder as it is "
              "published.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True)
def simulate(
    scenario: Path | None, seed: int, days: int, real: bool, hall: Path | None, as_json: bool
) -> None:
    """模拟大厅的日子 / play hall-days on a virtual clock with the real rule: waits, who waited longer than
    promised, who was lost or overtaken. With --real people book, check in, are called and served on a
    thrown-away database."""
    from server.simulate.run import simulate as play
    from server.simulate.run import table

    world, plan = _played(read_settings(config=hall), scenario, as_it_stands=hall is not None)
    measures = play(world, plan, seed, days, real)
    if as_json:
        click.echo(json.dumps({"scenario": plan.name, "seed": seed, **measures.row()}, ensure_ascii=False))
    else:
        click.echo("\n".join([plan.name, *table(measures)]))


def _played(
    settings: Settings, scenario: Path | None, as_it_stands: bool = False
) -> tuple[World, Scenario]:
    """The hall that is played, as it is published or as its files stand, and the day."""
    from server.simulate.scenario import Scenario, read_scenario
    from server.simulate.world import OtherSchema, files_alone, published

    try:
        world = files_alone(settings) if as_it_stands else published(settings)
        return world, read_scenario(scenario, world.hall, world.arrivals) if scenario else Scenario()
    except SettingsError as error:
        fail("场景文件有误", "the scenario has errors", *map(str, error.troubles))
    except OtherSchema:
        other = "the database belongs to another release: migrate first, or name a folder with --hall"
        fail("数据库属于另一个版本，请先升级，或用 --hall 指定大厅文件夹", other)


@main.command()
@click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(1, 1000),
              help="So many times faster than life.")  # fmt: skip
@click.option(
    "--faults", is_flag=True, help="Pull every virtual cable in turn meanwhile; tell how the hall stood it."
)
@click.option("--scenario", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True)
@click.option("--data", metavar="DIR")
@click.option("--port", metavar="N")
def demo(
    speed: float, faults: bool, scenario: Path | None, seed: int, data: str | None, port: str | None
) -> None:
    """演示一天 / play a simulated day on the live faces of a demo hall, as it is published and rostered;
    opens the hall when none runs."""
    from server.demo.closing import told
    from server.demo.play import play_demo
    from server.simulate.run import table

    settings = read_settings(data, port)
    world, plan = _played(settings, scenario)
    try:
        measures, faulty = play_demo(settings, world, plan, seed, speed, faults, click.echo)
    except KeyboardInterrupt:
        fail("演示已停止", "the demo was stopped")
    click.echo("\n".join([plan.name, *table(measures)]))
    if faulty is not None:
        click.echo("\n".join(told(faulty)))
        if not faulty.good:
            raise SystemExit(1)


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
