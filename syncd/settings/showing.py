"""What holds under a policy, line by line: for who asks which setting comes from where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syncd.model.fields import Direction, Field
from syncd.model.policy import ConflictPolicy, KindPolicy
from syncd.settings.allowed import bounds_of, plain, plain_text
from syncd.settings.groups import GROUP_TABLES
from syncd.settings.keys import ANY, LENGTH, find, known, lock_on, opens
from syncd.settings.kinds import KINDS
from syncd.settings.layers import Origin
from syncd.settings.policies import Compiled

RIGHTS = "rights"  # of a direction that the user's rights in the CRM narrow


@dataclass(frozen=True, slots=True)
class Setting:
    """One key in force. `value` is as JSON writes it; `within` is what a user may choose from.

    A key that ends in `*` stands for those of its table that nobody has set, and has no value.
    """

    key: str
    value: object
    origin: Origin
    open: bool
    within: str | None


def in_force(compiled: Compiled) -> Iterator[Setting]:
    """Every setting in force, in the order of the file; then what is open and set by nobody."""
    for key, value in compiled.values.items():
        yield _setting(compiled, key, value)
    rest = (key for each in compiled.section.user_may for key in _keys_of(each))
    for key in dict.fromkeys(rest):
        kind = key.partition(".")[0]
        if key not in compiled.values and KINDS[kind].kind.name in compiled.policy.kinds:
            yield _setting(compiled, key, None)


def _keys_of(pattern: str) -> Iterator[str]:
    """The keys by field that an entry of `user_may` opens, all others of a table as one."""
    if not pattern.endswith(ANY):
        key = find(pattern)[0]
        if key.count(".") > 1 and key.split(".")[1] in GROUP_TABLES:
            yield key
        return
    for plural in KINDS:
        for table in GROUP_TABLES:
            if opens([pattern], key := f"{plural}.{table}.{ANY}"):
                yield key


def _setting(compiled: Compiled, key: str, value: object) -> Setting:
    section = compiled.section
    found = known(key)
    may = found is not None and found.openable and lock_on(key) is None
    within = None
    if found is not None and may and (may := opens(section.user_may, key)):
        bounds = bounds_of(section.bounds, key)
        if bounds is not None and found.takes == LENGTH:
            within = f"{bounds[0]} to {bounds[1]}"
        elif bounds is not None or found.choices:
            within = plain_text(bounds or found.choices)
    origin = compiled.origins.get(key, Origin.DEFAULT)
    return Setting(key, plain(value), origin, may, within)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a kind as a policy rules it. `deviates`: not as the field map says."""

    field: Field
    direction: Direction
    origin: str
    conflict: ConflictPolicy
    deviates: bool


def field_rules(compiled: Compiled, rules: KindPolicy) -> Iterator[FieldRule]:
    """The fields of a kind, in the order of the map.

    `rules` are the policy's for this kind, as they are or narrowed by a user's rights.
    """
    kind = rules.kind
    ruled = compiled.policy.kinds[kind.name].policy
    for field in kind.fields:
        group = kind.groups[field.group]
        direction = rules.direction_of(group)
        origin = _origin(compiled, ruled, field)
        if direction is not ruled.direction_of(group):
            origin = RIGHTS
        deviates = direction is not group.direction
        yield FieldRule(field, direction, origin, rules.conflict_of(group), deviates)


def _origin(compiled: Compiled, ruled: KindPolicy, field: Field) -> str:
    """The layer of what decides over the direction of a field."""
    kind = ruled.kind
    group = kind.groups[field.group]
    decides = f"directions.{group.name}"
    if ruled.direction_of(group) is not ruled.directions.get(group.name, group.direction):
        off = not ruled.company and group.name == kind.company
        decides = "company" if off else "direction"
    return compiled.origins.get(f"{kind.plural}.{decides}", Origin.DEFAULT)
