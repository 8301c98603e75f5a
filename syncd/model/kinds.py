"""A kind of record is data: its field map, where its items live, what they are matched by.

An entity is what the CRM keeps; a kind is one that has items in Outlook, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from syncd.model.fields import Attribute, EwsProperty, Field, Group
from syncd.model.normal import text
from syncd.model.states import States
from syncd.model.values import Value


@dataclass(frozen=True, slots=True)
class Initial:
    """A property that syncd sets when it creates an item, and never again: then it is the rep's.

    `compose` makes it from the record's values; an empty result sets nothing.
    """

    name: str
    ews: EwsProperty
    graph: str
    compose: Callable[[Mapping[str, Value]], str | None]


@dataclass(frozen=True, slots=True)
class MatchBy:
    """What items and records of a kind are matched by before one is created.

    A value of `unique` found once on each side nominates, unless the `name` fields contradict.
    Equal `name` fields nominate together with one equal `support` field.
    """

    unique: tuple[str, ...]
    name: tuple[str, ...]
    support: tuple[str, ...]

    @property
    def fields(self) -> frozenset[str]:
        """All fields that matching reads."""
        return frozenset(self.unique + self.name + self.support)


@dataclass(frozen=True)
class Schema:
    """What a sort of record has: its name, its fields."""

    name: str
    plural: str
    fields: Sequence[Attribute]

    @cached_property
    def by_name(self) -> Mapping[str, Attribute]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    def called(self, values: Mapping[str, Value]) -> str:
        """What a record is called; empty when it has no name."""
        raise NotImplementedError


@dataclass(frozen=True)
class Entity(Schema):
    """A sort of record that only the CRM keeps. `titled` are the fields that make up its name."""

    fields: tuple[Attribute, ...]
    titled: tuple[str, ...]
    states: States

    def called(self, values: Mapping[str, Value]) -> str:
        """What a record is called; empty when it has no name."""
        return text(" ".join(str(values[name]) for name in self.titled if values.get(name))) or ""


@dataclass(frozen=True)
class Kind(Schema):
    """One sort of record that has items in Outlook.

    `distinguished` is the Exchange folder its items live in by default; `labels` the field that
    holds the item's categories; `company` the one that is the name of another record, if any.
    `archive_folder` is where items are put whose record left scope, `archive_category` what they
    are marked with where nothing can be moved.
    `locks` says of each locked group why its direction is not to be chosen.
    """

    fields: tuple[Field, ...]
    initial: tuple[Initial, ...]
    match: MatchBy
    item_class: str
    item_element: str
    folder_class: str
    distinguished: str
    archive_folder: str
    archive_category: str
    labels: str
    company: str | None = None
    locks: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __hash__(self) -> int:
        """By its name alone: what is compiled of a kind is looked up for every request."""
        return hash(self.name)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    def called(self, values: Mapping[str, Value]) -> str:
        """What a record is called: the last of the texts that an item of its kind is listed by."""
        return next((t for i in self.initial[::-1] if (t := i.compose(values))), "") or ""

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """The field groups by name, in the order of the map. Raises ValueError on a bad map."""
        members: dict[str, list[Field]] = {}
        for each in self.fields:
            members.setdefault(each.group, []).append(each)
        return {name: _group(name, tuple(fields)) for name, fields in members.items()}


def _group(name: str, fields: tuple[Field, ...]) -> Group:
    first = fields[0]
    rules = {(field.direction, field.sphere, field.locked) for field in fields}
    if len(rules) > 1:
        raise ValueError(f"the fields of group {name!r} do not share direction, sphere and lock")
    return Group(name, fields, first.direction, first.sphere, first.locked)
