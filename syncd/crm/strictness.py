"""What the database refuses by itself, whoever writes: triggers, made from the literal tables.

They say in SQL what `guarding` and `lifecycle` say to those who come through the front door: only
states and status reasons that there are, only ways between states that there are, no change of
what is closed, nothing required that is empty, one regarding at most. They are made anew with each
upgrade, for they follow from the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection

from syncd.crm.entities import ACTIVITY_KINDS, ENTITIES
from syncd.crm.stored import StoredKind
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema


def install(conn: Connection) -> None:
    """Put the triggers of all entities in the place of those there are."""
    sqlite = conn.dialect.name == "sqlite"
    tables = {stored.table.name for stored in ENTITIES.values()}
    for table in sorted(tables):
        rules = list(_rules(table))
        for statement in _sqlite(table, rules) if sqlite else _postgresql(table, rules):
            conn.exec_driver_sql(statement)


class _Rule:
    """A condition that no row may meet, on writing or only on changing, and what it breaks."""

    def __init__(self, what: str, where: str, *, changing: bool = False) -> None:
        self.what, self.where, self.changing = what, where, changing


def _rules(table: str) -> Iterator[_Rule]:
    kinds = [stored for stored in ENTITIES.values() if stored.table.name == table]
    if kinds[0] in ACTIVITY_KINDS:
        yield _Rule(
            "there is no such activity", f"NEW.kind NOT IN ({_list(s.entity for s in kinds)})"
        )
        yield _Rule("an activity stays what it is", "NEW.kind <> OLD.kind", changing=True)
    for stored in kinds:
        mine = f"NEW.kind = '{stored.entity}' AND " if stored.constants else ""
        for rule in _rules_of(stored):
            yield _Rule(rule.what, f"{mine}({rule.where})", changing=rule.changing)


def _rules_of(stored: StoredKind[Schema]) -> Iterator[_Rule]:
    name = stored.entity.replace("_", " ")
    pairs = " OR ".join(
        f"(NEW.statecode = '{state.name}' AND NEW.statuscode IN ({_list(state.reasons)}))"
        for state in stored.states.states
    )
    # Records from before there were status reasons have none.
    known = f"NEW.statuscode IS NULL AND NEW.statecode IN ({_list(stored.states.by_name)})"
    yield _Rule(f"{name}: there is no such state and status reason", f"NOT ({known} OR {pairs})")
    ways = " OR ".join(
        f"(OLD.statecode = '{state.name}' AND NEW.statecode IN ({_list(state.leads_to)}))"
        for state in stored.states.states
        if state.leads_to
    )
    yield _Rule(
        f"{name}: that state does not lead there",
        f"NEW.statecode <> OLD.statecode AND NOT ({ways})",
        changing=True,
    )
    content = " OR ".join([*(_differs(stored, each) for each in stored.content), _OTHER_REASON])
    closed = f"OLD.statecode NOT IN ({_list(sorted(stored.states.editable))})"
    # What was withdrawn or is undone goes from closed records, too (P7).
    undone = "substr(coalesce(NEW.modified_by, ''), 1, 5) = 'undo:'"
    # References are bookkeeping: they go when what they point to goes.
    yield _Rule(
        f"{name}: what is closed is read-only",
        f"{closed} AND NEW.statecode = OLD.statecode AND NOT ({undone}) AND ({content})",
        changing=True,
    )
    for field in stored.kind.fields:
        if field.required:
            column = field.crm[0]
            blank = f" OR trim(NEW.{column}) = ''" if field.type in _TEXTS else ""
            yield _Rule(f"{name}: {column} is required", f"NEW.{column} IS NULL{blank}")
    for field in stored.kind.fields:
        if field.type is FieldType.REFERENCE and len(field.crm) > 1:
            filled = " + ".join(f"(NEW.{c} IS NOT NULL){_AS_NUMBER}" for c in field.crm)
            yield _Rule(f"{name}: {field.name} is one record at most", f"{filled} > 1")
    if stored.entity == "account":
        yield _Rule("account: it is not its own parent", "NEW.parentaccountid = NEW.id")


# Where the databases differ, put in for each: how truths add up, sets are compared.
_AS_NUMBER, _AS_TEXT, _DIFFERENT = "<int>", "<text>", "<different>"


_TEXTS = (FieldType.TEXT, FieldType.LINES, FieldType.NOTE, FieldType.EMAIL, FieldType.PHONE)
# A record from before there were status reasons may be given one.
_OTHER_REASON = "(OLD.statuscode IS NOT NULL AND NEW.statuscode <different> OLD.statuscode)"


def _differs(stored: StoredKind[Schema], column: str) -> str:
    if stored.type_of(column) is FieldType.REFERENCE or column in stored.pointers:
        # It may be emptied, and pointed elsewhere by a merge; that is not its content.
        return f"(OLD.{column} IS NULL AND NEW.{column} IS NOT NULL)"
    as_text = _AS_TEXT if stored.type_of(column) is FieldType.NAMES else ""
    return f"NEW.{column}{as_text} <different> OLD.{column}{as_text}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _sqlite(table: str, rules: list[_Rule]) -> Iterator[str]:
    for event in ("insert", "update"):
        name = f"strict_{table}_{event}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        raised = "".join(
            f"SELECT RAISE(ABORT, '{rule.what}') WHERE {_spelled(rule, _SQLITE)}; "
            for rule in rules
            if event == "update" or not rule.changing
        )
        yield f'CREATE TRIGGER {name} BEFORE {event} ON "{table}" BEGIN {raised}END'


def _postgresql(table: str, rules: list[_Rule]) -> Iterator[str]:
    for event in ("insert", "update"):
        name = f"strict_{table}_{event}"
        checks = "".join(
            f"IF {_spelled(rule, _POSTGRESQL)} "
            f"THEN RAISE EXCEPTION '{rule.what}' USING ERRCODE = 'check_violation'; END IF; "
            for rule in rules
            if event == "update" or not rule.changing
        )
        yield f'DROP TRIGGER IF EXISTS {name} ON "{table}"'
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {checks} RETURN NEW; END $$"
        )
        yield (
            f'CREATE TRIGGER {name} BEFORE {event} ON "{table}" '
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


_SQLITE = {_AS_NUMBER: "", _AS_TEXT: "", _DIFFERENT: "IS NOT"}
_POSTGRESQL = {_AS_NUMBER: "::int", _AS_TEXT: "::text", _DIFFERENT: "IS DISTINCT FROM"}


def _spelled(rule: _Rule, spelling: Mapping[str, str]) -> str:
    found = rule.where
    for what, how in spelling.items():
        found = found.replace(what, how)
    return found
