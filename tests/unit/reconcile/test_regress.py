"""An item that is older than it was known to be was restored: that is a regress, and no edit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.model.fields import Direction, Side
from syncd.reconcile.decide import Case, Rules, Verb, decide
from syncd.reconcile.groups import regressed
from syncd.reconcile.images import Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import policy
from tests.unit.reconcile.situations import BASE, KEY, NOON, case, crm, item, link

HOUR = timedelta(hours=1)
OLD = BASE.patched({"serial": "old@x"})
RULES = Rules(policy(), KEY, server_time=NOON + HOUR)


def older(
    known: datetime | None = NOON + HOUR, modified: datetime | None = NOON, version: str = "v0"
) -> Case:
    """A link that was settled when its item was of `known`, and the item as it is now."""
    tie = replace(link(), remote_modified=known)
    facts = replace(item(OLD), modified=modified, version=version)
    return case(crm(), facts, tie)


def test_what_was_not_read_is_no_regress() -> None:
    """What is still to be read is not written over, however old it says it is (P5)."""
    tie = replace(link(), remote_modified=NOON + HOUR)
    unread = replace(item(None), modified=NOON, version="v0")
    assert not regressed(case(crm(), unread, tie), RULES)


def test_the_crm_is_written_again_and_what_outlook_held_is_kept() -> None:
    """P1: it may be somebody's after all."""
    decision = decide(older(), RULES)
    (lost,) = [each for each in decision.groups if each.loser]
    assert (decision.verbs, decision.reason) == ((Verb.UPDATE_ITEM,), Reason.REGRESS)
    assert decision.patch(Side.OUTLOOK) == {"serial": BASE.fields["serial"]}
    assert lost.loser is not None
    assert lost.loser.values == {"serial": "old@x"}


EDITS = {
    "nothing is known": older(known=None),
    "nothing is said": older(modified=None),
    "it is as old": older(modified=NOON + HOUR),
    "a server's clock is right to a minute": older(modified=NOON + HOUR - timedelta(minutes=1)),
    "it is the version that was settled": older(version="v1"),
}


@pytest.mark.parametrize("facts", EDITS.values(), ids=EDITS)
def test_what_is_not_older_is_an_edit(facts: Case) -> None:
    """Only what is known to be older is no edit."""
    assert decide(facts, RULES).verbs == (Verb.UPDATE_RECORD,)


WRONG = {
    "it says nothing": replace(RULES, server_time=None),
    "what was noted lies in its future": replace(RULES, server_time=NOON),
    "it is wrong": replace(RULES, clock_sound=False),
}


@pytest.mark.parametrize("rules", WRONG.values(), ids=WRONG)
def test_a_clock_that_cannot_be_trusted_makes_no_regress(rules: Rules) -> None:
    """What is older by a wrong clock may well be an edit."""
    assert decide(older(), rules).verbs == (Verb.UPDATE_RECORD,)


def test_a_form_of_the_servers_own_is_written_again() -> None:
    """What differs by its form alone is not apart: the CRM's value counts there, too."""
    marked = {"serial": Mark(Standing.APART, Reason.NOT_TAKEN)}
    tie = replace(link(marks=marked), remote_modified=NOON + HOUR)
    facts = replace(item(OLD), modified=NOON, version="v0")
    decision = decide(case(crm(), facts, tie), RULES)
    assert decision.patch(Side.OUTLOOK) == {"serial": BASE.fields["serial"]}


def test_where_outlook_alone_may_speak_nothing_is_written() -> None:
    """It stays apart until its user edits it: old values are nobody's word."""
    ruled = replace(RULES, policy=policy(Direction.TO_CRM))
    decision = decide(older(), ruled)
    assert decision.verbs == ()
    (apart,) = [each for each in decision.groups if each.group == "serial"]
    assert apart.mark == Mark(Standing.APART, Reason.ONE_WAY)


def test_what_is_apart_stays_apart() -> None:
    """A personal note that was never shared is not written over."""
    marked = {"serial": Mark(Standing.APART, Reason.PERSONAL)}
    tie = replace(link(marks=marked), remote_modified=NOON + HOUR)
    facts = replace(item(OLD), modified=NOON, version="v0")
    decision = decide(case(crm(), facts, tie), RULES)
    assert decision.verbs == ()
    assert not any(each.loser for each in decision.groups)


@pytest.mark.parametrize("why", [Reason.RULE_CHANGED, Reason.MADE_PRIVATE])
def test_what_is_yet_to_be_decided_is_decided(why: Reason) -> None:
    """A group whose rule changed, or that was withdrawn, is no regress: it is merged as ever."""
    tie = replace(
        link(marks={"serial": Mark(Standing.UNSETTLED, why)}), remote_modified=NOON + HOUR
    )
    decision = decide(case(crm(), replace(item(OLD), modified=NOON, version="v0"), tie), RULES)
    assert Reason.REGRESS not in {each.reason for each in decision.groups}
    assert decision.reason is not Reason.REGRESS


def test_a_minute_into_the_future_is_no_wrong_clock() -> None:
    """What was noted may be as much ahead of the server's clock as clocks differ."""
    ahead = NOON + HOUR + timedelta(minutes=1)
    assert decide(older(known=ahead), RULES).reason is Reason.REGRESS
    later = ahead + timedelta(seconds=1)
    assert decide(older(known=later), RULES).reason is not Reason.REGRESS


def test_an_edit_of_the_crm_goes_on_as_ever() -> None:
    """Of the other groups, nothing is special about it."""
    tie = replace(link(), remote_modified=NOON + HOUR)
    facts = replace(item(OLD), modified=NOON, version="v0")
    decision = decide(case(crm(BASE.patched({"brand": "Apex"})), facts, tie), RULES)
    assert decision.patch(Side.OUTLOOK) == {"serial": BASE.fields["serial"], "brand": "Apex"}
