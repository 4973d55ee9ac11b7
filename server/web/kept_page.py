"""The kiosk's page whole, as the device host beside the kiosk keeps it for the time this server is away
(drivers/offline/kept.py): the shell, what Vite built for it, the hall's look, its words, facts and services,
and what large type says.
"""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from apiflask import APIBlueprint
from flask import Response, make_response, request

from server.api.access import needs
from server.api.brand import worn_logo
from server.api.hall import KIOSK_WORDS, get_hall, get_services
from server.domain.brand import style_sheet
from server.domain.refusals import NotFound
from server.house import house
from server.voice import prompts_alone
from server.web.assets import BASE, DIST
from server.web.pages import ICON, kept_shell

bp = APIBlueprint("kept_page", __name__)

SHELL = "page.html"  # {kiosk} and {key} stand where the host fills them in
Files = tuple[tuple[str, bytes], ...]


@bp.get("/api/offline/page")
@needs("host.serve")
def get_kept_page() -> Response:
    """One ZIP, each file under the path its page asks for it; its ETag is the SHA-256 of the body in hex."""
    tag, body = _packed(_files())
    reply = make_response(body)
    reply.mimetype = "application/zip"
    reply.set_etag(tag)
    return reply.make_conditional(request)


def _files() -> Files:
    """Raises NotFound where no faces are built."""
    h = house()
    found = kept_shell("touch")
    if found is None:
        raise NotFound()
    shell, built = found
    worn, logo = h.brand(), worn_logo()
    files = {SHELL: shell.encode()}
    for address in sorted({built.script, *built.styles, *built.modules}):
        files[address] = (DIST / address.removeprefix(BASE)).read_bytes()
    files["/brand.css"] = style_sheet(worn.brand, worn.logo).encode()
    if logo is not None:
        files["/brand/logo"] = logo[0]
    files["/parts/icon.svg"] = ICON.read_bytes()
    for lang in h.texts.speaking("touch"):
        files[f"/api/text/{lang}.json"] = _json(h.texts.flat(lang))
    files["/api/hall"], files["/api/services"] = _json(get_hall()), _json(get_services())
    offered = sorted(h.texts.speaking(KIOSK_WORDS), key=lambda lang: lang != "zh")  # Chinese has room first
    for (lang, clip), sound in prompts_alone(h, offered).items():
        files[f"/api/voices/kiosk/{lang}/{clip}.wav"] = sound
    return tuple(files.items())


def _json(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=2)
def _packed(files: Files) -> tuple[str, bytes]:
    """The same files make the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for path, body in files:
            packed.writestr(ZipInfo(path.lstrip("/")), body, ZIP_DEFLATED)
    return sha256(out.getvalue()).hexdigest(), out.getvalue()
