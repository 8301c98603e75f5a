"""Where the store is: the `url` of `[store]`, made absolute."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LIKE = 'write it like "sqlite:///syncd.db", or "postgresql://user@host/syncd"'
_SERVER = "postgresql"
_LIKE_FILE = 'write it like "sqlite:///syncd.db"'
_LIKE_SERVER = 'write it like "postgresql://user@host/syncd"'


def resolve_store_url(url: str, folder: Path) -> str:
    """`url` with a relative file placed in `folder`.

    Raises ValueError(what, suggestion) on what is no store of this version, or none that lasts, and
    on a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    # Not quoted: it may hold a password.
    if parsed is None:
        raise ValueError("is not the URL of a database", LIKE)
    if parsed.drivername == _SERVER:
        return _on_server(parsed)
    if parsed.get_backend_name() == "sqlite":
        return _in_file(parsed, folder)
    raise ValueError("is not the URL of a SQLite or PostgreSQL database", LIKE)


def is_on_server(url: str) -> bool:
    """Whether a store's URL leads to a server, which may ask for a password."""
    return make_url(url).get_backend_name() == _SERVER


def file_of(url: str) -> Path | None:
    """The file of a store, `None` where it is on a server."""
    return None if is_on_server(url) else Path(str(make_url(url).database))


def _on_server(parsed: URL) -> str:
    if parsed.password is not None or "password" in parsed.query:
        raise ValueError(
            "holds a password; syncd reads passwords from a file or the environment",
            'take it out, and write password_file = "/path/of/a/file" below',
        )
    if not parsed.database and not {"dbname", "service"} & parsed.query.keys():
        raise ValueError("must name a database", _LIKE_SERVER)
    return parsed.render_as_string(hide_password=True)


def _in_file(parsed: URL, folder: Path) -> str:
    if parsed.database in {None, "", ":memory:"} or "uri" in parsed.query:
        # The links would be gone at exit, and the next run would meet items it does not know (P3).
        raise ValueError("must name a file, or the store is lost at exit", _LIKE_FILE)
    return str(parsed.set(database=f"{folder.absolute() / str(parsed.database)}"))
