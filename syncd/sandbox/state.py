"""Mailboxes on disk, so that ids, change keys and sync states outlive a restart.

One SQLite file; what a request changed is written in one transaction before its answer goes out.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from syncd.sandbox.changelog import Entry, Verb
from syncd.sandbox.clock import Clock
from syncd.sandbox.folders import Folder
from syncd.sandbox.lineage import Succession
from syncd.sandbox.mailbox import Item, Mailbox

_TABLES = """
create table if not exists clock (id integer primary key check (id = 1), offset real not null);
create table if not exists mailbox (guid text primary key, address text not null, change_number
integer not null); create table if not exists folder (id text primary key, mailbox text not null,
body text not null); create table if not exists item (id text primary key, mailbox text not null,
body text not null); create table if not exists log (
    mailbox text not null, number integer not null, folder text not null, item text not null, verb
    text not null, primary key (mailbox, number)
) without rowid;
create table if not exists succession (mailbox text not null, number integer not null, first integer
not null, primary key (mailbox, number)) without rowid;
"""


class State:
    """The file behind an organisation. Guarded by the lock of the organisation."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(
            folder / "sandbox.sqlite", check_same_thread=False, isolation_level=None
        )
        self._file.execute("pragma journal_mode = wal")
        self._file.execute("pragma synchronous = normal")
        self._file.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def clock_offset(self) -> float:
        """Return the offset that the clock had."""
        row = self._file.execute("select offset from clock").fetchone()
        return float(row[0]) if row else 0.0

    def save(self, mailboxes: Iterable[Mailbox], clock: Clock) -> None:
        """Write everything that changed since the last time, in one transaction."""
        changed = [mailbox for mailbox in mailboxes if mailbox.unsaved]
        if not changed:
            return
        self._file.execute("begin immediate")
        for mailbox in changed:
            self._save(mailbox)
        self._file.execute("insert or replace into clock values (1, ?)", (clock.offset,))
        self._file.execute("commit")
        for mailbox in changed:
            mailbox.unsaved.clear()

    def save_clock(self, clock: Clock) -> None:
        """Write the offset of the clock."""
        self._file.execute("insert or replace into clock values (1, ?)", (clock.offset,))

    def _save(self, mailbox: Mailbox) -> None:
        write, guid = self._file.execute, mailbox.guid.hex
        write(
            "insert or replace into mailbox values (?, ?, ?)",
            (guid, mailbox.address, mailbox.change_number),
        )
        for thing in mailbox.unsaved:
            match thing:
                case Folder():
                    write(
                        "insert or replace into folder values (?, ?, ?)",
                        (thing.id, guid, _folder_text(thing)),
                    )
                case Item():
                    write(
                        "insert or replace into item values (?, ?, ?)",
                        (thing.id, guid, _item_text(thing)),
                    )
                case str():
                    write("delete from item where id = ?", (thing,))
                    write("delete from folder where id = ?", (thing,))
                case Succession(number, first):
                    write(
                        "insert or replace into succession values (?, ?, ?)", (guid, number, first)
                    )
                case (folder, Entry() as entry):
                    row = (guid, entry.number, folder, entry.item_id, entry.verb.value)
                    write("insert or replace into log values (?, ?, ?, ?, ?)", row)

    def load(self, clock: Clock) -> list[Mailbox]:
        """Return the mailboxes as they were."""
        return [
            self._load(Mailbox(address, clock, guid=uuid.UUID(guid)), change_number)
            for guid, address, change_number in self._file.execute(
                "select guid, address, change_number from mailbox"
            )
        ]

    def _load(self, mailbox: Mailbox, change_number: int) -> Mailbox:
        guid = (mailbox.guid.hex,)
        for (body,) in self._file.execute("select body from folder where mailbox = ?", guid):
            mailbox.put_folder(Folder(**json.loads(body)))
        query = "select number, first from succession where mailbox = ?"
        for number, first in self._file.execute(query, guid):
            mailbox.lineage.record(Succession(number, first))
        items = self._file.execute("select body from item where mailbox = ?", guid).fetchall()
        for body in sorted(
            (json.loads(text) for (text,) in items), key=lambda body: int(body["number"])
        ):
            mailbox.put_item(mailbox.build(**body))
        query = "select number, folder, item, verb from log where mailbox = ? order by number"
        for number, folder, item, verb in self._file.execute(query, guid):
            if folder in mailbox.logs:
                mailbox.logs[folder].record(number, item, Verb(verb))
        mailbox.resume(change_number)
        return mailbox


def _folder_text(folder: Folder) -> str:
    return json.dumps(asdict(folder))


def _item_text(item: Item) -> str:
    kept = {
        "key": item.id,
        "number": item.number,
        "change_key": item.change_key,
        "folder_id": item.folder_id,
        "created": item.created,
        "modified": item.modified,
        "bag": item.bag,
    }
    return json.dumps(kept)
