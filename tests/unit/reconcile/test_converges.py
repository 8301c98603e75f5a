"""P2 and P4 in miniature: decide, carry out, settle; then there is nothing left to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.model.record import Record, equal
from syncd.reconcile.decide import Decision, Rules, decide, pair
from syncd.reconcile.facts import Link, LinkState, Origin
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.reconcile.settle import settle
from tests.toy import GADGET, gadget, policy
from tests.unit.reconcile.situations import KEY, case, crm, item

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK

WORDS = st.sampled_from([None, "a", "b", "long one", " a "])
ELEMENTS = st.sets(st.sampled_from("abc")).map(lambda s: tuple(sorted(s)) or None)
RECORDS = st.builds(
    gadget, brand=WORDS, model=WORDS, serial=WORDS, hint=WORDS, parts=ELEMENTS, labels=ELEMENTS
)
RULES = st.builds(
    lambda kind, title, hint, conflict: Rules(policy(kind, conflict, title=title, hint=hint), KEY),
    st.sampled_from(Direction),
    st.sampled_from(Direction),
    st.sampled_from(Direction),
    st.sampled_from(ConflictPolicy),
)
SERVERS = st.sampled_from(["as sent", "trims", "cuts"])


def as_held(server: str, record: Record) -> Record:
    """What a server makes of what it is sent."""
    by_name: dict[str, Callable[[str], str]] = {
        "as sent": str,
        "trims": str.strip,
        "cuts": lambda text: text[:4],
    }
    fields = {n: by_name[server](v) if isinstance(v, str) else v for n, v in record.fields.items()}
    return Record(GADGET, fields)


@dataclass(frozen=True)
class World:
    """A record, its item and their link; `server` is what Outlook does to what it is sent."""

    crm: Record
    outlook: Record
    link: Link | None = None
    server: str = "as sent"

    def decided(self, rules: Rules) -> Decision:
        """What is to be done, with both sides read."""
        facts = case(crm(self.crm), item(self.outlook), self.link)
        return decide(facts, rules) if self.link else pair(facts, rules, Reason.ADOPTED)

    def done(self, decision: Decision) -> World:
        """The world once a decision was carried out and settled."""
        patch = decision.patch(OUTLOOK)
        held = {
            CRM: self.crm.patched(decision.patch(CRM)),
            OUTLOOK: as_held(self.server, self.outlook.patched(patch)) if patch else self.outlook,
        }
        outcomes = {each.group: each for each in decision.groups}
        images, marks = settle(GADGET.groups, outcomes, self.link, {**held}, KEY)
        origin = decision.origin or Origin.ADOPTED
        link = Link("c1", origin, LinkState.LIVE, "i1", "v", 1, images, marks)
        return replace(self, crm=held[CRM], outlook=held[OUTLOOK], link=link)

    def is_at_rest(self, rules: Rules) -> bool:
        """Whether nothing is left to do, and every group is equal or apart with a reason."""
        assert self.link is not None
        for name, group in GADGET.groups.items():
            mark = self.link.marks[name]
            sides = [record.group(group) or {} for record in (self.crm, self.outlook)]
            if mark.standing is Standing.AGREED:
                assert equal(group, *sides), name
            else:
                assert mark.standing is Standing.APART
                assert mark.reason is not Reason.EQUAL
        again = self.decided(rules)
        unread = decide(case(crm(self.crm), item(None), self.link), rules)
        return again.verbs == unread.verbs == ()


@settings(max_examples=60, deadline=None)
@given(RECORDS, RECORDS, RULES, SERVERS)
def test_adoption_settles(in_crm: Record, in_outlook: Record, rules: Rules, server: str) -> None:
    """A pair that met has nothing left to do, under any rules, on a server of any manners."""
    world = World(in_crm, as_held(server, in_outlook), server=server)
    assert world.done(world.decided(rules)).is_at_rest(rules)


@settings(max_examples=100, deadline=None)
@given(RECORDS, RECORDS, RECORDS, RECORDS, RULES, SERVERS)
def test_edits_settle(
    in_crm: Record,
    in_outlook: Record,
    crm_now: Record,
    outlook_now: Record,
    rules: Rules,
    server: str,
) -> None:
    """Whatever both sides edit, one round later nothing is left to do."""
    world = World(in_crm, as_held(server, in_outlook), server=server)
    world = world.done(world.decided(rules))
    world = replace(world, crm=crm_now, outlook=as_held(server, outlook_now))
    assert world.done(world.decided(rules)).is_at_rest(rules)


@settings(max_examples=60, deadline=None)
@given(RECORDS, RULES)
def test_what_is_created_settles(record: Record, rules: Rules) -> None:
    """A created item holds what the rules let it hold, and no echo follows."""
    facts = case(crm(record), item(None))
    created = decide(facts, rules)
    if created.verbs:
        world = World(record, gadget()).done(created)
        assert world.is_at_rest(rules)


@settings(max_examples=60, deadline=None)
@given(RECORDS, RECORDS, RULES, RULES)
def test_a_changed_rule_settles(
    in_crm: Record, in_outlook: Record, before: Rules, after: Rules
) -> None:
    """Groups marked unsettled by a new rule are decided once, and then left alone."""
    world = World(in_crm, in_outlook)
    world = world.done(world.decided(before))
    assert world.link is not None
    marks = {
        name: replace(mark, standing=Standing.UNSETTLED) for name, mark in world.link.marks.items()
    }
    world = replace(world, link=replace(world.link, marks=marks))
    assert world.done(world.decided(after)).is_at_rest(after)
