"""How far a user may go: the bounds that a policy sets to what it opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum

from pydantic import ValidationError

from syncd.settings.durations import format_duration, parse_duration
from syncd.settings.keys import ANY, KEYS, find
from syncd.settings.layers import Table, as_layer, leaves, nested
from syncd.settings.policy_section import PolicySection
from syncd.settings.wording import in_words

Bounds = Mapping[str, Sequence[str | bool]]


class NotRead(Exception):
    """A value is not one that its key takes. `what` says why, `todo` what would be right."""

    def __init__(self, what: str, todo: str | None) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def read_layer(name: str, value: object) -> Table:
    """One value of a key, as a layer. Raises NotRead when it is not one that the key takes."""
    try:
        section = PolicySection.model_validate(nested(tuple(name.split(".")), value))
    except ValidationError as error:
        _, what, todo = in_words(error.errors(include_url=False)[0])
        raise NotRead(what, todo) from None
    return as_layer(section)


def read(name: str, value: object) -> object:
    """The value of a key as the policy holds it; of one word that says it of several, once."""
    return next(leaf for _, leaf in leaves(read_layer(name, value)))


def plain(value: object) -> object:
    """A value as JSON and TOML write it."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


# What one word says of all groups bounds what is said of one.
_OF_ALL = {"directions": "direction", "conflicts": "conflict"}


def bounds_of(bounds: Bounds, name: str) -> Sequence[str | bool] | None:
    """What a user may choose from: by the key itself, else by what holds for all of its sort.

    The nearest goes first: `a.b.*` or `a.b` for `a.b.c`, before `a.*`.
    """
    by_name = {key if key.endswith(ANY) else find(key)[0]: key for key in bounds}
    for each in _holding_for(name):
        if each in by_name:
            return bounds[by_name[each]]
    return None


def _holding_for(name: str) -> Iterator[str]:
    yield name
    parts = name.split(".")
    for at in range(len(parts) - 1, 0, -1):
        above = parts[:at]
        yield ".".join((*above, ANY))
        yield ".".join(above)
        if above[-1] in _OF_ALL:
            yield ".".join((*above[:-1], _OF_ALL[above[-1]]))


def out_of_bounds(name: str, value: object, bounds: Bounds) -> str | None:
    """What is wrong with a value that a key takes, by the bounds; `None` when it is within.

    One word that says it of several is bound by what bounds any of them.
    """
    several = [".".join(path) for path, _ in leaves(read_layer(name, plain(value)))]
    beyond = (_beyond(each, value, bounds) for each in dict.fromkeys((name, *several)))
    return next((each for each in beyond if each is not None), None)


def _beyond(name: str, value: object, bounds: Bounds) -> str | None:
    allowed = bounds_of(bounds, name)
    if allowed is None:
        return None
    if isinstance(value, timedelta):
        lowest, highest = (parse_duration(str(each)) for each in allowed)
        if lowest <= value <= highest:
            return None
        return f"must be from {allowed[0]} to {allowed[1]}"
    if plain(value) in allowed:
        return None
    return f"must be one of {', '.join(plain_text(each) for each in allowed)}"


def plain_text(value: object) -> str:
    """A value as a person types it."""
    shown = plain(value)
    if isinstance(shown, bool):
        return "true" if shown else "false"
    return ", ".join(map(plain_text, shown)) if isinstance(shown, list) else f"{shown}"


def bound_mistake(key: str, allowed: object) -> tuple[str, str | None] | None:
    """What is wrong with one entry of `bounds`, whose key is right; `None` when nothing is."""
    if not isinstance(allowed, list) or not allowed:
        return None  # told already
    try:
        values = [read(name, each) for name in _meant(key) for each in allowed]
    except NotRead as bad:
        return bad.what, bad.todo
    lengths = [each for each in values if isinstance(each, timedelta)]
    if lengths and (len(values) != 2 or lengths[0] > lengths[1]):
        return "must be the lowest and the highest", 'such as ["2m", "1h"]'
    return None


def _meant(key: str) -> list[str]:
    """The keys that a key of `bounds` means, with something in the place of a name."""
    if not key.endswith(ANY):
        return [find(key)[0]]
    inside = [each.name for each in KEYS if each.name.startswith(key[: -len(ANY)])]
    return [each.replace(ANY, "name") for each in inside]
