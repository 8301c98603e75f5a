"""Scopes: which filters say what belongs in which mailbox, the policy's and its user's together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, select

from syncd.crm.stored import StoredKind
from syncd.crm.tables import team_member
from syncd.model.kinds import Kind
from syncd.settings.filter_error import FilterError
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, ScopedKind
from syncd.settings.scope import Scope
from syncd.sync import user_filters
from syncd.sync.tables import mailbox, user_filter


@dataclass(frozen=True, slots=True)
class Scoped:
    """One scope, and the mailboxes that it holds for."""

    scope: Scope
    mailbox_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Own:
    """A filter of a user that is on. `filter` is `None` when it is not understood any more."""

    name: str
    text: str
    excludes: bool
    filter: Filter | None


Said = Sequence[tuple[str, bool]]  # what a user's active filters say, and whether they exclude


def of_mailbox(
    conn: Connection, mailbox_id: int, scoped: ScopedKind, stored: StoredKind[Kind]
) -> Scope:
    """The scope of one mailbox."""
    mine = (user_filter.c.mailbox_id == mailbox_id) & (user_filter.c.kind == stored.kind.name)
    query = select(user_filter.c.text, user_filter.c.excludes).where(mine, user_filter.c.active)
    return _together(scoped, stored, [(row.text, row.excludes) for row in conn.execute(query)])


def own_of(conn: Connection, mailbox_id: int, stored: StoredKind[Kind]) -> list[Own]:
    """The filters of a mailbox's user that are on, by name."""
    return [
        Own(each.name, each.text, each.excludes, understood(each.text, stored))
        for each in user_filters.of(conn, mailbox_id, stored.kind.name)
        if each.active
    ]


def broken(conn: Connection, mailbox_id: int, stored: StoredKind[Kind]) -> list[str]:
    """The names of those that are not understood any more."""
    return [each.name for each in own_of(conn, mailbox_id, stored) if each.filter is None]


def of_all(
    conn: Connection, policies: Mapping[str, MailboxPolicy], stored: StoredKind[Kind]
) -> list[Scoped]:
    """The distinct scopes of all mailboxes, each with the mailboxes that have it."""
    kind = stored.kind.name
    own: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    query = select(user_filter).where(user_filter.c.kind == kind, user_filter.c.active)
    for row in conn.execute(query.order_by(user_filter.c.name)):
        own[row.mailbox_id].append((row.text, row.excludes))
    alike: dict[tuple[str, tuple[tuple[str, bool], ...]], list[int]] = defaultdict(list)
    for row in conn.execute(select(mailbox.c.id, mailbox.c.policy)):
        if row.policy in policies and kind in policies[row.policy].kinds:
            alike[row.policy, tuple(own[row.id])].append(row.id)
    by_text: dict[str, tuple[Scope, list[int]]] = {}
    for (policy, filters), ids in alike.items():
        scope = _together(policies[policy].kinds[kind], stored, filters)
        by_text.setdefault(scope.text, (scope, []))[1].extend(ids)
    return [Scoped(scope, tuple(ids)) for scope, ids in by_text.values()]


def teams_of(conn: Connection, user_id: str) -> list[str]:
    """Who is in which of a user's teams, as something to compare."""
    mine = select(team_member.c.team_id).where(team_member.c.user_id == user_id)
    query = select(team_member).where(team_member.c.team_id.in_(mine))
    return sorted(f"{row.team_id}/{row.user_id}" for row in conn.execute(query))


def understood(text: str, stored: StoredKind[Kind]) -> Filter | None:
    """The filter that a user's text says; `None` when it names what is no field any more.

    What it finds is not guessed at, either way: until somebody corrects it, what it bears on waits.
    """
    try:
        return _filter(text, _Same(stored))
    except FilterError:
        return None


def _together(scoped: ScopedKind, stored: StoredKind[Kind], own: Said) -> Scope:
    filters = [(each.filter, each.exclude) for each in scoped.system]
    unread: list[tuple[str, bool]] = []
    for text, excludes in own:
        found = understood(text, stored)
        if found is None:
            unread.append((text, excludes))
        else:
            filters.append((found, excludes))
    return Scope(
        tuple(each for each, excludes in filters if not excludes),
        tuple(each for each, excludes in filters if excludes),
        tuple(each for each, excludes in unread if not excludes),
        tuple(each for each, excludes in unread if excludes),
    )


class _Same:
    """An entity as a key to remember by: it is itself, and no other like it."""

    def __init__(self, stored: StoredKind[Kind]) -> None:
        self.stored = stored

    def __hash__(self) -> int:
        return id(self.stored)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.stored is self.stored


@lru_cache(maxsize=1_000)
def _filter(text: str, entity: _Same) -> Filter:
    return Filter.parse(text, entity.stored)
