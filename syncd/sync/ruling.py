"""What holds for one kind in one mailbox, right now: policy, rights and filters, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Connection, false, not_, select

from syncd.crm.access import Access
from syncd.crm.stored import StoredKind
from syncd.model.custom import mapped
from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy, Track
from syncd.model.values import canonical
from syncd.reconcile.facts import LinkState
from syncd.settings.filter_operators import certain
from syncd.settings.policies import ScopedKind
from syncd.settings.scope import Scope
from syncd.sync import scoping
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.rights import Rights
from syncd.sync.tables import link


@dataclass(frozen=True)
class Ruling:
    """What a run goes by. `where` is what belongs in the mailbox, of what its user may read.

    `excluded` is what stays out, whoever tracks it; `None` when no filter excludes. `unsure` is
    that of which cannot be said whether it belongs, for `broken` filters are not understood; `None`
    when there are none. `blind`: one of these excludes, so that tracking pins nothing for sure.
    `text` says all of it: when it changes, what it bears on is decided anew.
    """

    policy: KindPolicy
    rights: Rights
    where: ColumnElement[bool]
    excluded: ColumnElement[bool] | None
    text: str
    unsure: ColumnElement[bool] | None = None
    blind: bool = False
    broken: Sequence[str] = ()

    @property
    def without_filter(self) -> bool:
        """Whether nothing goes from the CRM to Outlook only because no filter is on."""
        return not self.policy.pushes and self.policy.direction.speaks(Side.CRM)


def ruling(
    conn: Connection,
    row: MailboxRow,
    scoped: ScopedKind,
    access: Access,
    stored: StoredKind[Kind],
    today: date,
) -> Ruling:
    """What holds for one mailbox on a day."""
    rights = Rights(access, stored)
    scope = scoping.of_mailbox(conn, row.id, scoped, stored)
    policy = replace(rights.narrowed(scoped.policy), pushes=not scope.empty)
    excluded = scope.excluded(row.user_id, today) if scope.excludes else None
    blind = bool(scope.unread_excludes)
    where, possible = (of(row.user_id, today) for of in (scope.where, scope.possible))
    if scope.empty:
        # Without a filter nothing is pushed; nor does anything leave for it, but by an exclude.
        possible = _linked(row.id, stored) & possible
        where = false() if blind else possible
    unsure = None if scope.sure else rights.within(possible & not_(certain(where)))
    broken = [] if scope.sure else scoping.broken(conn, row.id, stored)
    of_teams = any(alias in scope.text for alias in _OF_TEAMS)
    teams = scoping.teams_of(conn, row.user_id) if of_teams else None
    text = _text(policy, scope, rights, today, teams)
    within = rights.within(where)
    return Ruling(policy, rights, within, excluded, text, unsure, blind, broken)


def _linked(mailbox_id: int, stored: StoredKind[Kind]) -> ColumnElement[bool]:
    mine = (link.c.mailbox_id == mailbox_id) & (link.c.kind == stored.kind.name)
    mine &= link.c.state == LinkState.LIVE  # what rests stays at rest
    return stored.table.c.id.in_(select(link.c.crm_id).where(mine))


_OF_TEAMS = ("@myteams", "@shared")


def _text(
    policy: KindPolicy, scope: Scope, rights: Rights, today: date, teams: Sequence[str] | None
) -> str:
    exits = policy.on_scope_exit
    groups = policy.kind.groups
    said: dict[str, object] = {
        "folder": policy.folder,
        "filter": scope.text,
        "track": policy.track_category if policy.track is Track.CATEGORY else policy.track,
        "directions": {name: policy.direction_of(group) for name, group in groups.items()},
        "conflicts": {name: policy.conflict_of(group) for name, group in groups.items()},
        "exits": [exits.created, exits.adopted, exits.tracked],
        "map": {n: group.place for n, group in groups.items() if not group.fields[0].wording},
    }
    if custom := mapped(policy.kind.fields):
        said["custom"] = custom
    if scope.is_timed:
        said["today"] = today.isoformat()
    if teams is not None:
        said["teams"] = teams  # who joins or leaves one changes no record
    if rights.limited:
        said |= {
            "access": rights.access.digest(policy.kind.name),
            "creates": policy.creates,
        }
    return canonical(said)
