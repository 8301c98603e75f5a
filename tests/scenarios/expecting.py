"""What a scenario expects in the end, held against what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from syncd.crm import database
from syncd.model.contact import CONTACT
from syncd.model.normal import normal
from syncd.model.values import Value, from_json
from syncd.sync.tables import conflict, held, snapshot
from tests.scenarios.reading import AS_AT_START, AS_IN_CRM, Table, numbered, values
from tests.scenarios.stage import ADDRESSES, CONTACTS, FORMER, TRASH, Stage
from tests.sync.hands import Seen

Fields = dict[str, Value]
LABELS = "categories"
AT_REST = {"in step": "live", "released": "released", "remembered": "remembered",
           "orphaned": "orphaned", "copy": "copy"}  # fmt: skip


def check(stage: Stage) -> None:
    """Raises AssertionError that lists whatever is not as expected."""
    wrong = [*_crm(stage), *_outlook(stage), *_stands(stage), *_kept(stage), *_mailboxes(stage)]
    told = "\n  ".join(wrong)
    assert not wrong, f"{stage.scenario.name}.toml ({stage.scenario.title}):\n  {told}"


# --- the CRM -------------------------------------------------------------------------------------


def _crm(stage: Stage) -> Iterator[str]:
    left = dict(stage.world.all_records())
    for name, each in _every(stage.scenario.expected.get("crm", {})):
        crm_id = stage.record(name)
        found = left.pop(crm_id, None)
        if found is None:
            yield f"the CRM has no record of {name!r}, or it is another one's"
            continue
        yield from _differences(f"the CRM's {name!r}", _record(stage, name), found.record.fields)
        if not isinstance(each, str):
            owner = next(r for r, a in ADDRESSES.items() if stage.world.users[a] == found.owner_id)
            if each.get("owner", owner) != owner:
                yield f"the CRM's {name!r} belongs to {owner}, and not to {each['owner']}"
            if each.get("active", found.active) != found.active:
                yield f"the CRM's {name!r} is {'' if found.active else 'not '}active"
    for each in left.values():
        yield f"the CRM has an unexpected record: {_normal(each.record.fields)}"


def _record(stage: Stage, name: str) -> Fields:
    """What the CRM is expected to hold of a contact."""
    said = dict(_every(stage.scenario.expected.get("crm", {}))).get(name, AS_AT_START)
    begun = stage.record_begun(name)
    return begun if isinstance(said, str) else {**begun, **values(said)}


# --- Outlook -------------------------------------------------------------------------------------


def _outlook(stage: Stage) -> Iterator[str]:
    expected = stage.scenario.expected
    for rep in stage.scenario.users:
        spec = stage.world.rules.folder
        synced = spec.partition("/")[2] or CONTACTS
        former = dict(_every(expected.get("former", {}).get(rep, {})))
        places = {
            synced: dict(_every(expected.get("outlook", {}).get(rep, {}))),
            FORMER: former if stage.world.moves else {},
            TRASH: dict(_every(expected.get("trash", {}).get(rep, {}))),
        }
        marked = frozenset[str]() if stage.world.moves else frozenset(former)
        if not stage.world.moves:  # what is put aside stays in its place, under a category
            places[synced] |= former
        folders = expected.get("folders", {}).get(rep, {})
        places.update({place: dict(_every(items)) for place, items in folders.items()})
        for place, items in places.items():
            yield from _folder(stage, rep, place, items, marked)


def _folder(
    stage: Stage, rep: str, place: str, wanted: dict[str, Any], marked: frozenset[str]
) -> Iterator[str]:
    address = ADDRESSES[rep]
    where = stage.folders.get((address, place), place)
    left = {each.id: each for each in stage.world.hand(address).items(where)}
    said = {
        name: _wanted(stage, address, name, each, marked=name in marked)
        for name, each in wanted.items()
    }
    for name in list(said):
        found = stage.item(address, name)
        if found is not None and found.id in left:
            yield from _item(stage, rep, name, said.pop(name), left.pop(found.id))
    for name, fields in said.items():  # an item that nobody holds by this name: one like it
        like = [i for i, item in left.items() if _normal(item.fields) == _normal(fields)]
        if not like:
            yield f"{rep} has no {name!r} in {place}; there is: {[i.fields for i in left.values()]}"
            continue
        del left[like[0]]
    for item in left.values():
        yield f"{rep} has an unexpected item in {place}: {item.fields}"


def _item(stage: Stage, rep: str, name: str, wanted: Fields, found: Seen) -> Iterator[str]:
    address = ADDRESSES[rep]
    yield from _differences(f"{rep}'s item of {name!r}", wanted, found.fields)
    text = stage.jotted.get((address, name))
    if text is not None and stage.world.hand(address).jotted(found.id) != text:
        yield f"{rep}'s item of {name!r} lost what syncd does not know (P11)"


def _wanted(stage: Stage, address: str, name: str, said: Any, *, marked: bool) -> Fields:
    in_crm = name in dict(_every(stage.scenario.expected.get("crm", {})))
    rest = AS_IN_CRM if in_crm else AS_AT_START
    rest = said if isinstance(said, str) else said.get("rest", rest)
    base = _record(stage, name) if rest == AS_IN_CRM else stage.item_begun(address, name)
    labels = stage.labels.get((address, name)) or ()
    assert isinstance(labels, tuple)
    base[LABELS] = (*labels, *((CONTACT.archive_category,) if marked else ())) or None
    return base if isinstance(said, str) else {**base, **values(said)}


# --- why, and what is left -----------------------------------------------------------------------


def _stands(stage: Stage) -> Iterator[str]:
    for rep, names in stage.scenario.expected.get("stands", {}).items():
        for name, wanted in _every(names):
            found = _stand(stage, ADDRESSES[rep], name, wanted)
            if found != wanted:
                yield f"in {rep}'s mailbox {name!r} is {found!r}, and not {wanted!r}"


def _stand(stage: Stage, address: str, name: str, wanted: str) -> str:
    record = stage.record(name)
    tied = stage.world.link(record, address) if record else None
    words = {state: word for word, state in AT_REST.items()}
    if wanted in AT_REST or wanted == "no tie":
        return words[tied.state] if tied is not None else "no tie"
    item = stage.item(address, name)
    if item is not None and not item.shown:
        return "unseen"
    world = stage.world
    told = world.reason(item.id, address) if item is not None else world.noticed(record)
    stand, _, reason = told.rstrip(")").partition(" (")
    return f"{_SAID.get(stand, stand)}: {reason}"


_SAID = {"waiting": "waits", "quarantined": "set aside", "in-step": "in step"}


def _kept(stage: Stage) -> Iterator[str]:
    query = select(conflict.c.crm_id, snapshot.c.content).join(
        snapshot, snapshot.c.hash == conflict.c.kept
    )
    with database.read(stage.world.engine) as conn:
        rows = [(crm_id, json.loads(content)) for crm_id, content in conn.execute(query)]
    missing = {
        (stage.record(name), field, normal(CONTACT.by_name[field].type, value))
        for name, fields in stage.scenario.expected.get("kept", {}).items()
        for field, given in fields.items()
        for value in (given if isinstance(given, list) else [given])
    }
    wanted = set(missing)
    for crm_id, content in rows:
        lost = {(crm_id, field, _loaded(field, value)) for field, value in content.items()}
        if not lost & wanted and any(value is not None for _, _, value in lost):
            yield f"unexpectedly, a value was kept that lost: {content}"
        missing -= lost
    for _, field, value in missing:
        yield f"nobody kept {field} = {value!r}, which lost"


def _loaded(field: str, value: object) -> Value:
    of_type = CONTACT.by_name[field].type
    return normal(of_type, from_json(of_type, value))


def _mailboxes(stage: Stage) -> Iterator[str]:
    for rep in stage.scenario.users:
        address = ADDRESSES[rep]
        wanted: dict[str, Any] = {"held": 0, "first_contact": "done", "state": "live"}
        wanted |= stage.scenario.expected.get("mailbox", {}).get(rep, {})
        first = stage.world.contact_state(address)
        found = {
            "held": _held(stage, address),
            "first_contact": "waits" if first == "proposed" else first,
            "state": stage.world.state(address).state.value,
            "writes": stage.counted()[address],
        }
        for key, value in wanted.items():
            if found[key] != value:
                yield f"{rep}'s mailbox: {key} is {found[key]!r}, and not {value!r}"


def _held(stage: Stage, address: str) -> int:
    mine = held.c.mailbox_id == stage.world.mailbox_id(address)
    mine &= held.c.approved_at.is_(None) & held.c.discarded_at.is_(None)
    with database.read(stage.world.engine) as conn:
        query = select(func.count(func.distinct(held.c.subject))).where(mine)
        return int(conn.execute(query).scalar_one())


# --- comparing -----------------------------------------------------------------------------------


def _every(said: Table) -> Iterator[tuple[str, Any]]:
    """Every contact by name, with those of whom there are many one by one."""
    for name, each in said.items():
        yield from [(name, each)] if isinstance(each, str) else numbered(name, each)


def _normal(fields: Mapping[str, Value]) -> Fields:
    types = CONTACT.by_name
    forms = {n: normal(types[n].type, value) for n, value in fields.items() if n in types}
    return {name: value for name, value in forms.items() if value is not None}


def _differences(whose: str, wanted: Fields, found: Mapping[str, Value]) -> Iterator[str]:
    one, two = _normal(wanted), _normal(found)
    for name in sorted(one.keys() | two.keys()):
        if one.get(name) != two.get(name):
            yield f"{whose}: {name} is {two.get(name)!r}, and not {one.get(name)!r}"
