"""What the demo judges by: both mailboxes read with bare exchangelib, the CRM by its command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from syncd.cli.demo.folder import STORE
from syncd.cli.demo.outlook import Entry, Outlook
from syncd.cli.demo.people import CONTACTS
from syncd.cli.demo.place import EWS, Place
from syncd.cli.demo.processes import Commands

Mailboxes = Mapping[str, tuple[Entry, ...]]  # by address


@dataclass(frozen=True)
class Picture:
    """Both sides at one time. `crm` is by name, as `syncd crm contact list --json` tells."""

    crm: Mapping[str, Mapping[str, Any]]
    outlook: Mailboxes

    def found(self, address: str, name: str) -> list[Entry]:
        """What a mailbox holds under this name, wherever it is."""
        return [each for each in self.outlook[address] if each.name == name]

    def in_crm(self, name: str, field: str) -> str:
        """A value in the CRM; empty when there is none."""
        return str(self.crm.get(name, {}).get(field) or "")

    def in_outlook(self, address: str, name: str, field: str) -> str:
        """A value in a mailbox's contact folder; empty when there is none."""
        found = [each for each in self.found(address, name) if each.folder == CONTACTS]
        return found[0].values.get(field, "") if found else ""


@dataclass
class Evidence:
    """What was seen, step by step."""

    backend: str = EWS
    start: Mailboxes = field(default_factory=dict)  # before syncd did anything
    asked: Mailboxes = field(default_factory=dict)  # Alice's first sync waits for approval
    first: Picture = field(default_factory=lambda: Picture({}, {}))  # approved and done
    edited: Picture = field(default_factory=lambda: Picture({}, {}))  # before the second sync
    synced: Picture = field(default_factory=lambda: Picture({}, {}))  # after the second
    quiet: Picture = field(default_factory=lambda: Picture({}, {}))  # after the third
    third: Sequence[Mapping[str, Any]] = ()  # its runs, as `syncd runs list --json` tells
    requests: int = 0  # in the third sync, as the sandbox counted them
    left_alone: Mapping[str, int] = field(default_factory=dict)  # as `syncd status --json` tells
    kept: Sequence[str] = ()  # values that were replaced, as `syncd runs show --json` tells
    explained: Mapping[str, str] = field(default_factory=dict)  # the reason for Bruno, by mailbox
    store: bytes = b""  # the database, byte by byte


class Witness:
    """Looks at both sides, beside syncd."""

    def __init__(
        self, folder: Path, place: Place, commands: Commands, outlooks: Mapping[str, Outlook]
    ) -> None:
        self._folder = folder
        self._counter = f"{place.control}requests"
        self._asking = requests.Session()
        self._asking.verify = str(place.ca) if place.ca else True
        self._asking.trust_env = False
        self._commands = commands
        self._outlooks = outlooks

    def mailboxes(self) -> Mailboxes:
        """Every contact in both mailboxes, as their users see them."""
        return {address: outlook.read() for address, outlook in self._outlooks.items()}

    def picture(self) -> Picture:
        """The CRM and both mailboxes."""
        records = self._commands.ask("crm", "contact", "list")
        by_name = {f"{r['firstname'] or ''} {r['lastname'] or ''}".strip(): r for r in records}
        if len(by_name) != len(records):
            by_name["(somebody twice)"] = {}  # no check lets this pass
        return Picture(by_name, self.mailboxes())

    def reset_requests(self) -> None:
        """Let the sandbox count from zero."""
        self._asking.delete(self._counter, timeout=10).raise_for_status()

    def requests(self) -> int:
        """How many requests the sandbox has had since."""
        answer = self._asking.get(self._counter, timeout=10)
        answer.raise_for_status()
        return int(answer.json()["total"])

    def third_runs(self, count: int) -> Sequence[Mapping[str, Any]]:
        """The latest runs, as the history tells them."""
        runs: list[Mapping[str, Any]] = self._commands.ask("runs", "list", "--limit", str(count))
        return runs

    def left_alone(self) -> Mapping[str, int]:
        """How many items each mailbox keeps to itself."""
        told = self._commands.ask("status")
        return {each["mailbox"]: each["counts"]["excluded"] for each in told}

    def latest_run(self, address: str) -> str:
        """The id of a mailbox's latest run."""
        return str(self._commands.ask("runs", "list", address, "--limit", "1")[0]["run"])

    def kept(self, run: str) -> tuple[str, ...]:
        """The values that a run replaced, and that are kept."""
        told = self._commands.ask("runs", "show", run)["kept"]
        return tuple(str(value) for each in told for value in each["values"].values())

    def explained(self, name: str) -> Mapping[str, str]:
        """By mailbox the code of the reason why somebody is there, or is not."""
        return {each["mailbox"]: each["code"] for each in self._commands.ask("explain", name)}

    def store(self) -> bytes:
        """The database as it lies on the disk, with what is not yet merged into its file."""
        return b"".join(each.read_bytes() for each in sorted(self._folder.glob(f"{STORE}*")))
