"""What goes wrong between syncd and a mailbox, and how often: the profiles.

A fault is armed at a moment of a run and hits the next request that it fits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Backend, FolderRef, Head, Page
from tests.memory_server import Effect, MemoryServer, Thing
from tests.sync.world import Time

WRITING = frozenset(("create", "update", "move", "trash", "remove_folder"))
LAG = timedelta(minutes=5)  # of a search index
SHOUTED = "jobtitle"  # the field that the server writes as it likes


@dataclass(frozen=True, slots=True)
class Profile:
    """How much goes wrong: shares of the runs, and which faults there are."""

    name: str
    faults: tuple[str, ...]
    often: float
    restless: float
    crashes: float
    power_cuts: float = 0.3


def _error(sort: Sort, scope: Scope, wait: float | None = None) -> Callable[[], MailboxError]:
    return lambda: MailboxError(sort, scope, sort.value, "the simulation said so", wait)


_ERRORS: Mapping[str, Callable[[], MailboxError]] = {
    "throttled": _error(Sort.THROTTLED, Scope.MAILBOX, 5),
    "transient": _error(Sort.TRANSIENT, Scope.SERVER),
    "denied": _error(Sort.DENIED, Scope.MAILBOX),
    "sign-in refused": _error(Sort.DENIED, Scope.CREDENTIAL),
}
# Of a request that reads.
_READING: Mapping[str, Callable[[], MailboxError]] = {
    "cursor lost": _error(Sort.CURSOR_LOST, Scope.FOLDER),
    "folder missing": _error(Sort.GONE, Scope.FOLDER),
    "garbled": _error(Sort.TRANSIENT, Scope.MAILBOX),
}
# Of one that writes.
_WRITES: Mapping[str, Callable[[], MailboxError]] = {
    "full": _error(Sort.TRANSIENT, Scope.MAILBOX),
}
_UNANSWERED = ("done unanswered", "not done unanswered", "done later")
_OF_ITEMS: Mapping[str, Sort] = {
    "item transient": Sort.TRANSIENT,
    "item invalid": Sort.INVALID,
    "batch stopped": Sort.NOT_TRIED,
}
_LISTINGS = ("empty listing", "repeated changes", "reordered changes")
_LIGHT = (
    *_UNANSWERED, "throttled", "transient", "denied", "cursor lost", "item transient",
    "batch stopped", "small pages",
)  # fmt: skip
_HEAVY = (
    *_LIGHT, "folder missing", "item invalid", "item unreadable", "empty listing",
    "repeated changes", "reordered changes", "lagging search", "wrong clock",
    "answers of items lost", "full", "folder binned", "garbled",
)  # fmt: skip

SLOW = timedelta(seconds=100)  # that a request takes: less than its client waits
# A server that takes its time, a sign-in that is refused, a store that takes nothing any more.
_WORST = (*_HEAVY, "slow", "sign-in refused", "store locked")

PROFILES: Mapping[str, Profile] = {
    each.name: each
    for each in (
        Profile("none", (), 0, 0, 0),
        Profile("restless", (), 0, 0.6, 0),
        Profile("crashes", (), 0, 0.2, 0.5),
        Profile("unanswered", _UNANSWERED, 0.9, 0.1, 0),
        Profile("light", _LIGHT, 0.25, 0.25, 0.08),
        Profile("heavy", _HEAVY, 0.5, 0.4, 0.15),
        Profile("worst", _WORST, 0.7, 0.4, 0.15),
    )
}
ALL = frozenset((*_WORST, "crash", "power cut"))


def fits(fault: str, call: str) -> bool:
    """Whether a fault is one of this request."""
    if fault in _ERRORS or fault == "slow":
        return True
    if fault in _UNANSWERED or fault in _WRITES:
        return call in WRITING
    if fault == "garbled":  # what cannot be understood: of a write it is in doubt, then
        return call not in WRITING
    if fault == "folder binned":
        return call == "folders"
    if fault in _OF_ITEMS or fault == "answers of items lost":
        return call in WRITING - {"remove_folder"}
    if fault in ("cursor lost", "folder missing", *_LISTINGS):
        return call == "changes"
    return call == {"item unreadable": "read", "lagging search": "find"}.get(fault, call)


class Awkward(MemoryServer):
    """A server in memory that also shows small pages, and keeps a field as it likes."""

    def __init__(self, kind: Kind, clock: Callable[[], datetime], backend: Backend) -> None:
        super().__init__(kind, lambda: clock() + self.ahead, backend)
        self.small = False
        self.ahead = timedelta()

    def changes(self, folder: str, since: int) -> Page:
        """One page, of three changes while pages are small."""
        whole = super().changes(folder, since)
        if not self.small or len(whole.seen) + len(whole.removed) <= 3:
            return whole
        log = {item: number for number, item in self.folder(folder).log if number > since}
        first = dict(sorted(log.items(), key=lambda each: each[1])[:3])
        seen = tuple(each for each in whole.seen if each.id in first)
        removed = tuple(each for each in whole.removed if each in first)
        return Page(seen, removed, f"{folder}@{max(first.values())}", False)

    def _put(self, thing: Thing) -> Thing:
        held = thing.fields.get(SHOUTED)
        if isinstance(held, str):
            thing = replace(thing, fields={**thing.fields, SHOUTED: held.upper().strip()})
        return super()._put(thing)


@dataclass
class Faulty:
    """The faults of one server: what is armed, and what stays wrong to the end of a run."""

    server: Awkward
    chance: random.Random
    time: Time
    armed: list[str] = field(default_factory=list)

    def arm(self, fault: str) -> None:
        """Let something go wrong from here on: once, or until `mend`."""
        if fault == "small pages":
            self.server.small = True
        elif fault == "wrong clock":
            self.server.ahead = timedelta(minutes=17)
        else:
            self.armed.append(fault)

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        self.armed.clear()
        self.server.small, self.server.ahead = False, timedelta()

    def request(self, call: str, effect: Effect) -> object:
        """One request, with what is armed for it."""
        fault = next((each for each in self.armed if fits(each, call)), None)
        if fault is None:
            return effect()
        self.armed.remove(fault)
        return self._with(fault, effect)

    def _with(self, fault: str, effect: Effect) -> object:
        if fault == "slow":
            self.time.passed += SLOW
            return effect()
        made = _ERRORS.get(fault) or _READING.get(fault) or _WRITES.get(fault)
        if made is not None:
            raise made()
        if fault in _UNANSWERED:
            if fault == "done unanswered":
                effect()
            elif fault == "done later":
                self.server.late.append(lambda: _at_last(effect))
            raise MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "timeout", "no answer came")
        if fault in _OF_ITEMS:
            return self._some_fail(_OF_ITEMS[fault], effect)
        answer = effect()
        return self._answered(fault, answer)

    def _answered(self, fault: str, answer: object) -> object:
        """An answer that is not what it should be."""
        if isinstance(answer, Page):
            return self._page(fault, answer)
        if not isinstance(answer, list):
            return answer
        if fault == "folder binned":  # somebody threw the synced folder away for a while
            return [replace(each, in_trash=True) for each in cast("list[FolderRef]", answer)]
        if fault == "lagging search":
            fresh = self.server.clock() - LAG
            return [each for each in cast("list[Head]", answer) if each.modified < fresh]
        sort = Sort.TRANSIENT if fault == "item unreadable" else Sort.IN_DOUBT
        lost = Failure(sort, fault, "the simulation said so")
        return [lost if self.chance.random() < 0.5 else each for each in answer]

    def _page(self, fault: str, page: Page) -> Page:
        if fault == "empty listing":
            return Page((), (), f"{page.cursor.partition('@')[0]}@1", True)  # from the beginning on
        if fault == "repeated changes":
            return replace(page, seen=page.seen + page.seen)
        if fault == "reordered changes":
            return replace(page, seen=page.seen[::-1], removed=page.removed[::-1])
        return page

    def _some_fail(self, sort: Sort, effect: Effect) -> object:
        """Some of a batch fail without effect; after one that stops it, all do."""
        server, chance, stopped = self.server, self.chance, False
        right = {name: getattr(server, name) for name in ("create", "update", "shift", "bin")}

        def failing(name: str) -> Callable[..., object]:
            def one(*given: object) -> object:
                nonlocal stopped
                hit = chance.random() < 0.5
                stopped = stopped or (hit and sort is Sort.NOT_TRIED)
                if hit or stopped:
                    return Failure(sort, sort.value, "the simulation said so")
                return right[name](*given)

            return one

        for name in right:
            setattr(server, name, failing(name))
        try:
            return effect()
        finally:
            for name in right:
                delattr(server, name)


def _at_last(effect: Effect) -> None:
    """What a client gave up on is done, or refused; nobody hears of it."""
    try:
        effect()
    except MailboxError:
        return
