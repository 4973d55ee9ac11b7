"""config/devices.toml and config/profiles/*.toml, read strictly: every mistake at once, each with its file
and key.

    [host]            name = "hall"
    [line.strips-a]   url = "/dev/serial/by-id/…", baud = 57600, parity = "N", flow = "none", echo = false
                      bits = 8, stop = 1
    [[device]]        name, model, line (a name from above, or a URL), address, window, kiosk, windows

A model is a file in config/profiles: the driver that speaks its protocol, and what this make of device can
do. A summary screen shows the calls of its `windows`, of all when none are named.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, get_type_hints

from drivers.errors import SpecError
from drivers.led import alpha, apertum_board, led_frame, modbus_led, onbon_bxk, pingan_lihe
from drivers.led.alpha import AlphaSign
from drivers.led.apertum_board import ApertumBoard
from drivers.led.led_frame import FrameScreen
from drivers.led.modbus_led import ModbusLed
from drivers.led.onbon_bxk import OnbonStrip
from drivers.led.pingan_lihe import PinganScreen
from drivers.line.serial_line import Settings
from drivers.pad import apertum_box, keypad_ff68, keypad_polled
from drivers.pad.apertum_box import ApertumBox
from drivers.pad.keypad_ff68 import KeypadFf68
from drivers.pad.keypad_polled import KeypadPolled
from drivers.printer import profile as printer_profile
from drivers.printer.escpos import EscposPrinter
from drivers.reader import idcard_sam, scanner
from drivers.reader.idcard_sam import IdCardReader
from drivers.reader.scanner import Scanner
from drivers.shapes import is_a

CONFIG: Final = Path(__file__).resolve().parent.parent / "config"
#: driver -> (class, its profile, kind, highest address on a shared line or 0)
MODELS: Final[dict[str, tuple[type, type, str, int]]] = {
    "escpos": (EscposPrinter, printer_profile.Profile, "printer", 0),
    "onbon_bxk": (OnbonStrip, onbon_bxk.Profile, "strip", 0x7FFF),
    "pingan_lihe": (PinganScreen, pingan_lihe.Profile, "strip", 254),
    "led_frame": (FrameScreen, led_frame.Profile, "strip", 0xFFFF),
    "alpha": (AlphaSign, alpha.Profile, "strip", 255),
    "keypad_ff68": (KeypadFf68, keypad_ff68.Profile, "keypad", 255),
    "idcard_sam": (IdCardReader, idcard_sam.Profile, "reader", 0),
    "scanner": (Scanner, scanner.Profile, "scanner", 0),
    "keypad_polled": (KeypadPolled, keypad_polled.Profile, "keypad", 255),
    "modbus_led": (ModbusLed, modbus_led.Profile, "strip", 247),
    "apertum_board": (ApertumBoard, apertum_board.Profile, "strip", 0xFE),
    "apertum_box": (ApertumBox, apertum_box.Profile, "keypad", 0xFE),
}
#: lowest address, where it is not 1
LOWEST: Final = {"apertum_board": 0x20, "apertum_box": 0x20}
#: two drivers of one protocol: they share a line and its addresses
PROTOCOL: Final = {"apertum_board": "apertum_rs485", "apertum_box": "apertum_rs485"}
#: protocols that may share a line: every frame has a checksum, so none takes another's for its own, and at
#: most one of them has keypads that speak first
MIXES: Final = frozenset({"onbon_bxk", "keypad_ff68", "modbus_led"})
#: kind -> where it may stand; the others stand at windows
PLACES: Final = {"printer": ("kiosk",), "reader": ("kiosk",), "scanner": ("kiosk", "window")}
SCHEMES: Final = ("virtual://", "socket://", "rfc2217://", "spy://", "hwgrep://", "/", "COM", "loop://")


@dataclass(frozen=True)
class LineSpec:
    """One physical line. Two devices are on the same line when they name the same one."""

    url: str
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class DeviceSpec:
    """One device. `driver` and `profile` come from its model; window and kiosk say where it stands.

    windows: those whose calls a summary screen shows; empty for all.
    """

    name: str
    model: str
    driver: str
    kind: str
    line: LineSpec
    profile: Any
    address: int = 1
    window: str | None = None
    kiosk: str | None = None
    zone: str | None = None
    windows: tuple[str, ...] = ()

    @property
    def virtual(self) -> bool:
        return self.line.url.startswith("virtual://")


@dataclass(frozen=True)
class HallSpec:
    """Everything one device host looks after."""

    host: str
    devices: tuple[DeviceSpec, ...]


@dataclass(frozen=True)
class _Model:
    driver: str
    profile: Any
    baud: int


@dataclass(frozen=True)
class _Row:
    name: str
    model: str
    line: str
    address: int = 0
    window: str = ""
    kiosk: str = ""
    zone: str = ""
    windows: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    url: str
    baud: int = 0
    parity: Literal["N", "E", "O"] = "N"
    flow: Literal["none", "hardware", "xonxoff"] = "none"
    echo: bool = False
    bits: Literal[7, 8] = 8
    stop: Literal[1, 2] = 1


def load(path: Path, profiles: Path | None = None) -> HallSpec:
    """Read the whole declaration. Raises SpecError with all mistakes."""
    errors: list[str] = []
    models = _models(profiles or path.resolve().parent / "profiles", errors)
    tables = _toml(path, errors)
    for key in tables.keys() - {"host", "line", "device"}:
        _wrong(errors, path, key, "未知的键", "unknown key")
    host = tables.get("host", {})
    if not isinstance(host, dict) or host.keys() - {"name"} or not isinstance(host.get("name", ""), str):
        _wrong(errors, path, "host", "只能有 name（文字）", "takes only name (a text)")
        host = {}
    named = tables.get("line", {})
    if not isinstance(named, dict):
        _wrong(errors, path, "line", "应为表", "must be tables [line.NAME]")
        named = {}
    lines: dict[str, _Line] = {}
    for key, row in named.items():
        line = _make(_Line, row, path, f"line.{key}", errors)
        if line:
            lines[key] = line
    rows = tables.get("device", [])
    if not isinstance(rows, list):
        _wrong(errors, path, "device", "应为 [[device]]", "must be tables [[device]]")
        rows = []
    made = [_make(_Row, row, path, _where(i, row), errors) for i, row in enumerate(rows)]
    specs = [
        _device(row, _where(i, rows[i]), path, models, lines, set(named), errors)
        for i, row in enumerate(made)
        if row
    ]
    whole = [spec for spec in specs if spec]
    _together(whole, path, errors)
    if errors:
        raise SpecError(errors)
    return HallSpec(str(host.get("name", "hall")), tuple(whole))


def models(folder: Path, errors: list[str] | None = None) -> dict[str, _Model]:
    """The models that can be declared: those of `folder` whose file is right; the others' mistakes go to
    `errors`.
    """
    found = _models(folder, [] if errors is None else errors)
    return {name: model for name, model in found.items() if model.profile is not None}


def load_profiles(folder: Path, driver: str) -> dict[str, tuple[Any, int]]:
    """The models of one driver: name -> (profile, usual baud). Raises SpecError with all mistakes."""
    errors: list[str] = []
    models = _models(folder, errors)
    if errors:
        raise SpecError(errors)
    return {name: (m.profile, m.baud) for name, m in models.items() if m.driver == driver}


def _models(folder: Path, errors: list[str]) -> dict[str, _Model]:
    models: dict[str, _Model] = {}
    for path in sorted(folder.glob("*.toml")):
        row = _toml(path, errors)
        driver = row.pop("driver", None)
        baud = row.pop("baud", 9600)
        row.pop("title", None)
        if driver not in MODELS:
            _wrong(
                errors,
                path,
                "driver",
                f"未知的驱动 {driver!r}",
                f"unknown driver, not one of {', '.join(MODELS)}",
            )
            continue
        if not is_a(baud, int) or not 300 <= baud <= 4_000_000:
            _wrong(errors, path, "baud", f"波特率 {baud!r} 不对", "not a baud rate")
            continue
        profile = _make(MODELS[driver][1], row, path, "", errors)
        mistakes = profile.mistakes() if hasattr(profile, "mistakes") else []
        for key, zh, en in mistakes:
            _wrong(errors, path, key, zh, en)
        models[path.stem] = _Model(driver, None if mistakes else profile, baud)
    return models


def _highest(driver: str, profile: Any) -> int:
    """The highest address on a shared line; 0: alone on its line."""
    most = MODELS[driver][3]
    return min(most, getattr(profile, "highest_address", most))


def addresses(driver: str, profile: Any) -> tuple[int, int]:
    """Lowest and highest address on a shared line; (1, 0) for what is alone on its line."""
    return LOWEST.get(driver, 1), _highest(driver, profile)


def moves(driver: str) -> bool:
    """Does this protocol, as far as it is known, have a command for another address?"""
    return bool(getattr(MODELS[driver][0], "moves", False))


def _kind(model: _Model) -> str:
    """What kind of device a model is; some drivers drive strips and summary screens."""
    return "summary" if getattr(model.profile, "screen", "") == "summary" else MODELS[model.driver][2]


def _device(
    row: _Row,
    where: str,
    path: Path,
    models: Mapping[str, _Model],
    lines: Mapping[str, _Line],
    named: set[str],
    errors: list[str],
) -> DeviceSpec | None:
    before = len(errors)
    model = models.get(row.model)
    if model is None:
        known = ", ".join(sorted(models)) or "-"
        _wrong(errors, path, f"{where}.model", f"未知的型号 {row.model!r}", f"unknown model; known: {known}")
    line = lines.get(row.line)
    if line is None and row.line not in named:
        if row.line.startswith(SCHEMES):
            line = _Line(row.line)
        else:
            _wrong(
                errors, path, f"{where}.line", f"没有这条线 {row.line!r}", "no such line, and not a line URL"
            )
    if line is not None and not line.url.startswith(SCHEMES):
        _wrong(errors, path, f"line.{row.line}.url", f"不是线路地址 {line.url!r}", "not a line URL")
    if model is not None:
        kind, (lowest, highest) = _kind(model), addresses(model.driver, model.profile)
        if highest and not lowest <= row.address <= highest:
            span = f"{lowest}..{highest}"
            _wrong(errors, path, f"{where}.address", f"地址须在 {span}", f"must be in {span}")
        places = () if kind == "summary" else PLACES.get(kind, ("window",))
        if places and not any(getattr(row, place) for place in places):
            _wrong(errors, path, f"{where}.{places[0]}", "必须填写", "must be given")
        if row.windows and kind != "summary":
            _wrong(errors, path, f"{where}.windows", "只用于综合屏", "is for summary screens only")
        if row.window and kind == "summary":
            _wrong(errors, path, f"{where}.window", "综合屏用 windows", "a summary screen takes windows")
    if len(errors) > before or model is None or line is None or model.profile is None:
        return None
    return DeviceSpec(
        name=row.name,
        model=row.model,
        driver=model.driver,
        kind=_kind(model),
        line=LineSpec(line.url, _settings(line, model)),
        profile=model.profile,
        address=row.address or 1,
        window=row.window or None,
        kiosk=row.kiosk or None,
        zone=row.zone or None,
        windows=row.windows,
    )


def _settings(line: _Line, model: _Model) -> Settings:
    return Settings(line.baud or model.baud, line.parity, line.flow, line.echo, line.bits, line.stop)


def _together(specs: list[DeviceSpec], path: Path, errors: list[str]) -> None:
    """What only shows when one looks at all devices: names and addresses twice, two protocols on one line."""
    names: set[str] = set()
    lines: dict[str, DeviceSpec] = {}
    addresses: dict[tuple[str, str, int], str] = {}
    for spec in specs:
        if spec.name in names:
            _wrong(errors, path, f"device {spec.name!r}.name", "名称重复", "this name is taken")
        names.add(spec.name)
        first = lines.setdefault(spec.line.url, spec)
        mixed = {_protocol(first), _protocol(spec)}
        if (len(mixed) > 1 and not mixed <= MIXES) or first.line != spec.line:
            _wrong(
                errors,
                path,
                f"device {spec.name!r}.line",
                f"与 {first.name} 同一条线，但协议或串口参数不同",
                f"shares a line with {first.name} but speaks another protocol or baud",
            )
        elif first is not spec and not _highest(spec.driver, spec.profile):
            _wrong(
                errors,
                path,
                f"device {spec.name!r}.line",
                "这条线只能接一台",
                f"{first.name} is alone on its line",
            )
        elif addresses.setdefault((spec.line.url, _protocol(spec), spec.address), spec.name) != spec.name:
            other = addresses[spec.line.url, _protocol(spec), spec.address]
            _wrong(
                errors,
                path,
                f"device {spec.name!r}.address",
                f"地址与 {other} 重复",
                f"{other} has this address",
            )


def _protocol(spec: DeviceSpec) -> str:
    return PROTOCOL.get(spec.driver, spec.driver)


def _make(kind: type, row: object, path: Path, where: str, errors: list[str]) -> Any:
    """`kind` from a table, or None with the mistakes noted."""
    prefix = f"{where}." if where else ""
    if not isinstance(row, dict):
        _wrong(errors, path, where, "应为表", "must be a table")
        return None
    hints, known, before = get_type_hints(kind), {f.name: f for f in fields(kind)}, len(errors)
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key not in known:
            _wrong(errors, path, prefix + key, "未知的键", f"unknown key; known: {', '.join(known)}")
        elif not is_a(value, hints[key]):
            _wrong(errors, path, prefix + key, f"值 {value!r} 不对", f"cannot be {value!r}")
        else:
            values[key] = tuple(value) if isinstance(value, list) else value
    for key, one in known.items():
        if key not in row and one.default is MISSING and one.default_factory is MISSING:
            _wrong(errors, path, prefix + key, "必须填写", "must be given")
    return kind(**values) if len(errors) == before else None


def _toml(path: Path, errors: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        _wrong(errors, path, "", "读不了", f"cannot be read: {error}")
    except tomllib.TOMLDecodeError as error:
        _wrong(errors, path, "", "不是合法的 TOML", str(error))
    return {}


def _where(index: int, row: object) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return f"device {name!r}" if isinstance(name, str) else f"device[{index}]"


def _wrong(errors: list[str], path: Path, key: str, zh: str, en: str) -> None:
    errors.append(f"{path}: {key}: {zh} / {en}" if key else f"{path}: {zh} / {en}")
