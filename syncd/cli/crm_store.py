"""The store as the `crm` commands use it: its refusals become errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.cli.context import Context
from syncd.cli.errors import Problem
from syncd.model.contact import display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    from syncd.crm.feed import Actor
    from syncd.crm.stored import Stored


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
    except errors.NoSuchOwner as error:
        raise Problem(_sentence(error), undone, "See the users: syncd users list") from error
    except errors.NoSuchAccount as error:
        todo = "See the accounts, and name one by its id: syncd crm account list --json"
        raise Problem(_sentence(error), undone, todo) from error
    except errors.CrmError as error:
        raise Problem(_sentence(error), undone, "Correct it, and try again.") from error
    except UNUSABLE as error:
        raise unusable(error, undone) from error


def unusable(error: DBAPIError, undone: str) -> Problem:
    """The problem of a store that is locked for too long, on a full disk, or not ours to write."""
    from syncd.crm.database import cause_of

    return Problem(
        f"The store cannot be used: {cause_of(error)}.", undone, "See to that, and try again."
    )


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


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


def contact_called(conn: Connection, reference: str) -> Stored:
    """The contact that a person means. Raises Problem when there is none, or more than one."""
    from syncd.crm import lookup

    found = lookup.referred(conn, reference)
    if len(found) == 1:
        return found[0]
    undone = "Nothing was shown or changed."
    if not found:
        todo = "Look for it: syncd crm contact list --search TEXT"
        raise Problem(f"There is no contact {reference!r}.", undone, todo)
    owners = addresses(conn)
    lines = "".join(f"\n  {_listed(each, owners)}" for each in found)
    raise Problem(
        f"{reference!r} may be several contacts:{lines}", undone, "Name one of them by its id."
    )


def _listed(found: Stored, owners: Mapping[str, str]) -> str:
    """One contact in a line that tells it from others of its name."""
    fields = found.record.fields
    told = (display_name(fields), fields["companyname"], fields["emailaddress1"])
    return f"{found.id}  {', '.join(str(each) for each in told if each)} ({owners[found.owner_id]})"
