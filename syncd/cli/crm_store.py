"""The store as the `crm` commands use it: its refusals become errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.cli.context import Context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    from syncd.crm.feed import Actor


@contextmanager
def reading(context: Context, undone: str = "Nothing was shown.") -> Iterator[Connection]:
    """A look at the store. Raises Problem on what the store refuses."""
    from syncd.crm import database

    with explained(undone), database.read(context.engine()) as conn:
        yield conn


@contextmanager
def writing(context: Context, undone: str) -> Iterator[Connection]:
    """A change of the store. Raises Problem on what the store refuses; nothing is changed then."""
    from syncd.crm import database

    with explained(undone), database.write(context.engine(), durable=True, alone=True) as conn:
        yield conn


@contextmanager
def explained(undone: str) -> Iterator[None]:
    """What the store refuses, as a Problem that says what to type."""
    from syncd.crm import errors
    from syncd.crm.database import UNUSABLE

    try:
        yield
    except errors.CrmError as error:
        from syncd.cli.crm.refusals import problem_of

        raise problem_of(error, undone) from error
    except UNUSABLE as error:
        raise unusable(error, undone) from error


def unusable(error: DBAPIError, undone: str) -> Problem:
    """The problem of a store that is locked for too long, on a full disk, or not ours to write."""
    from syncd.crm.database import cause_of

    return Problem(
        f"The store cannot be used: {cause_of(error)}.", undone, "See to that, and try again."
    )


def user_id(conn: Connection, address: str) -> str:
    """The id of a user, by address. Raises NoSuchOwner."""
    from syncd.crm import errors, users

    found = users.get(conn, address)
    if found is None:
        raise errors.NoSuchOwner(address)
    return found.id


def addresses(conn: Connection) -> dict[str, str]:
    """The addresses of all users, by id."""
    from syncd.crm import users

    return {each.id: each.address for each in users.every(conn)}


def this_person() -> Actor:
    """The person at this terminal, by the name of their account on this machine."""
    import getpass

    from syncd.crm.feed import Actor, ActorKind

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a process without an account, as in some containers
        name = "unknown"
    return Actor(ActorKind.USER, name)
