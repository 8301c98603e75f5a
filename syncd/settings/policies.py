"""From the configuration to what a run works by: per policy its kinds, each with its filters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from syncd.crm.custom import Custom, with_custom
from syncd.crm.stored import StoredKind
from syncd.model.fields import Field
from syncd.model.kinds import Kind
from syncd.model.policy import Consent, ExitPolicy, KindPolicy, Limits
from syncd.settings.configuration import DEFAULT_FILTER, Configuration
from syncd.settings.filters import Filter
from syncd.settings.kind_section import FilterSection, KindSection
from syncd.settings.kinds import KINDS, kinds_by_plural
from syncd.settings.layers import Origin, Table, as_layer, in_full, leaves, merged
from syncd.settings.policy_section import Policy, PolicySection
from syncd.settings.scope import Scope
from syncd.settings.user_layer import Refused, user_layer

MY_RECORDS = "My {plural}"  # the template where no filter of a policy includes anything
THE_FILTER = "filter"  # what the one without a name is called

_MOST_REMEMBERED = 10_000


class NamedFilter(NamedTuple):
    """A filter of a policy. Its records belong in, or are kept out whatever others let in."""

    name: str
    filter: Filter
    exclude: bool = False


@dataclass(frozen=True)
class ScopedKind:
    """What a policy says of one kind, and which records of it are in scope.

    `system` are the filters that hold for everyone, `templates` those that each new user is given a
    copy of.
    """

    policy: KindPolicy
    system: tuple[NamedFilter, ...] = ()
    templates: tuple[NamedFilter, ...] = ()

    @property
    def scope(self) -> Scope:
        """The scope of a user who has changed nothing."""
        both = (*self.system, *self.templates)
        return Scope(
            tuple(each.filter for each in both if not each.exclude),
            tuple(each.filter for each in both if each.exclude),
        )


@dataclass(frozen=True)
class MailboxPolicy:
    """What holds for the mailboxes of one policy. `kinds` is by the kind's name: `contact`.

    `servers` are the names of those that a mailbox may be on, in the order in which it is sought.
    """

    name: str
    servers: tuple[str, ...]
    interval: timedelta
    kinds: Mapping[str, ScopedKind]
    consent: Consent = Consent.ADMIN


@dataclass(frozen=True)
class Compiled:
    """What holds for one mailbox, and where it comes from.

    `section` is the policy as the file would write it, `origins` the layer of every value in it by
    dotted key, `refused` what its user has set and the policy does not let them.
    """

    policy: MailboxPolicy
    section: Policy
    values: Mapping[str, object]
    origins: Mapping[str, Origin]
    refused: tuple[Refused, ...] = field(default=())


def compile_policies(configuration: Configuration) -> Mapping[str, MailboxPolicy]:
    """The policies of a loaded configuration, by name, for users who have set nothing."""
    return {name: policy_for(configuration, name).policy for name in configuration.written}


def policy_for(
    configuration: Configuration, name: str, settings: Mapping[str, object] | None = None
) -> Compiled:
    """What holds for a mailbox under the policy of this name, whose user has set `settings`.

    `settings` is by dotted key, as `user_settings.of` reads it. Cheap for what was asked before.
    Raises KeyError when there is no such policy.
    """
    settings = settings or {}
    key = (name, json.dumps(settings, sort_keys=True, default=str))
    memory = configuration.remembered
    found = memory.get(key)
    if not isinstance(found, Compiled):
        if len(memory) >= _MOST_REMEMBERED:
            memory.clear()
        found = memory[key] = _compiled(configuration, name, settings)
    return found


def organisation_for(configuration: Configuration) -> Compiled:
    """What holds for everyone whose policy says nothing else, of every kind.

    It is a policy without a name, and without a server where the organisation names none.
    """
    below: Table = {"server": "", **{plural: {} for plural in KINDS}}
    return _laid(
        "",
        [(Origin.ORGANISATION, as_layer(configuration.organisation))],
        below,
        (),
        configuration.custom,
    )


def _compiled(configuration: Configuration, name: str, settings: Mapping[str, object]) -> Compiled:
    policy = configuration.policies[name]
    organisation = as_layer(configuration.organisation)
    own = as_layer(configuration.written[name])
    layers = [(Origin.ORGANISATION, organisation), (Origin.POLICY, own)]
    users, refused = user_layer(name, policy, merged(organisation, own), settings)
    return _laid(name, [*layers, (Origin.USER, users)], {}, refused, configuration.custom)


def _laid(
    name: str,
    layers: Iterable[tuple[Origin, Table]],
    below: Table,
    refused: tuple[Refused, ...],
    custom: Custom,
) -> Compiled:
    """The layers over one another, the lowest first."""
    whole = below
    origins: dict[str, Origin] = {}
    for origin, layer in layers:
        whole = merged(whole, layer)
        origins |= {".".join(path): origin for path, _ in leaves(layer)}
    section = Policy.model_validate(whole)
    values = {".".join(path): value for path, value in leaves(in_full(section))}
    return Compiled(
        policy=MailboxPolicy(
            name, section.servers, section.interval, _kinds(section, custom), section.consent
        ),
        section=section,
        values=values,
        origins={key: origins.get(key, Origin.DEFAULT) for key in values},
        refused=refused,
    )


def _kinds(policy: PolicySection, custom: Custom) -> Mapping[str, ScopedKind]:
    kinds = kinds_by_plural(custom)
    return {
        kinds[plural].kind.name: _scoped(kinds[plural], section, policy)
        for plural, section in policy.kinds.items()
    }


def _scoped(stored: StoredKind[Kind], section: KindSection, policy: PolicySection) -> ScopedKind:
    rules = KindPolicy(
        kind=stored.kind,
        direction=section.direction,
        directions=section.directions,
        conflict=section.conflict,
        conflicts=section.conflicts,
        on_scope_exit=ExitPolicy(**dict(section.on_scope_exit)),
        on_crm_delete=section.on_crm_delete,
        on_outlook_delete=section.on_outlook_delete,
        copies=section.copies,
        company=section.company,
        addresses=section.addresses,
        folder=section.folder,
        track=section.track,
        track_category=section.track_category,
        first_sync=policy.first_sync,
        limits=Limits(**policy.breaker.model_dump()),
    )
    system = _named(stored, section.filters)
    if section.filter is not None:
        system = (NamedFilter(THE_FILTER, _parsed(section.filter, stored)), *system)
    templates = _named(stored, section.templates)
    if all(each.exclude for each in (*system, *templates)):
        name = MY_RECORDS.format(plural=stored.kind.plural)
        templates = (NamedFilter(name, _parsed(DEFAULT_FILTER, stored)), *templates)
    return ScopedKind(rules, system, templates)


def _named(
    stored: StoredKind[Kind], filters: Mapping[str, FilterSection]
) -> tuple[NamedFilter, ...]:
    return tuple(
        NamedFilter(name, _parsed(each.where, stored), each.exclude)
        for name, each in filters.items()
    )


def _parsed(text: str, stored: StoredKind[Kind]) -> Filter:
    return _read(text, stored.entity, stored.custom)


@lru_cache(maxsize=1_000)
def _read(text: str, entity: str, custom: tuple[Field, ...]) -> Filter:
    return Filter.parse(text, with_custom(entity, custom))
