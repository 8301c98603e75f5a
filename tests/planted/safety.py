"""Bugs in what keeps things safe: the journal, what counts as gone, whose is what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from syncd.model.fields import Sphere
from syncd.outlook import port
from syncd.outlook.errors import MailboxError, Sort
from syncd.reconcile import actions, leaving, merge
from syncd.reconcile.decide import EXISTENCE, Action, Column, Row, Verb
from syncd.reconcile.facts import ItemPresence, Origin
from syncd.reconcile.reasons import Reason
from syncd.sync import (
    gather,
    journal,
    leases,
    locate,
    observe,
    remembering,
    requests,
    session,
    withdraw,
)
from syncd.sync.journal import Status
from syncd.sync.leases import Lease
from syncd.sync.tables import observed
from tests.planted.table import Patch, bug

# --- versions ------------------------------------------------------------------------------------


class _Any(str):
    """A version that every other one is equal to, as `If-Match: *` is."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    def __ne__(self, other: object) -> bool:
        return not self == other


@bug("a-phone-saves-just-before")
def forgets_the_change_key(patch: Patch) -> None:
    """It writes over whatever is there by now: it tells the server of no version that it means."""
    update, move = port.Update, port.Move
    patch.setattr(
        requests, "Update", lambda item, version, *more: update(item, _Any(version), *more)
    )
    patch.setattr(requests, "Move", lambda item, version: move(item, _Any(version)))


# --- journal and recovery ------------------------------------------------------------------------


@bug("a-create-is-not-answered", torn=True)
def skips_the_journal(patch: Patch) -> None:
    """It writes before it has written down what it is about to write."""
    right = journal.intend

    def wrong(conn: Connection, *rest: Any, status: Status = Status.INTENDED) -> None:
        if status is not Status.INTENDED:
            right(conn, *rest, status=status)

    patch.setattr(journal, "intend", wrong)


@bug("a-create-is-not-answered")
def retries_creates(patch: Patch) -> None:
    """It sends once more what was not answered."""
    right = requests.REQUESTS[Verb.CREATE_ITEM]

    def wrong(*given: Any) -> Any:
        try:
            return right(*given)
        except MailboxError:
            return right(*given)

    patch.setitem(requests.REQUESTS, Verb.CREATE_ITEM, wrong)


@bug("a-tracked-contact-enters-the-crm", torn=True)
def saves_the_cursor_first(patch: Patch) -> None:
    """It goes on from behind a page before what the page says is kept."""
    right = observe.outlook

    def wrong(of: Any) -> None:
        changes = of.port.changes

        def asked(kind: Any, folder: str, cursor: str | None) -> Any:
            page = changes(kind, folder, cursor)
            with of.write() as conn:
                of.set_state(conn, cursor=page.cursor)
            return page

        of.port.changes = asked
        right(of)

    patch.setattr(observe, "outlook", wrong)


# --- absence -------------------------------------------------------------------------------------


@bug("moved-away-is-no-deletion", "filed-in-a-sub-folder-and-back", "moved-out-and-back-at-once")
def takes_moved_for_deleted(patch: Patch) -> None:
    """What is not in the folder is deleted, wherever it is."""
    right = locate._presence

    def wrong(*given: Any) -> ItemPresence:
        found = right(*given)
        return ItemPresence.DELETED if found is ItemPresence.MOVED else found

    patch.setattr(locate, "_presence", wrong)


@bug("the-folder-may-not-be-read", "the-folder-is-thrown-away", "exchange-is-down")
def trusts_an_empty_folder(patch: Patch) -> None:
    """A folder that it cannot read is an empty one."""
    right = observe.outlook

    def wrong(of: Any) -> None:
        try:
            right(of)
        except MailboxError as error:
            if error.sort is Sort.CURSOR_LOST:
                raise
            with of.write() as conn:
                generation = of.state(conn).generation + 1
                of.set_state(conn, generation=generation)
                observe._conclude_missing(conn, of, observed.c.generation < generation)

    patch.setattr(observe, "outlook", wrong)
    trusts_an_empty_listing(patch)


def trusts_an_empty_listing(patch: Patch) -> None:
    """What a whole and valid listing does not show is deleted, and nobody looks for it."""
    patch.setattr(gather, "SECOND_LOOK", timedelta())
    patch.setattr(locate, "confirmed", lambda *_: {})


# --- whose is what -------------------------------------------------------------------------------


@bug("a-copied-item", "a-copied-item-is-deleted")
def adopts_a_copy(patch: Patch) -> None:
    """It takes the copy of an item for the item."""
    patch.setattr(gather, "_same_or_copy", lambda _, link: link)


@bug("a-deletion-outlives-a-reset", "a-deletion-outlives-a-new-record")
def forgets_what_was_thrown_away(patch: Patch) -> None:
    """It brings back what its user threw away."""
    patch.setattr(remembering, "among", lambda *_: frozenset())


@bug("a-deletion-is-respected", "deleted-for-good")
def resurrects(patch: Patch) -> None:
    """It makes anew what its user threw away."""
    patch.setitem(EXISTENCE, (Row.UNCHANGED, Column.GONE), Action.MATCH)
    patch.setitem(
        actions.DECIDERS,
        Action.MATCH,
        lambda case, rules: (
            actions.pair_anew(case, rules, Reason.RECREATED)
            if case.link is not None
            else actions._match(case, rules)
        ),
    )


@bug("private-from-the-start", "marked-private-later", "a-tracked-contact-is-marked-private")
def reads_what_is_private(patch: Patch) -> None:
    """It takes no notice of what its user marked private."""
    patch.setattr(session.Session, "private", staticmethod(lambda _: False))


@bug("a-tracked-contact-is-marked-private")
def does_not_withdraw(patch: Patch) -> None:
    """What its user makes private stays in the CRM."""
    patch.setattr(withdraw, "withdraw", lambda *_: None)


@bug("first-contact-waits", "adoption-with-differing-values", "untracked-and-tracked-again")
def promotes_the_untracked(patch: Patch) -> None:
    """It pours a rep's address book into the CRM."""
    patch.setattr(session.Session, "tracked", lambda *_, **__: True)


@bug("adoption-with-differing-values")
def pulls_notes_on_adoption(patch: Patch) -> None:
    """On adoption it takes what is personal, too."""
    patch.setattr(merge, "adopt", _without_sphere(merge.adopt))
    patch.setattr(actions, "adopt", _without_sphere(merge.adopt))


def _without_sphere(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(facts: Any, *rest: Any) -> Any:
        group = replace(facts.group, sphere=Sphere.BUSINESS)
        return right(replace(facts, group=group), *rest)

    return wrong


@bug(
    "deleted-in-the-crm",
    "deleted-in-the-crm-and-edited-in-outlook",
    "deleted-in-the-crm-releases-all",
)
def deletes_the_users_own(patch: Patch) -> None:
    """It throws away a rep's own item with the record."""
    right = leaving.unmake

    def wrong(case: Any, rules: Any) -> Any:
        link = replace(case.link, origin=Origin.CREATED)
        return right(replace(case, link=link), rules)

    patch.setitem(actions.DECIDERS, Action.UNMAKE, wrong)


# --- two at once ----------------------------------------------------------------------------------


def forgets_the_lease(patch: Patch) -> None:
    """Two processes serve one mailbox at once."""

    def taken(_: Connection, mailbox_id: int, now: datetime) -> Lease:
        return Lease(mailbox_id, "anybody", 0, now + timedelta(days=1))

    patch.setattr(leases, "acquire", taken)
    patch.setattr(leases, "renew", lambda _, lease, __: lease)
    patch.setattr(leases, "check", lambda *_: None)
