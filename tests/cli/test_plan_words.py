"""What a plan says of the things that it would not write."""

from __future__ import annotations

import pytest

from syncd.cli import reporting
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync.report import Line, RunReport


def test_what_a_switch_would_leave_as_it_is_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Who, and which fields: nobody takes it for carried."""
    report = RunReport("alice@example.test", "r1")
    line = Line("Ann", "c1", (), Stand.IN_STEP, Reason.EQUAL, apart=("Mailing city",))
    report.lines = [line]
    reporting.tell_plan(report)
    said = " ".join("".join(capsys.readouterr()).split())
    assert "Ann: Mailing city would stay as it is on both sides." in said
    assert line.to_json()["apart"] == ["Mailing city"]
