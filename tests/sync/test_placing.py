"""Which server a mailbox is on: found once, kept, and asked anew only when that says it is not."""

from __future__ import annotations

import pytest

from syncd.outlook.errors import MailboxError
from syncd.outlook.port import Backend
from syncd.sync.mailboxes import MailboxProblem, MailboxState
from syncd.sync.report import Outcome
from syncd.sync.trial import try_out
from tests.sync.hybrid import CLOUD, DOWN, NOT_HERE, OFFICE, REFUSED, Hybrid
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import Memory


@pytest.fixture
def hybrid(memory: Memory) -> Hybrid:
    """Alice is on premises, Bob in the cloud, and one policy names both."""
    return Hybrid.of(memory)


def settled(hybrid: Hybrid) -> list[str]:
    """Some records, in step in both mailboxes; their ids."""
    world = hybrid.world
    world.filter = "statecode eq 'active'"
    ids = world.new_many([{"firstname": f"N{n}"} for n in range(3)])
    world.settle(ALICE, BOB)
    hybrid.asked.clear()
    return ids


def where(hybrid: Hybrid, address: str) -> tuple[str | None, Backend | None, bool | None]:
    """Where a mailbox was found."""
    row = hybrid.world.state(address)
    return row.server, row.backend, row.moves


def test_one_policy_serves_mailboxes_on_two_servers(hybrid: Hybrid) -> None:
    """Each is found once; then a cycle without edits is one request, to its own server (P4)."""
    ids = settled(hybrid)
    assert where(hybrid, ALICE) == (OFFICE, Backend.EWS, True)
    assert where(hybrid, BOB) == (CLOUD, Backend.GRAPH, False)
    hybrid.world.quiet(BOB)
    assert hybrid.asked == {CLOUD: 1}
    hybrid.world.hand(ALICE).edit(hybrid.world.item_of(ids[0]).id, {"jobtitle": "Boss"})
    hybrid.world.sync(ALICE)
    hybrid.world.sync(BOB)
    assert hybrid.world.item_of(ids[0], BOB)["jobtitle"] == "Boss"


def test_a_mailbox_that_is_moved_to_the_cloud_is_followed_there(hybrid: Hybrid) -> None:
    """In the run that meets it: nothing is created, nothing deleted, and then it is quiet."""
    ids = settled(hybrid)
    world = hybrid.world
    items = world.items()
    hybrid.home[ALICE] = CLOUD
    assert world.sync().outcome is Outcome.OK
    assert world.writes == 0
    assert where(hybrid, ALICE) == (CLOUD, Backend.GRAPH, False)
    assert world.items() == items
    assert {world.link(each).state for each in ids} == {"live"}
    world.quiet()
    world.accounted()
    hybrid.home[ALICE] = OFFICE
    world.settle()
    assert where(hybrid, ALICE) == (OFFICE, Backend.EWS, True)
    assert world.items() == items


def test_a_mailbox_that_leaves_in_the_middle_of_a_run_is_followed_by_the_next(
    hybrid: Hybrid,
) -> None:
    """What was decided is not carried on elsewhere: the next run observes and decides anew."""
    ids = settled(hybrid)
    world = hybrid.world
    world.change(ids[0], jobtitle="CEO")
    hybrid.leaving = "update"
    report = world.sync()
    assert report.outcome is Outcome.FAILED
    assert world.state().state is MailboxState.LIVE
    assert where(hybrid, ALICE) == (None, Backend.EWS, None)
    world.settle()
    assert where(hybrid, ALICE) == (CLOUD, Backend.GRAPH, False)
    assert world.item_of(ids[0])["jobtitle"] == "CEO"
    assert len(world.items()) == 3


@pytest.mark.parametrize("new", [True, False], ids=["new", "known"])
def test_a_server_that_is_down_moves_no_mailbox(hybrid: Hybrid, *, new: bool) -> None:
    """Not even one that was never found: it may be there, whoever else knows such a name."""
    world = hybrid.world
    if not new:
        settled(hybrid)
    hybrid.says[OFFICE] = DOWN
    hybrid.home[ALICE] = CLOUD
    rows, before = world.rows(), where(hybrid, ALICE)
    report = world.sync()
    assert (report.outcome, report.unreachable) == (Outcome.FAILED, True)
    assert OFFICE in f"{report.error} {report.todo}"
    assert (world.rows(), where(hybrid, ALICE)) == (rows, before)
    assert hybrid.asked[CLOUD] == 0
    assert world.state().state in (MailboxState.LIVE, MailboxState.APPROVED)
    del hybrid.says[OFFICE]
    world.settle()
    assert where(hybrid, ALICE)[0] == CLOUD


def test_a_refused_sign_in_stops_those_of_that_server_alone(hybrid: Hybrid) -> None:
    """The mailbox of the other server goes on, under the same policy."""
    settled(hybrid)
    world = hybrid.world
    hybrid.says[OFFICE] = REFUSED
    world.sync(ALICE)
    assert world.state(ALICE).state is MailboxState.SUSPENDED
    assert world.state(BOB).state is MailboxState.LIVE
    world.quiet(BOB)
    hybrid.says = {CLOUD: REFUSED}
    world.resume(ALICE)
    world.sync(BOB)
    assert world.state(BOB).state is MailboxState.SUSPENDED
    assert world.state(ALICE).state is MailboxState.LIVE


def test_what_each_server_said_is_told(hybrid: Hybrid) -> None:
    """Where none has the mailbox; and once one has, it goes on by itself."""
    settled(hybrid)
    world = hybrid.world
    del hybrid.home[ALICE]
    rows = world.rows()
    report = world.sync()
    assert report.outcome is Outcome.FAILED
    assert report.error == (
        "none of its servers serves it (office: there is no such mailbox; "
        "cloud: it is kept on premises)"
    )
    assert report.todo is not None
    assert "policy sales" in report.todo
    assert world.rows() == rows
    assert world.state().state is MailboxState.LIVE
    hybrid.home[ALICE] = CLOUD
    world.settle()
    assert where(hybrid, ALICE)[0] == CLOUD


@pytest.mark.parametrize(("answer", "sort"), [(DOWN, "failed"), (REFUSED, "suspended")])
def test_of_several_servers_the_one_that_gives_no_answer_is_named(
    hybrid: Hybrid, answer: MailboxError, sort: str
) -> None:
    """With what the others said before it."""
    world = hybrid.world
    hybrid.says = {OFFICE: NOT_HERE[OFFICE], CLOUD: answer}
    report = world.sync()
    assert report.error == (
        "it is not known which server it is on: office: there is no such mailbox; "
        f"cloud: {answer.message} ({answer.code})"
    )
    suspended = world.state().state is MailboxState.SUSPENDED
    assert suspended is (sort == "suspended")
    assert "[servers.cloud]" in (report.todo or "") or suspended


def test_with_one_server_a_person_is_told_what_to_configure(hybrid: Hybrid) -> None:
    """There is nowhere else to look: it waits for the other server's name."""
    settled(hybrid)
    world = hybrid.world
    world.servers = (OFFICE,)
    hybrid.home[ALICE] = CLOUD
    report = world.sync()
    assert report.outcome is Outcome.FAILED
    assert 'server = ["office", "NAME"]' in (report.todo or "")
    assert world.state().state is MailboxState.SUSPENDED
    assert hybrid.asked == {OFFICE: 1}
    world.servers = (OFFICE, CLOUD)
    world.resume()
    world.settle()
    assert where(hybrid, ALICE) == (CLOUD, Backend.GRAPH, False)


def test_a_server_that_the_policy_names_no_more_is_left(hybrid: Hybrid) -> None:
    """The mailbox is sought on the others."""
    settled(hybrid)
    world = hybrid.world
    hybrid.home[ALICE] = CLOUD
    world.servers = (CLOUD,)
    world.settle()
    assert where(hybrid, ALICE) == (CLOUD, Backend.GRAPH, False)
    assert hybrid.asked[OFFICE] == 0
    assert len(world.items()) == 3


def test_nothing_is_noted_by_hand_under_ids_of_another_server(hybrid: Hybrid) -> None:
    """Who looks in after a move and before the next sync is told to sync; a test goes ahead."""
    settled(hybrid)
    world = hybrid.world
    world.servers = (CLOUD,)
    hybrid.home[ALICE] = CLOUD
    service = world.service()
    with pytest.raises(MailboxProblem, match="not synced there yet"), service.looking(ALICE):
        pass
    trial = try_out(service, world.state())
    assert (trial.server, trial.backend, trial.error) == (CLOUD, Backend.GRAPH, None)
    world.servers = (OFFICE, CLOUD)
    trial = try_out(world.service(), world.state())
    assert (trial.server, trial.error) == (CLOUD, None)
    world.sync()
    with service.looking(ALICE) as (_, port):
        assert port.backend is Backend.GRAPH


def test_a_test_names_the_server_that_gave_no_answer(hybrid: Hybrid) -> None:
    """So that no other mailbox is tried there with a sign-in that was refused."""
    hybrid.says = {OFFICE: NOT_HERE[OFFICE], CLOUD: REFUSED}
    trial = try_out(hybrid.world.service(), hybrid.world.state())
    assert (trial.server, trial.refused) == (CLOUD, True)
    assert "[servers.cloud]" in (trial.todo or "")
    hybrid.says = {}
    del hybrid.home[ALICE]
    trial = try_out(hybrid.world.service(), hybrid.world.state())
    assert "none of its servers serves it" in (trial.error or "")
