"""From the cells of a row, by their logical names, to what the row says: fields, links, state."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from typing import cast
from uuid import UUID

from syncd.crm.entities import ENTITIES
from syncd.crm.importing import states
from syncd.crm.importing.headers import IGNORED
from syncd.crm.importing.names import (
    ID_KEYS,
    USER,
    USER_COLUMNS,
    Entities,
    columns_of,
    kind_of,
    known_columns,
    targets_of,
)
from syncd.crm.importing.parties import parties_of, people
from syncd.crm.importing.report import BadRow, Link, Party, Private, Raw, Row
from syncd.crm.importing.values import Manner, NoSuchOption, json_type, moment, value
from syncd.model.fields import Attribute, FieldType
from syncd.model.normal import text as one_line
from syncd.model.values import Value

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PRIVATE = frozenset({"private", "personal", "confidential"})


class Unknown(Enum):
    """What to do about a column that there is no place for."""

    REFUSE = "refuse"  # somebody typed it: it is a mistake
    COUNT = "count"  # another program wrote it: it is more than we keep


@dataclass(frozen=True)
class Understanding:
    """How the rows of one sort in one file are understood.

    `headings` are the file's own names → logical names; none: they are logical already. `key` is
    the column that a record is known by elsewhere. What has no place is counted in `left_out`.
    """

    kind: str
    headings: Mapping[str, str] | None
    manner: Manner
    unknown: Unknown
    left_out: Counter[str]
    key: str | None = None
    entities: Entities = field(default_factory=lambda: ENTITIES)
    _plans: dict[str, Callable[[_Said, object], None]] = field(default_factory=dict)

    def row(self, raw: Raw) -> Row:
        """What the row says. Raises BadRow, and Private of what is not for others to see."""
        if isinstance(raw.cells, BadRow):
            raise raw.cells
        said = _Said(dict(self._blank) if self.headings else {})
        for name, cell in raw.cells.items():
            plan = self._plans.get(name)
            if plan is None:
                plan = self._plans[name] = self._plan(name)
            plan(said, cell)
        said.finish(self.kind, self.manner)
        return Row(
            raw.line,
            self.kind,
            said.fields,
            said.text.get("owner"),
            said.id,
            said.key,
            said.links,
            said.status(self.kind, self.left_out),
            said.created_at,
            said.version,
            said.as_of,
            said.parties,
            original=raw.original,
        )

    @cached_property
    def _blank(self) -> Mapping[str, Value]:
        """Every field that the file has a column for: an empty cell says that it is empty."""
        if self.kind == USER:
            return {}
        stored = self.entities[self.kind]
        columns = columns_of(stored)
        given = {columns[n][0] for n in (self.headings or {}).values() if n in columns}
        return {n: None for n in stored.names if n in given and not targets_of(stored, n)}

    def _plan(self, heading: str) -> Callable[[_Said, object], None]:
        """What is done with the cells under a heading."""
        name = self.headings.get(heading, "") if self.headings is not None else heading
        if heading == self.key:
            return _Said.take_key
        if name == IGNORED:
            return _nothing
        taker = _TAKERS.get(name) or (_Said.take_id if name == ID_KEYS[self.kind] else None)
        if taker is not None and (
            name in known_columns(self.kind, self.entities) or " " in name or name in _MARKS
        ):
            return taker
        if name.startswith("party "):
            return _party(name.removeprefix("party "))
        if self.kind == USER:
            known = name in USER_COLUMNS
            return _text_taker(name) if known else self._no_place(heading, name)
        found = columns_of(self.entities[self.kind]).get(name)
        if found is None:
            return self._no_place(heading, name)
        return self._field(*found)

    def _field(self, name: str, position: int) -> Callable[[_Said, object], None]:
        stored = self.entities[self.kind]
        attribute = stored.kind.by_name.get(name)
        sort: Attribute | FieldType = attribute or stored.extras[name]
        if targets_of(stored, name):
            return lambda said, cell: said.take_link(name, cell)
        if attribute is not None and attribute.type is FieldType.LINES and attribute.crm:
            return lambda said, cell: said.take_line(name, position, cell)
        manner, left_out = self.manner, self.left_out
        clocked = isinstance(sort, Attribute) and sort.type is FieldType.MOMENT
        if clocked and self.headings and f"{name} time" in self.headings.values():
            return lambda said, cell: said.take_part(name, cell)
        if self.kind == "account" and name == "name":
            return lambda said, cell: said.take_line_of_text(name, cell)

        def take(said: _Said, cell: object) -> None:
            try:
                said.fields[name] = value(sort, name, cell, manner)
            except NoSuchOption as error:
                left_out[f"{error} (no such option)"] += 1

        return take

    def _no_place(self, heading: str, name: str) -> Callable[[_Said, object], None]:
        if self.unknown is Unknown.REFUSE:
            near = difflib.get_close_matches(name, known_columns(self.kind, self.entities), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise BadRow(f"unknown key {name!r}{hint}")
        left_out = self.left_out

        def count(said: _Said, cell: object) -> None:
            del said
            if cell not in (None, "", [], {}) and not (isinstance(cell, str) and cell.isspace()):
                left_out[heading] += 1

        return count


@dataclass
class _Said:
    """What a row says, being collected."""

    fields: dict[str, Value]
    text: dict[str, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    lines: dict[str, dict[int, str]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    id: str | None = None
    key: str | None = None
    created_at: datetime | None = None
    as_of_said: str = ""
    version: int | None = None
    as_of: datetime | None = None
    parties: tuple[Party, ...] | None = None
    codes: dict[str, object] = field(default_factory=dict)

    def take_id(self, cell: object) -> None:
        given = _text("id", cell)
        if given is None:
            return
        try:
            self.id = str(UUID(given))
        except ValueError:
            raise BadRow(
                f"the id {given[:40]!r} is not a UUID; an id of another system is an externalid"
            ) from None

    def take_key(self, cell: object) -> None:
        self.key = _text("externalid", str(cell) if isinstance(cell, int) else cell)

    def take_owner(self, cell: object) -> None:
        owner = cell.text if isinstance(cell, Link) else _text("owner", cell)
        if owner is not None:
            self.text["owner"] = owner

    def take_status(self, name: str, cell: object) -> None:
        if cell is not None and str(cell).strip():
            self.codes[name] = cell

    def take_created(self, cell: object) -> None:
        # A display time without a zone is no fact to keep.
        with suppress(BadRow):
            self.created_at = self.created_at or cast(
                "datetime | None", value(FieldType.MOMENT, "createdon", cell, Manner())
            )

    def take_version(self, cell: object) -> None:
        text = str(cell or "").strip()
        self.version = int(text) if text.isdecimal() else None

    def take_as_of(self, cell: object) -> None:
        self.as_of_said = str(cell or "").strip()

    def _as_of(self, manner: Manner) -> datetime | None:
        """When the file's record was last changed; before all time if it says so in no clear way.

        What may be older than the CRM's never replaces it unasked.
        """
        if not self.as_of_said:
            return None
        try:
            return moment("modifiedon", self.as_of_said, manner)
        except BadRow:
            return datetime.min.replace(tzinfo=UTC)

    def take_parties(self, cell: object) -> None:
        if isinstance(cell, str) and cell.strip():
            try:
                cell = json.loads(cell)
            except json.JSONDecodeError:
                raise BadRow("parties: not a JSON list") from None
        if cell not in (None, ""):
            self.parties = parties_of(cell)

    def take_party(self, role: str, cell: object) -> None:
        text = _text(role, cell)
        if text is not None:
            self.parties = (*(self.parties or ()), *people(role, text))

    def take_private(self, cell: object) -> None:
        if str(cell).strip().casefold() in ("true", "yes", "1"):
            raise Private

    def take_sensitivity(self, cell: object) -> None:
        if str(cell).strip().casefold() in _PRIVATE:
            raise Private

    def take_full_name(self, cell: object) -> None:
        full = _text("fullname", cell)
        if full is not None:
            self.text["fullname"] = full

    def take_link(self, name: str, cell: object) -> None:
        if isinstance(cell, Link):
            self.links[name] = cell
            return
        text = (_text(name, cell) or "").strip()
        sort, colon, rest = text.partition(":")
        entity = kind_of(sort) if colon and sort.replace("_", "").isalpha() else None
        if entity is not None and _GUID.fullmatch(rest.strip()):
            self.links[name] = Link(rest.strip().lower(), entity)
        elif text:
            self.links[name] = Link(text.lower() if _GUID.fullmatch(text) else text)

    def take_line(self, name: str, position: int, cell: object) -> None:
        self.lines.setdefault(name, {})[position] = _text(name, cell) or ""

    def take_line_of_text(self, name: str, cell: object) -> None:
        self.fields[name] = one_line(_text(name, cell) or "")

    def take_part(self, name: str, cell: object) -> None:
        self.parts[name] = _text(name, cell) or ""

    def finish(self, kind: str, manner: Manner) -> None:
        """Put together what several columns say."""
        self.as_of = self._as_of(manner)
        for name, lines in self.lines.items():
            given = [lines.get(position, "") for position in range(max(lines) + 1)]
            self.fields[name] = "\n".join(given).rstrip("\n") or None
        for name in [name for name in self.parts if not name.endswith(" time")]:
            if self.parts[name]:
                both = f"{self.parts[name]} {self.parts.get(f'{name} time', '')}".strip()
                self.fields[name] = moment(name, both, manner)
        full = self.text.get("fullname")
        if kind == USER:
            self.fields |= {name: self.text.get(name) for name in USER_COLUMNS}
        elif full and not self.fields.get("firstname") and not self.fields.get("lastname"):
            first, _, last = full.strip().rpartition(" ")
            self.fields |= {"firstname": first or None, "lastname": last}

    def status(self, kind: str, left_out: Counter[str]) -> str | None:
        """The status reason, if the row says anything of its state."""
        if not self.codes or kind == USER:
            return None
        return states.status_of(ENTITIES[kind], self.codes, left_out)


def _text(name: str, cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return None if cell is None or not cell or cell.isspace() else cell
    raise BadRow(f"{name}: not a text but {json_type(cell)}")


def _nothing(said: _Said, cell: object) -> None:
    del said, cell


def _party(role: str) -> Callable[[_Said, object], None]:
    return lambda said, cell: said.take_party(role, cell)


def _text_taker(name: str) -> Callable[[_Said, object], None]:
    def take(said: _Said, cell: object) -> None:
        text = _text(name, cell)
        if text is not None:
            said.text[name] = text

    return take


def _coded(name: str) -> Callable[[_Said, object], None]:
    return lambda said, cell: said.take_status(name, cell)


def _timed(name: str) -> Callable[[_Said, object], None]:
    return lambda said, cell: said.take_part(name, cell)


_MARKS = frozenset({"private", "sensitivity", "show as", "task status"})
_TAKERS: Mapping[str, Callable[[_Said, object], None]] = {
    "kind": _nothing,
    "syncd_reason": _nothing,
    "externalid": _Said.take_key,
    "owner": _Said.take_owner,
    "ownerid": _Said.take_owner,
    "statecode": _coded("statecode"),
    "statuscode": _coded("statuscode"),
    "show as": _coded("show as"),
    "task status": _coded("task status"),
    "createdon": _Said.take_created,
    "overriddencreatedon": _Said.take_created,
    "versionnumber": _Said.take_version,
    "modifiedon": _Said.take_as_of,
    "parties": _Said.take_parties,
    "private": _Said.take_private,
    "sensitivity": _Said.take_sensitivity,
    "fullname": _Said.take_full_name,
    "scheduledstart time": _timed("scheduledstart time"),
    "scheduledend time": _timed("scheduledend time"),
}
