"""Which passwords are too weak: short, common, a pattern of keys or digits, or made of the hall's own words.

No composition rule: length and not being guessable is what counts. Common passwords are mostly a known
word with digits around it, so both are cut off and common letter swaps undone before the word is looked
up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from server.domain.refusals import PasswordWeak

LEAST, MOST = 8, 128

COMMON = frozenset(
    """
    password passwort passw pass passwd senha contrasena motdepasse parola admin administrator root user
    guest test tester demo welcome hello login letmein changeme secret default master superman batman
    spiderman pokemon dragon monkey football baseball basketball soccer hockey tennis golf iloveyou
    loveyou love lovely lover princess sunshine shadow michael jordan jennifer jessica ashley daniel
    matthew joshua andrew thomas robert charlie william george anthony killer trustno access starwars
    whatever freedom computer internet samsung google facebook linkedin microsoft windows apple android
    iphone summer winter spring autumn monday friday january december flower cheese cookie pepper ginger
    hunter ranger buster tigger harley mustang ferrari corvette porsche mercedes yamaha hannah maggie
    nicole chelsea liverpool arsenal barcelona juventus manchester america canada london orange purple
    yellow silver golden diamond crystal angel angels babygirl babyboy sweety sweetheart forever family
    friends blessed jesus christ heaven qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm
    qazwsx qazwsxedc wsxedc qweasd qweasdzxc zaqwsx zaqxswcde asdf zxcv qwer qwert abcdef abcdefg abcdefgh
    abcd abc aaa abcabc asdasd qweqwe zxczxc woaini woaiwojia aini woaiwo nihao zhongguo beijing shanghai
    guangzhou shenzhen tiantian baobao laopo laogong mima woshishui woshini xiaoxiao dongdong feifei
    wangzi gongzhu yiqiqilai caonima wozhiaini zhangwei wangwei liwei wanglei lijing zhangjing taobao
    alipay weixin wechat baidu huawei xiaomi tencent wucha zhengwu dating chuangkou zhengwudating
    zhengwufuwu fuwudating banshi banshidating jiaohao quhao paidui window service hall center centre
    government counter clerk manager supervisor queue ticket number
    world hotline my me you
    """.split()  # noqa: SIM905  a list of words is read better as words
)
ROWS: tuple[str, ...] = (
    *("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "!@#$%^&*()"),
    *("1qaz2wsx3edc4rfv5tgb6yhn", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "zaq12wsxcde34rfv"),
    *("147258369", "159357", "5201314"),
)
SWAPS = str.maketrans("013457$@!", "oleastsai")
GUESSABLE = tuple(
    re.compile(shape)
    for shape in (
        r"(.{1,5})\1+",  # a block again and again
        r"\d{1,10}",
        r"[a-z]{1,9}\d{1,4}",  # a word and a few digits
        r"[a-z]{0,3}(19|20)?\d{6}[a-z]{0,3}",  # a date
        r"[a-z]{0,2}1[3-9]\d{9}",  # a mobile number
    )
)


def normal(password: str) -> str:
    """The one spelling that is hashed (NFKC), so that two keyboards write the same password."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, own_words: Iterable[str]) -> None:
    """Raises PasswordWeak with facts.reason short, long, common, pattern or own. own_words: the hall's,
    the person's.
    """
    text = normal(password)
    if len(text) < LEAST or len(text) > MOST:
        raise PasswordWeak(reason="short" if len(text) < LEAST else "long", least=LEAST, most=MOST)
    plain = text.lower()
    if _is_pattern(plain):
        raise PasswordWeak(reason="pattern", least=LEAST, most=MOST)
    cores = {_core(plain), _core(plain.translate(SWAPS)), re.sub(r"[^a-z]", "", plain)}
    if any(_is_made_of(core, COMMON) for core in cores):
        raise PasswordWeak(reason="common", least=LEAST, most=MOST)
    own = {normal(w).lower() for w in own_words if len(w) > 1}
    if any(_left_over(plain, w) for w in own):
        raise PasswordWeak(reason="own", least=LEAST, most=MOST)


def _core(plain: str) -> str:
    """`plain` without the digits and signs around it."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)


def _is_made_of(core: str, words: frozenset[str]) -> bool:
    """One word, or the same or two words in a row."""
    return core in words or any(core[:i] in words and core[i:] in words for i in range(2, len(core) - 1))


def _left_over(plain: str, word: str) -> bool:
    """Is `plain` little more than `word`: fewer than four characters beside it, or only digits and signs?"""
    if word not in plain:
        return False
    rest = plain.replace(word, "")
    return len(rest) < 4 or re.fullmatch(r"[\W\d_]+", rest) is not None


def _is_pattern(plain: str) -> bool:
    """Few different characters, one of GUESSABLE, walks over the keys, also with each key twice."""
    if len(set(plain)) <= 3 or any(shape.fullmatch(plain) for shape in GUESSABLE):
        return True
    single = re.sub(r"(.)\1", r"\1", plain)
    return any(_walked(text) >= len(text) - 2 for text in (plain, single))


def _walked(plain: str) -> int:
    """How many characters belong to runs of at least three neighbours on a row, forward or backward."""
    tracks = [*ROWS, *(row[::-1] for row in ROWS)]
    total = at = 0
    while at < len(plain):
        long = next(
            (n for n in range(len(plain) - at, 2, -1) if any(plain[at : at + n] in t for t in tracks)), 0
        )
        total, at = total + long, at + max(long, 1)
    return total
