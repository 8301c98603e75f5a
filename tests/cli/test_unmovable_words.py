"""What people are told where nothing can be moved, and of what is asked of Graph."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from syncd.cli import held, restore
from syncd.cli.reporting import attention, tell_plan
from syncd.cli.status import _attention
from syncd.outlook.port import Backend
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync.bringing_back import Way
from syncd.sync.mailboxes import MailboxRow, MailboxState
from syncd.sync.overview import Overview, Waiting
from syncd.sync.report import Line, Outcome, RunReport

ROW = MailboxRow(
    1, "alice@example.test", "u1", "sales", None, None, MailboxState.LIVE, None,
    datetime(2026, 11, 2, tzinfo=UTC), 0, None, None, backend=Backend.GRAPH,
)  # fmt: skip


def test_every_way_of_coming_back_has_its_sentence() -> None:
    """None without words, and no words for nothing."""
    assert set(restore._WAYS) == set(Way)
    assert set(restore._REFUSED) <= set(Way)


def test_another_folder_that_is_refused_says_what_to_type() -> None:
    """What happened, what was not done because of it, and both ways on."""
    report = RunReport("alice@example.test", "r1", outcome=Outcome.OK, folder_stays="default")
    (told,) = attention(report)
    assert "goes on with default, and nothing was made twice" in told
    assert 'folder = "default"' in told
    assert "syncd offboard alice@example.test --remove --yes" in told


def test_what_only_its_user_can_bring_back_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """By a sync, a status, a plan and the list of what waits: why, and what helps."""
    report = RunReport("alice@example.test", "r1", outcome=Outcome.STOPPED, only_by_hand=2)
    report.lines = [Line("Ann Lee", "c1", (), Stand.WAITING, Reason.ONLY_BY_HAND)]
    (of_run,) = attention(report)
    assert of_run.startswith("2 in another folder, from which only its user can bring it back.")
    assert of_run.endswith("See them: syncd held alice@example.test")
    overview = Overview(ROW, Counter(), Counter({Reason.ONLY_BY_HAND: 2}))
    (of_status,) = _attention(overview, {"sales"})
    assert of_status.startswith("2 × It is in another folder of this Outlook")
    assert of_status.endswith("See them: syncd held alice@example.test")
    tell_plan(report)
    held._tell([Waiting(ROW.address, "Ann Lee", Stand.WAITING, Reason.ONLY_BY_HAND)])
    shown = " ".join("".join(capsys.readouterr()).split())
    assert "Ann Lee: It is in another folder of this Outlook" in shown
    assert "In another folder" in shown
    assert "Refused by the server" not in shown
    assert shown.count("In Outlook, drag it into the folder that is kept in step;") == 2


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (None, []),
        (0.0, []),
        (0.004, ["under 1% of what Graph allows was asked in the last ten minutes."]),
        (0.123, ["12% of what Graph allows was asked in the last ten minutes."]),
    ],
)
def test_the_share_of_the_limit_is_shown_where_there_is_one(
    used: float | None, told: list[str]
) -> None:
    """Of a mailbox over Graph, when anything was asked."""
    overview = Overview(ROW, Counter(), Counter(), used=used)
    assert list(_attention(overview, {"sales"})) == told
