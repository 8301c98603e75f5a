"""What `syncd verify` and the audit say of a mailbox of a world."""

from __future__ import annotations

from collections import Counter
from functools import partial

from syncd.settings.configuration import Audit
from syncd.sync.report import RunReport
from syncd.sync.verify import Finding, verify
from tests.sync.world import ALICE, World


def verified(world: World, address: str = ALICE) -> dict[str, int]:
    """What `syncd verify` finds, by sort. It changes nothing."""
    findings: list[Finding] = []
    report = world.service().visit(address, "verify", partial(verify, findings=findings))
    assert report.error is None, report.error
    return dict(Counter(str(each.sort) for each in findings))


def audit(world: World, items: int = 200, address: str = ALICE) -> RunReport:
    """One audit of a mailbox, which writes to neither side."""
    records, before = world.all_records(), world.counted()
    service = world.service()
    service.audits = Audit(items=items)
    report = service.audit(address)
    world.counts = world.counted() - before
    assert report.error is None, report.error
    assert world.writes == 0
    assert world.all_records() == records
    return report
