"""Another address for one machine: over a real pseudo terminal, from a running host, at a terminal."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from drivers.commission import edit, tool
from drivers.commission.asks import Asks
from drivers.commission.trial import address_job, try_out
from drivers.declared import Declared
from drivers.errors import SpecError
from drivers.host import Host
from drivers.jobs import Outcome
from drivers.line.clock import Clock
from drivers.line.serial_line import Settings
from drivers.protocol import alpha, modbus_led
from drivers.spec import CONFIG, MODELS, DeviceSpec, LineSpec, load_profiles, moves
from drivers.virtual.alpha import AlphaReceiver
from drivers.virtual.apertum import ApertumBox
from drivers.virtual.expose import OverPty
from drivers.virtual.medium import Medium
from drivers.virtual.modbus import ModbusDisplay, crc
from tests.drivers.far import tell
from tests.drivers.vectors import golden

MOVING = {"modbus_led": "digits_4", "apertum_box": "apertum_box", "alpha": "sign_alpha"}
LIST = """
[line.pair]
url = "virtual://pair/A"

[[device]]
name = "digits-W01"
model = "digits_4"
line = "pair"
address = 1   # DIP switches do nothing on this one
window = "W01"

[[device]]
name = "digits-W02"
model = "digits_4"
line = "pair"
address = 2
window = "W02"

[[device]]
name = "strip-W03"
model = "strip_128x16"
line = "virtual://strips/A"
address = 3
window = "W03"
"""


@pytest.fixture
def plug():
    made = []

    def make(*peers):
        cable = Medium("x", baud=0, shared=True, clock=Clock())
        for peer in peers:
            cable.join(peer)
        made.append(OverPty(cable))
        return made[-1].url

    yield make
    for one in made:
        one.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG / "profiles", tmp_path / "profiles")
    (tmp_path / "devices.toml").write_text(LIST, "utf-8")
    return tmp_path


def spec_of(driver: str, url: str, address: int) -> DeviceSpec:
    profile, baud = load_profiles(CONFIG / "profiles", driver)[MOVING[driver]]
    kind = MODELS[driver][2]
    return DeviceSpec("it", MOVING[driver], driver, kind, LineSpec(url, Settings(baud)), profile, address)


def move(driver: str, url: str, address: int, to: int, alone: bool = False, clock=None) -> Outcome:
    spec = spec_of(driver, url, address)
    return try_out(spec, address_job(driver, spec.profile, to, alone), clock)


# --- the bytes
def test_the_frames_of_a_move():
    body = bytes.fromhex("01 06 0002 0005")
    assert modbus_led.move(1, 5) == body + crc(body).to_bytes(2, "little")
    everybody = bytes.fromhex("00 06 0002 0005")
    assert modbus_led.move(None, 5) == everybody + crc(everybody).to_bytes(2, "little")
    assert alpha.move(3, 0x1F) == bytes.fromhex("0000000000 01 5a 3033 02 45 37 3146 04")


@pytest.mark.parametrize(
    ("far", "frame", "to"),
    [
        (ModbusDisplay("d", 1), bytes.fromhex("01 06 0002 0005 e809"), 5),
        (ApertumBox("b", 0x20), golden("apt-set-address"), 0x22),
        (AlphaReceiver("s", 3), bytes.fromhex("0000000000 01 5a 3033 02 45 37 3146 04"), 0x1F),
    ],
)
def test_the_far_end_takes_it_and_keeps_it_over_a_power_cut(far, frame, to):
    tell(far, frame)
    assert far.address == to
    far.act("power", {})
    assert far.address == to
    tell(far, frame)  # it hears nothing at the old one
    assert far.address == to


@pytest.mark.parametrize(
    "frame",
    [
        "0000000000 01 5a 3033 02 45 37 3030 04",  # 00 is everybody
        "0000000000 01 5a 3033 02 45 37 3147 04",  # no hex
        "0000000000 01 5a 3034 02 45 37 3146 04",  # another one's
    ],
)
def test_a_sign_does_not_guess_an_address(frame):
    far = AlphaReceiver("s", 3)
    tell(far, bytes.fromhex(frame))
    assert far.address == 3


# --- one machine on a real line
def test_a_display_moves_alone_and_shows_where_it_is(plug):
    moved, other = ModbusDisplay("a", 1), ModbusDisplay("b", 2)
    url = plug(moved, other)
    assert move("modbus_led", url, 1, 7) == Outcome("confirmed")
    assert (moved.address, moved.text.strip(), other.address, other.text) == (7, "7", 2, "")


def test_an_address_somebody_has_is_not_given_twice(plug):
    moved, other = ModbusDisplay("a", 1), ModbusDisplay("b", 2)
    assert move("modbus_led", plug(moved, other), 1, 2) == Outcome("failed", "address_taken")
    assert (moved.address, other.address, other.point, other.text) == (1, 2, 0, "")


@pytest.mark.parametrize(
    ("fault", "outcome", "at"),
    [
        ("keeps_unit", Outcome("failed", "address_kept"), 1),
        ("silent", Outcome("failed", "silent"), 1),
        ("exception_03", Outcome("failed", "refused"), 1),
        ("half_reply", Outcome("failed", "garbled"), 1),
    ],
)
def test_a_display_that_does_not_move_is_told_so(bench, clock, fault, outcome, at):
    far = bench.attach("virtual://one/A", "a", "modbus_led", 1, {}, baud=9600, clock=clock)
    far.act("fault", {"fault": fault})
    assert move("modbus_led", "virtual://one/A", 1, 7, clock=clock) == outcome
    assert far.address == at


def test_a_display_that_falls_silent_in_between_is_unsure(bench, clock, monkeypatch):
    far = bench.attach("virtual://one/A", "a", "modbus_led", 1, {}, baud=9600, clock=clock)
    obey = far._set

    def once(register: int, value: int) -> None:
        obey(register, value)
        if register == 2:
            far.act("fault", {"fault": "silent"})

    monkeypatch.setattr(far, "_set", once)
    assert move("modbus_led", "virtual://one/A", 1, 7, clock=clock) == Outcome("unsure", "silent")


def test_one_alone_moves_though_nobody_knows_its_address(plug):
    far = ModbusDisplay("a", 93)
    assert move("modbus_led", plug(far), 1, 7, alone=True) == Outcome("confirmed")
    assert far.address == 7
    twins = ModbusDisplay("a", 93), ModbusDisplay("b", 94)
    assert move("modbus_led", plug(*twins), 1, 7, alone=True) == Outcome("unsure", "garbled")
    sign = AlphaReceiver("s", 9)
    assert move("alpha", plug(sign), 1, 31, alone=True) == Outcome("sent")
    assert (sign.address, sign.text) == (31, "31")
    box = ApertumBox("b", 0x30)
    assert move("apertum_box", plug(box), 1, 0x22, alone=True) == Outcome("failed", "address_unknown")
    assert box.address == 0x30


def test_a_box_and_a_sign_show_it_and_cannot_confirm(plug):
    box, sign = ApertumBox("b", 0x20), AlphaReceiver("s", 3)
    assert move("apertum_box", plug(box), 0x20, 0x22) == Outcome("sent")
    assert (box.address, box.words) == (0x22, "34 ")
    assert move("alpha", plug(sign), 3, 200) == Outcome("sent")
    assert (sign.address, sign.text) == (200, "200")
    deaf = ApertumBox("b", 0x20)
    deaf.faults["move_lost"] = 1
    assert move("apertum_box", plug(deaf), 0x20, 0x22) == Outcome("sent")
    assert (deaf.address, deaf.words) == (0x20, "   ")  # it shows nothing: that is what people look for


def test_every_other_protocol_says_that_it_has_no_such_command():
    assert {driver for driver in MODELS if moves(driver)} == set(MOVING)
    for driver in MODELS.keys() - set(MOVING):
        with pytest.raises(SpecError, match=r"没有改地址的命令.* / no command for another address"):
            address_job(driver, None, 5)
    for driver, wrong in (("modbus_led", 248), ("apertum_box", 31), ("alpha", 0)):
        with pytest.raises(SpecError, match="地址须在"):
            address_job(driver, spec_of(driver, "/dev/x", 32).profile, wrong)


# --- from a running host
class Running:
    """A host on virtual machines, asked as the server asks it."""

    def __init__(self, folder: Path, bench, clock) -> None:
        self.declared = Declared(folder / "devices.toml")
        found = self.declared.read().hall
        assert found is not None
        self.bench, self.clock = bench, clock
        self.host = Host(found, lambda *_: None, clock)
        self.asks = Asks(self.host, self.declared, lambda: None, dict)

    def ask(self, what: str, **facts):
        return self.asks.answer({"what": what, **facts})

    def run(self, seconds: float) -> None:
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            before = self.clock.now()
            self.host.step_all()
            if self.clock.now() == before:
                self.clock.sleep(0.02)
            self.bench.look()

    def ended(self, **facts) -> tuple[str, str]:
        begun = self.ask("address", **facts)
        assert begun["ok"], begun
        self.run(5)
        told = self.ask("tried", job=begun["job"])
        return told["state"], told["reason"]

    def take_up(self) -> None:
        found = self.declared.read().hall
        assert found is not None
        self.host.reload(found)


def test_the_list_follows_and_the_machine_stays_the_same_one(folder, bench, clock):
    running = Running(folder, bench, clock)
    far = {peer.name: peer for _, peer in bench.peers()}
    running.run(3)
    assert running.ended(device="digits-W01", to=9) == ("confirmed", "")
    text = (folder / "devices.toml").read_text("utf-8")
    assert "address = 9   # DIP switches do nothing on this one\n" in text
    assert text.count("address = ") == 3
    running.take_up()
    assert {peer.name: peer for _, peer in bench.peers()}["digits-W01"] is far["digits-W01"]
    job = {"id": "t", "kind": "show_text", "window": "W01", "text": "A012", "tone": "call", "number": "A012"}
    running.host.submit(job)
    running.run(3)
    assert far["digits-W01"].text == "A012"
    assert far["digits-W02"].text == ""


def test_what_would_not_fit_the_list_is_not_sent(folder, bench, clock):
    running = Running(folder, bench, clock)
    before = (folder / "devices.toml").read_bytes()
    running.run(3)
    taken = running.ask("address", device="digits-W01", to=2)
    assert taken["reason"] == "spec"
    assert "digits-W01" in taken["errors"][0]
    assert running.ask("address", device="digits-W01", to=999)["reason"] == "spec"
    assert running.ask("address", device="strip-W03", to=4) == {"ok": False, "reason": "fixed", "errors": []}
    assert running.ask("address", device="nobody", to=4)["reason"] == "not_understood"
    assert (folder / "devices.toml").read_bytes() == before
    assert sorted(peer.address for _, peer in bench.peers()) == [1, 2, 3]


def test_what_was_not_confirmed_leaves_the_list_alone(folder, bench, clock):
    running = Running(folder, bench, clock)
    before = (folder / "devices.toml").read_bytes()
    running.run(3)
    bench.act("digits-W01", "fault", {"fault": "keeps_unit"})
    assert running.ended(device="digits-W01", to=9) == ("failed", "address_kept")
    assert (folder / "devices.toml").read_bytes() == before


def test_only_the_list(folder, bench, clock):
    running = Running(folder, bench, clock)
    assert running.ask("relist", device="strip-W03", to=8)["ok"]
    assert "address = 8\n" in (folder / "devices.toml").read_text("utf-8")
    assert running.ask("relist", device="digits-W01", to=2)["reason"] == "spec"
    status = {row["name"]: row["moves"] for row in running.ask("status")["devices"]}
    assert status == {"digits-W01": True, "digits-W02": True, "strip-W03": False}


def test_a_machine_that_was_found_moves_before_it_is_declared(folder, bench, clock, plug):
    running = Running(folder, bench, clock)
    running.host.clock = Clock()
    far = ModbusDisplay("a", 1)
    begun = running.ask("move_found", url=plug(far), model="digits_4", address=1, to=6)
    told = {"state": "waiting"}
    while told["state"] == "waiting":
        told = running.ask("tried", job=begun["job"])
    assert (told["state"], far.address) == ("confirmed", 6)
    fixed = running.ask("move_found", url="/dev/x", model="strip_128x16", address=1, to=6)
    assert fixed["reason"] == "fixed"


def test_a_table_without_an_address_gets_one(folder):
    path = folder / "devices.toml"
    path.write_text(LIST.replace("address = 3\n", ""), "utf-8")
    with pytest.raises(KeyError):
        edit.readdress(path, "nobody", 4)
    hall = edit.readdress(path, "strip-W03", 4)
    assert [spec.address for spec in hall.devices] == [1, 2, 4]


# --- at a terminal
def test_at_a_terminal_by_name_and_by_line(folder, plug, capsys):
    far, path = ModbusDisplay("a", 1), folder / "devices.toml"
    url = plug(far)
    path.write_text(LIST.replace("virtual://pair/A", url), "utf-8")
    words = ["--devices", str(path)]
    assert tool.main(["address", "digits-W01", "--to", "5", *words]) == 0
    assert far.address == 5
    assert re.search(r"digits-W01 address = 5", capsys.readouterr().out)
    assert "address = 5   #" in path.read_text("utf-8")
    assert tool.main(["address", url, "--model", "digits_4", "--from", "5", "--to", "6"]) == 0
    assert far.address == 6
    assert tool.main(["address", "digits-W01", "--to", "8", "--list-only", *words]) == 0
    assert "address = 8   #" in path.read_text("utf-8")
    capsys.readouterr()
    assert tool.main(["address", "strip-W03", "--to", "4", *words]) == 2
    assert "没有改地址的命令" in capsys.readouterr().err
    assert tool.main(["address", "nobody", "--to", "4", *words]) == 2
    assert tool.main(["address", url, "--to", "4"]) == 2
    assert tool.main(["address", "digits-W01", "--to", "2", *words]) == 2  # another one has it


@pytest.mark.slow
def test_one_alone_is_looked_for_and_told_by_its_own_address(plug):
    far = ModbusDisplay("a", 6)
    assert tool.main(["address", plug(far), "--model", "digits_4", "--alone", "--to", "8"]) == 0
    assert far.address == 8


@pytest.mark.slow
def test_two_on_a_line_are_not_alone(plug, capsys):
    pair = ModbusDisplay("a", 1), ModbusDisplay("b", 2)
    assert tool.main(["address", plug(*pair), "--model", "digits_4", "--alone", "--to", "3"]) == 1
    assert "1, 2" in capsys.readouterr().err
    assert [far.address for far in pair] == [1, 2]
