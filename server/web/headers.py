"""What every reply carries (S14), and what is refused before any view looks at it.

No inline script or style, nothing from other hosts, no framing, no referrer (a citizen's link is in the
address). A reply that says nothing about caching is not stored.
"""

from __future__ import annotations

import re

from apiflask import APIFlask
from flask import Response, abort, request

from server.domain import refusals

CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
def csp_with(port: int) -> str:
    """The same for a kiosk that may also ask the device host on its own machine."""
    return CSP.replace("connect-src 'self'", f"connect-src 'self' http://127.0.0.1:{port}")


HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
}
FORM_PAGE = {"Referrer-Policy": "same-origin"}  # with no-referrer a browser sends forms with "Origin: null"
SECURE_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
BODY_LIMIT = 64 * 1024
DEPTH_LIMIT = 32
# The phone page without script posts forms; each of these views checks Origin itself.
FORMS = frozenset(
    {
        *("my.post_cancel_form", "my.post_rate_form", "my.post_postpone_form"),
        *("my.post_complain_form", "my.post_review_form"),
        *("booking_pages.post_book", "booking_pages.post_booking_form"),
        *("remote.post_take_form", "remote.post_here_form", "my.post_arrive_form"),
        "messages.post_message",
    }
)
# A file, not JSON, and read only once its sender is known: {endpoint: bytes it may have}
UPLOADS = {
    "voice.put_clip": 1024 * 1024,
    "brand.put_logo": 256 * 1024,
    "uploads.put_upload": 40 * 1024 * 1024,
}
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def register(app: APIFlask) -> None:
    """Guard every request and dress every reply of `app`."""
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.before_request(guard)
    app.after_request(dress)


def guard() -> None:
    """Raises JsonNeeded, InputInvalid; 404 and 413 as the web knows them."""
    if "\x00" in request.path or b"%00" in request.query_string:
        abort(404)
    if request.method not in WRITES:
        return
    if request.endpoint in UPLOADS:
        request.max_content_length = UPLOADS[request.endpoint]
        return
    body = request.get_data(cache=True)  # raises 413 beyond BODY_LIMIT
    if body and not request.is_json and request.endpoint not in FORMS:
        raise refusals.JsonNeeded()
    if is_too_deep(body):
        raise refusals.InputInvalid(fields=[])


def dress(reply: Response) -> Response:
    """Add what the view has not set itself; looked up once, because every reply passes here."""
    headers = reply.headers
    said = {name.lower() for name, _ in headers}
    for name, value in HEADERS.items():
        if name.lower() not in said:
            headers.add(name, value)
    if request.is_secure:
        headers.update(SECURE_ONLY)
    if "cache-control" not in said:
        headers.add("Cache-Control", "private, no-cache" if "etag" in said else "no-store")
    return reply


def is_too_deep(body: bytes) -> bool:
    """Are more than DEPTH_LIMIT brackets of this JSON open at once? The parser itself would run out of
    stack.
    """
    if body.count(b"[") + body.count(b"{") <= DEPTH_LIMIT:
        return False
    depth = 0
    for byte in STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return True
        elif byte in b"]}":
            depth -= 1
    return False
