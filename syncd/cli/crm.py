"""`syncd crm`: the CRM store by hand. Contacts, accounts, import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from syncd.cli import crm_export, crm_import
from syncd.cli.context import Context, pass_context
from syncd.cli.crm_fields import ROLE, field_options, patch_of
from syncd.cli.crm_store import (
    addresses,
    contact_called,
    reading,
    this_person,
    user_id,
    writing,
)
from syncd.cli.errors import Problem
from syncd.cli.output import emit_json, table, tell
from syncd.model.contact import CONTACT, display_name
from syncd.model.values import Value, to_json

if TYPE_CHECKING:
    from syncd.crm.stored import Stored

SHOWN = 100  # contacts that a list shows by default

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("crm")
def command() -> None:
    """Look after the CRM store: contacts, accounts, import."""


command.add_command(crm_import.command)
command.add_command(crm_export.command)


@command.group("contact")
def contact() -> None:
    """List, show, create, edit, delete and assign contacts.

    A CONTACT is named by its id, the beginning of its id (6 characters or more), its e-mail address
    or its name.
    """


@contact.command("list")
@click.option("--owner", metavar="ADDRESS", help="Only those of one owner.")
@click.option("--search", metavar="TEXT", help="Part of a name, e-mail address or company.")
@click.option("--limit", type=click.IntRange(min=0), help=f"At most this many (0: all) [{SHOWN}].")
@as_json
@pass_context
def list_(
    context: Context, /, *, owner: str | None, search: str | None, limit: int | None, as_json: bool
) -> None:
    """List contacts by name."""
    from syncd.crm import lookup

    most = limit if limit is not None else 0 if as_json else SHOWN
    with reading(context) as conn:
        owner_id = user_id(conn, owner) if owner else None
        total, found = lookup.listed(conn, owner_id=owner_id, search=search, limit=most or None)
        owners = addresses(conn)
    if as_json:
        emit_json([_as_json(each, owners) for each in found])
        return
    fields = ("companyname", "emailaddress1", "telephone1")
    rows = [
        (
            each.id[:8],
            display_name(each.record.fields) or "",
            *(str(each.record.fields[name] or "") for name in fields),
            owners.get(each.owner_id, ""),
        )
        for each in found
    ]
    table("Contacts", ("Id", "Name", "Company", "E-mail", "Business phone", "Owner"), rows)
    more = f" {len(found)} are shown; --limit 0 shows all." if len(found) < total else ""
    tell(f"{_counted(total, 'contact')}.{more}")


@contact.command("show")
@click.argument("reference", metavar="CONTACT")
@as_json
@pass_context
def show(context: Context, /, *, reference: str, as_json: bool) -> None:
    """Show one contact."""
    with reading(context) as conn:
        found = contact_called(conn, reference)
        owners = addresses(conn)
    if as_json:
        emit_json(_as_json(found, owners))
        return
    rows = [(f.label, _as_text(found.record.fields[f.name])) for f in CONTACT.fields]
    rows += [
        ("Role", _as_text(found.extras[ROLE])),
        ("Owner", owners.get(found.owner_id, "")),
        ("State", "active" if found.active else "inactive"),
        ("Changed", found.modified_at.isoformat(sep=" ", timespec="seconds")),
        ("Version", str(found.version)),
        ("Id", found.id),
    ]
    table(
        display_name(found.record.fields) or "Contact",
        ("Field", "Value"),
        [row for row in rows if row[1]],
    )


@contact.command("new")
@field_options
@click.option("--owner", required=True, metavar="ADDRESS", help="Who owns it.")
@as_json
@pass_context
def new(
    context: Context,
    /,
    *,
    owner: str,
    account: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    **options: object,
) -> None:
    """Create a contact."""
    from syncd.crm import records

    undone = "No contact was created."
    with writing(context, undone) as conn:
        patch = patch_of(conn, options, settings, (), account, undone)
        if not any(patch.values()):
            raise Problem(
                "The contact is empty.", undone, "Give a name: --first-name, --last-name."
            )
        made = records.create(
            conn,
            records.CONTACTS,
            patch,
            owner_id=user_id(conn, owner),
            actor=this_person(),
            at=context.clock(),
        )
        owners = addresses(conn)
    _done("Created", made, owners, as_json=as_json)


@contact.command("edit")
@click.argument("reference", metavar="CONTACT")
@field_options
@click.option("--clear", multiple=True, metavar="FIELD", help="Empty a field; may be repeated.")
@as_json
@pass_context
def edit(
    context: Context,
    /,
    *,
    reference: str,
    account: str | None,
    settings: tuple[str, ...],
    clear: tuple[str, ...],
    as_json: bool,
    **options: object,
) -> None:
    """Change fields of a contact."""
    from syncd.crm import records

    undone = "Nothing was changed."
    with writing(context, undone) as conn:
        before = contact_called(conn, reference)
        patch = patch_of(conn, options, settings, clear, account, undone)
        made = records.update(
            conn,
            records.CONTACTS,
            before.id,
            patch,
            expected=before.version,
            actor=this_person(),
            at=context.clock(),
        )
        owners = addresses(conn)
    _done(
        "Changed" if made.version != before.version else "Unchanged:", made, owners, as_json=as_json
    )


@contact.command("delete")
@click.argument("reference", metavar="CONTACT")
@as_json
@pass_context
def delete(context: Context, /, *, reference: str, as_json: bool) -> None:
    """Delete a contact. Its values stay in the store, out of every list."""
    from syncd.crm import lifecycle, records

    with writing(context, "Nothing was deleted.") as conn:
        found = contact_called(conn, reference)
        made = lifecycle.delete(conn, records.CONTACTS, found.id, this_person(), context.clock())
        owners = addresses(conn)
    _done("Deleted", made, owners, as_json=as_json)


@contact.command("assign")
@click.argument("reference", metavar="CONTACT")
@click.option("--owner", required=True, metavar="ADDRESS", help="Who owns it from now on.")
@as_json
@pass_context
def assign(context: Context, /, *, reference: str, owner: str, as_json: bool) -> None:
    """Give a contact to another owner."""
    from syncd.crm import lifecycle, records

    with writing(context, "The contact keeps its owner.") as conn:
        found = contact_called(conn, reference)
        owner_id = user_id(conn, owner)
        made = lifecycle.assign(
            conn, records.CONTACTS, found.id, owner_id, this_person(), context.clock()
        )
        owners = addresses(conn)
    _done("Assigned", made, owners, as_json=as_json)


@command.group("account")
def account_group() -> None:
    """List and create accounts, the companies that contacts belong to."""


@account_group.command("list")
@as_json
@pass_context
def account_list(context: Context, /, *, as_json: bool) -> None:
    """List accounts by name."""
    from syncd.crm import accounts

    with reading(context) as conn:
        found = [(each.id, each.name, each.owner_id) for each in accounts.every(conn)]
        owners = addresses(conn)
    if as_json:
        emit_json(
            [{"kind": "account", "id": i, "name": n, "owner": owners[o]} for i, n, o in found]
        )
    else:
        table("Accounts", ("Id", "Name", "Owner"), [(i[:8], n, owners[o]) for i, n, o in found])


@account_group.command("new")
@click.argument("name")
@click.option("--owner", required=True, metavar="ADDRESS", help="Who owns it.")
@as_json
@pass_context
def account_new(context: Context, /, *, name: str, owner: str, as_json: bool) -> None:
    """Create an account called NAME."""
    from syncd.crm import accounts

    with writing(context, "No account was created.") as conn:
        made = accounts.create(
            conn, name, owner_id=user_id(conn, owner), actor=this_person(), at=context.clock()
        )
    if as_json:
        emit_json({"kind": "account", "id": made.id, "name": made.name, "owner": owner})
    else:
        tell(f"Created {made.name} ({made.id}).")


def _as_json(found: Stored, owners: Mapping[str, str]) -> dict[str, object]:
    return {
        "kind": found.record.kind.name,
        "id": found.id,
        "owner": owners.get(found.owner_id),
        "statecode": "active" if found.active else "inactive",
        "version": found.version,
        "deleted": found.deleted,
        "modified_at": found.modified_at.isoformat(),
        **found.record.to_json(),
        **{name: to_json(value) for name, value in found.extras.items()},
    }


def _as_text(value: Value) -> str:
    held = to_json(value)
    return ", ".join(held) if isinstance(held, list) else "" if held is None else str(held)


def _done(what: str, found: Stored, owners: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        emit_json(_as_json(found, owners))
    else:
        name = display_name(found.record.fields) or "a contact without a name"
        tell(f"{what} {name} ({found.id}), owner {owners.get(found.owner_id, '')}.")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
