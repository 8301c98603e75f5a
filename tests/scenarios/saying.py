"""What people say to syncd: answers, decisions, filters, consent, tracking by command."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from syncd.crm import database
from syncd.model.contact import CONTACT
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.sync import acts, causes, guard, mailboxes, questions, rollout, user_filters
from syncd.sync.questions import Answer
from syncd.sync.tables import link, noticed, observed
from syncd.sync.user_filters import UserFilter
from tests.scenarios.reading import Step, near
from tests.scenarios.stage import ADDRESSES, Stage
from tests.scenarios.vocabulary import verb

KIND = CONTACT.name
SIDES = {"crm": Reason.ANSWERED_CRM, "outlook": Reason.ANSWERED_OUTLOOK}


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


@verb("rep", "decides", "what field for")
def _decides(stage: Stage, step: Step) -> None:
    """Whose value of a field counts where both sides changed it: the CRM's, or Outlook's."""
    address, world = ADDRESSES[step.who], stage.world
    reason = SIDES[_word(stage, step, "for", tuple(SIDES))]
    group = CONTACT.by_name[step.given["field"]].group
    for name in stage.each(step):
        record, mailbox_id = stage.its_record(step, name), world.mailbox_id(address)
        with database.write(world.engine) as conn:
            mine = (link.c.crm_id == record) & (link.c.mailbox_id == mailbox_id)
            marks = dict(conn.execute(select(link.c.marks).where(mine)).scalar_one())
            if marks.get(group, ("", ""))[1] != Reason.ASKED:
                raise stage.scenario.wrong(step, f"nothing is asked about the {group} of {name!r}")
            marks[group] = [Standing.UNSETTLED, reason]
            conn.execute(update(link).where(mine).values(marks=marks))
            made = {"mailbox_id": mailbox_id, "kind": KIND, "crm_id": record, "attempts": 0}
            conn.execute(insert(noticed).values(**made))


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
            mine = (observed.c.mailbox_id == mailbox_id) & (observed.c.remote_id == item)
            conn.execute(update(observed).where(mine).values(unsettled=True, retry_at=None))
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
