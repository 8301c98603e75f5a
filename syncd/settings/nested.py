"""Tables in tables: laid over one another, and taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Table = Mapping[str, object]


def merged(below: Table, above: Table) -> dict[str, object]:
    """`above` over `below`: tables key by key, anything else replaced."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[key] = merged(under, value) if both else value  # type: ignore[arg-type] # both are
    return result


def leaves(table: Table, *path: str) -> Iterator[tuple[tuple[str, ...], object]]:
    """What a table holds that is no table itself, each with its path."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, *path, key)
        else:
            yield (*path, key), value


def nested(path: tuple[str, ...], value: object) -> dict[str, object]:
    """The table that holds nothing but this value at this path."""
    for key in reversed(path):
        value = {key: value}
    return value if isinstance(value, dict) else {}
