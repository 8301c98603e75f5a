"""Where the store is: the `url` of `[store]`, made absolute."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_LIKE = 'write it like "sqlite:///syncd.db"'


def resolve_store_url(url: str, folder: Path) -> str:
    """`url` with a relative file placed in `folder`.

    Raises ValueError(what, suggestion) on what is no store of this version, or none that lasts.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite":
        # Not quoted: the URL of another database may hold a password.
        raise ValueError("is not the URL of a SQLite database", _LIKE)
    if parsed.database in {None, "", ":memory:"} or "uri" in parsed.query:
        # The links would be gone at exit, and the next run would meet items it does not know (P3).
        raise ValueError("must name a file, or the store is lost at exit", _LIKE)
    return str(parsed.set(database=f"{folder.absolute() / str(parsed.database)}"))
