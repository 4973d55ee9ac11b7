"""Starting with something wrong: a sentence for each trouble, in two languages, exit code 1, no stack."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from drivers.commission import tool
from server.cli import main, read_settings
from server.run import comes_up
from server.settings import SettingsError, Trouble, read_hall
from server.supervise import Child, Supervisor
from tests.conftest import ROOT

STACK = re.compile(r"Traceback|File \"|Error:|Exception|^\s+at ", re.MULTILINE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of config/ that may be broken."""
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def wucha(config: Path, data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The real command, as a process."""
    place = {"WUCHA_CONFIG": str(config / "demo"), "WUCHA_COMMON": str(config)}
    command = [sys.executable, "-m", "server.cli", *words]
    known = {**os.environ, **place, "WUCHA_DATA": str(data), "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        command, capture_output=True, text=True, env=known, cwd=data, timeout=60, check=False
    )


def troubles(config: Path) -> list[Trouble]:
    with pytest.raises(SettingsError) as error:
        read_hall(config / "demo", config)
    return error.value.troubles


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + f"\n{text}\n", "utf-8")


def change(path: Path, old: str, new: str) -> None:
    words = path.read_text("utf-8")
    assert old in words, f"{path} does not say {old}"
    path.write_text(words.replace(old, new, 1), "utf-8")


# --- an unknown key in every file
IN_TABLE = {  # file -> (a line of it, the key the trouble names)
    "demo/hall.toml": ("[centre]", "centre.colour"),
    "demo/queues.toml": ("[[queue]]", "queue[0].colour"),
    "demo/windows.toml": ("[[window]]", "window[0].colour"),
    "demo/services.toml": ("[[service]]", "service[0].colour"),
    "demo/departments.toml": ("[[department]]", "department[0].colour"),
    "demo/staff.toml": ("[[staff]]", "staff[0].colour"),
    "demo/rating.toml": ("[rule]", "rule.colour"),
    "rules.toml": ("[gate]", "gate.colour"),
    "choices.toml": ("[[outcome]]", "outcome.0.colour"),
    "slips/ticket.toml": ("[[line]]", "line.0.colour"),
}
TOP = [*IN_TABLE, "demo/calendar.toml"]


@pytest.mark.parametrize("file", IN_TABLE)
def test_an_unknown_key_is_named_with_its_file(config: Path, file: str):
    header, key = IN_TABLE[file]
    change(config / file, f"{header}\n", f'{header}\ncolour = "red"\n')
    (trouble,) = troubles(config)
    assert (Path(trouble.file), trouble.key) == (config / file, key)
    assert (trouble.zh, bool(trouble.en)) == ("不认识的键", True)


@pytest.mark.parametrize("file", TOP)
def test_an_unknown_table_is_named_with_its_file(config: Path, file: str):
    """[[windoww]] would quietly be a hall with a window less."""
    add(config / file, '[colourr]\nred = "blue"')
    (trouble,) = troubles(config)
    assert (Path(trouble.file), trouble.key, trouble.zh) == (config / file, "colourr", "不认识的键")


def test_all_troubles_are_told_at_once_by_the_real_command(config: Path, tmp_path: Path):
    for file, (header, _) in IN_TABLE.items():
        change(config / file, f"{header}\n", f'{header}\ncolour = "red"\n')
    change(config / "devices.toml", "[[device]]\n", '[[device]]\ncolour = "red"\n')
    add(config / "demo" / "calendar.toml", "this is not TOML")
    (config / "text" / "en.toml").write_text("x = = 1")
    done = wucha(config, tmp_path, "run", "--port", "1")
    assert done.returncode == 1
    assert STACK.search(done.stderr) is None, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("配置文件有误 / the configuration has errors\n")
    lines = done.stderr.splitlines()[1:]
    for file, (_, key) in IN_TABLE.items():
        assert any(f"{config / file}: {key}: 不认识的键 / " in line for line in lines), (
            f"{file}\n{done.stderr}"
        )
    assert any("devices.toml" in line and "colour" in line and " / " in line for line in lines), done.stderr
    for file in ("demo/calendar.toml", "text/en.toml"):
        assert any(f"{config / file}: -: 不是有效的 TOML" in line for line in lines), done.stderr
    assert not list(tmp_path.glob("wucha.db*")), "nothing was opened"


# --- values that cannot be
@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("demo/hall.toml", 'level = "county"', "level = 7", "centre.level"),
        ("demo/hall.toml", 'timezone = "Asia/Shanghai"', 'timezone = "Mars/Olympus"', "centre.timezone"),
        ("demo/hall.toml", "{ticket}", "{tickte}", "announce.template_zh"),
        ("demo/hall.toml", "reprint_allowed = 2", 'reprint_allowed = "two"', "ticket.reprint_allowed"),
        ("demo/queues.toml", "digits = 3", 'digits = "three"', "queue[0].digits"),
        ("demo/queues.toml", 'prefix = "A"', 'prefix = "B"', "queue.prefix"),
        ("demo/windows.toml", 'queues = ["A"', 'queues = ["Q"', "window[0].queues"),
        ("demo/services.toml", 'queue = "A"', 'queue = "Q"', "service[0].queue"),
        ("demo/staff.toml", 'role = "clerk"', 'role = "king"', "staff[0].role"),
        ("demo/rating.toml", "value = 5", "value = []", "level[0].value"),
        ("rules.toml", "gamma = 0.5", 'gamma = "half"', "gate.gamma"),
        ("rules.toml", "run = 4", "run = 4.5", "gate.run"),
        ("choices.toml", 'id = "meal"\n', "", "pause_reason.1.id"),
        ("slips/ticket.toml", "{number}", "{numbr}", "line.7.text"),
        ("slips/ticket.toml", "{number}", "{number", "line.7.text"),
        ("slips/ticket.toml", 'image = "emblem"', 'image = "emblm"', "line.0.image"),
        ("slips/ticket_58.toml", "mm = 58", "mm = 57", "mm"),
        ("slips/notice.toml", 'each = "materials"', 'each = "material"', "line.14.each"),
        ("demo/hall.toml", 'languages = ["zh"]', 'languages = ["zz"]', "announce.languages"),
        ("demo/hall.toml", '"D区", "服务区"]', '"D区"]', "announce.zone"),
    ],
)
def test_a_value_that_cannot_be_is_named(config: Path, file: str, old: str, new: str, key: str):
    change(config / file, old, new)
    found = troubles(config)
    assert any((Path(x.file), x.key) == (config / file, key) for x in found), [str(x) for x in found]
    assert all(x.zh and x.en for x in found)


NONSENSE = ["", "x = 1", "x = = 1", "\x00", "[[[", "é" * 1000]


@pytest.mark.parametrize("file", [*TOP, "text/zh.toml", "text/en.toml"])
def test_a_file_of_nonsense_is_a_trouble_and_never_a_crash(config: Path, file: str):
    for words in NONSENSE:
        (config / file).write_text(words, "utf-8")
        with suppress(SettingsError):
            read_hall(config / "demo", config)
    (config / file).write_bytes(b"\xff\xfe\x00")
    assert any(Path(x.file) == config / file for x in troubles(config))
    (config / file).unlink()
    if file != "text/en.toml":  # a hall may speak Chinese alone
        assert any(Path(x.file) == config / file for x in troubles(config))
        (config / file).mkdir()
        assert any(Path(x.file) == config / file for x in troubles(config))


@pytest.mark.parametrize(
    "table", ["[[{}]]\nx = 1", "{} = 7", "{} = [7]", '{} = "x"', "{} = [[]]", "[{}.{}]\nx = 1"]
)
def test_a_table_of_another_shape_is_a_trouble_and_never_a_crash(config: Path, table: str):
    for file in TOP:
        words = (config / file).read_text("utf-8")
        names = dict.fromkeys(re.findall(r"^\[+([a-z_]+)", words, re.MULTILINE))
        lines = [table.format(name, name) for name in names]
        (config / file).write_text("\n".join(lines), "utf-8")
    with pytest.raises(SettingsError):
        read_hall(config / "demo", config)


# --- the place to listen at
def test_a_port_in_use_is_one_sentence(config: Path, tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = wucha(config, tmp_path, "run", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"端口 {port} 已被占用，请用 --port 换一个 / port {port} is in use: pass another --port"
    ]
    assert not list(tmp_path.glob("wucha.db*"))


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1", "８６００", "8600 ", "9" * 5000])
def test_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str):
    monkeypatch.setenv("WUCHA_PORT", port)
    with pytest.raises(SystemExit) as end:
        read_settings()
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "端口不正确" in said
    assert "not a port" in said


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_is_none_on_the_command_line(config: Path, tmp_path: Path, port: str):
    done = wucha(config, tmp_path, "run", f"--port={port}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"端口不正确：{port} / not a port: {port}")


# --- the data
@pytest.mark.parametrize("words", ["migrate", "verify", "devices list"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_database_that_is_none_is_one_sentence(config: Path, tmp_path: Path, kind: str, words: str):
    database = tmp_path / "wucha.db"
    if kind == "file":
        database.write_bytes(b"this is no database" * 1000)
    else:
        database.mkdir()
    done = wucha(config, tmp_path, *words.split())
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("数据库打不开 / the database cannot be opened: ")


def test_a_hall_does_not_open_on_a_database_that_is_none(config: Path, tmp_path: Path):
    (tmp_path / "wucha.db").write_bytes(b"this is no database" * 1000)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = wucha(config, tmp_path, "run", "--port", str(port))
    assert done.returncode == 1
    assert "数据库打不开 / the database cannot be opened: " in done.stderr
    assert STACK.search(done.stderr) is None, done.stderr


def test_a_slow_start_is_told_of_and_waited_for(capsys: pytest.CaptureFixture[str]):
    """The hall answers only after it was said that it takes long."""
    asked: list[str] = []

    class Hall(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if len(asked) > 10 else 503)
            self.end_headers()
            self.wfile.write(b'{"ok": true}')

        def log_message(self, *_: object) -> None:
            """The test's own output is listened to."""

    with HTTPServer(("127.0.0.1", 0), Hall) as hall:
        threading.Thread(target=hall.serve_forever, daemon=True).start()
        child = Child("server", [sys.executable, "-c", "import sys; sys.stdin.read()"], {})
        child.process = subprocess.Popen(child.command, stdin=subprocess.PIPE)
        try:
            assert comes_up(child, Supervisor([child]), f"http://127.0.0.1:{hall.server_port}", patience_s=0)
            assert "仍在启动" in capsys.readouterr().out
        finally:
            child.process.communicate()
            hall.shutdown()
        with pytest.raises(SystemExit):
            comes_up(child, Supervisor([child]), "http://127.0.0.1:9", patience_s=0)


def test_what_works_beside_the_requests_ends_with_them(tmp_path: Path):
    """The worker's end, in a process of its own: a thread that went on would meet an interpreter that is
    taken down."""
    program = """
import threading
from server.cli import read_settings
from server.prepare import prepare
from server.serve import BESIDE, Server
settings = read_settings()
settings.data.mkdir(exist_ok=True)
prepare(settings)
server = Server(settings)
server.load()
beside = lambda: sorted(BESIDE & {thread.name for thread in threading.enumerate()})
print("began", *beside())
server.cfg.worker_exit(None, None)
print("left", *beside())
"""
    env = {**os.environ, "WUCHA_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-2:] == ["began estimator nearby publisher ticker", "left"], done.stderr


@pytest.mark.parametrize(
    ("words", "env", "zh"),
    [
        (["--data", "/proc/nowhere", "migrate"], {}, "文件或数据目录不可用：/proc/nowhere"),
        (["--data", "/proc/nowhere", "user", "reset", "ZW001"], {}, "文件或数据目录不可用"),
        (["verify"], {"WUCHA_DATABASE": "nonsense"}, "WUCHA_DATABASE 写得不对"),
        (["verify"], {"WUCHA_DATABASE": "oracle9://x"}, "WUCHA_DATABASE 写得不对"),
        (["nonsense"], {}, "命令写得不对 / No such command"),
        (["--nonsense"], {}, "没有这个选项 / No such option"),
        (["backup"], {}, "还缺少内容 / Missing argument"),
        (["devices", "nonsense"], {}, "命令写得不对 / No such command"),
        (["simulate", "--days", "0"], {}, "内容不正确 / Invalid value"),
    ],
)
def test_wrong_words_and_places_are_one_sentence(words: list[str], env: dict[str, str], zh: str):
    said = CliRunner(env={"WUCHA_DATABASE": "", **env}).invoke(main, words)
    assert said.exit_code in (1, 2)
    assert isinstance(said.exception, SystemExit), said.exception
    assert zh in said.output


@pytest.mark.parametrize("deed", ["learn", "replay"])
def test_a_file_that_is_not_there_is_one_sentence(deed: str, capsys: pytest.CaptureFixture[str]):
    assert tool.main([deed, "/nowhere.toml"]) == 1
    assert capsys.readouterr().err == "/nowhere.toml: 读不了 / cannot be read: No such file or directory\n"
