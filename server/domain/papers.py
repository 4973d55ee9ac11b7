"""The papers a hall prints on slips, and what a template of each may name.

Codes as in a public approval system (DOMAIN 5): SUP one-time notice, REC receipt of papers, ACP acceptance,
NAC not our business, NGA not accepted, SPE special procedure, CHG payment, SAL granted, NSA refused, STL
finished, RCH delivery, SEN hand-over to a department, TRA hand-over of results, EMS postal address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TICKET: Final = "ticket"
NOTICE: Final = "notice"
GUIDE: Final = "guide"
_HALL = ("hall", "slogan", "hotline", "supervision", "date", "department")
_TICKET = (
    *("number", "hall", "slogan", "service", "service_en", "queue", "ahead", "windows", "taken_at"),
    *("url", "copy", "reprint", "hotline", "supervision", "appointment"),
    *("wait", "wait_soon", "wait_unknown", "further", "items"),
    *("offline", "counted"),  # given without the server; how many are ahead is known
    # the same for a number in English, empty on every other: a slip says both
    *("hall_en", "reprint_en", "appointment_en", "further_en", "items_en", "counted_en", "wait_en"),
    *("wait_soon_en", "wait_unknown_en", "windows_en", "offline_en"),
)
_BOTH = (*_HALL, "hall_en", "department_en")
_NOTICE = (
    *(*_BOTH, "number", "service", "service_en", "note", "url", "copy", "reprint"),
    *("windows", "windows_en", "days"),
)
_GUIDE = (*_BOTH, "service", "service_en", "url", "bring", "fetched", "scan")
_HANDED = (*_HALL, "from_window", "to", "clerk", "count")
_CASE = (*_HALL, "case_no", "service", "applicant", "note", "url", "clerk", "due")


@dataclass(frozen=True)
class PaperKind:
    """facts: what a line may name as {name}. lists: facts that are rows, for lines with `each`: list -> the
    names in one row."""

    code: str
    facts: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]


_MATERIALS = {"materials": ("n", "name", "name_en", "form", "need", "why")}
PAPERS: Final[dict[str, PaperKind]] = {
    TICKET: PaperKind("", _TICKET, {}),
    NOTICE: PaperKind("SUP", _NOTICE, _MATERIALS),
    GUIDE: PaperKind("", _GUIDE, {**_MATERIALS, "lines": ("title", "words")}),
    "receipt": PaperKind("REC", _CASE, _MATERIALS),
    "acceptance": PaperKind("ACP", _CASE, {}),
    "not_ours": PaperKind("NAC", (*_CASE, "right_body"), {}),
    "not_accepted": PaperKind("NGA", _CASE, {}),
    "special": PaperKind("SPE", (*_CASE, "procedure"), {}),
    "extension": PaperKind("", (*_CASE, "new_due"), {}),
    "payment": PaperKind("CHG", (*_CASE, "amount", "basis"), {}),
    "granted": PaperKind("SAL", (*_CASE, "result"), {}),
    "denied": PaperKind("NSA", _CASE, {}),
    "finished": PaperKind("STL", (*_CASE, "result"), {}),
    "delivery": PaperKind("RCH", (*_CASE, "result", "pick_up_code"), {}),
    "handover": PaperKind("SEN", _HANDED, {"cases": ("n", "case_no", "service")}),
    "results": PaperKind("TRA", _HANDED, {"cases": ("n", "case_no", "result")}),
    "postal": PaperKind("EMS", (*_CASE, "recipient", "phone", "address"), {}),
}  # fmt: skip
SAMPLE: Final[dict[str, object]] = {  # made-up values, for previews and for trying a template out
    "number": "A012",
    "queue": "综合业务",
    "ahead": 7,
    "counted": True,
    "windows": "1、2、3",
    "taken_at": "2026-03-02 09:12",
    "url": "https://hall.example/t/4Fq8Zr1Xw0",
    "copy": 1,
    "appointment": "09:30",
    "wait": "12～20",
    "days": 5,
    "note": "复印件请加盖公章。",
    "case_no": "9901230302-0017",
    "applicant": "王**",
    "clerk": "005 号",
    "due": "2026-03-12",
    "right_body": "县自然资源局 2 楼 201",
    "procedure": "现场勘验",
    "new_due": "2026-03-26",
    "amount": "80",
    "basis": "价费〔2020〕12 号",
    "result": "准予登记通知书",
    "pick_up_code": "4471",
    "from_window": "3",
    "to": "县市场监管局",
    "count": 2,
    "recipient": "王**",
    "phone": "138****1234",
    "address": "青禾县惠民路**号",
    "date": "2026-03-02",
    "department": "县市场监管局",
    "bring": "需要带的材料",
    "fetched": "不用带：营业执照（系统调取）",
    "scan": "扫码看办事指南",
    "lines": [
        {"title": "收费", "words": "不收费"},
        {"title": "办结时限", "words": "5 个工作日"},
        {"title": "办理窗口", "words": "1、2、3 号"},
    ],
    "materials": [
        {"n": 1, "name": "申请表", "name_en": "", "form": "原件 1 份", "need": "必交", "why": "缺签字"},
        {"n": 2, "name": "住所使用证明", "name_en": "", "form": "复印件", "need": "可容缺", "why": "未带"},
    ],
    "cases": [
        {"n": 1, "case_no": "9901230302-0017", "service": "公司设立登记", "result": "营业执照"},
        {"n": 2, "case_no": "9901230302-0021", "service": "食品经营许可", "result": "许可证"},
    ],
}
