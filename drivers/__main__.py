"""python -m drivers --server URL [--key KEY] --devices config/devices.toml [--data DIR]

The key may also come from WUCHA_DEVICE_KEY or from `--key-file`, which keep it out of the list of processes;
the file is read at every connection. `--enrol CODE` trades a one-time code from the manager's page for a key
and keeps it in `--key-file`: so a second computer becomes a device host of its own. `--check` only reads the
declaration. Exit 2: the declaration is wrong; all mistakes are listed.

A changed declaration is taken up while the host runs.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from drivers.declared import Declared
from drivers.errors import SpecError
from drivers.spec import CONFIG, load


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers", description="Wucha device host / 设备主机")
    parser.add_argument(
        "--server", default="http://127.0.0.1:8600", help="address of the server / 服务器地址"
    )
    parser.add_argument("--key", default=os.environ.get("WUCHA_DEVICE_KEY", ""), help="device key / 设备密钥")
    parser.add_argument("--key-file", type=Path, help="file with the key / 密钥文件")
    parser.add_argument(
        "--devices", type=Path, default=CONFIG / "devices.toml", help="declaration / 设备清单"
    )
    parser.add_argument(
        "--enrol", metavar="CODE", help="trade a one-time code for a key / 用一次性登记码换取密钥"
    )
    parser.add_argument(
        "--data", type=Path, help="folder for the log and the numbers given offline / 数据目录"
    )
    parser.add_argument(
        "--log", default="info", choices=["debug", "info", "warning", "error"], help="log level"
    )
    parser.add_argument("--check", action="store_true", help="only read the declaration / 只检查设备清单")
    options = parser.parse_args(words)
    _log_to(options.data, options.log)
    try:
        hall = load(options.devices)
    except SpecError as error:
        count = len(error.errors)
        print(f"设备清单有 {count} 处错误 / {count} mistakes in the declaration of devices:", file=sys.stderr)
        for line in error.errors:
            print(f"  {line}", file=sys.stderr)
        return 2
    if options.check:
        for spec in hall.devices:
            unsure = "未核实 / low confidence" if getattr(spec.profile, "confidence", "") == "C" else ""
            print(f"{spec.name:16} {spec.kind:8} {spec.model:14} {spec.line.url}  {unsure}".rstrip())
        return 0
    if options.enrol:
        return _enrol(options.server, options.enrol, options.key_file)
    modules: dict[str, Any] = sys.modules
    modules.setdefault("redis", None)  # Socket.IO's server would load it: 8 MiB
    from drivers.link import Link  # late: Socket.IO takes a second to import

    link = Link(
        options.server,
        options.key_file or options.key,
        hall,
        declared=Declared(options.devices),
        data=options.data,
    )
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: link.stop())
    link.run()
    return 0


def _enrol(server: str, code: str, key_file: Path | None) -> int:
    """Exit 3: the server did not take the code, or cannot be reached."""
    from drivers.enrol import EnrolFailed, enrol

    if key_file is None:
        print("请用 --key-file 指定密钥文件 / say where to keep the key: --key-file FILE", file=sys.stderr)
        return 3
    try:
        name = enrol(server, code, key_file)
    except EnrolFailed as error:
        print(f"登记没有成功：{error} / not enrolled", file=sys.stderr)
        return 3
    print(f"已登记为 {name}，密钥在 {key_file} / enrolled as {name}")
    return 0


def _log_to(folder: Path | None, level: str) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if folder:
        from logging.handlers import RotatingFileHandler

        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(folder / "drivers.log", maxBytes=2_000_000, backupCount=3, encoding="utf-8")
        )
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=handlers
    )


if __name__ == "__main__":
    sys.exit(main())
