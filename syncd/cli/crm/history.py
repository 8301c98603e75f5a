"""`syncd crm history`: what was done to one record, when and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli.crm.desk import Desk, as_json, pass_desk
from syncd.cli.crm.references import named
from syncd.cli.crm.sorts import SORTS, Sort, sort_of
from syncd.cli.output import emit_json, moment, table

if TYPE_CHECKING:
    from syncd.crm.feed import Change

_FULL_ID = 36  # characters: only such a one can name what was deleted
_VERBS = {
    "create": "created",
    "update": "changed",
    "assign": "assigned",
    "activate": "opened",
    "deactivate": "closed",
    "delete": "deleted",
    "merge": "merged",
    "share": "shared",
    "touch": "its account changed",
}
_ALSO = {"ownerid": "Owner", "statecode": "State", "statuscode": "Status", "parties": "Parties"}


@click.command("history", short_help="Show what was done to a record, and who did it.")
@click.argument(
    "entity", metavar="SORT", type=click.Choice([each.command for each in SORTS.values()])
)
@click.argument("reference", metavar="RECORD")
@as_json
@pass_desk
def history(desk: Desk, /, *, entity: str, reference: str, as_json: bool) -> None:
    """Show what was done to a record: when, by whom, which fields.

    SORT is lead, account, contact, …. A record that was deleted is named by its whole id.
    """
    sort = sort_of(entity.replace("-", "_"))
    with desk.explained("Nothing was shown."):
        whole = len(reference.strip()) == _FULL_ID and " " not in reference
        record_id = reference.strip() if whole else named(desk, sort, reference).id
        changes = desk.crm.history(sort.entity, record_id)
        if as_json:
            emit_json([_change_json(each) for each in changes])
            return
        rows = [
            (moment(each.at), f"{each.actor.name} ({each.actor.kind.value})", _told(sort, each))
            for each in changes
        ]
        title = next(iter(desk.crm.names([f"{sort.entity}:{record_id}"]).values()), "")
        table(f"{sort.word.capitalize()} {title}", ("When", "Who", "What"), rows)


def _told(sort: Sort, change: Change) -> str:
    what = _VERBS[change.verb.value]
    if change.merged_into:
        return f"{what} into {change.merged_into[:8]}"
    if change.verb.value != "update":
        return what
    labels = [
        sort.by_name[each].label if each in sort.by_name else _ALSO.get(each, each)
        for each in change.fields
    ]
    return f"{what} {', '.join(labels)}"


def _change_json(change: Change) -> dict[str, object]:
    return {
        "number": change.number,
        "at": change.at.isoformat(),
        "actor": str(change.actor),
        "verb": change.verb.value,
        "fields": list(change.fields),
        "merged_into": change.merged_into,
    }
