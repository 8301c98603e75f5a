"""Matching before creating: which item that is there already is which CRM record.

Keyed hashes nominate (they hold no content, P14); a match is concluded here, on the values of items
that were read again. Nothing is guessed: a clear match is adopted, a doubtful one waits for a
person, anything else is no match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.model.kinds import Kind
from syncd.model.normal import keyed_hash, normal
from syncd.model.values import Value

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Matches:
    """`pairs` maps record id to item id; `doubtful` maps record id to the items it could be.

    `bound` are the doubtful ones whose only match is an item that is not free.
    """

    pairs: Mapping[str, str]
    doubtful: Mapping[str, tuple[str, ...]]
    bound: frozenset[str] = frozenset()


def _form(kind: Kind, values: Values, name: str) -> str:
    form = normal(kind.by_name[name].type, values.get(name))
    return form.casefold() if isinstance(form, str) else ""


def unique_keys(kind: Kind, values: Values) -> frozenset[str]:
    """The values that nominate by themselves; an address counts once, in whichever field it is."""
    return frozenset(f for name in kind.match.unique if (f := _form(kind, values, name)))


def name_keys(kind: Kind, values: Values) -> frozenset[str]:
    """The name together with each supporting value, in whichever field it is."""
    forms = (_form(kind, values, field) for field in kind.match.support)
    return _named(kind, values, (form for form in forms if form))


def _whole_names(kind: Kind, values: Values) -> frozenset[str]:
    """The name together with anything that may be shared: a phone, a company, an address, too."""
    addresses = (f"\x1f{each}" for each in unique_keys(kind, values))
    return name_keys(kind, values) | _named(kind, values, addresses)


def _named(kind: Kind, values: Values, forms: Iterable[str]) -> frozenset[str]:
    name = [_form(kind, values, part) for part in kind.match.name]
    return frozenset("\x1f".join((*name, form)) for form in forms) if all(name) else frozenset()


def match_hashes(kind: Kind, key: bytes, values: Values) -> frozenset[str]:
    """What an item is nominated by, as keyed hashes: to be stored in place of its values."""
    unique = (keyed_hash(key, "unique", each) for each in unique_keys(kind, values))
    named = (keyed_hash(key, "name", each) for each in name_keys(kind, values))
    return frozenset((*unique, *named))


def contradict(kind: Kind, one: Values, two: Values) -> bool:
    """Whether two names cannot be the same person's: a part filled on both sides differs.

    An initial stands for any name that it begins.
    """
    for part in kind.match.name:
        a, b = (_form(kind, values, part).rstrip(".") for values in (one, two))
        shorter, longer = sorted((a, b), key=len)
        if shorter and not (a == b or (len(shorter) == 1 and longer.startswith(shorter))):
            return True
    return False


def match(
    kind: Kind,
    records: Mapping[str, Values],
    items: Mapping[str, Values],
    taken: Iterable[Values] = (),
    bound: frozenset[str] = frozenset(),
) -> Matches:
    """Match records in scope to unlinked items.

    `bound` are those of the items that are not free: they belong to another installation, or to a
    record that is gone. Who matches one of these is doubtful, and nobody is created beside it.

    `taken` are the values of records that are linked already: a value they carry is not unique.
    An address that several carry matches nobody by itself, only together with the name, as a phone
    or a company does; what several bear even so is doubtful.
    """
    pairs: dict[str, str] = {}
    doubtful: dict[str, tuple[str, ...]] = {}
    if not items:
        return Matches(pairs, doubtful)
    owners = _index(((r, unique_keys(kind, v)) for r, v in records.items()))
    carriers = _index(((i, unique_keys(kind, v)) for i, v in items.items()))
    taken = tuple(taken)
    crowded = {each for values in taken for each in unique_keys(kind, values)}
    named_twice = {each for values in taken for each in _whole_names(kind, values)}
    named_items = _index(((i, _whole_names(kind, v)) for i, v in items.items()))
    candidates: dict[str, set[str]] = {}
    unsure: set[str] = set()  # a linked record bears the same name
    for record, values in records.items():
        by_value: set[str] = set()
        for each in unique_keys(kind, values) - crowded:
            if len(owners[each]) == 1 and len(carriers[each]) == 1:
                by_value |= carriers[each]
        names = _whole_names(kind, values)
        by_name = {item for each in names for item in named_items.get(each, ())}
        candidates[record] = by_value or by_name
        if not by_value and named_twice & names:
            unsure.add(record)
    claims: dict[str, set[str]] = defaultdict(set)
    for record, found in candidates.items():
        for item in found:
            claims[item].add(record)
    for record, found in candidates.items():
        clear = [i for i in found if not contradict(kind, records[record], items[i])]
        alone = len(found) == len(clear) == 1 and len(claims[clear[0]]) == 1
        if alone and record not in unsure and clear[0] not in bound:
            pairs[record] = clear[0]
        elif found:
            doubtful[record] = tuple(sorted(found))
    only = frozenset(record for record, found in doubtful.items() if bound.issuperset(found))
    return Matches(pairs, doubtful, only)


def _index(keyed: Iterable[tuple[str, frozenset[str]]]) -> dict[str, set[str]]:
    index: dict[str, set[str]] = defaultdict(set)
    for identity, keys in keyed:
        for each in keys:
            index[each].add(identity)
    return index
