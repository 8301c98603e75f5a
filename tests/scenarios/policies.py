"""The settings of a scenario: by their names in the engine's policy, whatever these are by now."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from syncd.model.policy import KindPolicy
from tests.scenarios.reading import Table, near
from tests.sync.world import World

FILTER, BREAKER = "filter", "breaker"
_NOT_SET = frozenset({"kind", "access", "creates", "pushes"})  # these come from elsewhere


def change(world: World, said: Table) -> None:
    """Let the admin set these. Raises ValueError on what means nothing."""
    types = get_type_hints(KindPolicy)
    names = {each.name for each in dataclasses.fields(KindPolicy)} - _NOT_SET
    changes: dict[str, Any] = {}
    for key, value in said.items():
        if key == FILTER:
            world.filter = value
            continue
        name = "limits" if key == BREAKER else key
        if name not in names:
            raise ValueError(f"there is no setting {key!r}; {near(key, {*names, FILTER, BREAKER})}")
        changes[name] = _made(types[name], value, getattr(world.rules, name))
    world.policy(**changes)


def _made(of: Any, value: Any, now: Any) -> Any:
    """A value as the policy holds it; of a section what is not said stays."""
    if isinstance(of, type) and issubclass(of, Enum):
        words = {str(each.value) for each in of}
        if value not in words:
            raise ValueError(f"{value!r} is no such setting; {near(value, words)}")
        return of(value)
    if dataclasses.is_dataclass(of) and isinstance(of, type):
        types = get_type_hints(of)
        for key in value:
            if key not in types:
                raise ValueError(f"there is no setting {key!r}; {near(key, types)}")
        made = {key: _made(types[key], each, None) for key, each in value.items()}
        return dataclasses.replace(now, **made) if now is not None else of(**made)
    if get_origin(of) is not None and isinstance(value, Mapping):
        each_of = get_args(of)[1]
        return {key: _made(each_of, each, None) for key, each in value.items()}
    return value
