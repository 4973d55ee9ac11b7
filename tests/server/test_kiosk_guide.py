"""What the kiosk gives besides a number: everyday words, life events, the guide's page, spoken prompts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from string import digits
from typing import Any

import pytest
from markupsafe import Markup
from sqlalchemy import select

from drivers.voice import wave_file
from drivers.voice.bank import all_clips, own_clips
from drivers.wording import load_wording
from server.actions.day import open_day
from server.api.guide import guide_facts
from server.api.told import teller
from server.app import App
from server.domain.actors import SYSTEM
from server.store import tables as t
from server.text import Texts
from server.voice import prompt, sound_of
from tests.conftest import ROOT
from tests.server.callers import device, nobody, staff


def test_services_are_found_by_everyday_words_and_life_events(app: App):
    body = nobody(app).ask("GET", "/api/services").get_json()
    licence = next(s for s in body["services"] if s["id"] == "S408")
    assert {"word": "驾照", "pinyin": "jiazhao", "initials": "jz"} in licence["also"]
    birth = next(e for e in body["events"] if e["id"] == "P03")
    assert birth["services"] == [
        "S404",
        "S106",
    ]  # the hall's own steps, in order; not those of outside bodies


def test_the_guide_of_a_service_is_a_public_page(app: App):
    page = nobody(app).ask("GET", "/guide/S401")
    assert page.status_code == 200
    for words in ("居民身份证换领", "要带的材料", "青禾县惠民路1号", "12345"):
        assert words in page.text
    english = nobody(app).ask("GET", "/guide/S401?lang=en").text
    assert "Resident ID card renewal" in english
    assert "Public Security Bureau" in english
    assert nobody(app).ask("GET", "/guide/S999").status_code == 404


CHINESE = re.compile("[\u3007\u3400-\u9fff]")
IN_CHINESE = re.compile(r'<(\w+)[^>]* lang="(?:zh|ja)[^>]*>.*?</\1>', re.DOTALL)  # says so


def test_an_english_reader_of_the_demo_hall_meets_no_chinese(app: App):
    """Every citizen's page, and the guide of every service with its papers, fee, result and address."""
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)
    visitor, services = nobody(app), app.house.hall.catalogue.services
    taken = device(app, "kiosk").ask(
        "POST", "/api/tickets", {"request_id": "take-en-1", "service": "S001", "lang": "en"}
    )
    pages = ["/take", "/take?service=S401", "/take/poster", "/book", "/book?service=S001", "/nearby", "/here"]
    pages += ["/figures", "/b/nothing", f"/t/{taken.json['ticket']['link']}"]
    pages += [f"/guide/{service}" for service in services]
    for path in pages:
        page = visitor.ask("GET", f"{path}{'&' if '?' in path else '?'}lang=en").text
        words = re.sub("<[^>]*>", "\n", IN_CHINESE.sub("", page[page.index("<body") :]))
        assert not [line for line in words.splitlines() if CHINESE.search(line)], path
        title = page[page.index("<title>") : page.index("</title>")]
        assert not CHINESE.search(title.removesuffix(title.partition("·")[2])), path


def test_a_new_theme_is_told_in_english_as_the_manager_wrote_it(app: App):
    """Drafted, compared and published like any field of a service; one service says it for its theme."""
    manager, visitor = staff(app, "manager"), nobody(app)

    def theme(name: str) -> dict[str, object]:
        found = visitor.ask("GET", "/api/services").get_json()["themes"]
        return next((one for one in found if one["name"] == name), {})

    def ask(path: str, n: int, **body: object) -> Any:
        body["request_id"] = f"theme-{n:04}"
        return manager.ask("POST", f"/api/config/services{path}", body).get_json()

    items: dict[str, dict[str, object]] = {"S001": {"theme": "婚姻登记"}, "S101": {"theme": "婚姻登记"}}
    rev: Any = 0
    for n, english in enumerate(("", "Marriage")):
        items["S101"]["theme_en"] = english
        rev = ask("/draft", 3 * n, items=items, base=n, rev=rev)["rev"]
        told = [c["field"] for c in ask("/compare", 3 * n + 1)["changes"]]
        assert told == (["theme_en"] if english else ["theme", "theme"])
        assert ask("", 3 * n + 2, base=n, rev=rev)["version"] == n + 1
        rev += 1
        assert theme("婚姻登记") == {"id": "婚姻登记", "name": "婚姻登记", "name_en": english, "count": 2}
        for page in ("/book", "/take"):
            shown = english or '<span lang="zh-CN">婚姻登记</span>'
            assert f"<summary>{shown}<small>2</small>" in visitor.ask("GET", f"{page}?lang=en").text
            assert "<summary>婚姻登记<small>2</small>" in visitor.ask("GET", f"{page}?lang=zh").text
    assert theme("户籍证件")["name_en"] == "", "the text files know it"
    assert "ID and household" in visitor.ask("GET", "/take?lang=en").text


def test_a_hall_that_gave_no_english_is_told_in_chinese_and_said_so(app: App):
    hall = app.house.hall
    item = hall.catalogue.services["S403"]
    paper = replace(item.materials[0], name_en="", shared=False)
    bare = replace(item, materials=(paper,), result_en="", fee_basis_en="", fee_yuan=20)

    def say(key: str, **words: object) -> str:
        return app.house.texts.say(key, "en", **words)

    told = guide_facts(hall, bare, say, teller("en", True), ", ")
    assert Markup.escape(told["bring"][0]["name"]) == f'<span lang="zh-CN">{paper.name}</span>'
    marked = {title: [Markup.escape(words) for words in parts] for title, parts in told["lines"]}
    assert marked["You receive"] == [f'<span lang="zh-CN">{item.result}</span>']
    assert all("<span" not in words for words in marked["Address"])
    russian = guide_facts(hall, item, say, teller("ru", True), ", ")
    assert '<span lang="en">' in Markup.escape(russian["department"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_slip_of_a_number_in_english_says_both(app: App, lang: str):
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)
    wish = {"request_id": f"slip-{lang}-1", "service": "S001", "further": ["S101"], "lang": lang}
    assert device(app, "kiosk").ask("POST", "/api/tickets", wish).status_code == 201
    with app.house.store.read() as connection:
        (content,) = connection.execute(select(t.slip.c.facts)).scalars()
    lines = [part["text"] for part in content["parts"] if "text" in part]
    english = [line for line in lines if not CHINESE.search(line) and re.search("[a-z]{3}", line)]
    said = ("Qinghe County", "Company registration", "Also on this", "People ahead: 0", "Windows: 1, 2")
    for words in said:
        assert any(line.startswith(words) for line in english) == (lang == "en"), words
    assert lang == "en" or not english


def test_every_language_says_what_it_calls_itself(app: App):
    hall = nobody(app).ask("GET", "/api/hall").get_json()
    names = hall["language_names"]
    assert names["zh"] == "中文"
    assert names["en"] == "English"
    assert names["ko"] == "조선말"
    # A file with the pad's words alone speaks the pad; a kiosk would show Chinese in it.
    assert set(hall["pad_languages"]) == {"zh", "en", "ja", "ko", "ru"}
    assert not {"ja", "ru"} & (set(names) | set(hall["languages"]))


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", "前にお待ちの方"), ("ru", "Перед вами"), ("ko", "앞에 기다리는")]
)
def test_F21_a_number_page_speaks_more_languages_than_the_kiosk(app: App, lang: str, words: str):
    """Every word of a number's page; on pages that a language has no words for, what stands in for it."""
    texts = app.house.texts
    own = [key for key in texts.flat("zh") if key.startswith("ticket.")]
    assert not [key for key in own if texts.say(key, lang) in (texts.say(key), key)], lang
    kiosk, visitor = device(app, "kiosk"), nobody(app)
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)
    taken = kiosk.ask("POST", "/api/tickets", {"request_id": f"take-{lang}-1", "service": "S001"}).json
    link = taken["ticket"]["link"]
    page = visitor.ask("GET", f"/t/{link}?lang={lang}").text
    assert words in page
    assert f'<html lang="{lang}"' in page
    assert all(f"lang={other}" in page for other in {"zh", "en", "ja", "ko", "ru"} - {lang})
    for path in ("/book", "/take", "/nearby", "/figures"):
        key = {"/take": "remote.lead", "/figures": "figures.how"}.get(path, f"{path[1:]}.lead")
        other = visitor.ask("GET", f"{path}?lang={lang}").text
        assert f'<html lang="{lang}"' in other
        assert texts.say(key, lang) in other
        assert all(f"lang={one}&amp;keep=1" in other for one in {"zh", "en", "ja", "ko", "ru"} - {lang})


@pytest.mark.parametrize("lang", ["ja", "ko", "ru"])
def test_F21_the_pages_for_a_phone_are_whole_in_each_language(lang: str):
    """What the pages say of themselves; what only a screen of the hall says is not asked for."""
    texts = Texts(ROOT / "config" / "text")
    pages = ("book.", "remote.", "nearby.", "wait.", "theme.", "figures.", "message.")
    screens = {"nearby.kiosk", "remote.poster_link", "remote.screen", "remote.screen_lead"}
    screens |= {"wait.short_unknown", "wait.title"}
    own = texts._words[lang]
    wanted = {key for key in texts.flat("en") if key.startswith(pages)} - screens
    wanted -= {key for key in wanted if key.startswith("book.month.") and lang == "ko"}
    assert not sorted(wanted - own.keys())
    assert texts.say("refused.remote-full", lang, name="登记", name_en="Registration").count(
        "登记" if lang == "ko" else "Registration"
    )


def test_F21_the_glass_is_whole_in_each_language_it_offers(app: App):
    """A kiosk in a language says every sentence in it, its refusals as well: none in Chinese between them."""
    texts = app.house.texts
    refused = ("service-closed", "service-by-staff", "service-unknown", "service-repeated", "queue-full")
    refused += ("queue-long", "appointment-only", "day-closed", "day-closing", "hours-closed", "lunch-closed")
    refused += ("kiosk-no-paper", "numbers-exhausted", "identity-needed", "card-expired", "person-limit")
    refused += ("booking-none", "booking-unknown", "booking-state", "check-in-early", "check-in-other-day")
    refused += ("checked-in-already", "arrived-already", "reprints-spent", "guide-off", "guide-enough")
    refused += ("paper-low", "storage-failed", "server-fault", "too-fast", "ticket-unknown")
    wanted = {key for key in texts.flat("zh") if key.startswith(("touch.", "theme."))}
    wanted |= {f"refused.{code}" for code in refused}
    offered = nobody(app).ask("GET", "/api/hall").get_json()["languages"]
    assert {"zh", "en", "ko"} <= set(offered)
    for lang in offered:
        assert not sorted(wanted - texts._words[lang].keys()), lang


def test_F21_a_language_that_a_hand_chose_stays_on_the_phone(app: App):
    visitor = app.flask.test_client()

    def tongue(path: str, spoken: str = "") -> str:
        page = visitor.get(path, headers={"Accept-Language": spoken} if spoken else {}).text
        return page[page.index('<html lang="') + 12 :].partition('"')[0]

    assert tongue("/take") == "zh-CN"
    assert tongue("/take", "ja-JP,en;q=0.5") == "ja"
    assert tongue("/take", "de-DE,en;q=0.5,zh;q=0.1") == "en"
    assert tongue("/take?lang=ru") == "ru"
    assert tongue("/take") == "zh-CN"  # an address that was passed on is no choice
    assert tongue("/nearby?lang=ru&keep=1") == "ru"
    assert tongue("/take", "en") == "ru"
    assert tongue("/book?lang=en") == "en"
    assert tongue("/book?lang=xx&keep=1") == "zh-CN"
    assert tongue("/book") == "ru"


def test_a_kiosk_speaks_its_prompts_in_each_language_that_it_offers(app: App):
    """One file per language, with the same clips; letters and digits are words of that language."""
    pytest.importorskip("espeakng_loader")
    kiosk = device(app, "kiosk")
    langs = kiosk.ask("GET", "/api/hall").json["languages"]
    assert set(langs) >= {"zh", "en", "ko"}
    clips = {lang: load_wording(f"{lang}-kiosk").clips for lang in langs}
    for lang in langs:
        assert set(digits) <= clips[lang].keys(), lang
        assert {one for one in clips[lang] if len(one) > 1} == {one for one in clips["zh"] if len(one) > 1}
    for clip in ("home", "number", "7", "E"):
        for lang in langs:
            reply = kiosk.ask("GET", f"/api/voices/kiosk/{lang}/{clip}.wav")
            own = sound_of(f"{lang}-kiosk", clip, app.house)
            assert (reply.status_code, reply.data[:4]) == (200, b"RIFF")
            assert own is not None
            assert reply.data == own.read_bytes()
    for clip in ("home", "number", "7"):
        assert len({words[clip] for words in clips.values()}) == len(langs), clip


def test_what_is_no_prompt_is_not_found(app: App):
    kiosk = device(app, "kiosk")
    for clip in (
        *("zh/nothing", "ru/guide", "zh-kiosk/guide", "zh-help/help"),
        *("..%2Ftext%2Fzh/guide", "zh%00/guide", "zh/guide%00"),
    ):
        assert kiosk.ask("GET", f"/api/voices/kiosk/{clip}.wav").status_code == 404, clip


def test_a_language_of_the_kiosk_is_one_file(app: App, tmp_path: Path):
    """No code knows which there are: with a file more it is spoken, here by the hall's own voice."""
    settings = app.house.settings
    copytree(settings.common / "voice", tmp_path / "common" / "voice")
    words = (settings.common / "voice" / "en-kiosk.toml").read_text("utf-8")
    (tmp_path / "common" / "voice" / "ru-kiosk.toml").write_text(words, "utf-8")
    for clip in all_clips(load_wording("en-kiosk")):
        wave_file.write(own_clips("ru-kiosk", settings.data) / f"{clip}.wav", 8000, wave_file.chime(8000))
    house = replace(app.house, settings=replace(settings, common=tmp_path / "common"))
    assert prompt("ru", "number", house) == own_clips("ru-kiosk", settings.data) / "number.wav"
    assert [prompt("ru", "to", house), prompt("ru", "number", app.house)] == [None, None]


def test_prompts_are_for_kiosks(app: App):
    assert nobody(app).ask("GET", "/api/voices/kiosk/zh/guide.wav").status_code == 401
    assert staff(app, "manager").ask("GET", "/api/voices/kiosk/zh/guide.wav").status_code == 403
