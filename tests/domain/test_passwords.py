from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.passwords import check_password
from server.domain.refusals import PasswordWeak

HALL = ["青禾县政务服务中心", "青禾县", "990123", "12345", "Qinghe", "County", "ZW001", "陈静"]

# from the top of public lists of leaked passwords, of at least 8 characters, and what a hall would think of
LEAKED = """
12345678 123456789 1234567890 987654321 88888888 11111111 00000000 12341234 12121212 11223344
112233445566 147258369 123123123 123456789a 123456789q a123456789 aa123456789 123qwe456 123abc456
abc123456 abcd1234 a1b2c3d4 1a2b3c4d qq123456 password password1 password123 Password1! P@ssw0rd
passw0rd passwordpassword 1password qwerty123 qwertyui qwertyuiop 1q2w3e4r 1q2w3e4r5t q1w2e3r4
1qaz2wsx 1qazxsw2 zaq12wsx qazwsxedc qazwsx123 asdfghjkl asdf1234 asdasd123 zxcvbnm123 qweasdzxc
qwer1234 1234qwer iloveyou iloveyou1 loveme123 sunshine princess football baseball superman
batman123 trustno1 letmein1 welcome1 Welcome123 admin123 admin888 Admin@123 administrator changeme
whatever starwars computer internet michael1 jennifer helloworld hello123 dragon123 monkey123
master123 shadow123 woaini1314 woaini520 woaiwojia nihao123 5201314520 5201314a zhongguo beijing2008
wang1234 zhang123 19900101 20000101 13812345678 qq123456789 zhengwu123 wucha2026 Wucha@2026
dating123 qinghe123 青禾县政务服务中心 ZW001ZW001 zw001123 12345hotline aaaa1111 1111aaaa
""".split()  # noqa: SIM905


@pytest.mark.parametrize("password", LEAKED)
def test_passwords_that_everybody_tries_first_are_refused(password: str):
    with pytest.raises(PasswordWeak):
        check_password(password, HALL)


@pytest.mark.parametrize(
    "password",
    [
        "tall green mountain 7",
        "kX9-fruH-2pLq",
        "窗外有三棵玉兰树",
        "Lian7hua!meng",
        "春眠不觉晓处处闻啼鸟",
        "purple-teapot-runs",
    ],
)
def test_long_enough_and_not_guessable_is_all_that_counts(password: str):
    check_password(password, HALL)


@pytest.mark.parametrize(("password", "reason"), [("kX9-fru", "short"), ("x" * 129, "long")])
def test_length_has_two_ends(password: str, reason: str):
    with pytest.raises(PasswordWeak) as no:
        check_password(password, HALL)
    assert no.value.facts["reason"] == reason


@given(st.text(max_size=140))
def test_any_text_gets_a_yes_or_a_refusal(text: str):
    reason = "none"
    try:
        check_password(text, HALL)
    except PasswordWeak as no:
        reason = no.facts["reason"]
    assert reason in {"none", "short", "long", "pattern", "common", "own"}
