"""What people say to syncd: answers, decisions, filters, consent, tracking by command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection, update

from syncd.crm import database
from syncd.model.contact import CONTACT
from syncd.model.fields import Side
from syncd.reconcile.reasons import Reason
from syncd.sync import (
    acts,
    by_hand,
    causes,
    disagreements,
    guard,
    mailboxes,
    questions,
    rollout,
    user_filters,
)
from syncd.sync.bringing_back import bring_back
from syncd.sync.questions import Answer
from syncd.sync.relinking import relink
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.tables import noticed
from syncd.sync.user_filters import UserFilter
from tests.scenarios.reading import Step, near
from tests.scenarios.stage import ADDRESSES, Stage
from tests.scenarios.vocabulary import verb
from tests.sync.world import BY_HAND, World

KIND = CONTACT.name


def _word(stage: Stage, step: Step, key: str, words: tuple[str, ...]) -> str:
    said = str(step.given[key])
    if said not in words:
        raise stage.scenario.wrong(step, f"{key} = {said!r}; {near(said, words)}")
    return said


# --- questions -----------------------------------------------------------------------------------


@verb("rep", "answers", "what with", "to")
def _answers(stage: Stage, step: Step) -> None:
    """Who is who: `with` link, create, ignore or never; to link it, `to` whom."""
    address, world = ADDRESSES[step.who], stage.world
    said = Answer(_word(stage, step, "with", tuple(Answer)))
    for name in stage.each(step):
        item = stage.item(address, name)
        subjects = {stage.record(name), item.id if item is not None else ""}
        with database.write(world.engine) as conn:
            asked = questions.of_mailbox(conn, world.mailbox_id(address)).values()
            row = next((each for each in asked if each.subject in subjects), None)
            if row is None:
                raise stage.scenario.wrong(step, f"nothing is asked about {name!r}")
            questions.answer(conn, row, said, world.time(), _chosen(stage, step, row.candidates))


def _chosen(stage: Stage, step: Step, candidates: list[str]) -> str | None:
    if "to" not in step.given:
        return None
    (name,) = stage.each(step, "to")
    item = stage.item(ADDRESSES[step.who], name)
    known = {stage.record(name), item.id if item is not None else ""}
    found = [each for each in candidates if each in known]
    if not found:
        raise stage.scenario.wrong(step, f"{name!r} is none of those it was asked about")
    return found[0]


@verb("rep", "decides", "what field", "for as")
def _decides(stage: Stage, step: Step) -> None:
    """What counts where both sides changed a field: `for` a side, or `as` a value of her own."""
    world, name = stage.world, step.given["field"]
    row = world.state(ADDRESSES[step.who])
    group = CONTACT.by_name[name].group
    for each in stage.each(step):
        record = stage.its_record(step, each)
        with _alone_with(stage, row) as conn:
            found = [
                one
                for one in disagreements.every(conn, [row.id])
                if (one.crm_id, one.group.name) == (record, group)
            ]
            if not found:
                raise stage.scenario.wrong(step, f"nothing is asked about the {name} of {each!r}")
            if "as" in step.given:
                own = {name: step.given["as"]}
                disagreements.answer_with(conn, found[0], own, BY_HAND, world.time())
            else:
                side = Side(_word(stage, step, "for", tuple(Side)))
                disagreements.answer(conn, found[0], side)


@contextmanager
def _alone_with(stage: Stage, row: mailboxes.MailboxRow) -> Iterator[Connection]:
    at = stage.world.time()
    with (
        database.write(stage.world.engine, alone=True) as conn,
        by_hand.alone_with(conn, row, at),
    ):
        yield conn


# --- the breaker ---------------------------------------------------------------------------------


@verb("admin", "discards", "mailbox")
def _discards(stage: Stage, step: Step) -> None:
    """What is held in a mailbox is not wanted."""
    world = stage.world
    address = ADDRESSES[_word(stage, step, "mailbox", tuple(ADDRESSES))]
    with database.write(world.engine) as conn:
        done = guard.discard_held(conn, world.mailbox_id(address), world.time())
    if not done:
        raise stage.scenario.wrong(step, f"nothing is held in the mailbox of {address}")


@verb("admin", "approves the cause", "mailbox")
def _approves_cause(stage: Stage, step: Step) -> None:
    """What is held in a mailbox for one cause may go, in all mailboxes."""
    world = stage.world
    address = ADDRESSES[_word(stage, step, "mailbox", tuple(ADDRESSES))]
    with database.write(world.engine) as conn:
        known = causes.of_mailbox(conn, world.mailbox_id(address))
        if not known:
            raise stage.scenario.wrong(step, f"nothing in the mailbox of {address} has one cause")
        for number in known:
            for each in causes.approve(conn, number, world.time()):
                again = (noticed.c.mailbox_id == each) & (noticed.c.reason == Reason.HELD)
                conn.execute(update(noticed).where(again).values(retry_at=None))


# --- what was thrown away, and what is lost ------------------------------------------------------


@verb("rep", "brings back", "what")
def _brings_back(stage: Stage, step: Step) -> None:
    """What she threw away in Outlook."""
    records = [stage.its_record(step, name) for name in stage.each(step)]
    _visit(stage, ADDRESSES[step.who], partial(bring_back, crm_ids=records))


@verb("admin", "relinks", "mailbox")
def _relinks(stage: Stage, step: Step) -> None:
    """What belongs together is found out anew."""
    address = ADDRESSES[_word(stage, step, "mailbox", tuple(ADDRESSES))]
    stage.bind()
    _visit(stage, address, relink)


def _visit(stage: Stage, address: str, do: Callable[[Session], object]) -> None:
    def act(session: Session, *, report: RunReport) -> None:
        do(session)
        report.outcome = Outcome.OK

    def visit(world: World) -> None:
        report = world.service().visit(address, "scenario", act)
        assert report.error is None, report.error

    stage.around(stage.world, address, visit)


# --- what a rep wants ----------------------------------------------------------------------------


@verb("rep", "tracks by command", "what")
def _tracks(stage: Stage, step: Step) -> None:
    _act(stage, step, tracked=True)


@verb("rep", "untracks by command", "what")
def _untracks(stage: Stage, step: Step) -> None:
    _act(stage, step, tracked=False)


def _act(stage: Stage, step: Step, *, tracked: bool) -> None:
    address, world = ADDRESSES[step.who], stage.world
    mailbox_id = world.mailbox_id(address)
    for name in stage.each(step):
        item, record = stage.its_item(step, name), stage.record(name) or None
        with database.write(world.engine) as conn:
            said = (mailbox_id, KIND, item, record, world.time())
            acts.put(conn, *said, tracked=tracked)
            by_hand.look_again(conn, mailbox_id, KIND, [item])
        if not tracked:
            had = stage.labels.get((address, name)) or ()
            assert isinstance(had, tuple)
            rest = tuple(each for each in had if each != world.rules.track_category)
            stage.labels[address, name] = rest or None


@verb("rep", "adds filter", "name filter", "exclude")
def _filters(stage: Stage, step: Step) -> None:
    """One more filter of her own; or one that keeps out what it finds."""
    address, world, given = ADDRESSES[step.who], stage.world, step.given
    new = UserFilter(
        given["name"], given["filter"], bool(given.get("exclude")), active=True, template=None
    )
    with database.write(world.engine) as conn:
        user_filters.put(conn, world.mailbox_id(address), KIND, new, world.time())


@verb("rep", "turns filter", "name to")
def _turns(stage: Stage, step: Step) -> None:
    """One of her filters, on or off."""
    world, to = stage.world, _word(stage, step, "to", ("on", "off"))
    mailbox_id = world.mailbox_id(ADDRESSES[step.who])
    with database.write(world.engine) as conn:
        user_filters.switch(conn, mailbox_id, KIND, step.given["name"], active=to == "on")


@verb("rep", "agrees")
def _agrees(stage: Stage, step: Step) -> None:
    """That syncd reads her mailbox."""
    world = stage.world
    with database.write(world.engine) as conn:
        rollout.consent(conn, mailboxes.get(conn, ADDRESSES[step.who]), world.time())


@verb("rep", "does not agree any more")
def _withdraws(stage: Stage, step: Step) -> None:
    """That syncd reads her mailbox."""
    world = stage.world
    with database.write(world.engine) as conn:
        rollout.withdraw_consent(conn, mailboxes.get(conn, ADDRESSES[step.who]))
