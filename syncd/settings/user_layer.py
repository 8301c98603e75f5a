"""What a user set for themselves: applied as far as their policy lets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.settings.allowed import NotRead, out_of_bounds, read, read_layer
from syncd.settings.keys import UnknownKey, find, lock_on, opens
from syncd.settings.layers import Table, contradictions, merged
from syncd.settings.policy_section import Policy


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a setting does not apply: what is so, and what would be right, both without a period."""

    what: str
    todo: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A setting of a user that does not apply now. It is kept: another policy may let it."""

    key: str
    value: object
    why: Refusal


def kept_as(key: str) -> str:
    """The name under which a user's setting is kept: of a field, that of its group."""
    return find(key)[0]


def refusal(name: str, policy: Policy, key: str, value: object) -> Refusal | None:
    """Why a user under the policy called `name` may not set this; `None` when they may."""
    try:
        kept, known = find(key)
    except UnknownKey as unknown:
        return Refusal(unknown.what, unknown.todo)
    lock = lock_on(kept)
    if lock is not None:
        return Refusal(f"{key!r} is locked: {lock}")
    if not known.openable:
        return Refusal(f"{key!r} is the admin's alone; no policy can open it to its users")
    if not opens(policy.user_may, kept):
        return Refusal(
            f"the policy {name!r} does not open {key!r} to its users",
            f'an admin opens it by user_may = ["{kept}"] in [policies.{name}]',
        )
    try:
        said = read(kept, value)
    except NotRead as bad:
        return Refusal(f"{key!r}: {bad.what}", bad.todo)
    beyond = out_of_bounds(kept, said, policy.bounds)
    if beyond is not None:
        return Refusal(
            f"{key!r} {beyond}",
            f"the policy {name!r} allows no more; an admin widens it in [policies.{name}.bounds]",
        )
    return None


def user_layer(
    name: str, policy: Policy, below: Table, settings: Mapping[str, object]
) -> tuple[Table, tuple[Refused, ...]]:
    """The settings that apply, as a layer over `below`, and those that do not.

    One that makes no sense with the rest is left out. The order in the store plays no part.
    """
    layer: Table = {}
    refused: list[Refused] = []
    pending: dict[str, Table] = {}
    for key, value in sorted(settings.items()):
        why = refusal(name, policy, key, value)
        if why is None:
            pending[key] = read_layer(kept_as(key), value)
        else:
            refused.append(Refused(key, value, why))
    clashes: dict[str, Refusal] = {}
    went_on = True
    while went_on:
        went_on = False
        for key, table in list(pending.items()):
            tried = merged(layer, table)
            clash = next(contradictions(merged(below, tried)), None)
            if clash is None:
                layer, went_on = tried, True
                del pending[key]
            else:
                clashes[key] = Refusal(f"{key!r} {clash[1]}", clash[2])
    refused += [Refused(key, settings[key], clashes[key]) for key in pending]
    return layer, tuple(refused)
