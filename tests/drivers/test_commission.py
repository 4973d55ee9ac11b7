"""Putting machines into service: searching real pseudo terminals, editing the list, recording, replaying."""

from __future__ import annotations

import shutil
import threading
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.commission import edit, learn, search, tool, tracefile
from drivers.commission.asks import Asks
from drivers.commission.trial import trial_job, try_out
from drivers.commission.words import Words
from drivers.declared import Declared
from drivers.errors import SpecError
from drivers.host import Host
from drivers.jobs import Outcome, PrintSlip
from drivers.line import ports as port_list
from drivers.line.clock import Clock, JumpClock
from drivers.line.record import Passed, Record
from drivers.line.serial_line import SerialLine
from drivers.protocol import (
    alpha,
    apertum,
    explain_desks,
    frame_reading,
    frame_template,
    modbus_led,
    pingan_lihe,
    polled,
    sam,
)
from drivers.protocol.explain import READERS, Explainer
from drivers.protocol.probes import CLEAR, COLUMNS, LOUD, PROBES, Seen, is_loud
from drivers.spec import CONFIG, MODELS, load, load_profiles
from drivers.virtual.bench import BENCH
from drivers.virtual.bxk import BxkCard
from drivers.virtual.expose import OverPty
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.frame_screens import frame_screen
from drivers.virtual.medium import Medium
from drivers.virtual.pingan import PinganCard
from drivers.virtual.printer import Printer
from drivers.virtual.sam import SamReader
from tests.drivers.vectors import flips, golden, names


@pytest.fixture
def plug():
    """A far end on a real pseudo terminal: its URL."""
    made = []

    def make(*peers, shared=True):
        cable = Medium("x", baud=0, shared=shared, clock=Clock())
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
    shutil.copy(CONFIG / "devices.toml", tmp_path / "devices.toml")
    return tmp_path


def look(urls, kinds, **options):
    progress = search.Progress()
    return search.search(urls, kinds, progress, **options), progress


# --- searching
def _keep(heard: bytearray, byte: int, _at: float) -> None:
    heard.append(byte)


def test_a_line_without_an_answer_hears_nothing_that_prints(bench):
    """However many addresses are asked: what a printer would act on waits until somebody has answered."""
    for probe in PROBES:
        if not probe.addressed:
            continue
        clock = JumpClock()
        cable = bench.cable(probe.driver, baud=0, clock=clock)
        heard = bytearray()
        paper = Printer("p")
        paper.receive = partial(_keep, heard)
        cable.join(paper)
        found, _ = look([f"virtual://{probe.driver}"], (probe.kind,), addresses=40, clock=clock)
        assert (found, len(heard) > 300) == ([], True)
        asked = bytes(heard).replace(b"\x10\x04\x01", b"").split(CLEAR)
        assert not LOUD.intersection(b"".join(asked))
        assert max(map(len, asked)) <= COLUMNS  # a line of text is printed when it is full


def test_loud_addresses_are_found_where_others_answer(plug):
    cards = [BxkCard(f"s{n}", n) for n in (9, 10, 13)]
    found, _ = look([plug(*cards)], ("strip",), addresses=14)
    assert [f.address for f in found] == [9, 10, 13]


def test_a_printer_and_strips_are_found_where_they_are(plug):
    paper, cards = Printer("p"), [BxkCard(f"s{n}", n) for n in (2, 5)]
    alone, shared, nobody = plug(paper, shared=False), plug(*cards), plug()
    found, progress = look([alone, shared, nobody], ("printer", "strip"), addresses=6)
    assert [(f.url, f.driver, f.address) for f in found] == [
        (alone, "escpos", 0),
        (shared, "onbon_bxk", 2),
        (shared, "onbon_bxk", 5),
    ]
    assert not progress.running
    assert paper.papers[-1].lines == []  # nothing was printed
    assert [card.text for card in cards] == ["", ""]  # nothing was shown


@pytest.mark.slow
def test_readers_and_calling_cards_are_found_without_a_card_or_a_text(plug):
    far, cards = SamReader("r"), [PinganCard(f"p{n}", n) for n in (3, 4)]
    reader, strips = plug(far, shared=False), plug(*cards)
    found, _ = look([reader, strips], ("reader", "strip"), addresses=5)
    assert [(f.url, f.driver, f.address) for f in found] == [
        (reader, "idcard_sam", 0),
        (strips, "pingan_lihe", 3),
        (strips, "pingan_lihe", 4),
    ]
    assert set(far.commands) == {"11ff"}  # how is the module?
    assert [card.text for card in cards] == ["", ""]


@pytest.mark.parametrize("dots", ["384", "576"])
def test_a_mute_printer_that_was_asked_everything_prints_its_next_slip_clean(plug, dots):
    paper = Printer("p", options={"mm_per_s": "5000", "dots": dots})
    paper.act("fault", {"fault": "silent"})
    url = plug(paper, shared=False)
    assert look([url], ("printer", "strip"), addresses=3)[0] == []
    assert paper.papers[-1].lines == []
    paper.act("clear", {"fault": "silent"})
    spec = spec_of("printer-K1", url)
    assert try_out(spec, trial_job(spec, "测试")) == Outcome("confirmed")
    assert paper.slips[0].words()[0] == "测试"


def spec_of(name, url):
    spec = next(s for s in load(CONFIG / "devices.toml").devices if s.name == name)
    return type(spec)(**{**vars(spec), "line": type(spec.line)(url, spec.line.settings)})


@pytest.mark.slow
def test_keypads_are_listened_for_and_never_written_to(plug):
    far = Ff68Keypad("k", 3)
    url = plug(far)
    progress = search.Progress()
    asked = threading.Thread(target=search.search, args=([url], ("keypad",), progress))
    asked.start()
    while not progress.listening:
        asked.join(0.01)
    far._cable.clock.sleep(0.2)
    with far._cable.changed:
        far.act("press", {"key": "call"})
    asked.join(15)
    assert [(f.driver, f.address) for f in progress.found] == [("keypad_ff68", 3)]
    assert far.digits.strip() == ""


def test_a_modbus_question_reads_and_an_exception_is_a_sign_of_life():
    probe = next(p for p in PROBES if p.driver == "modbus_led")
    asked = {unit: probe.ask(unit) for unit in range(1, 248)}
    assert asked[1] == bytes.fromhex("01 03 00 00 00 02 c4 0b")  # with one register its CRC would end in 0a
    assert {unit for unit, frame in asked.items() if is_loud(frame)} == LOUD
    assert {frame[1] for frame in asked.values()} == {0x03}
    assert golden("mb-value-123")[1] == 0x06  # a write looks otherwise
    refused = bytes.fromhex("01 83 02 c0 f1")
    assert probe.judge(refused, 1) == Seen(1, "83")
    assert probe.judge(refused, 2) is None
    for flipped in flips(refused):
        assert probe.judge(flipped, 1) is None
    assert probe.judge(bytes.fromhex("01 03 02 00 7b f8 67"), 1) == Seen(1, "03")


def test_a_babbling_line_and_a_dead_port_are_nobody(plug, bench):
    cable = bench.cable("babble", baud=0)
    clock = JumpClock()
    cable.clock = clock
    cable.join(Printer("p"))
    for n in range(200):
        cable.say("p", bytes((0x12, 0x16, n % 256)), clock.now() + n * 0.01)
    found, progress = look(["virtual://babble"], ("printer",), clock=clock)
    assert found == []
    found, progress = look(["/dev/serial/by-id/none"], ("printer", "strip"))
    assert (found, progress.running) == ([], False)


def test_ports_are_called_by_the_name_that_survives(tmp_path, plug, monkeypatch):
    url = plug()
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-FTDI_A1").symlink_to(url)
    (tmp_path / "by-id" / "usb-FTDI_B2").symlink_to(tmp_path / "gone")
    monkeypatch.setattr(port_list.list_ports, "comports", lambda: [])  # of this computer
    found = {Path(p.url).name: p for p in port_list.ports((tmp_path / "by-id", tmp_path / "none"))}
    assert (found["usb-FTDI_A1"].device, found["usb-FTDI_A1"].state) == (url, "free")
    assert found["usb-FTDI_B2"].state == "gone"
    used = search.look_around({url}, lambda: list(found.values()))
    assert {Path(p["url"]).name: p["state"] for p in used} == {
        "usb-FTDI_A1": "declared",
        "usb-FTDI_B2": "gone",
    }


# --- trying
def test_a_test_slip_a_test_text_and_all_digits(plug):
    paper = Printer("p", options={"mm_per_s": "5000"})
    spec = spec_of("printer-K1", plug(paper, shared=False))
    assert try_out(spec, trial_job(spec)).state == "confirmed"
    words = " ".join(paper.slips[0].words())
    assert "测试小票" in words
    assert "printer-K1" in words
    assert "四号" in words
    card = BxkCard("s", 1)
    spec = spec_of("strip-W01", plug(card))
    assert try_out(spec, trial_job(spec)) == Outcome("confirmed")
    assert card.text == "地址1 W01"
    pad = Ff68Keypad("k", 1)
    spec = spec_of("keypad-W01", plug(pad))
    assert try_out(spec, trial_job(spec)) == Outcome("sent")
    assert pad.digits == "888888"
    spec = spec_of("strip-W02", plug())
    assert try_out(spec, trial_job(spec)) == Outcome("failed", "silent")
    spec = spec_of("strip-W02", "/dev/none")
    assert try_out(spec, trial_job(spec)) == Outcome("failed", "line_lost")


def test_a_test_file_with_mistakes_is_said(tmp_path):
    path = tmp_path / "test.toml"
    path.write_text("strip = ", "utf-8")
    with pytest.raises(SpecError, match="test.toml"):
        trial_job(load(CONFIG / "devices.toml").devices[0], file=path)
    assert isinstance(trial_job(load(CONFIG / "devices.toml").devices[0]), PrintSlip)


# --- the list
def test_a_machine_is_added_and_taken_out_as_by_a_careful_hand(folder):
    path = folder / "devices.toml"
    before = path.read_text("utf-8")
    url = "/dev/serial/by-id/usb-FTDI_USB-RS485_A50285BI-if00-port0"
    hall = edit.add(path, edit.NewDevice("strip-W15", "strip_128x16", url, 57600, 3, "W01"))
    made = next(s for s in hall.devices if s.name == "strip-W15")
    assert (made.line.url, made.address, made.window, made.line.settings.baud) == (url, 3, "W01", 57600)
    edit.add(path, edit.NewDevice("strip-W16", "strip_128x16", url, 57600, 4, "W02"))
    text = path.read_text("utf-8")
    assert text.startswith(before.rstrip())
    assert text.count(f'url = "{url}"') == 2  # once in the comment above: they share the line
    edit.remove(path, "strip-W15")
    assert path.read_text("utf-8").count(f'url = "{url}"') == 2
    edit.remove(path, "strip-W16")
    assert path.read_text("utf-8").rstrip() == before.rstrip()
    edit.remove(path, "printer-K1")
    text = path.read_text("utf-8")
    assert "line.slips-k1" not in text
    assert "取号机" in text  # the heading over the printers stays
    with pytest.raises(KeyError):
        edit.remove(path, "printer-K1")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (edit.NewDevice("strip-W01", "strip_128x16", "virtual://x", 0, 1, "W01"), "名称重复"),
        (edit.NewDevice("a", "nonsense", "virtual://x", 0, 1, "W01"), "未知的型号"),
        (edit.NewDevice("a", "strip_128x16", "virtual://strips/A", 0, 1, "W01"), "地址与"),
        (edit.NewDevice("a", "strip_128x16", "virtual://x", 0, 1), "必须填写"),
        (edit.NewDevice("a", "strip_128x16", "spy:///dev/x?file=/etc/passwd", 0, 1, "W01"), "url"),
        (edit.NewDevice("a", "strip_128x16", '/dev/x"\n[host]\nname = "y', 0, 1, "W01"), "url"),
        (edit.NewDevice('a"b', "strip_128x16", "virtual://x", 0, 1, "W01"), "name"),
        (edit.NewDevice("a", "strip_128x16", "virtual://x", 0, 1, "W 01\n"), "window"),
    ],
)
def test_a_wrong_machine_changes_no_byte(folder, new, said):
    path = folder / "devices.toml"
    before = path.read_bytes()
    with pytest.raises(SpecError) as caught:
        edit.add(path, new)
    assert said in str(caught.value)
    assert path.read_bytes() == before
    assert not path.with_name("devices.toml.new").exists()


# --- a model nobody knows yet
NEW = (CONFIG / "profiles" / "strip_128x16.toml").read_text("utf-8").replace("128", "64")


def test_a_description_is_tried_seen_and_kept(plug, folder, capsys):
    card = BxkCard("s", 1)
    spec = learn.read("strip_abc", NEW, plug(card))
    outcome, entries = learn.send(spec, "三号窗口")
    assert (outcome, card.text) == (Outcome("confirmed"), "三号窗口")
    assert ["bxk.ack", {"address": 1, "word": "ok"}] in [said for e in entries for said in e["said"]]
    path = learn.save(folder / "profiles", "strip_abc", NEW)
    assert load(folder / "devices.toml", folder / "profiles")  # it is a model like any other
    learn.save(folder / "profiles", "strip_abc", learn.template(folder / "profiles", "strip_abc"))
    assert path.read_text("utf-8").count(learn.MARK) == 1
    for name in ("strip_128x16", "../x", "a b"):
        with pytest.raises(SpecError):
            learn.save(folder / "profiles", name, NEW)
    assert tool.main(["learn", str(path), "--line", spec.line.url, "--text", "四号"]) == 0
    assert card.text == "四号"
    assert "条屏 1 答好" in capsys.readouterr().out
    assert tool.main(["learn", str(path)]) == 0


FRAMES = load_profiles(CONFIG / "profiles", "led_frame")
ANSWERED = {"frame_a090": "confirmed"}
SHORT = {"frame_led485": "0123"}  # digits only


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_a_card_is_learnt_from_the_description_of_its_frames(plug, folder, name, capsys):
    """From a known description to a model of one's own: the card shows the words, the bytes are told field by
    field, and what was kept is a machine that works."""
    profile, _ = FRAMES[name]
    far = frame_screen("far", 2, {"far": profile.far})
    url, words = plug(far), SHORT.get(name, "三号窗口")
    text = learn.template(folder / "profiles", name)
    outcome, entries = learn.send(learn.read("frame_own", text, url, address=2), words)
    assert (outcome.state, outcome.reason) == (ANSWERED.get(name, "sent"), "")
    assert far.text == words
    said = [one for entry in entries for one in entry["said"]]
    sent = [facts for code, facts in said if code == "frame.sent"]
    assert sent[-1]["address"] == 2
    assert sent[-1]["text"] == words
    assert sent[-1]["fields"].count(" · ") == len(profile.frames[-1].template.fields) - 1
    assert ("frame.yes" in [code for code, _ in said]) == (name in ANSWERED)
    path = learn.save(folder / "profiles", "frame_own", text)
    edit.add(folder / "devices.toml", edit.NewDevice("own", "frame_own", url, 0, 2, "W01"))
    spec = next(s for s in load(folder / "devices.toml").devices if s.name == "own")
    assert try_out(spec, trial_job(spec, "0042")).state == ANSWERED.get(name, "sent")
    assert far.text == "0042"
    assert tool.main(["learn", str(path), "--line", url, "--address", "2", "--text", "17"]) == 0
    assert "给屏 2：17" in capsys.readouterr().out


def test_a_frame_described_wrong_is_seen_at_once(plug, folder):
    """The checksum begins one field too early: the card does not answer, and the bytes say which is which."""
    far = frame_screen("far", 1, {"far": "a090"})
    text = learn.template(folder / "profiles", "frame_a090").replace('["addr", "text"]', '["len", "text"]')
    outcome, entries = learn.send(learn.read("frame_own", text, plug(far)), "一号")
    assert (outcome.state, far.text) == ("failed", "")
    assert any(code == "frame.sent" for entry in entries for code, _ in entry["said"])
    with pytest.raises(SpecError, match="没有名为 'adr' 的字段"):
        learn.read("frame_own", text.replace('["len", "text"]', '["adr", "text"]'), "/dev/x")


@pytest.mark.parametrize("name", sorted(FRAMES))
@given(st.data())
def test_a_frame_is_read_back_as_it_was_made(name, data):
    """Address and text come back, and no other description's frame is taken for it when a bit is wrong."""
    profile, _ = FRAMES[name]
    for frame in profile.frames:
        words = data.draw(st.text(st.sampled_from("A01号窗口请 "), max_size=8))
        message = frame_template.Message(data.draw(st.integers(1, 200)), (frame_template.Run(words),), 3)
        raw = frame.template.encode(message)
        parts = frame_reading.take_apart(frame.template, raw)
        assert parts is not None
        assert parts.address == message.address
        text = next(field for field in frame.template.fields if field.kind == "text")
        shown = "".join(c if c.isascii() or text.encoding != "ascii" else "_" for c in words)
        assert parts.text == ("" if text.form == "colour_map" else shown)
        assert b"".join(piece for _, piece in parts.pieces) == raw or profile.escape
        if any(field.kind == "checksum" for field in frame.template.fields):
            for flipped in flips(raw):
                wrong = frame_reading.take_apart(frame.template, flipped)
                assert wrong is None or wrong.address != message.address  # one card's sum leaves it out


def test_escapes_are_undone_before_a_frame_is_read():
    rows = [
        {"const": "a5"},
        {"addr": "u8"},
        {"text": "plain", "encoding": "ascii"},
        {"checksum": "sum", "span": ["addr", "text"]},
        {"end": "5a"},
    ]
    escape, _ = frame_template.read_escape({"a5": "a6 02", "a6": "a6 01", "5a": "5b 02", "5b": "5b 01"}, "")
    template, wrong = frame_template.read_template(rows, "", {}, escape)
    assert not wrong
    raw = template.encode(frame_template.Message(0xA5, (frame_template.Run("Z[a"),)))
    assert raw[:3] == b"\xa5\xa6\x02"
    parts = frame_reading.take_apart(template, raw)
    assert (parts.address, parts.text) == (0xA5, "Z[a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("driver = ", "TOML"),
        ('driver = "none"', "未知的驱动"),
        (NEW + "colour = 7\n", "colour"),
        ("x" * 30_000, "太长"),
    ],
)
def test_a_wrong_description_is_told_whole(text, said):
    with pytest.raises(SpecError, match=said) as caught:
        learn.read("strip_abc", text, "/dev/x")
    assert "/tmp/" not in str(caught.value)


# --- what bytes mean
def explain(driver, *passed, profile=None):
    one = Explainer(driver, profile)
    return [said for way, data in passed for said in one.feed(way, data)]


def test_what_a_strip_and_its_host_say(plug):
    by_name = {name: golden(name) for name in names("onbon-bxk")}
    said = explain("onbon_bxk", (">", by_name["bxk-ping"]), (">", by_name["bxk-dyn-static-cn"]),
                   ("<", by_name["bxk-ack"][:5]), ("<", by_name["bxk-ack"][5:]))  # fmt: skip
    assert [code for code, _ in said] == ["bxk.ping", "bxk.text", "bxk.ack"]
    assert said[1][1] == {"address": 1, "text": "请A001号到3号窗口"}
    words = Words("zh")
    assert words.said(*said[2]).endswith("答好")
    assert words.said("new.word", {}) == "new.word {}"


def test_a_printers_answers_are_told_by_what_was_asked():
    said = explain("escpos", (">", b"\x10\x04\x01"), ("<", b"\x16"), (">", b"\x10\x04\x04"), ("<", b"\x72"),
                   (">", b"\x1b\x40\x1c\x26" + "号码A012".encode("gb18030")), ("<", b"\x00"))  # fmt: skip
    assert said == [
        ("escpos.ask", {"n": 1}),
        ("escpos.state", {"n": 1, "word": "ok"}),
        ("escpos.ask", {"n": 4}),
        ("escpos.state", {"n": 4, "word": "paper_out"}),
        ("escpos.slip", {"bytes": 12, "text": "号码A012"}),
        ("escpos.mark", {"word": "ok"}),
    ]


@cache
def known(driver):
    """A profile of that driver whose far end is in the house."""
    return next(iter(load_profiles(CONFIG / "profiles", driver).values()))[0]


@cache
def spoken():
    return Words("zh")


@pytest.mark.parametrize("driver", sorted(READERS))
@given(st.lists(st.tuples(st.sampled_from("<>"), st.binary(max_size=60)), max_size=20), st.booleans())
def test_any_bytes_can_be_explained(driver, passed, described):
    words = spoken()
    for code, facts in explain(driver, *passed, profile=known(driver) if described else None):
        assert not words.said(code, facts).startswith(code)


def test_every_driver_that_says_something_is_explained():
    assert set(MODELS) - set(READERS) == {"scanner"}  # its codes are kept nowhere


SPOKEN = [
    ("pingan_lihe", ">", pingan_lihe.call(2, "A012", 3), "2 号屏叫号：A012 到 3 号窗口"),
    ("pingan_lihe", ">", pingan_lihe.serving(2, "B7", 3), "2 号屏显示正在办理：B007"),
    ("pingan_lihe", ">", pingan_lihe.stored(2, "pause"), "2 号屏显示存好的暂停语"),
    ("pingan_lihe", ">", pingan_lihe.call(1, "QH0012", 3), "1 号屏叫号：QH0012 到 3 号窗口"),
    ("pingan_lihe", ">", pingan_lihe.instant(2, "请稍候"), "2 号屏显示：请稍候"),
    ("pingan_lihe", ">", pingan_lihe.on_line_test(5), "问 5 号屏在不在"),
    ("pingan_lihe", ">", pingan_lihe.version_query(5), "问 5 号屏的型号和版本"),
    ("pingan_lihe", "<", pingan_lihe.encode(pingan_lihe.Frame(0x14, 5, b"\x50")), "5 号屏答做完了"),
    ("alpha", ">", alpha.text(3, "A012", colour="red"), "3 号屏显示：A012"),
    ("alpha", ">", alpha.clear_memory(3), "其他命令 E 给 3 号屏"),
    ("modbus_led", ">", modbus_led.number(4, -12), "4 号屏寄存器 00 写 -12"),
    ("modbus_led", ">", modbus_led.text(4, "A012"), "4 号屏显示：A012"),
    ("modbus_led", "<", golden("mb-value-123"), "1 号屏答好"),
    ("apertum_board", ">", apertum.board(0x21, "A012"), "21 显示：A012"),
    ("apertum_box", ">", apertum.display(0x21, "012", blinks=True), "21 显示：012"),
    ("apertum_box", ">", apertum.lamp(0x21, "red"), "21 的灯：31"),
    ("apertum_box", ">", apertum.poll(0x21), "问 21 在不在"),
    ("apertum_box", "<", b"\x01\x21\x32\x07", "21 按了第 2 个键"),
    ("idcard_sam", ">", sam.FIND, "找卡"),
    ("idcard_sam", ">", sam.READ, "读卡"),
    ("idcard_sam", "<", golden("sam-find-ok"), "找到卡"),
    ("idcard_sam", "<", golden("sam-read-fail"), "读卡失败，请把卡放好"),
]


@pytest.mark.parametrize(("driver", "way", "data", "sentence"), SPOKEN)
def test_what_the_other_machines_say(driver, way, data, sentence):
    """Whole, byte by byte, and after noise that is no frame."""
    words = Words("zh")
    for chunks in ([data], [bytes((b,)) for b in data], [b"\x55\x33", data]):
        said = explain(driver, *((way, chunk) for chunk in chunks))
        assert [words.said(*one) for one in said if one[0] != "apertum.clash"][-1:] in (
            [sentence],
            [] if chunks[0] == b"\x55\x33" and driver.startswith("apertum") else [sentence],
        )


def test_a_card_is_never_explained():
    said = explain("idcard_sam", ("<", golden("sam-read-mainland")))
    assert [(code, set(facts)) for code, facts in said] == [("sam.ok", {"size"})]


def test_polled_keypads_are_read_by_their_profile():
    profile = known("keypad_polled")
    poll = polled.encode(polled.form(profile.poll), 3, waiting=12)
    state = polled.encode(polled.form(profile.state), 3, state="U", value=1)
    words = Words("zh")
    said = explain(
        "keypad_polled", (">", b"\x00" + poll), ("<", state[:3]), ("<", state[3:]), profile=profile
    )
    assert [words.said(*one) for one in said] == ["问叫号器 3，等候 12 人", "叫号器 3 状态 U，值 1"]
    spoilt = poll[:-2] + bytes((poll[-2] ^ 1,)) + poll[-1:]
    assert explain("keypad_polled", (">", spoilt), profile=profile) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_has_a_sentence(lang):
    words = Words(lang)
    by_name = {name: golden(name) for name in (*names("onbon-bxk"), *names("ff68-keypad"))}
    for name, data in by_name.items():
        driver = "onbon_bxk" if name.startswith("bxk") else "keypad_ff68"
        for way in "<>":
            for code, facts in explain(driver, (way, data)):
                assert "{" not in words.said(code, facts), code
    for driver, way, data, _ in SPOKEN:
        for code, facts in explain(driver, (way, data)):
            assert not words.said(code, facts).startswith(code)
    for word in (*sam.WORDS.values(), *explain_desks.COMMANDS.values(), "speed", "unknown"):
        assert words.said(f"sam.{word}", {"size": 1}) != f"sam.{word} {{'size': 1}}"


# --- trace files
def test_a_recorded_line_is_replayed_as_it_was(plug, tmp_path, capsys):
    record = Record()
    spec = spec_of("strip-W01", plug(BxkCard("s", 1)))
    line = SerialLine(spec.line.url, spec.line.settings, record=record)
    line.open()
    driver = MODELS["onbon_bxk"][0]("s", line, 1, spec.profile)
    driver.check()
    driver.perform(trial_job(spec))
    line.close()
    path = tmp_path / "one.trace"
    entries = record.since(0)
    head = tracefile.head(spec.line.url, "onbon_bxk", 57600, "2026-03-02T09:00:00.000+08:00")
    path.write_text(head + "".join(tracefile.row(p, entries[0].at) for p in entries), "utf-8")
    trace = tracefile.read(path.read_text("utf-8"))
    assert (trace.line, trace.driver, trace.baud) == (spec.line.url, "onbon_bxk", 57600)
    said = [code for *_, found in tracefile.replay(trace) for code, _ in found]
    assert said == ["bxk.ping", "bxk.ack", "bxk.text", "bxk.ack"]
    assert tool.main(["replay", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "问条屏 1 在不在" in shown
    assert "条屏 1 显示：地址1 W01" in shown
    assert tool.main(["replay", str(path), "--driver", "escpos"]) == 0


@given(st.lists(st.tuples(st.floats(0, 9e5), st.sampled_from("<>"), st.binary(min_size=1, max_size=40))))
def test_a_trace_survives_the_way_to_a_file_and_back(rows):
    written = [Passed(at, way, data, 0, len(data)) for at, way, data in rows]
    text = tracefile.head("/dev/x", "escpos", 9600, "now") + "".join(tracefile.row(p, 0.0) for p in written)
    assert [(way, data) for _, way, data in tracefile.read(text).rows] == [(p.way, p.data) for p in written]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "# wucha trace 1\n", "# wucha trace 1\n# line x   driver y   baud 1\n 0.1 > zz"]
)
def test_what_is_no_trace_is_said_with_its_line(tmp_path, text, capsys):
    path = tmp_path / "x.trace"
    path.write_text(text, "utf-8")
    assert tool.main(["replay", str(path)]) == 1
    assert "line" in capsys.readouterr().err


# --- at a terminal
def test_check_lines_asks_every_machine(plug, folder, capsys):
    card = plug(BxkCard("s", 1))
    path = folder / "own.toml"
    path.write_text(
        f'[line.a]\nurl = "{card}"\n'
        '[[device]]\nname = "strip-1"\nmodel = "strip_128x16"\nline = "a"\naddress = 1\nwindow = "W01"\n'
        '[[device]]\nname = "strip-2"\nmodel = "strip_128x16"\nline = "a"\naddress = 2\nwindow = "W02"\n'
        '[[device]]\nname = "printer"\nmodel = "slip_80mm"\nline = "/dev/none"\nkiosk = "K1"\n',
        "utf-8",
    )
    assert tool.main(["check", str(path), "--lines"]) == 1
    said = capsys.readouterr().out
    assert "strip-1          正常" in said
    assert "strip-2          没有回答" in said
    assert "/dev/none: 打不开" in said
    assert tool.main(["check", str(path)]) == 0
    path.write_text("colour = 1\n[[device]]\n", "utf-8")
    assert tool.main(["check", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 5


def test_record_listens_and_writes_nothing_to_the_line(plug, tmp_path, capsys):
    far = Ff68Keypad("k", 1)
    url = plug(far)
    with far._cable.changed:
        far.act("press", {"key": "call"})
    path = tmp_path / "k.trace"
    assert tool.main(["record", url, "--driver", "keypad_ff68", "--seconds", "0.6", "--out", str(path)]) == 0
    assert "叫号器 1 按了 call" in capsys.readouterr().out
    assert ("<", ">") not in [(way, way) for _, way, _ in tracefile.read(path.read_text("utf-8")).rows]
    assert {way for _, way, _ in tracefile.read(path.read_text("utf-8")).rows} == {"!", "<"}
    assert tool.main(["record", "/dev/none", "--seconds", "0.1"]) == 1


def test_try_at_a_terminal(plug, capsys):
    card = BxkCard("s", 4)
    words = ["try", plug(card), "strip_128x16", "--address", "4", "--text", "请稍候"]
    assert tool.main(words) == 0
    assert card.text == "请稍候"
    assert tool.main(["try", "/dev/none", "nothing"]) == 2
    assert tool.main(["try", "/dev/none", "slip_80mm"]) == 1


# --- what the server may ask
@pytest.fixture
def asks(folder, bench):
    declared = Declared(folder / "devices.toml")
    host = Host(load(folder / "devices.toml"), lambda *_: None, JumpClock())
    changed = []
    made = Asks(host, declared, lambda: changed.append(1), lambda: {"waiting": 0})
    yield made, host, changed
    made.stop()


def test_status_names_lines_devices_and_models(asks):
    one, _, _ = asks
    found = one.answer({"what": "status"})
    assert (found["ok"], found["name"], len(found["devices"]), len(found["lines"])) == (True, "hall", 33, 9)
    assert found["untold"] == {"waiting": 0}
    assert {"name": "strip_128x16", "driver": "onbon_bxk", "kind": "strip", "baud": 57600}.items() <= next(
        m for m in found["models"] if m["name"] == "strip_128x16"
    ).items()


def test_a_trace_is_explained_and_read_on(asks):
    one, host, _ = asks
    for _ in range(40):
        host.step_all()
    first = one.answer({"what": "trace", "device": "strip-W01"})
    assert ["bxk.ping", {"address": 2}] in [s for e in first["entries"] for s in e["said"]]
    assert first["entries"][0]["at"].startswith("20")
    again = one.answer({"what": "trace", "device": "strip-W01", "since": first["last"]})
    assert (again["entries"], again["last"]) == ([], first["last"])


def test_a_long_trace_stays_below_what_the_server_reads(asks):
    one, host, _ = asks
    for n in range(400):
        host.record("printer-K1").add(float(n), ">", bytes(4000))
    found = one.answer({"what": "trace", "device": "printer-K1"})
    assert len(str(found)) < 60_000
    assert found["entries"][-1]["n"] == found["last"]


def test_declare_and_undeclare(asks, folder):
    one, _, changed = asks
    new = {
        "name": "strip-9",
        "model": "strip_128x16",
        "url": "virtual://strips/A",
        "address": 9,
        "window": "W09",
    }
    assert one.answer({"what": "declare", **new}) == {"ok": True}
    assert "strip-9" in (folder / "devices.toml").read_text("utf-8")
    again = one.answer({"what": "declare", **new})
    assert (again["ok"], again["reason"]) == (False, "spec")
    assert "名称重复" in again["errors"][0]
    assert one.answer({"what": "undeclare", "name": "strip-9"}) == {"ok": True}
    assert len(changed) == 2


@pytest.mark.parametrize(
    "row",
    [None, 7, {}, {"what": "dance"}, {"what": "trace"}, {"what": "trial"}, {"what": "learn"},
     {"what": "save"}, {"what": "profile", "name": "../devices"},
     {"what": "trace", "device": "strip-W01", "since": "x"},
     {"what": "trial", "device": "nobody"}, {"what": "tried", "job": "x"}, {"what": "declare"},
     {"what": "undeclare", "name": "nobody"}, {"what": "search", "addresses": {}}, {"what": "try_found"}],
)  # fmt: skip
def test_nonsense_is_answered(asks, row):
    one, _, _ = asks
    assert one.answer(row)["ok"] is False


def test_a_search_never_touches_what_is_declared(asks, monkeypatch):
    one, _, _ = asks
    found = one.answer({"what": "search", "kinds": ["printer"], "urls": ["virtual://slips/K1", "socket://x"]})
    assert found["ok"]
    while one.answer({"what": "found"})["running"]:
        pass
    assert one.answer({"what": "found"})["found"] == []
    assert BENCH.cable("slips/K1").backlog() == 0
