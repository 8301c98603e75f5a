"""Where a server is asked: the URLs of `[servers.NAME]`."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def refusal_of_endpoint(url: str) -> str | None:
    """Why `url` cannot be an endpoint, or `None`."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "is not a URL"
    if parts.username is not None or parts.password is not None:
        return "holds a user name; username and password_file are keys of their own"
    return None if named and parts.scheme in {"http", "https"} else "is not an http(s) URL"


def travels_in_clear(url: str) -> bool:
    """Whether what is sent to `url`, which is an endpoint, can be read on its way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
