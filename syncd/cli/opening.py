"""Opening what commands work on, with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.cli.errors import Exit, Problem

NOTHING_DONE = "Nothing was synced and nothing was changed."
_BESIDE_WORKERS = 2  # connections: to look for what is due, and to tidy

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from syncd.settings.configuration import Configuration
    from syncd.settings.mistakes import Mistake


def load_configuration(path: Path) -> Configuration:
    """The configuration in `path`. Raises Problem, which lists every mistake in it."""
    from syncd.settings.load import load
    from syncd.settings.mistakes import BadConfiguration

    try:
        return load(path)
    except BadConfiguration as bad:
        raise mistaken(path, bad.mistakes) from None


def mistaken(path: Path, mistakes: Sequence[Mistake]) -> Problem:
    """The problem of a configuration with mistakes: all of them, a line each."""
    if not path.exists():
        return Problem(
            f"There is no configuration file {path}.",
            "Nothing was read and nothing was done.",
            f"Type: syncd init --path {path}",
        )
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    listed = "\n".join(f"  {mistake}" for mistake in mistakes)
    return Problem(
        f"{path} has {count}:\n{listed}",
        "Nothing was done.",
        f"Put that right, then type: syncd --config {path} config validate",
    )


def open_store(configuration: Configuration) -> Engine:
    """The store, brought up to this program's tables. Raises Problem."""
    from sqlalchemy.exc import SQLAlchemyError

    from syncd.crm.custom import declare
    from syncd.crm.database import open_database
    from syncd.crm.errors import DatabaseProblem, ServerUnreachable
    from syncd.crm.migration import upgrade
    from syncd.settings.store_url import is_on_server

    url = configuration.store.url
    password = _store_password(configuration)
    exit_code = Exit.USAGE
    connections = configuration.daemon.workers + _BESIDE_WORKERS
    try:
        engine = open_database(url, password=password, connections=connections)
        upgrade(engine)
        declare(engine, configuration.custom)
    except DatabaseProblem as problem:
        what, todo = f"{problem.what}.", f"{problem.todo}."
        if isinstance(problem, ServerUnreachable):
            exit_code = Exit.UNREACHABLE
    except SQLAlchemyError as error:
        cause = f"{getattr(error, 'orig', None) or error}".strip().partition("\n")[0]
        what = f"The store {url} cannot be used: {cause}."
        todo = "Check [store] in the configuration, and who owns that file and its folder."
        if is_on_server(url):
            todo = "Check [store] in the configuration, and what that user may do there."
    else:
        return engine
    raise Problem(what, NOTHING_DONE, todo, exit_code)


def _store_password(configuration: Configuration) -> str | None:
    from syncd.settings.secrets import SecretMissing, password_of

    try:
        return password_of(configuration.store)
    except SecretMissing as missing:
        raise Problem(
            f"The password for the store cannot be had: {missing.what}.",
            NOTHING_DONE,
            f"{missing.todo[0].upper()}{missing.todo[1:]}",
        ) from None
