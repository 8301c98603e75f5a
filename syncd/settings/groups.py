"""Rules for single fields, as an admin names them: by field, or by the group that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from syncd.model.kinds import Kind
from syncd.settings.mistakes import closest

V = TypeVar("V")
GROUP_TABLES = ("directions", "conflicts")  # the tables of a kind's section that name fields


def group_of(kind: Kind, name: str) -> str | None:
    """The group that a name means, of a group or of a field in it; `None` for neither."""
    if name in kind.groups:
        return name
    field = kind.by_name.get(name)
    return field.group if field else None


def by_group(kind: Kind, table: Mapping[str, V]) -> dict[str, V]:
    """A table by field or group, by group alone. What names nothing is kept as it is."""
    return {group_of(kind, name) or name: value for name, value in table.items()}


def unknown_field(kind: Kind, name: str) -> tuple[str, str]:
    """What is wrong with a name that is of no field, and what to do about it."""
    near = closest(name, [*kind.groups, *kind.by_name])
    what = f"a {kind.name} has no field {name!r}"
    return what, f"did you mean {near!r}?" if near else f"type: syncd fields {kind.name}"


def lock_of(kind: Kind, name: str) -> str | None:
    """Why the direction of a field or group is not to be chosen; `None` where it is."""
    group = kind.groups.get(group_of(kind, name) or "")
    return kind.locks.get(group.name, "it is locked") if group and group.locked else None


def group_mistakes(
    kind: Kind, table: str, written: Mapping[str, object]
) -> Iterator[tuple[str, str, str | None]]:
    """What is wrong with a table by field or group: under which name, what, what would be right."""
    said: dict[str, str] = {}  # by group, under which name
    for name, value in written.items():
        group = group_of(kind, name)
        if group is None:
            yield name, *unknown_field(kind, name)
            continue
        why = lock_of(kind, name) if table == "directions" else None
        if why is not None:
            yield name, f"the direction of {name!r} is locked: {why}", "leave it out"
        first = said.setdefault(group, name)
        if written[first] != value:
            what = f"goes together with {first!r}, for which {written[first]!r} is written"
            yield name, what, f"write it once, for {group!r}"
