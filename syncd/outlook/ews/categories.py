"""Outlook's master list of categories: what it offers its user, with colours and shortcuts.

It is an XML document in a configuration of the Calendar folder ([MS-OXOCFG] 2.2.5.2.2), which
every client reads whole and writes whole (3.1.4.2.3): what is in it and not ours goes back as it
came. The server knows no version of it, so after each save it is read again.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from lxml import etree

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews import answers, requests
from syncd.outlook.ews.requests import Distinguished
from syncd.outlook.ews.session import Session
from syncd.outlook.ews.xml import Element, M, T
from syncd.outlook.verdict import Effect

CATEGORY_LIST = "CategoryList"
_N = "{CategoryList.xsd}"
_NEVER = "1601-01-01T00:00:00.000"
_USED = (
    "lastTimeUsedNotes", "lastTimeUsedJournal", "lastTimeUsedContacts", "lastTimeUsedTasks",
    "lastTimeUsedCalendar", "lastTimeUsedMail", "lastTimeUsed",
)  # fmt: skip
_NO_COLOUR = "-1"
_EMPTY = b'<categories xmlns="CategoryList.xsd" default="" lastSavedSession="0" lastSavedTime=""/>'
_SAVES = 2  # somebody else may save the list meanwhile: then it is read again, once

# What a mailbox or a server answers that does not let us; other refusals are real failures.
_WITHHELD = frozenset({"ErrorAccessDenied", "ErrorFolderNotFound", "ErrorCreateItemAccessDenied"})


@dataclass(frozen=True, slots=True)
class Categories:
    """The master list of one mailbox, in the folder `calendar`."""

    session: Session
    calendar: Distinguished

    def offer(self, name: str) -> bool:
        """Put a category into the list, in no colour. Whether it is in it now.

        Raises MailboxError when the mailbox cannot be reached.
        """
        try:
            return self._offer(name)
        except _NotLegible:
            return False
        except MailboxError as problem:
            if not _is_withheld(problem):
                raise
            return False

    def refusal(self) -> str | None:
        """The code by which the list is closed to us; `None` where it can be read.

        Raises MailboxError when the mailbox cannot be reached.
        """
        try:
            self._read()
        except _NotLegible:
            return "not-legible"
        except MailboxError as problem:
            if not _is_withheld(problem):
                raise
            return problem.code
        return None

    def withdraw(self, name: str) -> bool:
        """Take a category off the list. Whether it was on it, as far as we are let see.

        Raises MailboxError when it is on it and may not be taken off.
        """
        try:
            held = self._read()
        except _NotLegible:
            return False
        except MailboxError as problem:
            if not _is_withheld(problem):
                raise
            return False
        was_there = False
        for _ in range(_SAVES):
            entry = _entry(held, name)
            if held is None or entry is None:
                break
            was_there = True
            held.remove(entry)
            self._save("UpdateUserConfiguration", held)
            held = self._read()
        if _entry(held, name) is not None:
            says = "the list of categories is changed by somebody else at the same time"
            raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "not-kept", says)
        return was_there

    def _offer(self, name: str) -> bool:
        held = self._read()
        for _ in range(_SAVES):
            if _entry(held, name) is not None:
                return True
            made = held if held is not None else etree.fromstring(_EMPTY)
            _add(made, name)
            operation = f"{'Create' if held is None else 'Update'}UserConfiguration"
            self._save(operation, made)
            held = self._read()
        return _entry(held, name) is not None

    def _read(self) -> Element | None:
        """The list; `None` where the mailbox has none. Raises _NotLegible, MailboxError."""
        payload = requests.get_user_configuration(self.calendar, CATEGORY_LIST)
        found = self.session.call("GetUserConfiguration", payload, Effect.NONE)
        try:
            message = answers.only(found, Effect.NONE, Scope.MAILBOX)
        except MailboxError as problem:
            if problem.code == "ErrorItemNotFound":
                return None
            raise
        data = message.payload(M + "UserConfiguration", T + "XmlData")
        return _parsed(data.text if data is not None else None)

    def _save(self, operation: str, held: Element) -> None:
        """Save the list. One that is not taken as it is shows when it is read again."""
        held.set("lastSavedTime", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000")
        xml = etree.tostring(held, encoding="utf-8", xml_declaration=True)
        payload = requests.save_user_configuration(operation, self.calendar, CATEGORY_LIST, xml)
        # Repeating it changes nothing: hence NONE.
        found = self.session.call(operation, payload, Effect.NONE)
        try:
            answers.only(found, Effect.NONE, Scope.MAILBOX)
        except MailboxError as problem:
            if problem.sort not in (Sort.PRECONDITION, Sort.GONE, Sort.INVALID):
                raise


class _NotLegible(Exception):
    """What is stored is no list of categories: it is not ours to put it right."""


def _is_withheld(problem: MailboxError) -> bool:
    """Whether we are not let, or the server is one that has no such thing."""
    return problem.code in _WITHHELD or problem.sort is Sort.INVALID


def _parsed(data: str | None) -> Element:
    # Not the parser of answers, which leaves things out: this is written back (P11).
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(b64decode(data or ""), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _NotLegible from None
    if root.tag != _N + "categories":
        raise _NotLegible
    return root


def _entry(held: Element | None, name: str) -> Element | None:
    """The entry of a category, whose name is one in any case."""
    wanted = name.strip().casefold()
    entries = held.findall(_N + "category") if held is not None else []
    return next((e for e in entries if e.get("name", "").strip().casefold() == wanted), None)


def _add(held: Element, name: str) -> None:
    about = {
        "name": name,
        "color": _NO_COLOUR,
        "keyboardShortcut": "0",
        "usageCount": "0",
        **dict.fromkeys(_USED, _NEVER),
        "lastSessionUsed": "0",
        "guid": f"{{{uuid4()}}}",
        "renameOnFirstUse": "0",
    }
    etree.SubElement(held, _N + "category", about)
