"""The CRM's desk: whose rights reach how far, who shares what, and which records are one."""

from __future__ import annotations

from syncd.crm import access, cascades, database, lifecycle, merging, records, sharing, teams
from syncd.crm.access import Level, Rule
from syncd.crm.entities import ACCOUNTS
from syncd.model.values import Value
from tests.sync.world import ALICE, BY_HAND, World

NONE, OWN, TEAM, ALL = Level.NONE, Level.OWN, Level.TEAM, Level.ORGANISATION


def rule(
    world: World, *, read: Level, write: Level, field: str | None = None, team: str | None = None
) -> None:
    """The admin rules who may read and change contacts, or one field of them."""
    kind = world.stored.kind.name
    with database.write(world.engine) as conn:
        access.put(conn, Rule(kind, read, write, field, team))


def no_rule(world: World, field: str | None = None, team: str | None = None) -> None:
    """The admin takes a rule back."""
    with database.write(world.engine) as conn:
        access.clear(conn, world.stored.kind.name, field, team)


def team(world: World, name: str, *addresses: str) -> str:
    """A team of these users; its id."""
    with database.write(world.engine) as conn:
        made = teams.add(conn, name)
        for each in addresses:
            teams.put_in(conn, made.id, world.users[each])
    return made.id


def leave(world: World, team_id: str, address: str) -> None:
    """A user is no member any more."""
    with database.write(world.engine) as conn:
        teams.take_out(conn, team_id, world.users[address])


def share(world: World, crm_id: str, principal: str, *, may_write: bool = False) -> None:
    """Somebody lets a user (by address) or a team see a record, or change it."""
    who = world.users.get(principal, principal)
    with database.write(world.engine) as conn:
        sharing.share(conn, world.stored, crm_id, who, may_write, BY_HAND, world.time())


def unshare(world: World, crm_id: str, principal: str) -> None:
    """Somebody takes that back."""
    who = world.users.get(principal, principal)
    with database.write(world.engine) as conn:
        sharing.unshare(conn, world.stored, crm_id, who, BY_HAND, world.time())


def merge(world: World, survivor: str, loser: str) -> None:
    """Somebody says that two records are one."""
    with database.write(world.engine) as conn:
        merging.merge(conn, world.stored, survivor, loser, BY_HAND, world.time())


def account(world: World, name: str, owner: str = ALICE, /, **fields: Value) -> str:
    """Somebody makes an account; its id."""
    with database.write(world.engine) as conn:
        made = records.create(
            conn, ACCOUNTS, {"name": name, **fields},
            owner_id=world.users[owner], actor=BY_HAND, at=world.time(),
        )  # fmt: skip
    return made.id


def change_account(world: World, account_id: str, /, **patch: Value) -> None:
    """Somebody edits an account."""
    with database.write(world.engine) as conn:
        records.update(
            conn, ACCOUNTS, account_id, patch, expected=None, actor=BY_HAND, at=world.time()
        )


def deactivate_account(world: World, account_id: str) -> None:
    """Somebody deactivates an account."""
    with database.write(world.engine) as conn:
        lifecycle.set_active(
            conn, ACCOUNTS, account_id, active=False, actor=BY_HAND, at=world.time()
        )


def assign_account(world: World, account_id: str, address: str) -> None:
    """Somebody gives an account, and all that goes along, to another user."""
    with database.write(world.engine) as conn:
        who = world.users[address]
        cascades.assign(conn, ACCOUNTS, account_id, who, BY_HAND, world.time())
