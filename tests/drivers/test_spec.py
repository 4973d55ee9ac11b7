"""config/devices.toml is read strictly, and every mistake is said at once."""

from __future__ import annotations

import pytest

from drivers.__main__ import main
from drivers.errors import SpecError
from drivers.spec import CONFIG, MODELS, load


def test_the_demo_hall_is_sound():
    hall = load(CONFIG / "devices.toml")
    kinds = [spec.kind for spec in hall.devices]
    assert (kinds.count("printer"), kinds.count("strip"), kinds.count("keypad")) == (2, 14, 14)
    assert {spec.window for spec in hall.devices if spec.window} == {f"W{n:02}" for n in range(1, 15)}
    assert all(spec.virtual for spec in hall.devices)


@pytest.fixture
def read(tmp_path):
    def make(text):
        path = tmp_path / "devices.toml"
        path.write_text(text, "utf-8")
        return load(path, CONFIG / "profiles")

    return make


def test_all_mistakes_at_once(read):
    with pytest.raises(SpecError) as caught:
        read("""
[hall]
[host]
nme = "x"
[line.a]
url = "somewhere"
[line.b]
url = "/dev/ttyUSB0"
speed = 9600
[line.c]
url = "/dev/ttyUSB1"
[[device]]
name = "s1"
model = "strip_128x16"
line = "a"
address = 0
window = "W01"
[[device]]
name = "s2"
model = "nothing"
line = "nowhere"
[[device]]
name = "s3"
colour = "red"
model = 7
[[device]]
name = "p1"
model = "slip_80mm"
line = "c"
kiosk = "K1"
[[device]]
name = "p1"
model = "slip_80mm"
line = "c"
kiosk = "K2"
[[device]]
name = "s4"
model = "strip_128x16"
line = "/dev/ttyUSB7"
address = 3
window = "W01"
[[device]]
name = "s5"
model = "strip_128x16"
line = "/dev/ttyUSB7"
address = 3
window = "W02"
[[device]]
name = "k5"
model = "keypad"
line = "/dev/ttyUSB7"
address = 4
window = "W02"
""")
    text = "\n".join(caught.value.errors)
    for part in (
        "hall",
        "host",
        "line.a.url",
        "line.b.speed",
        "'s1'.address",
        "'s2'.model",
        "'s2'.line",
        "'s3'.colour",
        "'s3'.model",
        "'s3'.line",
        "'p1'.name",
        "'p1'.line",
        "'s5'.address",
        "'k5'.line",
    ):
        assert part in text, part
    assert all("devices.toml" in line and " / " in line for line in caught.value.errors)


def test_line_settings_come_from_line_model_or_default(read):
    hall = read("""
[line.a]
url = "socket://10.0.0.8:9100"
baud = 38400
echo = true
[[device]]
name = "p1"
model = "slip_80mm"
line = "a"
kiosk = "K1"
[[device]]
name = "p2"
model = "slip_58mm"
line = "/dev/serial/by-id/usb-x"
kiosk = "K2"
""")
    first, second = hall.devices
    assert (first.line.settings.baud, first.line.settings.echo, first.virtual) == (38400, True, False)
    assert (second.line.settings.baud, second.profile.dots) == (115200, 384)


@pytest.mark.parametrize(
    ("profile", "key"),
    [
        ('driver = "x"', "driver"),
        ('driver = "escpos"\ndotz = 4', "dotz"),
        ('driver = "escpos"\nbaud = 1', "baud"),
        ('driver = "escpos"\nqr = "maybe"', "qr"),
        ('driver = "escpos"\ndots = true', "dots"),
        ("driver = ", "TOML"),
    ],
)
def test_a_wrong_profile_names_file_and_key(tmp_path, profile, key):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text(profile)
    (tmp_path / "devices.toml").write_text("")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "devices.toml")
    assert "mine.toml" in caught.value.errors[0]
    assert key in caught.value.errors[0]


def test_the_program_says_all_mistakes_and_ends_with_2(tmp_path, capsys):
    path = tmp_path / "devices.toml"
    path.write_text("[x]\n[y]\n")
    assert main(["--devices", str(path)]) == 2
    said = capsys.readouterr().err
    assert "2 处错误" in said
    assert "2 mistakes" in said
    assert main(["--devices", str(tmp_path / "none.toml"), "--check"]) == 2
    assert main(["--check"]) == 0
    assert "printer-K1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["line = 3", "device = 3", "device = [3]", "[line]\na = 3", "host = 3", "\x00", "[[line]]"]
)
def test_wrong_shapes_are_mistakes_too(read, text):
    with pytest.raises(SpecError):
        read(text)


def test_the_readme_names_every_driver_and_its_examples_load(tmp_path):
    """Protocol, line, confidence, source and gaps of each; what is written there to be copied is sound."""
    readme = (CONFIG.parent / "README.md").read_text("utf-8")
    rows = [
        [c.strip() for c in line.split("|")[1:-1]] for line in readme.splitlines() if line.startswith("| `")
    ]
    table = {name.strip(" `"): row for row in rows if len(row) == 7 for name in row[0].split(",")}
    assert set(MODELS) | {"voice"} == set(table)
    assert all(all(row) for row in table.values())
    (tmp_path / "profiles").symlink_to(CONFIG / "profiles")
    where = 'model = "{}"\nline = "{}"\naddress = 1\n'
    text = readme.split("```toml\n")[1].split("```")[0]
    text += '[[device]]\nname = "p"\nkiosk = "K1"\n' + where.format("slip_80mm", "slips-k1")
    text += '[[device]]\nname = "s"\nwindow = "W01"\n' + where.format("strip_128x16", "strips-a")
    comment = [
        line[4:] for line in (CONFIG / "devices.toml").read_text("utf-8").splitlines() if line[:4] == "#   "
    ]
    start = next(at for at, line in enumerate(comment) if line.startswith("[[device]]"))
    block = comment[start : start + 6]
    text += "\n".join([line[:48] for line in block] + [line[48:] for line in block])
    path = tmp_path / "devices.toml"
    path.write_text(text, "utf-8")
    assert [spec.name for spec in load(path).devices] == ["p", "s", "digits-W01", "box-W01"]
