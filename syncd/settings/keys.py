"""Every key that a policy takes: what it is for, what it takes, whether users may be let at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from syncd.settings.groups import GROUP_TABLES, group_of, lock_of, unknown_field
from syncd.settings.kind_section import FilterSection, KindSection
from syncd.settings.kinds import KINDS
from syncd.settings.mistakes import closest
from syncd.settings.policy_section import PolicySection, ServerNames

ANY = "*"  # in the place of a name: contacts.directions.*
LENGTH = "a length of time"
FILTERS = ("filters", "templates")

# What a policy may let its users set. Everything else decides over others, or guards them: it stays
# the admin's. A user's filters are their own by `syncd filters`, and no setting.
OPENABLE_OF_KIND = (
    "direction", "directions", "folder", "track", "track_category", "conflict", "conflicts",
    "on_scope_exit", "on_crm_delete", "on_outlook_delete", "copies", "company", "addresses",
)  # fmt: skip
OPENABLE = ("interval", *(f"{plural}.{name}" for plural in KINDS for name in OPENABLE_OF_KIND))


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a policy. `name` is dotted; `*` stands in it for a name that is to be chosen.

    `choices` are the values it takes, where these are a closed set.
    """

    name: str
    about: str
    takes: str
    choices: tuple[str, ...]
    default: object

    @property
    def openable(self) -> bool:
        """Whether a policy may let its users set it."""
        return any(self.name == each or self.name.startswith(f"{each}.") for each in OPENABLE)


class UnknownKey(Exception):
    """There is no such key. `what` and `todo` are for a person."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def keys_of(section: type[BaseModel], *path: str) -> Iterator[Key]:
    """The keys of a section, in the order of its type; `path` is where it stands."""
    for name, info in section.model_fields.items():
        inner = info.annotation
        if name == "kinds":
            for plural in KINDS:
                yield from keys_of(KindSection, *path, plural)
        elif name in FILTERS:
            yield from keys_of(FilterSection, *path, name, ANY)
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            if name == "on_scope_exit":  # one word of all three, or a table
                key = ".".join((*path, name))
                first = next(iter(inner.model_fields.values()))
                about = f"{info.description} One word says it of all three."
                yield Key(key, about, "a word", _choices(first.annotation), None)
            yield from keys_of(inner, *path, name)
        else:
            place = (*path, name, ANY) if name in (*GROUP_TABLES, "bounds") else (*path, name)
            yield _key(".".join(place), info)


def _key(name: str, info: FieldInfo) -> Key:
    kind = info.annotation
    if name.endswith(f".{ANY}"):
        kind = get_args(kind)[1]
    choices = _choices(kind)
    default = None if name.endswith(f".{ANY}") or info.is_required() else info.default
    return Key(
        name, info.description or "", _word(kind) if choices else _takes(kind), choices, default
    )


def _choices(kind: object) -> tuple[str, ...]:
    """The values of an enum, with whatever annotates it."""
    while not isinstance(kind, type) and get_args(kind):
        kind = get_args(kind)[0]
    return (
        tuple(str(e.value) for e in kind)
        if isinstance(kind, type) and issubclass(kind, Enum)
        else ()
    )


def _takes(kind: object) -> str:
    words: Mapping[object, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        timedelta: LENGTH,
        str: "text",
        ServerNames: "a name, or a list of names",
    }
    args = [
        get_args(each)[0] if get_origin(each) is Annotated else each
        for each in get_args(kind)
        if each is not type(None)
    ]
    if Path in args:
        return "true, false or the path of a file" if bool in args else "the path of a file"
    return words.get(args[0] if len(args) == 1 else kind, "a list")


def _word(kind: object) -> str:
    return "a list of words" if get_origin(kind) is tuple else "a word"


KEYS: tuple[Key, ...] = tuple(keys_of(PolicySection))
_BY_NAME = {key.name: key for key in KEYS}


def find(name: str) -> tuple[str, Key]:
    """A key by its name, and that name as it is kept: of a field, that of its group.

    Raises UnknownKey.
    """
    if name in _BY_NAME and ANY not in name:
        return name, _BY_NAME[name]
    parts = tuple(name.split("."))
    if len(parts) == 3 and parts[0] in KINDS and parts[1] in GROUP_TABLES:
        kind = KINDS[parts[0]].kind
        group = group_of(kind, parts[2])
        if group is None:
            what, todo = unknown_field(kind, parts[2])
            raise UnknownKey(what, todo)
        return ".".join((*parts[:2], group)), _BY_NAME[".".join((*parts[:2], ANY))]
    near = closest(name, [key.name for key in KEYS])
    suggestion = f"did you mean {near!r}?" if near else "see them with: syncd settings show MAILBOX"
    raise UnknownKey(f"there is no setting {name!r}", suggestion)


def known(name: str) -> Key | None:
    """The key that a name means, or the one of a table that ends in `*`; `None` for no such."""
    try:
        return _BY_NAME.get(name) or find(name)[1]
    except UnknownKey:
        return None


def lock_on(name: str) -> str | None:
    """Why nobody chooses the value of this key; `None` where it is to be chosen."""
    plural, _, rest = name.partition(".")
    if plural not in KINDS or not rest.startswith("directions."):
        return None
    return lock_of(KINDS[plural].kind, rest.partition(".")[2])


def opens(patterns: Iterable[str], name: str) -> bool:
    """Whether one of `user_may` lets a user set a key, whose name is as `find` gives it."""
    return any(_opens(pattern, name) for pattern in patterns)


def _opens(pattern: str, name: str) -> bool:
    if pattern.endswith(f".{ANY}"):
        return name.startswith(pattern[: -len(ANY)])
    try:
        return find(pattern)[0] == name
    except UnknownKey:
        return False


def opening_mistake(pattern: str) -> tuple[str, str | None] | None:
    """What is wrong with an entry of `user_may`, or a key of `bounds`; `None` when it is right."""
    if pattern.endswith(f".{ANY}"):
        inside = [key for key in KEYS if key.name.startswith(pattern[: -len(ANY)])]
        if not inside:
            near = closest(pattern, [key.name for key in KEYS if key.openable])
            return f"there are no settings {pattern!r}", near and f"did you mean {near!r}?"
        if any(key.openable for key in inside):
            return None
        return f"{pattern!r} is the admin's alone", None
    try:
        name, key = find(pattern)
    except UnknownKey as unknown:
        near = closest(pattern, [key.name for key in KEYS if key.openable])
        return unknown.what, f"did you mean {near!r}?" if near else unknown.todo
    if not key.openable:
        return f"{pattern!r} is the admin's alone", None
    lock = lock_on(name)
    return (f"{pattern!r} is locked: {lock}", None) if lock else None
