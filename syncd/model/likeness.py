"""Temporary."""

from collections.abc import Mapping

from syncd.model.values import Value

KEYED_FIELDS = frozenset({"lastname", "firstname", "emailaddress1"})


def keys(values: Mapping[str, Value]) -> frozenset[str]:
    """What a record is found by."""
    e = values.get("emailaddress1")
    return frozenset({f"e:{e}".lower()} if e else set())
