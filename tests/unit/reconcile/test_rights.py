"""What the rights of a mailbox's user allow: a filter over the decisions, like any other rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import narrower
from syncd.reconcile.decide import Rules, decide
from syncd.reconcile.images import Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET, policy
from tests.unit.reconcile.situations import (
    BASE,
    CRM_EDIT,
    KEY,
    OUT,
    OUTLOOK_EDIT,
    RULES,
    case,
    crm,
    item,
    link,
)

EDITED = replace(BASE, fields={**BASE.fields, **OUTLOOK_EDIT})
BARRED = Mark(Standing.APART, Reason.NOT_WRITABLE)


@pytest.mark.parametrize(("own", "right"), list(product(Direction, Direction)))
def test_a_right_only_takes_away(own: Direction, right: Direction) -> None:
    """The direction in force is what the rule and the right both allow; also of a locked group."""
    for locked in (False, True):
        group = replace(GADGET.groups["serial"], direction=own, locked=locked)
        rules = replace(policy(), access={"serial": right})
        assert rules.direction_of(group) is narrower(own, right)


def test_an_edit_that_may_not_be_written_leaves_the_group_apart() -> None:
    """Neither side is written, and what was agreed elsewhere stays agreed."""
    decided = decide(case(crm(writable=False), item(EDITED), link()), RULES)
    assert decided.verbs == ()
    apart = {g.group for g in decided.groups if g.mark == BARRED}
    assert apart == {"title"}


def test_what_was_apart_for_a_missing_right_is_decided_once_it_is_there() -> None:
    """As on adoption; and for as long as it is missing nothing happens."""
    tie = link(BASE, EDITED, marks={"title": BARRED})
    assert decide(case(crm(writable=False), item(EDITED), tie), RULES).verbs == ()
    decided = decide(case(crm(), item(EDITED), tie), RULES)
    (title,) = [each for each in decided.groups if each.group == "title"]
    assert title.reason is Reason.RULE_CHANGED
    assert title.writes == {Side.OUTLOOK: {"brand": "Acme"}}
    assert title.loser is not None


@pytest.mark.parametrize("both", [False, True])
def test_the_last_edit_is_kept_where_it_may_not_be_written(*, both: bool) -> None:
    """Left scope, Outlook changed, no right to write: a loser, whether or not the CRM changed."""
    now = replace(BASE, fields={**BASE.fields, **CRM_EDIT, "brand": "Bcme"}) if both else BASE
    decided = decide(case(crm(now, OUT, writable=False), item(EDITED), link()), RULES)
    assert [each.value for each in decided.verbs] == ["move-item"]
    assert [each.loser.values["brand"] for each in decided.groups if each.loser] == ["Apex"]
    assert {each.reason for each in decided.groups if each.loser} == {Reason.NOT_WRITABLE}
    assert not any(each.writes for each in decided.groups)


def test_the_last_edit_is_not_kept_where_the_crm_holds_it_too() -> None:
    """Nothing is lost, so nothing is kept."""
    decided = decide(case(crm(EDITED, OUT, writable=False), item(EDITED), link()), RULES)
    assert not any(each.loser for each in decided.groups)


def test_who_may_make_no_record_tracks_nothing() -> None:
    """Excluded with its reason (P9)."""
    rules = Rules(replace(policy(), creates=False), KEY)
    decided = decide(case(crm(None, OUT), item(tracked=True)), rules)
    assert (decided.verbs, decided.reason) == ((), Reason.NOT_WRITABLE)
