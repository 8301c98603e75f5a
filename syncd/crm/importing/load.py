"""Import a file: read all of it, then write its rows in chunks. Strict: all of it, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine

from syncd.crm import accounts, records, users
from syncd.crm.checking import MAX_TEXT, checked, checked_text
from syncd.crm.contacts import COMPANY, CONTACTS, PARENT
from syncd.crm.database import utcnow, write
from syncd.crm.errors import CrmError, NoSuchOwner, RecordError, RecordExists
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.importing.json_file import read_json
from syncd.crm.importing.report import BadRow, Reading, Rejected, Report, Row, UnreadableFile
from syncd.crm.importing.vcard import read_vcards

CHUNK = 500  # rows in one transaction

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_KINDS = ("user", "account", "contact")  # what others of the file refer to comes first
_FORMATS: dict[str, Callable[[str], Reading]] = {
    ".json": read_json,
    ".vcf": read_vcards,
    ".vcard": read_vcards,
}


def import_file(
    engine: Engine,
    path: Path,
    *,
    default_owner: str | None = None,
    strict: bool = False,
    clock: Callable[[], datetime] = utcnow,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Report:
    """Import vCard 3 or JSON. Rows without an owner get `default_owner`, an address.

    With `strict` a single bad row refuses the file, and nothing is written. Raises UnreadableFile,
    and OSError when the file cannot be opened.
    """
    reading = _read(path)
    loading = _Loading(path, default_owner, clock)
    for line, reason in reading.bad:
        loading.reject(line, reason)
    rows = sorted(reading.rows, key=lambda row: _KINDS.index(row.kind))
    if strict:
        _load_strictly(engine, loading, rows)
    else:
        for start in range(0, len(rows), CHUNK):
            with write(engine, durable=True, alone=True) as conn:  # it looks up who is there
                loading.load(conn, rows[start : start + CHUNK])
            progress(path.name, min(start + CHUNK, len(rows)), len(rows))
    return loading.report(reading.left_out, strict=strict)


class _Refused(Exception):
    """Takes back what a strict import has written."""


def _load_strictly(engine: Engine, loading: _Loading, rows: Sequence[Row]) -> None:
    try:
        with write(engine, durable=True, alone=True) as conn:
            for start in range(0, len(rows), CHUNK):
                loading.load(conn, rows[start : start + CHUNK])
            loading.insist()
    except _Refused:  # rolled back; the report says why
        return


def _read(path: Path) -> Reading:
    data = path.read_bytes()
    if data.startswith(_UTF16):
        raise UnreadableFile("it is written in UTF-16; save it as UTF-8")
    # What is not UTF-8 stays visible as such, and is refused with the row that it is in.
    text = data.decode("utf-8-sig", errors="surrogateescape")
    reader = _FORMATS.get(path.suffix.lower())
    if reader is None:
        start = text.lstrip()[:11].upper()
        reader = read_json if start.startswith(("[", "{")) else None
        reader = read_vcards if start == "BEGIN:VCARD" else reader
    if reader is None:
        raise UnreadableFile("it is neither vCard (.vcf) nor JSON (.json)")
    return reader(text)


class _Loading:
    """One import on its way: what it knows, what it made, what it refused."""

    def __init__(
        self, path: Path, default_owner: str | None, clock: Callable[[], datetime]
    ) -> None:
        self.rejected: list[Rejected] = []
        self._file = str(path)
        self._actor = Actor(ActorKind.IMPORT, path.name)
        self._default_owner = default_owner
        self._clock = clock
        self._owners: dict[str, str] = {}
        self._created: Counter[str] = Counter()
        self._new_accounts: list[str] = []
        self._known_accounts: set[str] = set()

    def reject(self, line: int, reason: str) -> None:
        """Keep a row out."""
        self.rejected.append(Rejected(self._file, line, reason))

    def insist(self) -> None:
        """Raise what takes everything back, if any row stayed out."""
        if self.rejected:
            raise _Refused

    def report(self, left_out: Counter[str], *, strict: bool) -> Report:
        """What was done, rejected rows in the order of the file."""
        refused = strict and bool(self.rejected)
        return Report(
            self._file,
            {} if refused else dict(self._created),
            () if refused else tuple(self._new_accounts),
            tuple(sorted(self.rejected, key=lambda each: each.line)),
            dict(left_out),
            refused,
        )

    def load(self, conn: Connection, rows: Sequence[Row]) -> None:
        """Write rows in the order given; contacts in one batch."""
        at = self._clock()
        self._owners = {each.address: each.id for each in users.every(conn)}
        contacts: list[tuple[int, records.New]] = []
        for row in rows:
            try:
                if row.kind == "user":
                    self._user(conn, row)
                elif row.kind == "account":
                    self._account(conn, row, at)
                else:
                    contacts.append((row.line, self._contact(conn, row, at)))
            except (BadRow, CrmError) as error:
                self.reject(row.line, _reason(error))
        news = [new for _, new in contacts]
        outcomes = records.create_many(conn, CONTACTS, news, actor=self._actor, at=at)
        for (line, _), outcome in zip(contacts, outcomes, strict=True):
            if isinstance(outcome, RecordError):
                self.reject(line, _reason(outcome))
            else:
                self._created["contact"] += 1

    def _user(self, conn: Connection, row: Row) -> None:
        address = cast("str | None", row.fields["address"])
        if not address:
            raise BadRow("internalemailaddress: a user has an address")
        made = users.add(conn, address, cast("str | None", row.fields["name"]), id=row.id)
        self._owners[made.address] = made.id
        self._created["user"] += 1

    def _account(self, conn: Connection, row: Row, at: datetime) -> None:
        name = checked_text("name", row.fields["name"] or "", MAX_TEXT) or ""
        owner = self._owner(row)
        if row.id and accounts.get(conn, row.id):
            raise RecordExists("account", row.id)
        if accounts.called(conn, name):
            raise BadRow(f"an account called {name!r} exists already")
        accounts.create(conn, name, owner_id=owner, actor=self._actor, at=at, id=row.id)
        self._created["account"] += 1

    def _contact(self, conn: Connection, row: Row, at: datetime) -> records.New:
        owner = self._owner(row)
        fields = checked(CONTACTS, row.fields)
        parent = accounts.find(conn, row.account).id if row.account else None
        if not any(value is not None for value in fields.values()):
            raise BadRow("the contact is empty")
        if parent:
            fields[PARENT] = parent
        company = cast("str | None", fields.get(COMPANY))
        if company and row.may_create_account:
            self._provide_account(conn, company, owner, at)
        return records.New(fields, owner, id=row.id)

    def _provide_account(self, conn: Connection, name: str, owner: str, at: datetime) -> None:
        """Make the account of a company, unless there is one already."""
        if name in self._known_accounts:
            return
        self._known_accounts.add(name)
        if not accounts.called(conn, name):
            made = accounts.create(conn, name, owner_id=owner, actor=self._actor, at=at)
            self._created["account"] += 1
            self._new_accounts.append(made.name)

    def _owner(self, row: Row) -> str:
        address = row.owner or self._default_owner
        if not address:
            raise BadRow("no owner is given; name one in the row, or with --owner")
        owner = self._owners.get(users.key_of(address))
        if owner is None:
            raise NoSuchOwner(address)
        return owner


def _reason(error: BadRow | CrmError) -> str:
    """The reason as a person may read it, whatever bytes the file had."""
    return str(error).encode("utf-8", "backslashreplace").decode("utf-8")
