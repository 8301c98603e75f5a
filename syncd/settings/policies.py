"""From the configuration to what a run works by: per policy its kinds, each with its filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from syncd.model.policy import Consent, KindPolicy, Limits
from syncd.settings.configuration import Configuration, KindSection, Policy
from syncd.settings.filters import Filter
from syncd.settings.kinds import KINDS


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
    consent: Consent = Consent.ADMIN


def compile_policies(configuration: Configuration) -> Mapping[str, MailboxPolicy]:
    """The policies of a loaded configuration, by name."""
    return {name: _compiled(name, policy) for name, policy in configuration.policies.items()}


def _compiled(name: str, policy: Policy) -> MailboxPolicy:
    kinds = {
        KINDS[plural].kind.name: _scoped(plural, section, policy)
        for plural, section in policy.kinds.items()
    }
    return MailboxPolicy(name, policy.server, policy.interval, kinds, policy.consent)


def _scoped(plural: str, section: KindSection, policy: Policy) -> ScopedKind:
    stored = KINDS[plural]
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
