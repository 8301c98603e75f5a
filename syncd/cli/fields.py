"""`syncd fields`: which fields of a kind travel, and which way, under the rules in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from syncd.model.policy import KindPolicy
    from syncd.settings.policies import Compiled
    from syncd.settings.showing import FieldRule


@click.command(name="fields", short_help="Show which fields travel, and which way.")
@click.argument("kind")
@click.option("--policy", help="Under this policy.")
@click.option("--mailbox", help="In this mailbox, by the rights of its user, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context, kind: str, policy: str | None, mailbox: str | None, *, as_json: bool
) -> None:
    """Show the fields of a KIND, such as contact: which way each travels, and who wins a conflict.

    Without --policy or --mailbox, what holds for the organisation is shown.
    """
    from syncd.settings.showing import field_rules

    if policy and mailbox:
        raise click.UsageError("--policy and --mailbox do not go together.")
    _known_kind(kind)
    compiled, ruled = _in_force(context, kind, policy, mailbox)
    rules = list(field_rules(compiled, ruled))
    if as_json:
        output.emit_json([_json(each) for each in rules])
        return
    of = mailbox or (f"the policy {policy}" if policy else "the organisation")
    columns = ["Field", "Name", "Group", "Direction", "From", "Conflict", "Locked", "Sphere"]
    output.table(f"Fields of a {kind}, for {of}", columns, [_row(each) for each in rules])
    if any(each.deviates for each in rules):
        output.tell("* not as the field map has it.")


def _known_kind(kind: str) -> None:
    from syncd.settings.kinds import KINDS
    from syncd.settings.mistakes import did_you_mean

    names = [each.kind.name for each in KINDS.values()]
    if kind not in names:
        hint = did_you_mean(kind, names) or ""
        raise Problem(
            f"There is no kind {kind!r} that is synced.",
            "Nothing was shown.",
            f"{hint[:1].upper()}{hint[1:]}",
        )


def _in_force(
    context: Context, kind: str, policy: str | None, mailbox: str | None
) -> tuple[Compiled, KindPolicy]:
    """What holds, and the rules of the kind as far as the user's rights reach."""
    from syncd.cli import mailboxes as served
    from syncd.cli.settings import asked_for
    from syncd.crm.access import Access
    from syncd.crm.records import STORED
    from syncd.settings.policies import organisation_for
    from syncd.sync import mailboxes
    from syncd.sync.rights import Rights

    if policy or mailbox:
        compiled = asked_for(context, mailbox, policy)
    else:
        compiled = organisation_for(context.configuration)
    scoped = compiled.policy.kinds.get(kind)
    if scoped is None:
        plural = STORED[kind].kind.plural
        of = f"policies.{compiled.policy.name}" if compiled.policy.name else "organisation"
        raise Problem(
            f"[{of}] has no section for {plural}, so {plural} are left alone.",
            "Nothing was shown.",
            f"Write a section [{of}.{plural}], or name another policy with --policy.",
        )
    if mailbox is None:
        return compiled, scoped.policy
    with served.reading(context) as conn:
        access = Access.of(conn, mailboxes.get(conn, mailbox).user_id)
    return compiled, Rights(access, STORED[kind]).narrowed(scoped.policy)


def _row(each: FieldRule) -> Sequence[str]:
    field = each.field
    return [
        field.label,
        field.name,
        field.group,
        f"{each.direction}{' *' if each.deviates else ''}",
        each.origin,
        each.conflict,
        "locked" if field.locked else "",
        field.sphere,
    ]


def _json(each: FieldRule) -> dict[str, object]:
    field = each.field
    return {
        "name": field.name,
        "label": field.label,
        "group": field.group,
        "direction": each.direction,
        "default": field.direction,
        "origin": each.origin,
        "deviates": each.deviates,
        "conflict": each.conflict,
        "locked": field.locked,
        "sphere": field.sphere,
    }
