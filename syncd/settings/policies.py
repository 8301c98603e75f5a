"""From the configuration to what a run works by: per policy its kinds, each with its filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy, Limits
from syncd.settings.configuration import Configuration, KindSection, Policy
from syncd.settings.filters import Filter
from syncd.settings.kinds import kinds_by_plural

Kinds = Mapping[str, StoredKind[Kind]]


@dataclass(frozen=True)
class ScopedKind:
    """What a policy says of one kind, and which records of it are in scope."""

    policy: KindPolicy
    filter: Filter


@dataclass(frozen=True)
class MailboxPolicy:
    """What holds for the mailboxes of one policy. `kinds` is by the kind's name: `contact`."""

    name: str
    server: str
    interval: timedelta
    kinds: Mapping[str, ScopedKind]


def compile_policies(configuration: Configuration) -> Mapping[str, MailboxPolicy]:
    """The policies of a loaded configuration, by name."""
    kinds = kinds_by_plural(configuration.custom)
    return {name: _compiled(name, policy, kinds) for name, policy in configuration.policies.items()}


def _compiled(name: str, policy: Policy, stored: Kinds) -> MailboxPolicy:
    kinds = {
        stored[plural].kind.name: _scoped(stored[plural], section, policy)
        for plural, section in policy.kinds.items()
    }
    return MailboxPolicy(name, policy.server, policy.interval, kinds)


def _scoped(stored: StoredKind[Kind], section: KindSection, policy: Policy) -> ScopedKind:
    rules = KindPolicy(
        kind=stored.kind,
        direction=section.direction,
        conflict=section.conflict,
        folder=section.folder,
        track=section.track,
        track_category=section.track_category,
        first_sync=policy.first_sync,
        limits=Limits(**policy.breaker.model_dump()),
    )
    return ScopedKind(rules, Filter.parse(section.filter, stored))
