"""Becoming a device host of a hall: a one-time code for a key, over HTTP."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


class EnrolFailed(Exception):
    """The server said no, or is not there; the text is for people."""


def enrol(server: str, code: str, key_file: Path) -> str:
    """Trade `code` for a key in `key_file` (mode 0600); the name the server gave. Raises EnrolFailed."""
    if urlsplit(server).scheme not in ("http", "https"):
        raise EnrolFailed(f"{server} 不是服务器地址 / is no address")
    body = json.dumps({"code": code}).encode()
    asked = urllib.request.Request(
        f"{server.rstrip('/')}/api/enrol", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as reply:
            answer = json.load(reply)
        key, device = str(answer["key"]), answer["device"]
    except urllib.error.HTTPError as error:
        raise EnrolFailed(_said(error)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnrolFailed(str(error)) from error
    if device.get("kind") != "host":
        raise EnrolFailed("这个登记码不是给设备主机的 / this code is not for a device host")
    key_file.parent.mkdir(parents=True, exist_ok=True)
    fresh = key_file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key + "\n")
    fresh.replace(key_file)
    return str(device.get("name", ""))


def _said(error: urllib.error.HTTPError) -> str:
    """The server's own sentence, Chinese and English, where it sent one."""
    try:
        text = json.load(error).get("text", {})
        return " / ".join(filter(None, (text.get("zh"), text.get("en")))) or f"HTTP {error.code}"
    except (OSError, ValueError, AttributeError):
        return f"HTTP {error.code}"
