"""Scopes: which filters say what belongs in which mailbox, the policy's and its user's together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from syncd.sync.tables import mailbox, user_filter


@dataclass(frozen=True, slots=True)
class Scoped:
    """One scope, and the mailboxes that it holds for."""

    scope: Scope
    mailbox_ids: tuple[int, ...]


Own = Sequence[tuple[str, bool]]  # what a user's active filters say, and whether they exclude


def of_mailbox(
    conn: Connection, mailbox_id: int, scoped: ScopedKind, stored: StoredKind[Kind]
) -> Scope:
    """The scope of one mailbox."""
    mine = (user_filter.c.mailbox_id == mailbox_id) & (user_filter.c.kind == stored.kind.name)
    query = select(user_filter.c.text, user_filter.c.excludes).where(mine, user_filter.c.active)
    return _together(scoped, stored, [(row.text, row.excludes) for row in conn.execute(query)])


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


def _together(scoped: ScopedKind, stored: StoredKind[Kind], own: Own) -> Scope:
    filters = [*((each.filter, each.exclude) for each in scoped.system), *_parsed(stored, own)]
    return Scope(
        tuple(each for each, excludes in filters if not excludes),
        tuple(each for each, excludes in filters if excludes),
    )


def _parsed(stored: StoredKind[Kind], own: Own) -> Iterable[tuple[Filter, bool]]:
    for text, excludes in own:
        try:
            yield _filter(text, _Same(stored)), excludes
        except FilterError:
            # It names what is no field any more. What it included is not guessed at; what it kept
            # out stays out, with everything else, until somebody corrects it.
            if excludes:
                yield _filter("true", _Same(stored)), True


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
