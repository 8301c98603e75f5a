"""A record: one contact, task, … as an immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from syncd.model.fields import Group
from syncd.model.kinds import Schema
from syncd.model.normal import normal, same
from syncd.model.values import JsonValue, Value, from_json, to_json


@dataclass(frozen=True)
class Record:
    """A kind and its observed fields. A missing key means "not observed", `None` means "empty"."""

    kind: Schema
    fields: Mapping[str, Value]

    def __post_init__(self) -> None:
        if not self.fields.keys() <= self.kind.by_name.keys():
            unknown = self.fields.keys() - self.kind.by_name.keys()
            raise ValueError(f"{self.kind.name} has no field {min(unknown)!r}")
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def group(self, group: Group) -> dict[str, Value] | None:
        """The observed values of a group, or `None` when none of its fields was observed."""
        fields = self.fields
        seen: dict[str, Value] = {}
        for field in group.fields:
            if field.name in fields:
                seen[field.name] = fields[field.name]
        return seen or None

    def normal(self, name: str) -> Value:
        """The normal form of one field; `None` when it is empty or was not observed."""
        return normal(self.kind.by_name[name].type, self.fields.get(name))

    def patched(self, patch: Mapping[str, Value]) -> Record:
        """This record with some fields replaced."""
        return Record(self.kind, {**self.fields, **patch})

    def to_json(self) -> dict[str, JsonValue]:
        """The observed fields as JSON values."""
        return {name: to_json(value) for name, value in self.fields.items()}

    @classmethod
    def from_json(cls, kind: Schema, data: Mapping[str, object]) -> Record:
        """The record that `to_json` wrote. Fields that the map no longer names are left out.

        Of a custom field, what is of another type than the field is by now, is left out, too.
        """
        fields: dict[str, Value] = {}
        for name, value in data.items():
            if name in kind.by_name:
                try:
                    fields[name] = from_json(kind.by_name[name].type, value)
                except ValueError:
                    if kind.by_name[name].crm:
                        raise
        return cls(kind, fields)


def equal(group: Group, one: Mapping[str, Value], two: Mapping[str, Value]) -> bool:
    """Whether two values of a group are the same in normal form."""
    return one == two or all(
        same(field.type, one.get(field.name), two.get(field.name)) for field in group.fields
    )


def difference(
    group: Group, wanted: Mapping[str, Value], present: Mapping[str, Value]
) -> dict[str, Value]:
    """The fields of `wanted` that `present` does not already hold, as they are to be written.

    A field that `wanted` does not name was not observed, and is not written.
    """
    changes: dict[str, Value] = {}
    for field in group.fields:
        name = field.name
        if name in wanted:
            value, held = wanted[name], present.get(name)
            if value is not held and not same(field.type, value, held):
                changes[name] = value
    return changes
