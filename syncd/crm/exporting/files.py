"""Export: the records of one entity, or of all, into a file that is there whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from sqlalchemy import Connection, Engine, func, select

from syncd.crm import records, users
from syncd.crm.custom import stored_of
from syncd.crm.database import read
from syncd.crm.exporting.rows import cell, columns, row
from syncd.crm.exporting.vcard import card
from syncd.crm.importing.names import ID_KEYS, ORDER, USER
from syncd.crm.importing.parties import parties_said
from syncd.crm.stored import Stored, StoredKind
from syncd.model.kinds import Schema

ALL = "all"
FORMATS = (".csv", ".json", ".jsonl", ".vcf")
PAGE = 500

Progress = Callable[[str, int, int], None]
_Put = Callable[[StoredKind[Schema] | None, Mapping[str, object], Stored | None], None]


class CannotExport(Exception):
    """Nothing was written. The text is a clause; `todo` is what helps, a whole sentence."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.todo = todo


def export_file(
    engine: Engine,
    kind: str,
    path: Path,
    *,
    owner_id: str | None = None,
    force: bool = False,
    progress: Progress = lambda *_: None,
) -> dict[str, int]:
    """Write all live records of a kind, or of `all`; how many of each there were.

    The file is its owner's alone to read. Raises CannotExport, and OSError.
    """
    sort = path.suffix.lower()
    _demand(kind, path, sort, force=force)
    counts: dict[str, int] = {}
    kinds = list(ORDER) if kind == ALL else [kind]
    with _whole(path, bom=sort == ".csv") as file, read(engine) as conn:
        put = _writer(file, sort, [] if kind in (ALL, USER) else columns(stored_of(conn, kind)))
        owners = {each.id: each.address for each in users.every(conn)}
        for each in kinds:
            if each == USER:
                counts[USER] = _users(conn, put)
            else:
                counts[each] = _entity(conn, stored_of(conn, each), owners, owner_id, put, progress)
        if sort == ".json":
            file.write("\n]\n" if sum(counts.values()) else "[]\n")
    return counts


def _demand(kind: str, path: Path, sort: str, *, force: bool) -> None:
    if sort not in FORMATS:
        raise CannotExport(
            f"{path.name} does not say in which format", f"End its name in {', '.join(FORMATS)}."
        )
    if sort == ".vcf" and kind != "contact":
        raise CannotExport("a vCard is a contact", "Export it as .csv, .json or .jsonl.")
    if sort == ".csv" and kind == ALL:
        raise CannotExport("a CSV holds one kind", "Name the kind, or export .json or .jsonl.")
    if path.exists() and not force:
        raise CannotExport(f"{path} is there already", "Name another file, or add --force.")


@contextmanager
def _whole(path: Path, *, bom: bool) -> Iterator[TextIO]:
    """A file that takes its place when it is finished, and never half."""
    encoding = "utf-8-sig" if bom else "utf-8"  # without its mark Excel takes it for another one
    with NamedTemporaryFile(
        "w", encoding=encoding, newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:  # made for its owner alone, by itself
        try:
            yield file  # type: ignore[misc]  # a wrapper that is a text file in all but name
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _writer(file: TextIO, sort: str, names: Sequence[str]) -> _Put:
    """What puts a row into the file; `names` are the columns of a CSV."""
    if sort == ".csv":
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(names)
        return lambda _, said, __: writer.writerow([cell(said[name]) for name in names])
    if sort == ".vcf":
        return lambda _, said, record: _card(file, said, record)
    first = [True]

    def put(_: StoredKind[Schema] | None, said: Mapping[str, object], __: Stored | None) -> None:
        text = json.dumps({n: v for n, v in said.items() if v is not None}, ensure_ascii=False)
        if sort == ".jsonl":
            file.write(f"{text}\n")
            return
        file.write(f"{'[' if first[0] else ','}\n{text}")
        first[0] = False

    return put


def _card(file: TextIO, said: Mapping[str, object], record: Stored | None) -> None:
    if record is not None:
        file.write(card(record, str(said["owner"])))


def _users(conn: Connection, put: _Put) -> int:
    everybody = users.every(conn)
    for each in everybody:
        said = {
            "kind": USER,
            ID_KEYS[USER]: each.id,
            "internalemailaddress": each.address,
            "fullname": each.name,
        }
        put(None, said, None)
    return len(everybody)


def _entity(
    conn: Connection,
    stored: StoredKind[Schema],
    owners: Mapping[str, str],
    owner_id: str | None,
    put: _Put,
    progress: Progress,
) -> int:
    table, where = stored.table, [stored.alive]
    if owner_id is not None:
        where.append(table.c.owner_id == owner_id)
    total = conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    done, last = 0, ""
    while True:
        query = select(table.c.id).where(*where, table.c.id > last).order_by(table.c.id).limit(PAGE)
        page = list(conn.scalars(query))
        if not page:
            return done
        last = page[-1]
        parties = parties_said(conn, page) if ID_KEYS[stored.entity] == "activityid" else {}
        for record in records.read(conn, stored, page).values():
            said = row(stored, record, owners[record.owner_id], parties.get(record.id))
            put(stored, said, record)
        done += len(page)
        progress(stored.kind.plural, done, total)
