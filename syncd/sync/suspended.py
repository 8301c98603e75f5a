"""Mailboxes that were suspended together: one mistake on the server's side, told once.

A secret that expired suspends every mailbox of its application. That is one thing to put right and
one line to type, however many they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from syncd.sync import catalogue, mailboxes
from syncd.sync.mailboxes import UNAPPROVED, MailboxRow, MailboxState


@dataclass(frozen=True, slots=True)
class Together:
    """Two mailboxes or more that were suspended for one reason.

    `whole`: all that are served there. `paused`: some others are, and would be resumed with them.
    `probed`: what was refused to them is tried once in a while.
    """

    why: str
    servers: tuple[str, ...]
    mailboxes: frozenset[str]
    whole: bool
    paused: bool
    probed: bool

    def sentence(self, language: str = catalogue.ENGLISH) -> str:
        """What happened to them, and the one line that lets them go on."""
        said = "together.whole" if self.whole else "together.some"
        count, servers = len(self.mailboxes), ", ".join(self.servers)
        told = catalogue.text(said, language, count=count, servers=servers, error=self.why)
        advice = "together.advice-paused" if self.paused else "together.advice"
        told += f" {catalogue.text('together.probed', language)}" if self.probed else ""
        return f"{told} {catalogue.text(advice, language)}"


def together(conn: Connection, policies: Mapping[str, Sequence[str]]) -> list[Together]:
    """What was suspended together. `policies` are the names of the servers of each."""
    rows = [row for row in mailboxes.every(conn) if row.state not in UNAPPROVED]
    by_why: dict[str, list[MailboxRow]] = {}
    for row in rows:
        if row.state is MailboxState.SUSPENDED and row.trouble:
            by_why.setdefault(row.trouble, []).append(row)
    paused = any(row.state is MailboxState.PAUSED for row in rows)
    found = []
    for why, theirs in by_why.items():
        if len(theirs) == 1:
            continue
        servers = {each for row in theirs for each in _servers(row, policies)}
        there = [row for row in rows if servers & set(_servers(row, policies))]
        told = frozenset(row.address for row in theirs)
        whole, probed = len(there) == len(told), any(row.probe_at for row in theirs)
        found.append(Together(why, tuple(sorted(servers)), told, whole, paused, probed))
    return found


def _servers(row: MailboxRow, policies: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The server that a mailbox was found on, else those that it may be on."""
    return (row.server,) if row.server is not None else policies.get(row.policy, ())
