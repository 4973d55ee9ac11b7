"""The installer's tools at a terminal, with or without a running hall. `wucha devices` calls them.

    ports                     the serial ports of this computer
    check [FILE]              every mistake of the declaration; --lines: does every machine answer?
                              --search: who answers on ports nobody has declared?
    record WHAT               what passes by on a line, into a file: a port or TCP line (only listening), or
                              a machine whose host runs (then --server and --key-file)
    replay FILE               a recorded file, with what the decoders make of it
    try WHAT MODEL            one test slip or text on a line nobody works with
    address WHAT --to N       another address for one machine: a name of the list, or a line with --model and
                              --from, or --alone (nothing else of its kind hangs there); --list-only
    learn FILE                send with a description of a new machine and see the answer; --save: keep it

Exit: 0 well, 1 something does not answer or cannot be opened, 2 the declaration is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from drivers.commission import edit, learn, search, tracefile
from drivers.commission.trial import address_job, trial_job, try_out
from drivers.commission.words import Words
from drivers.crew import Station
from drivers.errors import DriverError, LineLost, SpecError
from drivers.jobs import Outcome
from drivers.line.clock import Clock
from drivers.line.ports import ports
from drivers.line.record import Passed, Record
from drivers.line.serial_line import SerialLine, Settings
from drivers.printer.raster import Artist
from drivers.spec import CONFIG, MODELS, DeviceSpec, HallSpec, LineSpec, load, models

KINDS = ("printer", "strip", "reader", "scanner", "keypad")
STATES = {
    "free": "空闲 free",
    "forbidden": "无权限，请把用户加入 dialout 组 / no right: join group dialout",
    "gone": "已拔出 unplugged",
    "declared": "已登记 declared",
    "busy": "被占用 in use",
}
LISTEN_S = 1.5  # for machines that speak by themselves


class Parser(argparse.ArgumentParser):
    """What was typed wrongly is said in both languages."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"命令写得不对，说明见 / wrong words, see {self.prog} --help: {message}\n")


def main(words: list[str] | None = None) -> int:
    parser = Parser(prog="wucha devices", description="设备安装工具 / installer's tools")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    deeds = parser.add_subparsers(dest="deed", required=True)
    deeds.add_parser("ports", help="本机的串口 / the serial ports of this computer")
    check = deeds.add_parser("check", help="检查设备清单 / read the declaration and tell every mistake")
    check.add_argument("file", nargs="?", type=Path, default=CONFIG / "devices.toml")
    check.add_argument("--lines", action="store_true", help="逐台询问 / ask every machine for a sign of life")
    check.add_argument("--search", action="store_true", help="查找没有登记的设备 / search undeclared ports")
    check.add_argument("--kinds", nargs="+", choices=KINDS, default=["printer", "strip", "reader"])
    check.add_argument("--addresses", type=int, default=search.ADDRESSES)
    record = deeds.add_parser("record", help="录制线路上的字节 / write what passes by into a file")
    record.add_argument("line", help="串口、socket:// 地址或设备名 / port, socket:// address or machine")
    record.add_argument("--out", type=Path, help="文件 / file (default: shown only)")
    record.add_argument("--seconds", type=float, default=0.0, help="多久 / how long (0: until Ctrl-C)")
    record.add_argument("--baud", type=int, default=0, help="9600，或型号的 / 9600, or the model's")
    record.add_argument("--driver", default="", choices=["", *MODELS], help="按哪种协议解释 / decode as")
    record.add_argument("--model", help="按哪个型号解释 / decode as this model")
    record.add_argument("--server", default="http://127.0.0.1:8600")
    record.add_argument("--key-file", type=Path)
    replay = deeds.add_parser("replay", help="解释录制的文件 / decode a recorded file")
    replay.add_argument("file", type=Path)
    replay.add_argument("--driver", default="", choices=["", *MODELS])
    replay.add_argument("--model", help="按哪个型号解释 / decode as this model, whatever the file says")
    once = deeds.add_parser("try", help="打印或显示一次测试 / one test on a line nobody works with")
    once.add_argument("line")
    once.add_argument("model")
    once.add_argument("--address", type=int, default=1)
    once.add_argument("--baud", type=int, default=0)
    once.add_argument("--text", default="")
    move = deeds.add_parser("address", help="给一台设备新地址 / give one machine another address")
    move.add_argument("what", help="清单里的名称，或线路 / a name of the list, or a line")
    move.add_argument("--to", type=int, required=True, help="新地址 / the new address")
    move.add_argument("--model", help="型号，线路不在清单里时 / the model, for a line")
    move.add_argument("--from", dest="at", type=int, default=0, help="现在的地址 / its present address")
    move.add_argument("--alone", action="store_true", help="线上只有它一台 / it is alone on the line")
    move.add_argument("--baud", type=int, default=0)
    move.add_argument("--devices", type=Path, default=CONFIG / "devices.toml", help="清单 / the list")
    move.add_argument("--list-only", action="store_true", help="只改清单 / change the list only")
    lesson = deeds.add_parser("learn", help="试用并保存新型号的说明 / try a description and keep it")
    lesson.add_argument("file", type=Path, help="型号说明，格式同 config/profiles / as in config/profiles")
    lesson.add_argument("--line", help="线路；不填则只检查 / the line; without it the file is only checked")
    lesson.add_argument("--address", type=int, default=1)
    lesson.add_argument("--baud", type=int, default=0)
    lesson.add_argument("--text", default="")
    lesson.add_argument("--save", metavar="NAME", help="保存为型号 / keep as this model")
    options = parser.parse_args(words)
    try:
        return DEEDS[options.deed](options)
    except SpecError as error:
        tell(
            f"设备清单有 {len(error.errors)} 处错误 / {len(error.errors)} mistakes in the declaration:",
            err=True,
        )
        for line in error.errors:
            tell(f"  {line}", err=True)
        return 2
    except KeyboardInterrupt:
        return 0


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> str:
    why = error.strerror if isinstance(error, OSError) else "not UTF-8"
    return f"{path}: 读不了 / cannot be read: {why}"


def tell(text: str, err: bool = False) -> None:
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def do_ports(_options: argparse.Namespace) -> int:
    found = ports()
    for port in found:
        tell(f"{port.url}  {port.about}  {STATES[port.state]}")
    if not found:
        tell("没有找到串口 / no serial port found")
    return 0


def do_check(options: argparse.Namespace) -> int:
    hall = load(options.file)
    for spec in hall.devices:
        place = spec.window or spec.kiosk or ""
        tell(f"{spec.name:16} {spec.kind:8} {spec.model:16} {place:5} {spec.line.url}")
    tell(f"{options.file}: {len(hall.devices)} 台，清单没有错误 / machines, no mistakes")
    bad = ask_all(hall) if options.lines else 0
    if options.search:
        look_for_more(hall, options)
    return 1 if bad else 0


def ask_all(hall: HallSpec) -> int:
    """Open every line nobody holds and ask every machine; how many do not answer."""
    bad = 0
    by_line: dict[LineSpec, list[DeviceSpec]] = {}
    for spec in hall.devices:
        by_line.setdefault(spec.line, []).append(spec)
    for line_spec, specs in by_line.items():
        if specs[0].virtual:
            tell(f"{line_spec.url}: 虚拟线路，由设备主机提供 / virtual, made by the device host")
            continue
        line = SerialLine(line_spec.url, line_spec.settings)
        try:
            line.open()
            for spec in specs:
                good, said = _ask_one(line, spec)
                bad += 0 if good else 1
                tell(f"{spec.name:16} {said}")
        except LineLost as error:
            bad += len(specs)
            tell(f"{line_spec.url}: 打不开 / cannot be opened: {_plain(error, line_spec.url)}")
        finally:
            line.close()
    return bad


def _ask_one(line: SerialLine, spec: DeviceSpec) -> tuple[bool, str]:
    driver: Any = MODELS[spec.driver][0]
    if spec.kind == "printer":
        made = driver(spec.name, line, spec.profile, Artist())
    else:
        made = driver(spec.name, line, spec.address, spec.profile)
    station = Station(spec, made)
    for left in (1, 0):
        try:
            health = station.driver.check()
        except LineLost:
            raise
        except DriverError as error:
            if left:
                continue
            return False, f"没有回答 no answer ({error.reason})"
        if health.state == "ok":
            return True, "正常 ok"
        if health.reason != "silent":
            return health.state != "down", f"{health.state} {health.reason} {health.detail}".rstrip()
    return False, "没有回答 no answer"


def look_for_more(hall: HallSpec, options: argparse.Namespace) -> None:
    """Search the free ports and say how to declare what was found."""
    seen = search.look_around({spec.line.url for spec in hall.devices})
    for port in seen:
        tell(f"{port['url']}  {port['about']}  {STATES[port['state']]}")
    free = [port["url"] for port in seen if port["state"] == "free"]
    if not free:
        tell("没有空闲的串口可查 / no free port to search")
        return
    if "keypad" in options.kinds:
        tell("请现在按一下每个叫号器上的任意键 / now press any key on each keypad")
    progress = search.Progress(ports=seen)
    known = models(options.file.resolve().parent / "profiles")
    for found in search.search(free, options.kinds, progress, addresses=options.addresses):
        fitting = [name for name, model in known.items() if model.driver == found.driver]
        tell(
            f"找到 found: {found.url} {found.driver} {found.baud} 地址 address {found.address} {found.detail}"
        )
        tell(f"  型号 models: {', '.join(fitting)}")
    if not progress.found:
        tell("没有设备回答：检查电源、A/B 接线和波特率 / nobody answered: check power, A/B wiring, baud rate")


def do_record(options: argparse.Namespace) -> int:
    out = options.out.open("w", encoding="utf-8") if options.out else None
    words = Words(options.lang)
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    local = "/" in options.line or options.line.startswith("COM")
    began: float | None = None
    try:
        source = _listen(options, end) if local else _follow(options, end)
        for line, driver, baud, passed, said in source:
            if out and began is None:
                out.write(tracefile.head(line, driver, baud, Clock().wall()))
            began = passed.at if began is None else began
            row = tracefile.row(passed, began)
            if out:
                out.write(row)
                out.flush()
            meaning = "；".join(words.said(code, facts) for code, facts in said)
            tell(f"{row.rstrip()}{'   ' + meaning if meaning else ''}")
    except LineLost as error:
        tell(f"打不开 / cannot be opened: {_plain(error, options.line)}", err=True)
        return 1
    finally:
        if out:
            out.close()
    return 0


Entry = tuple[str, str, int, Passed, list[tuple[str, dict[str, Any]]]]


def _listen(options: argparse.Namespace, end: float) -> Iterator[Entry]:
    """Only listening: nothing is written to the line."""
    driver, profile, baud = _decoder(options)
    kind = MODELS[driver][0] if driver else None
    record = Record(discreet=getattr(kind, "discreet", False))  # nobody's card into a file
    line = SerialLine(options.line, Settings(options.baud or baud), record=record)
    explainer = tracefile.Explainer(driver, profile)
    line.open()
    try:
        last = 0
        while time.monotonic() < end:
            line.read(0.2)
            for passed in record.since(last):
                last = passed.number
                said = explainer.feed(passed.way, passed.data) if passed.way != "!" else []
                yield line.url, driver, line.settings.baud, passed, said
    finally:
        line.close()


def _decoder(options: argparse.Namespace) -> tuple[str, Any, int]:
    """Driver, profile and usual baud by which bytes are read. Raises SpecError for an unknown model."""
    if not options.model:
        return options.driver, None, 9600
    known = models(CONFIG / "profiles")
    model = known.get(options.model)
    if model is None or options.driver not in ("", model.driver):
        names = ", ".join(n for n, m in known.items() if options.driver in ("", m.driver))
        raise SpecError([f"--model {options.model}: 没有这个型号，有 / no such model, there are: {names}"])
    return model.driver, model.profile, model.baud


def _follow(options: argparse.Namespace, end: float) -> Iterator[Entry]:
    """What a running host sees on the line of one of its machines. Raises LineLost when nobody answers."""
    key = (
        options.key_file.read_text("ascii").strip()
        if options.key_file
        else os.environ.get("WUCHA_DEVICE_KEY", "")
    )
    if urllib.parse.urlsplit(options.server).scheme not in ("http", "https"):
        raise LineLost(f"{options.server}: 不是服务器地址 / is no address")
    last = 0
    first: float | None = None
    while True:
        name = urllib.parse.quote(options.line, safe="")
        url = f"{options.server}/api/host/trace/{name}?since={last}"
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
        try:
            with urllib.request.urlopen(asked, timeout=10) as reply:
                found = json.load(reply)
        except urllib.error.HTTPError as error:
            raise LineLost(f"{options.line}: {_said_no(error)}") from error
        except (OSError, ValueError) as error:
            raise LineLost(f"{options.server}: {error}") from error
        for entry in found["entries"]:
            at = _seconds(entry["at"])
            first = at if first is None else first
            data = entry["hex"].encode() if entry["way"] == "!" else _bytes(entry["hex"])
            passed = Passed(at - first, entry["way"], data, entry["n"], len(data))
            said = [(str(code), dict(facts)) for code, facts in entry["said"]]
            yield found["line"], found["driver"], found["baud"], passed, said
        last = found["last"]
        if time.monotonic() >= end:
            return
        time.sleep(0.5)


def _said_no(error: urllib.error.HTTPError) -> str:
    """The server's own sentence, in both languages, and what it names."""
    try:
        said = json.load(error)
        fields = said["facts"].get("fields", [])
        return " ".join([f"{said['text']['zh']} / {said['text']['en']}", *(str(f["en"]) for f in fields)])
    except (OSError, ValueError, KeyError, TypeError):
        return str(error)


def _seconds(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso).timestamp()


def _bytes(text: str) -> bytes:
    with suppress(ValueError):
        return bytes.fromhex(text.split("(")[0])
    return b""


def do_replay(options: argparse.Namespace) -> int:
    try:
        trace = tracefile.read(options.file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        tell(_unreadable(options.file, error), err=True)
        return 1
    except tracefile.TraceWrong as error:
        tell(f"{options.file}: {error}", err=True)
        return 1
    words = Words(options.lang)
    driver, profile, _ = _decoder(options)
    tell(f"# {trace.line}   {options.model or driver or trace.driver}   {trace.baud}")
    for at, way, data, said in tracefile.replay(trace, driver, profile):
        shown = data.decode("utf-8", "replace") if way == "!" else data.hex(" ")
        meaning = "；".join(words.said(code, facts) for code, facts in said)
        tell(f"{at:12.6f} {way} {shown}{'   ' + meaning if meaning else ''}")
    return 0


def do_try(options: argparse.Namespace) -> int:
    known = models(CONFIG / "profiles")
    model = known.get(options.model)
    if model is None:
        tell(f"没有这个型号，有 / no such model, there are: {', '.join(sorted(known))}", err=True)
        return 2
    line = LineSpec(options.line, Settings(options.baud or model.baud))
    kind = MODELS[model.driver][2]
    spec = DeviceSpec("test", options.model, model.driver, kind, line, model.profile, options.address)
    outcome = try_out(spec, trial_job(spec, options.text))
    tell(_ended(options, outcome))
    return 0 if outcome.state in ("confirmed", "sent") else 1


def do_address(options: argparse.Namespace) -> int:
    spec = _declared(options) or _described(options)
    if spec is None:
        return 2
    listed = spec.name == options.what
    if listed:
        edit.may_readdress(options.devices, spec.name, options.to)
    if listed and options.list_only:
        return _listed(options, spec)
    job = address_job(spec.driver, spec.profile, options.to, options.alone and not options.at)
    if spec.virtual:
        tell("虚拟设备请在设备安装页上改 / a virtual machine is moved on the installer's page", err=True)
        return 2
    if job.alone:
        others = search.search([spec.line.url], [spec.kind], search.Progress(), driver=spec.driver)
        if len(others) > 1:
            at = ", ".join(str(found.address) for found in others)
            tell(f"线上不止一台 / more than one on this line: {at}", err=True)
            return 1
        if others:
            spec, job = replace(spec, address=others[0].address), replace(job, alone=False)
    outcome = try_out(spec, job)
    tell(_ended(options, outcome))
    if outcome.state == "confirmed" and listed:
        return _listed(options, spec)
    if outcome.state in ("confirmed", "sent"):
        tell(f"清单 / in the list: address = {options.to}")
    if outcome.state == "sent":
        tell("设备不回答：看它是否显示新地址 / it does not answer: look whether it shows the new address")
        if listed:
            tell(f"wucha devices address {spec.name} --to {options.to} --list-only")
    return 0 if outcome.state in ("confirmed", "sent") else 1


def _declared(options: argparse.Namespace) -> DeviceSpec | None:
    if "/" in options.what or options.what.startswith("COM"):
        return None
    found = {spec.name: spec for spec in load(options.devices).devices}.get(options.what)
    if found is None:
        tell(f"{options.devices}: 没有 / has no {options.what}", err=True)
        return None
    return replace(found, address=options.at) if options.at else found


def _described(options: argparse.Namespace) -> DeviceSpec | None:
    if "/" not in options.what and not options.what.startswith("COM"):
        return None
    model = models(CONFIG / "profiles").get(options.model or "")
    if model is None or not (options.at or options.alone):
        tell("线路要有 --model 和 --from 或 --alone / a line wants --model and --from or --alone", err=True)
        return None
    line = LineSpec(options.what, Settings(options.baud or model.baud))
    kind = MODELS[model.driver][2]
    return DeviceSpec("", options.model, model.driver, kind, line, model.profile, options.at or 1)


def _listed(options: argparse.Namespace, spec: DeviceSpec) -> int:
    edit.readdress(options.devices, spec.name, options.to)
    tell(f"{options.devices}: {spec.name} address = {options.to}")
    return 0


def do_learn(options: argparse.Namespace) -> int:
    try:
        text = options.file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        tell(_unreadable(options.file, error), err=True)
        return 1
    name = options.save or options.file.stem
    spec = learn.read(name, text, options.line or "/dev/none", options.baud, options.address)
    good = True
    if options.line:
        words = Words(options.lang)
        outcome, entries = learn.send(spec, options.text)
        for entry in entries:
            meaning = "；".join(words.said(code, facts) for code, facts in entry["said"])
            tell(f"{entry['at']:10.4f} {entry['way']} {entry['hex']}{'   ' + meaning if meaning else ''}")
        tell(_ended(options, outcome))
        good = outcome.state in ("confirmed", "sent")
    else:
        tell(f"{options.file}: 没有错误 / no mistakes ({spec.driver}, {spec.line.settings.baud})")
    if options.save and good:
        tell(f"已保存 / kept: {learn.save(CONFIG / 'profiles', name, text)}")
    return 0 if good else 1


def _ended(options: argparse.Namespace, outcome: Outcome) -> str:
    word = f"{outcome.state} {outcome.reason}".rstrip()
    return f"{Words(options.lang).result(outcome.state, outcome.reason)} / {word}"


def _plain(error: BaseException, url: str) -> str:
    return str(error).removeprefix(f"{url}: ")


DEEDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "ports": do_ports,
    "check": do_check,
    "record": do_record,
    "replay": do_replay,
    "try": do_try,
    "address": do_address,
    "learn": do_learn,
}
