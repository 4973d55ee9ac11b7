"""Screens described as data: the descriptions in config/profiles against the makers' bytes and against far
ends that were written without them."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceBusy, DeviceSilent, SpecError
from drivers.jobs import Outcome, ShowText
from drivers.led.led_frame import FrameScreen, Profile
from drivers.protocol import checksums, frame_template
from drivers.protocol.errors import EncodeError
from drivers.protocol.frame_template import Message, Run
from drivers.spec import CONFIG, load
from drivers.virtual.bench import PEERS
from drivers.virtual.bxk import FAULTS
from drivers.virtual.frame_screens import READERS, SCREENS, frame_screen
from tests.drivers.far import bytewise, tell
from tests.drivers.vectors import flips, golden, names

TEXT = "请A001号到3号窗口"
CALL = ShowText("1", "W03", TEXT, number="A001", window_number="3")
FRAMES = sorted(path.stem for path in (CONFIG / "profiles").glob("frame_*.toml"))
#: golden frame -> its description, frame of it, message, far end's address
GOLDEN = {
    "a090-doc": ("frame_a090", 0, Message(1, (Run("请", "red"), Run("8", "green"))), "请8"),
    "ruize-doc-colour": (
        "frame_ruize",
        0,
        Message(
            170,
            (
                Run("请", "yellow"),
                Run("0005", "red"),
                Run("号顾客到", "green"),
                Run("01", "red"),
                Run("号柜台办理", "yellow"),
            ),
        ),
        "",
    ),
    "ruize-display-A001": ("frame_ruize", 1, Message(3, (Run("请A001号到03窗口"),)), "请A001号到03窗口"),
    "fe-strip": ("frame_yinda", 0, Message(4, (Run(TEXT),), 1), TEXT),
    "ascii40": ("frame_ascii40", 0, Message(1, (Run("A001"),)), "A001"),
    "led485-ascii": ("frame_led485", 0, Message(1, (Run("A001"),)), "A001"),
}


def profile(name, **changes):
    row = tomllib.loads((CONFIG / "profiles" / f"{name}.toml").read_text("utf-8"))
    for key in ("driver", "title", "baud"):
        row.pop(key)
    row["show"] = tuple(row["show"])
    return Profile(**row | changes)


def declared(model, address, line="/dev/x"):
    head = f'[[device]]\nname = "s-{model}"\nmodel = "{model}"\nline = "{line}"'
    return f'{head}\naddress = {address}\nwindow = "W01"\n'


def far_of(name, address):
    return frame_screen("far", address, {"far": profile(name).far})


# --- the makers' bytes
def test_every_golden_frame_of_these_cards_is_used():
    protocols = ("a090-dualcolor", "ruize-nibble", "yinda-fe-crc", "ascii-40-cr", "led485-ascii")
    answers = {"a090-ack", "ruize-query", "ruize-query-reply"}
    assert {name for protocol in protocols for name in names(protocol)} == set(GOLDEN) | answers


@pytest.mark.parametrize("name", GOLDEN)
def test_a_description_makes_the_golden_bytes(name):
    described, at, message, _ = GOLDEN[name]
    made = profile(described).frames[at].template.encode(message)
    assert made.hex(" ") == golden(name).hex(" ")


@pytest.mark.parametrize("name", GOLDEN)
def test_the_far_end_understands_the_golden_bytes(name):
    described, _, message, text = GOLDEN[name]
    far = far_of(described, message.address)
    tell(far, golden(name))
    assert (far.text, far.rejected, far.frames) == (text, 0, 1)


def test_golden_answers_both_ways():
    ask = profile("frame_ruize").asking
    assert ask.template.encode(Message(5)) == golden("ruize-query")
    assert tell(far_of("frame_ruize", 5), golden("ruize-query")) == golden("ruize-query-reply")
    assert frame_template.find(golden("ruize-query-reply"), [ask.answer.bytes_for(5)]) == (0, b"")
    frame = profile("frame_a090").frames[0]
    assert tell(far_of("frame_a090", 1), golden("a090-doc")) == golden("a090-ack")
    patterns = [frame.answer.bytes_for(1), frame.refusal.bytes_for(1)]
    assert frame_template.find(golden("a090-ack"), patterns) == (0, b"")
    assert frame_template.find(golden("a090-ack")[:-1] + b"\x55", patterns) == (1, b"")


def test_colours_arrive_character_by_character():
    far = far_of("frame_a090", 1)
    tell(far, golden("a090-doc"))
    assert far.runs == [("请", "red"), ("8", "green")]
    far = far_of("frame_ruize", 170)
    message = GOLDEN["ruize-doc-colour"][2]
    tell(far, *(frame.template.encode(message) for frame in profile("frame_ruize").frames), pause=0.01)
    assert far.runs == [(run.text, run.colour) for run in message.runs]


def test_seven_bit_text_of_the_nibble_bus():
    far = far_of("frame_ruize", 3)
    hanzi = bytes(byte & 0x7F for byte in "暂停服务".encode("gb2312"))
    tell(
        far, b"\x83\xc0\x57" + hanzi + b"\x1a", b"\x83\x57" + hanzi[:4] + b"\x1a", b"\x83\xc0\x54", pause=0.01
    )
    assert far.history == ["暂停服务", "暂停", ""]


# --- bad cables
@pytest.mark.parametrize("name", ["a090-doc", "fe-strip"])
def test_the_far_end_rejects_every_single_bit_flip_of_a_checked_frame(name):
    described, _, message, _ = GOLDEN[name]
    for bad in flips(golden(name)):
        far = far_of(described, message.address)
        tell(far, bad)
        assert (far.shows, far.frames) == (0, 0), bad.hex()


def test_the_far_end_rejects_every_single_bit_flip_of_a_frame_with_a_sum():
    frame = profile("frame_kuiwen").frames[0].template.encode(Message(7, (Run(TEXT),)))
    for at, bad in enumerate(flips(frame)):
        far = far_of("frame_kuiwen", 7)
        tell(far, bad)
        assert far.shows == 0, (at, bad.hex())


@pytest.mark.parametrize("name", FRAMES)
def test_frames_split_and_joined_are_taken_alike(name):
    known = profile(name)
    frames = [
        frame.template.encode(Message(3, (Run(text),), number))
        for number, text in enumerate(("A001", "A002", "B777"))
        for frame in known.frames
    ]
    joined = b"".join(frames)
    far = {"far": known.far}
    together, apart = frame_screen("a", 3, far), frame_screen("b", 3, far)
    for one in (together, apart):
        one.act("fault", {"fault": "no_ack"}) if "no_ack" in one.known else None
    tell(together, joined)
    tell(apart, *bytewise(joined), pause=0.004)
    assert together.history == apart.history == ["A001", "A002", "B777"]
    assert together.rejected == apart.rejected == 0
    for cut in range(1, len(joined), 3):
        halved = frame_screen("c", 3, far)
        halved.act("fault", {"fault": "silent"})
        halved.act("clear", {})
        if "no_ack" in halved.known:
            halved.act("fault", {"fault": "no_ack"})
        tell(halved, joined[:cut], joined[cut:], pause=0.01)
        assert halved.history == together.history


@given(st.binary(max_size=200), st.sampled_from(sorted({*READERS, *SCREENS} - {"raw", "ascii40", "nibble"})))
def test_random_bytes_show_nothing_and_do_not_crash(noise, far):
    screen = frame_screen("far", 3, {"far": far})
    tell(screen, noise)
    assert screen.shows == 0


@given(st.binary(max_size=200), st.sampled_from(["ascii40", "nibble", "raw", "nobody knows"]))
def test_random_bytes_do_not_crash_screens_without_any_check(noise, far):
    tell(frame_screen("far", 3, {"far": far}), noise)


@given(st.binary(max_size=60))
def test_an_answer_is_found_after_noise(noise):
    frame = profile("frame_a090").frames[0]
    patterns = [frame.answer.bytes_for(1), frame.refusal.bytes_for(1)]
    index, rest = frame_template.find(noise + golden("a090-ack"), patterns)
    assert (index, rest) == (0, b"")
    buffer, found = b"", []
    for byte in bytewise(noise + golden("a090-ack")):
        index, buffer = frame_template.find(buffer + byte, patterns)
        found += [index] if index is not None else []
    assert found == [0]


WORDS = st.text(
    alphabet=st.characters(codec="gb2312", min_codepoint=0x20, exclude_characters="$#&,\x7f"),
    min_size=1,
    max_size=40,
)


@given(WORDS, st.integers(1, 255), st.sampled_from(FRAMES))
def test_every_text_arrives_as_it_was_meant(text, address, name):
    known = profile(name)
    if known.frames[-1].template.outside(text) or (name == "frame_led485" and len(text) > 16):
        return
    frames = [frame.template.encode(Message(address, (Run(text, "green"),), 9)) for frame in known.frames]
    far = frame_screen("far", address, {"far": known.far})
    tell(far, *frames, pause=0.02)
    assert far.text == text
    assert far.rejected == 0


# --- the engine
def test_checksums():
    check = b"123456789"
    assert checksums.crc16_modbus(check) == 0x4B37
    assert checksums.crc16_ccitt(check) == 0x31C3
    assert checksums.crc16_arc(check) == 0xBB3D
    assert checksums.xor8(check) == 0x31


@pytest.mark.parametrize(
    ("field", "hex_"),
    [
        ({"checksum": "sum"}, "dd"),
        ({"checksum": "sum", "modulo": 100}, "4d"),
        ({"checksum": "xor"}, "31"),
        ({"checksum": "crc16_arc"}, "bb3d"),
        ({"checksum": "crc16_arc", "order": "le"}, "3dbb"),
        ({"checksum": "crc16_modbus"}, "4b37"),
        ({"checksum": "crc16_ccitt"}, "31c3"),
        ({"checksum": "sum16_hex"}, b"01DD".hex()),
    ],
)
def test_every_checksum_a_description_may_ask_for(field, hex_):
    fields = [{"text": "plain"}, {**field, "span": ["text", "text"]}]
    template, mistakes = frame_template.read_template(fields, "f", {}, {})
    assert mistakes == []
    assert template.encode(Message(1, (Run("123456789"),)))[9:].hex() == hex_


@pytest.mark.parametrize(
    ("form", "address", "hex_"),
    [
        ("u8", 170, "aa"),
        ("u16le", 0x1234, "3412"),
        ("u16be", 0x1234, "1234"),
        ("hex2", 26, b"1A".hex()),
        ("dec3", 7, b"007".hex()),
        ("low6_high2", 170, "aac2"),
    ],
)
def test_every_address_a_description_may_ask_for(form, address, hex_):
    template, _ = frame_template.read_template([{"addr": form}, {"text": "plain"}], "f", {}, {})
    assert template.encode(Message(address)).hex() == hex_
    for wrong in (-1, 70000):
        with pytest.raises(EncodeError):
            template.encode(Message(wrong))


def test_lengths_count_before_escaping_and_the_frame_itself_is_not_escaped():
    escape, wrong = frame_template.read_escape({"7e": "7d 5e", "7d": "7d 5d"}, "escape")
    fields = [
        {"const": "7e"},
        {"len": "u8", "span": ["text", "checksum"], "offset": 1},
        {"text": "plain"},
        {"checksum": "xor", "span": ["len", "text"]},
        {"end": "7e"},
    ]
    template, mistakes = frame_template.read_template(fields, "f", {}, escape)
    assert wrong == mistakes == []
    assert template.encode(Message(1, (Run("a~}"),))).hex(" ") == "7e 05 61 7d 5e 7d 5d 67 7e"


def test_text_in_utf_16_and_its_limit():
    template, _ = frame_template.read_template(
        [{"text": "plain", "encoding": "utf-16be", "most": 4}], "f", {}, {}
    )
    assert template.encode(Message(1, (Run("请A"),))).hex() == "8bf70041"
    assert template.outside("请𬭎") == "𬭎"
    with pytest.raises(EncodeError):
        template.encode(Message(1, (Run("请AB"),)))


def test_all_mistakes_of_a_description_at_once(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text(
        """
driver = "led_frame"
source = "me"
confidence = "B"
ack = "required"
tries = 0
[colours]
blue = 1
red = 999
[words]
shout = "x"
call = "{name}"
pause = "{"
[text_colours]
call = "pink"
[escape]
"zz" = "01 02"
"a5" = "a6 02"
[[show]]
fields = [
    { const = "xx" },
    { const = "01", addr = "u8" },
    { addr = "u9" },
    { len = "u8", span = ["text", "nobody"], offset = "x" },
    { text = "loud", encoding = "latin", most = 0 },
    { text = "plain", colour = 1 },
    { checksum = "md5", span = "x", modulo = 1, order = "up" },
    7,
]
answer = [{ any = 3 }]
refusals = []
[query]
fields = []
[[device]]
""",
        "utf-8",
    )
    (tmp_path / "devices.toml").write_text("")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "devices.toml")
    said = "\n".join(caught.value.errors)
    assert "mine.toml: device:" in said  # an unknown key stops here: the rest is read when it is gone
    text = (tmp_path / "profiles" / "mine.toml").read_text("utf-8")
    (tmp_path / "profiles" / "mine.toml").write_text(text.replace("[[device]]", ""), "utf-8")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "devices.toml")
    said = "\n".join(caught.value.errors)
    for part in (
        "tries:",
        "colours.blue:",
        "colours.red:",
        "words.shout:",
        "words.call:",
        "words.pause:",
        "text_colours.call:",
        "escape.zz:",
        "escape.a5:",
        "show[0].fields[0].const:",
        "show[0].fields[1]:",
        "show[0].fields[2].addr:",
        "show[0].fields[3].offset:",
        "show[0].fields[4].text:",
        "show[0].fields[4].encoding:",
        "show[0].fields[4].most:",
        "show[0].fields[5]:",
        "show[0].fields[6].checksum:",
        "show[0].fields[6].span:",
        "show[0].fields[6].modulo:",
        "show[0].fields[6].order:",
        "show[0].fields[7]:",
        "show[0].answer:",
        "show[0].refusals:",
        "query.fields:",
        "query.answer:",
    ):
        assert part in said, part
    assert all("mine.toml" in line and " / " in line for line in caught.value.errors)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ([{"text": "plain"}, {"len": "u8", "span": ["text", "nobody"]}], "f[1].span"),
        ([{"text": "plain"}, {"addr": "u8"}, {"len": "u8", "span": ["addr", "text"]}], "f[2].span"),
        ([{"text": "plain"}, {"checksum": "xor", "span": ["text", "checksum"]}], "f[1].span"),
        ([{"addr": "u8"}, {"addr": "u8"}], "f"),
        ([{"text": "colour_after"}], "colours"),
        ([{"text": "nibbles", "encoding": "gbk"}], "f[0].encoding"),
        ([{"any": 3}], "f[0]"),
        ([{"const": "01", "name": ""}], "f[0].name"),
        ([{"const": "01", "span": []}], "f[0].span"),
        ([{"const": ""}], "f[0].const"),
        ([{"addr": 1}], "f[0].addr"),
        ("x", "f"),
    ],
)
def test_one_mistake_names_its_key(fields, key):
    template, mistakes = frame_template.read_template(fields, "f", {}, {})
    assert template is None
    assert [mistake[0] for mistake in mistakes] == [key]


def test_low_confidence_is_marked_and_shown(tmp_path, capsys):
    from drivers.__main__ import main

    levels = {name: profile(name).confidence for name in FRAMES}
    assert {name for name, level in levels.items() if level == "C"} == {
        "frame_yinda",
        "frame_yongtai",
        "frame_kuiwen",
        "frame_ascii40",
    }
    (tmp_path / "devices.toml").write_text("".join(declared(name, 3, f"virtual://{name}") for name in FRAMES))
    (tmp_path / "profiles").symlink_to(CONFIG / "profiles")
    assert main(["--check", "--devices", str(tmp_path / "devices.toml")]) == 0
    shown = {line.split()[0]: "low confidence" in line for line in capsys.readouterr().out.splitlines()}
    assert shown == {f"s-{name}": level == "C" for name, level in levels.items()}
    for name in FRAMES:
        title = tomllib.loads((CONFIG / "profiles" / f"{name}.toml").read_text("utf-8"))["title"]
        assert ("low confidence" in title) == (levels[name] == "C")


def test_an_address_that_the_frame_cannot_carry_is_a_mistake(tmp_path):
    (tmp_path / "profiles").symlink_to(CONFIG / "profiles")
    for model, address, good in (
        ("frame_a090", 256, False),
        ("frame_led485", 999, True),
        ("frame_kuiwen", 65535, True),
    ):
        (tmp_path / "devices.toml").write_text(declared(model, address))
        if good:
            assert load(tmp_path / "devices.toml").devices[0].address == address
        else:
            with pytest.raises(SpecError, match="255"):
                load(tmp_path / "devices.toml")


# --- the driver
@pytest.fixture
def screen(plug):
    def make(name, address=1, **changes):
        known = profile(name, **changes)
        line, far = plug(f"virtual://led_frame/{name}?address=1,2&far={known.far}")
        return FrameScreen("s", line, address, known), far

    return make


@pytest.mark.parametrize(
    ("name", "state", "text"),
    [
        ("frame_a090", "confirmed", TEXT),
        ("frame_ruize", "sent", TEXT),
        ("frame_led485", "sent", "A001"),
        ("frame_yinda", "sent", TEXT),
        ("frame_yongtai", "sent", TEXT),
        ("frame_kuiwen", "sent", TEXT),
        ("frame_ascii40", "sent", TEXT),
    ],
)
def test_every_described_card_shows_a_call(screen, seen, clock, name, state, text):
    one, (far, other) = screen(name)
    began = clock.now()
    assert one.perform(CALL) == Outcome(state)
    assert clock.now() - began < 0.6
    assert (seen(far), seen(other), far.rejected) == (text, "", 0)


def test_the_number_stands_out_in_its_own_colour(screen, bench):
    for name in ("frame_a090", "frame_ruize"):
        one, (far, _) = screen(name)
        one.perform(CALL)
        bench.look()
        assert far.runs == [("请", "green"), ("A001", "red"), ("号到3号窗口", "green")]
        one.perform(ShowText("2", "W03", "暂停服务", "pause"))
        bench.look()
        assert far.runs == [("暂停服务", "yellow")]


def test_nothing_to_say_clears_where_the_card_can(screen, seen):
    one, (far, _) = screen("frame_ruize")
    one.perform(CALL)
    one.perform(ShowText("2", "W03", "", "closed"))
    assert seen(far) == ""
    assert far.history[-1] == ""


def test_characters_outside_the_font_are_reported(screen, seen):
    one, (far, _) = screen("frame_ruize")
    assert one.perform(ShowText("1", "W03", "请王喆\x1a\x83号")) == Outcome("sent", "glyphs_replaced")
    assert seen(far) == "请王〓号"
    one, (far, _) = screen("frame_led485")
    assert one.perform(ShowText("1", "W03", "x", "call", 10.0, "甲#1$", "3")).reason == "glyphs_replaced"
    assert seen(far) == "_1"


def test_a_frame_is_sent_as_often_as_the_description_says(screen, seen):
    one, (far, _) = screen("frame_kuiwen")
    one.perform(CALL)
    seen(far)
    assert far.history == [TEXT] * 3


def test_the_sequence_counts_frames(screen, bench):
    one, (far, _) = screen("frame_yinda")
    for _ in range(300):
        one.perform(CALL)
    bench.look()
    assert len(far.history) == 51
    assert far.rejected == 0


@pytest.mark.parametrize(
    "fault", ["no_ack", "silent", "half_frame", "late_ack", "len_mismatch", "baud_mismatch"]
)
def test_a_two_colour_screen_that_does_not_confirm(screen, bench, clock, fault):
    one, (far, _) = screen("frame_a090")
    bench.act(far.name, "fault", {"fault": fault})
    began = clock.now()
    with pytest.raises(DeviceSilent):
        one.perform(CALL)
    assert clock.now() - began < 0.5
    bench.act(far.name, "clear", {})
    clock.sleep(0.5)
    assert one.perform(CALL).state == "confirmed"
    one = FrameScreen("s", one._line, 1, profile("frame_a090", ack="optional"))
    bench.act(far.name, "fault", {"fault": fault})
    assert one.perform(CALL).state == "sent"


def test_a_two_colour_screen_that_says_it_failed(screen, bench):
    one, (far, _) = screen("frame_a090")
    bench.act(far.name, "fault", {"fault": "says_failed"})
    with pytest.raises(DeviceBusy):
        one.perform(CALL)
    assert far.text == ""
    bench.act(far.name, "clear", {"fault": "says_failed"})
    bench.act(far.name, "fault", {"fault": "noise_before"})
    assert one.perform(CALL).state == "confirmed"


def test_a_nibble_screen_says_that_it_is_there(screen, bench, clock):
    one, (far, _) = screen("frame_ruize")
    began = clock.now()
    assert one.check().state == "ok"
    assert clock.now() - began < 0.02
    for fault in ("no_ack", "silent"):
        bench.act(far.name, "fault", {"fault": fault})
        with pytest.raises(DeviceSilent):
            one.check()
        bench.act(far.name, "clear", {})
    assert one.check().state == "ok"


def test_a_nibble_screen_that_talks_over_the_host_spoils_the_query(screen, bench):
    one, (far, _) = screen("frame_ruize")
    bench.act(far.name, "fault", {"fault": "talks_over"})
    frames = far.frames
    try:
        said = one.check().state
    except DeviceSilent:
        said = "silent"
    assert said == "silent"
    assert far.frames == frames  # its own query was spoilt too


def test_an_odd_half_byte_leaves_the_old_text(screen, bench, seen):
    one, (far, _) = screen("frame_ruize")
    one.perform(ShowText("1", "W03", "暂停服务", "pause"))
    assert seen(far) == "暂停服务"
    bench.act(far.name, "fault", {"fault": "odd_nibble"})
    one.perform(CALL)
    assert (seen(far), far.rejected) == ("暂停服务", 1)


def test_a_gbk_trail_below_80h_breaks_the_pairs():
    """Why only GB2312 goes out: 喆 is 86 b4, 丂 is 81 40, whose second byte would go out as ASCII."""
    frame = b"\x83\xc0\x44\x08\x01\x40\x0c\x07\x0e\x0b\x1a"
    strict, sloppy = far_of("frame_ruize", 3), far_of("frame_ruize", 3)
    tell(strict, frame)
    assert (strict.text, strict.rejected) == ("", 1)
    sloppy.act("fault", {"fault": "gbk_trail"})
    tell(sloppy, frame)
    assert sloppy.text not in ("", "丂请")


def test_a_card_nobody_knows_shows_its_bytes(screen, seen):
    one, (far, _) = screen("frame_ascii40", far="raw")
    one.perform(CALL)
    assert seen(far).startswith("40 01 c7 eb 41 30 30 31")
    one.perform(ShowText("2", "W03", "x", "pause"))
    assert seen(far) == "40 01 78 0d"


def test_what_does_not_fit_fails(screen):
    one, _ = screen("frame_led485")
    with pytest.raises(EncodeError):
        one.perform(ShowText("1", "W03", "x", "call", 10.0, "A" * 17, "1"))
    assert one.check().state == "unknown"


def test_the_example_of_the_guide_is_sound(tmp_path):
    guide = (CONFIG.parent / "drivers" / "README.md").read_text("utf-8")
    example = guide.split("```toml\n")[1].split("```")[0]
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "frame_mine.toml").write_text(example, "utf-8")
    (tmp_path / "devices.toml").write_text(declared("frame_mine", 5), "utf-8")
    (spec,) = load(tmp_path / "devices.toml").devices
    (frame,) = spec.profile.frames
    made = frame.template.encode(Message(5, (Run("请A1"),)))
    assert made.hex(" ") == "02 05 07 c7 eb 41 31 30 03"
    assert frame.answer.bytes_for(5) == (6, 5)


def test_every_fault_on_the_bench_page_has_a_name_and_an_explanation():
    offered = {
        fault for model in ("pingan_lihe", "alpha") for fault in PEERS[model]("far", 3, {}).look()["offers"]
    } | {
        fault
        for far in (*SCREENS, *READERS)
        for fault in frame_screen("far", 3, {"far": far}).look()["offers"]
    }
    assert {"odd_nibble", "ignores_50", "says_failed", "baud_mismatch"} <= offered
    for lang in ("zh", "en"):
        words = tomllib.loads((CONFIG / "text" / f"{lang}.toml").read_text("utf-8"))["bench"]
        for fault in offered | FAULTS:
            assert words["fault"].get(fault), (lang, fault)
            assert words["fault_help"].get(fault), (lang, fault)
