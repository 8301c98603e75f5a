"""What must hold: after each run (safety), and once nobody does anything any more (liveness)."""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from syncd.crm import database
from syncd.crm.stored import Stored
from syncd.model.contact import CONTACT
from syncd.model.normal import normal
from syncd.model.policy import ScopeExit
from syncd.outlook.port import Sensitivity
from syncd.reconcile.decision import Verb
from syncd.sync.journal import Status
from syncd.sync.mailboxes import MailboxState
from syncd.sync.tables import noticed, observed, operation, snapshot
from tests.memory_server import TRASH, MemoryServer, Thing
from tests.simulation.actors import Actors
from tests.simulation.ledger import SECRET, UNTRACKED, Ledger, Violation, named, theirs, tokens
from tests.simulation.world_of import SimulatedWorld, Store
from tests.sync.verifying import audit, wrong

_CANARIES = tuple(
    case for each in (SECRET, UNTRACKED) for case in (each.encode(), each.upper().encode())
)
_WRITTEN = re.compile(r"\b(?:v|name|qsecret|quntr)\d+x\b")
# What leaves the tie of an item to its record as it is, so that what it gave is known to be its.
_NO_EXCUSE = frozenset(("private", "label", "assigned", "state"))
_NOT_COMPARED = frozenset(("governmentid", "categories"))


@dataclass
class Checks:
    """The checks of one play."""

    world: SimulatedWorld
    servers: Mapping[str, MemoryServer]
    store: Store
    ledger: Ledger
    actors: Actors
    _kept: dict[str, frozenset[str]] = field(default_factory=dict)  # tokens by snapshot
    _records: frozenset[str] = frozenset()
    _items: dict[str, set[str]] = field(default_factory=dict)  # names, by mailbox
    _shown: set[str] = field(default_factory=set)  # the items in the folder of its run
    _live: int = 0
    _logged: int = 0

    # --- after each run --------------------------------------------------------------------------

    def before_run(self, address: str) -> None:
        """Look at what there is. Nor has what an admin did since the last run ended anybody."""
        self._causes()
        self._records = self._named_records()
        self._items = {each: self._named_items(each) for each in self.servers}
        self._shown = {each.id for each in self.servers[address].inside("contacts")}
        self.ledger.taken.clear()
        links, mine = self.world.links(), self.world.mailbox_id(address)
        self._live = sum(each.state == "live" and each.mailbox_id == mine for each in links)

    def after_run(self, address: str, *, whole: bool) -> None:
        """Nothing that a run did breaks a promise; `whole`: it came to its end."""
        self._canaries()
        self._untouched()
        self._nothing_lost()
        self._causes()
        self._bounded(address)
        self._one_record_each()
        self.actors.admin.approved.discard(address)
        if whole:
            unsure = self._unanswered()
            self.actors.known[address] = {
                each.id for each in self.servers[address].inside("contacts")
                if each.stamp is None or each.stamp.key not in unsure
            }  # fmt: skip

    def _unanswered(self) -> set[str]:
        """The keys of creations of which nobody has seen yet whether they were done."""
        create = operation.c.verb == Verb.CREATE_ITEM
        query = select(operation.c.key).where(create, operation.c.status == Status.IN_DOUBT)
        with database.read(self.world.engine) as conn:
            return set(conn.scalars(query))

    def _canaries(self) -> None:
        """P7, P14: what is private or not tracked is in its mailbox, and nowhere else."""
        held = self.store.held()
        for sort in _CANARIES:
            if (at := held.find(sort)) >= 0:
                raise Violation(f"P7/P14: {held[at : at + 12]!r} is in the store")
        new = self.world.logged[self._logged :]
        self._logged = len(self.world.logged)
        for line in new:
            if _WRITTEN.search(line):
                raise Violation(f"the log holds content: {line}")
        for address, server in self.servers.items():
            for thing in server.things.values():
                for token in tokens(thing.fields):
                    if token.startswith((SECRET, UNTRACKED)) and not any(
                        token in each for (a, _), each in self.ledger.at.items() if a == address
                    ):
                        raise Violation(f"P7/P14: {token} is in the mailbox of {address}")

    def _untouched(self) -> None:
        """P14, P11: what is its user's alone is as its user left it, and where."""
        for (address, item), left in self.ledger.kept_out.items():
            thing = self.servers[address].things.get(item)
            if thing is None or theirs(thing) != left:
                raise Violation(f"P14: {item} of {address} was {left}, is {thing}")
        for address, server in self.servers.items():
            there = {each.jotted for each in server.things.values() if each.folder != TRASH}
            for jotted, birth in self.ledger.births.items():
                mine = birth.address == address and (address, jotted) not in self.ledger.binned
                if mine and jotted not in there:
                    raise Violation(f"P14: the user's own {jotted} is gone from {address}")

    def _nothing_lost(self) -> None:
        """P1: each value is on a side, or kept, or somebody themselves replaced it."""
        lost = self.ledger.lost(self._present())
        if lost:
            raise Violation(f"P1: lost {sorted(lost)}")

    def _present(self) -> Iterator[str]:
        for server in self.servers.values():
            for thing in server.things.values():
                yield from tokens(thing.fields)
        for stored in self.world.all_records().values():
            yield from tokens(stored.record.fields)
        with database.read(self.world.engine) as conn:
            hashes = set(conn.scalars(select(snapshot.c.hash)))
            new = hashes - self._kept.keys()
            if new:
                query = select(snapshot.c.hash, snapshot.c.content)
                for row in conn.execute(query.where(snapshot.c.hash.in_(new))):
                    self._kept[row.hash] = tokens(row.content)
        for each in hashes:
            yield from self._kept[each]

    def _causes(self) -> None:
        """What is gone, somebody ended."""
        for name in self._records - self._named_records():
            if not self.ledger.causes[name]:
                raise Violation(f"the record {name} is gone, and nobody ended it")
        for address, before in self._items.items():
            for name in before - self._named_items(address):
                if not self.ledger.causes[name]:
                    raise Violation(f"the item {name} of {address} is gone, and nobody ended it")

    def _bounded(self, address: str) -> None:
        """P8: not more leaves the folder than the breaker lets."""
        if self.actors.admin.wide or address in self.actors.admin.approved:
            return
        left = self._shown - {each.id for each in self.servers[address].inside("contacts")}
        left -= {item for of, item in self.ledger.taken if of == address}
        gone, limits = len(left), self.world.rules.limits
        if gone > 2 * limits.some and gone > limits.share * self._live:  # of each verb
            raise Violation(f"P8: {gone} of {self._live} went at once from {address}")

    def _one_record_each(self) -> None:
        """P3: of one contact there is one record, but for what somebody copied."""
        counted = Counter(named(each.record.fields) for each in self.world.all_records().values())
        for name, n in counted.items():
            if name and n > 1 + self.ledger.copied(name):
                raise Violation(f"P3: {n} records of {name}")

    def _named_records(self) -> frozenset[str]:
        every = (named(each.record.fields) for each in self.world.all_records().values())
        return frozenset(each for each in every if each)

    def _named_items(self, address: str) -> set[str]:
        every = self.servers[address].things.values()
        return {n for each in every if each.folder != TRASH and (n := named(each.fields))}

    # --- at rest ---------------------------------------------------------------------------------

    def at_rest(self, addresses: Sequence[str]) -> None:
        """P2, P3, P4, P9. Raises Violation."""
        for address in addresses:
            try:
                self._quiet(address)
                # That a mailbox was restored shows before a write; none was to be made since.
                restored = address in self.actors.admin.restored
                self.world.accounted(address, listed=not restored)
            except AssertionError as wrong:
                asked = traceback.extract_tb(wrong.__traceback__)[-1].line
                raise Violation(f"P4/P9: {address}: {asked} {str(wrong)[:500]}") from wrong
            self._one_item_each(address)
            self._nothing_resurrected(address)
            self._agreed(address)
            self._content(address)
        self._withdrawn()

    def _quiet(self, address: str) -> None:
        """P4. What waits and is tried each hour may come due in this very moment: not twice."""
        waits = self._tried_again_at(address)
        try:
            self.world.quiet(address)
        except AssertionError:
            if not any(at <= self.world.time() for at in waits):
                raise
            self.world.quiet(address)

    def _tried_again_at(self, address: str) -> list[datetime]:
        mailbox = self.world.mailbox_id(address)
        with database.read(self.world.engine) as conn:
            return [
                at for table in (observed, noticed)
                for at in conn.scalars(
                    select(table.c.retry_at)
                    .where(table.c.mailbox_id == mailbox, table.c.retry_at.is_not(None))
                )
            ]  # fmt: skip

    def _withdrawn(self) -> None:
        """P7: of what its user made private, and left so, nothing that they wrote is elsewhere."""
        for (address, item), gone in self.ledger.withdrawn.items():
            thing = self.servers[address].things.get(item)
            if thing is None or thing.sensitivity is Sensitivity.NORMAL:
                continue
            name = named(thing.fields)
            if self.ledger.copies[address, name] or self.ledger.causes[name] - _NO_EXCUSE:
                continue
            if left := gone & self._elsewhere_than(address):
                raise Violation(f"P7: {sorted(left)} of {item} of {address} was withdrawn")

    def _elsewhere_than(self, address: str) -> set[str]:
        """What is in the CRM, what is kept, and what others have in step by now.

        What lies at rest in somebody's Outlook, or is private there, is out of syncd's hands.
        """
        live = {(link.mailbox_id, link.remote_id) for link in self.world.links()
                if link.state == "live"}  # fmt: skip
        held = [each.record.fields for each in self.world.all_records().values()]
        for other, server in self.servers.items():
            mailbox = self.world.mailbox_id(other)
            held += [
                each.fields for each in server.things.values()
                if other != address and (mailbox, each.id) in live
            ]  # fmt: skip
        found = {token for fields in held for token in tokens(fields)}
        with database.read(self.world.engine) as conn:
            found |= {t for each in conn.scalars(select(snapshot.c.content)) for t in tokens(each)}
        return found - self.ledger.shared

    def _content(self, address: str) -> None:
        """P2, P9: neither `syncd verify` nor an audit has anything to tell of."""
        served = self.world.state(address).state in (MailboxState.LIVE, MailboxState.APPROVED)
        if not served or self.world.contact_state(address) != "done":
            return
        if left := wrong(self.world, address):
            raise Violation(f"P2: verify finds {left} in {address}")
        found = audit(self.world, 10_000, address)
        if found.divergence or found.miscounted:
            raise Violation(f"P9: an audit of {address} finds {found.counts()}")

    def _one_item_each(self, address: str) -> None:
        """P3: of one record there is one item, but for what the user copied, or filed away.

        What another user copied and tracked is two records, and may have come here as such. And
        whom the user entered by hand, an older item of theirs becomes when its record is merged.
        A private item that outlived its record is nobody's to match: the same person, entered anew
        by another user, comes beside it.
        """
        inside = self.servers[address].inside("contacts")
        counted = Counter(named(each.fields) for each in inside if not self._outlived(each))
        for name, n in counted.items():
            merged = "merged" in self.ledger.causes[name]
            typed = merged and (address, name) in self.ledger.entered
            if name and n > 1 + self.ledger.copied(name) + typed:
                raise Violation(f"P3: {n} items of {name} in {address}")

    def _outlived(self, thing: Thing) -> bool:
        """Whether an item is private, and bears the stamp of a record that is no more."""
        if thing.sensitivity is Sensitivity.NORMAL or thing.stamp is None:
            return False
        return thing.stamp.crm_id not in self.world.all_records()

    def _nothing_resurrected(self, address: str) -> None:
        """What its user threw away, and nobody put back, does not come back by itself.

        But for what was merged with another one, which is that one's now; and for whom somebody
        else has entered as well, by an address that this user may never have seen.
        """
        number, links = self.world.mailbox_id(address), self.world.links()
        live = {x.remote_id for x in links if x.mailbox_id == number and x.state == "live"}
        inside = (each for each in self.servers[address].inside("contacts") if each.id in live)
        there = {named(each.fields) for each in inside}
        there -= {name for _, name in self.ledger.entered}
        for of, name in self.ledger.thrown:
            if of == address and name in there and "merged" not in self.ledger.causes[name]:
                raise Violation(f"{name} was thrown away in {address}, and is back")

    def _in_scope(self, address: str, link: Any, stored: Stored) -> None:
        """What syncd put there, and belongs there no more, is not kept in step."""
        keeps = self.world.rules.on_scope_exit.created is ScopeExit.KEEP_UPDATING
        if link.origin != "created" or link.tracked or keeps:
            return
        mine = stored.owner_id == self.world.users[address] and stored.active
        if not mine and not self.world.noticed(link.crm_id):
            raise Violation(f"{named(stored.record.fields)} belongs in {address} no more")

    def _agreed(self, address: str) -> None:
        """P2: on both sides of a live link is the same, or why not is written beside it."""
        records, things = self.world.all_records(), self.servers[address].things
        number = self.world.mailbox_id(address)
        for link in self.world.links():
            if link.mailbox_id != number or link.state != "live":
                continue
            thing, stored = things.get(link.remote_id), records.get(link.crm_id)
            if thing is None or stored is None:
                raise Violation(
                    f"P2: a live link of {address} has no {'item' if thing is None else 'record'}"
                )
            if thing.sensitivity is not Sensitivity.NORMAL or self._untracked(thing):
                raise Violation(f"P7/P14: {thing.id} of {address} is linked")
            self._in_scope(address, link, stored)
            apart = json.dumps({n: m for n, m in link.marks.items() if m[1] != "not-taken"})
            for name, group in CONTACT.groups.items():
                if name in _NOT_COMPARED or name in apart:
                    continue
                for each in group.fields:
                    one = thing.fields.get(each.name)
                    other = stored.record.fields.get(each.name)
                    differs = normal(each.type, one) != normal(each.type, other)
                    # A server may keep it in a form of its own, but nothing else for it.
                    taken = name in link.marks and tokens(one) == tokens(other)
                    if differs and not taken:
                        raise Violation(
                            f"P2: {named(thing.fields)} {each.name} is {one!r} in {address}, "
                            f"and {other!r} in the CRM"
                        )

    def _untracked(self, thing: Thing) -> bool:
        birth = self.ledger.births.get(thing.jotted or "")
        return birth is not None and birth.sort == UNTRACKED
