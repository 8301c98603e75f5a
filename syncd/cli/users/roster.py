"""A list of users to serve, as a CSV file: read, and taken row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from syncd.crm import users
from syncd.crm.errors import CrmError
from syncd.crm.importing.csv_file import CsvFile, told
from syncd.crm.importing.report import BadRow, UnreadableFile
from syncd.crm.importing.text import encoding_of, opened
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxProblem, MailboxState

# What a column is for, by what its header says without spaces, dashes and case.
_HEADERS: Mapping[str, str] = {
    **dict.fromkeys(
        ("address", "mailbox", "email", "emailaddress", "mail", "smtp", "primarysmtpaddress",
         "internalemailaddress", "userprincipalname", "upn"),
        "address",
    ),
    **dict.fromkeys(("name", "fullname", "displayname", "user"), "name"),
    **dict.fromkeys(("policy", "group", "policyname"), "policy"),
    **dict.fromkeys(("username", "login", "account", "samaccountname", "signin"), "username"),
    **dict.fromkeys(("passwordfile", "secretfile"), "password_file"),
}  # fmt: skip


_FORGET = "syncd users remove --forget"


@dataclass(frozen=True, slots=True)
class Wish:
    """One row: whose mailbox is to be served, and how. `line` is where it begins in the file."""

    line: int
    address: str
    name: str | None
    policy: str
    username: str | None
    password_file: Path | None


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be taken, and why."""

    line: int
    address: str
    reason: str


class Taken(StrEnum):
    """What became of a row that was taken."""

    ADDED = "added"
    BACK = "added again"  # it was removed before
    UNCHANGED = "there already"


Check = Callable[[Wish], str | None]  # why the configuration cannot serve a row; `None` if it can


def read(path: Path, policy: str | None) -> Iterator[Wish | Bad]:
    """The rows of a file. `policy` is for those that name none; paths are from the file's folder.

    Raises UnreadableFile where it is no such list.
    """
    with opened(path, encoding_of(path, None, guess=True)) as text:
        file = CsvFile(text)
        columns = {name: _HEADERS.get(_plain(name)) for name in file.header if name}
        _complete(columns, policy)
        seen: dict[str, int] = {}
        for row in file.rows():
            if isinstance(row.cells, BadRow):
                yield Bad(row.line, "", str(row.cells))
                continue
            cells = told(row.cells)
            values = {
                to: cells[name].strip() for name, to in columns.items() if to and name in cells
            }
            yield _wish(row.line, values, path.parent, policy, seen)


def _complete(columns: Mapping[str, str | None], policy: str | None) -> None:
    if any(_plain(name) in ("password", "passwort", "secret") for name in columns):
        raise UnreadableFile(
            "one of its columns holds passwords, and was not read",
            "Write each into a file of its own, and name that one: password_file",
        )
    meant = [to for to in columns.values() if to]
    if "address" not in meant:
        raise UnreadableFile(
            "none of its columns is an address", "Name the columns: address, name, policy"
        )
    if "policy" not in meant and policy is None:
        raise UnreadableFile(
            "none of its columns is the policy", "Add one, or name it for all: --policy NAME"
        )
    twice = next((to for to in meant if meant.count(to) > 1), None)
    if twice is not None:
        both = ", ".join(repr(name) for name, to in columns.items() if to == twice)
        raise UnreadableFile(f"several of its columns are the {twice}: {both}", "Keep one of them.")


def _wish(
    line: int, values: Mapping[str, str], folder: Path, policy: str | None, seen: dict[str, int]
) -> Wish | Bad:
    address = users.key_of(values.get("address", ""))
    if not address:
        return Bad(line, "", "it names no address")
    if address in seen:
        return Bad(line, address, f"the address is in line {seen[address]} already")
    seen[address] = line
    ruled = values.get("policy") or policy
    if not ruled:
        return Bad(line, address, "it names no policy")
    file = values.get("password_file")
    return Wish(
        line,
        address,
        values.get("name"),
        ruled,
        values.get("username"),
        (folder / Path(file).expanduser()).absolute() if file else None,
    )


def take(
    conn: Connection, wish: Wish, at: datetime, state: MailboxState, check: Check
) -> Taken | Bad:
    """Serve the mailbox of one row; its user is added to the CRM where it has none."""
    why = check(wish)
    if why is not None:
        return Bad(wish.line, wish.address, why)
    file = str(wish.password_file) if wish.password_file is not None else None
    there = mailboxes.find(conn, wish.address)
    if there is not None and there.state is not MailboxState.REMOVED:
        now = (there.policy, there.username, there.password_file)
        if now == (wish.policy, wish.username, file):
            return Taken.UNCHANGED
        differs = "policy" if there.policy != wish.policy else "sign-in"
        return Bad(
            wish.line,
            wish.address,
            f"it is served already, with another {differs}: syncd users change {wish.address} …",
        )
    user = users.get(conn, wish.address)
    if there is not None and (user is None or user.id != there.user_id):
        return Bad(wish.line, wish.address, f"it was another user's: {_FORGET} {wish.address}")
    try:
        user = user or users.add(conn, wish.address, wish.name)
        mailboxes.add(
            conn, wish.address, user.id, wish.policy, at,
            username=wish.username, password_file=file, state=state,
        )  # fmt: skip
    except MailboxProblem as problem:
        return Bad(wish.line, wish.address, problem.what)
    except CrmError as error:
        return Bad(wish.line, wish.address, str(error))
    return Taken.ADDED if there is None else Taken.BACK


def _plain(header: str) -> str:
    return re.sub(r"[^a-z]", "", header.casefold())
