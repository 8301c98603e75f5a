"""What `syncd verify` and the audit say of a mailbox of a world, and how a change goes unseen."""

from __future__ import annotations

from collections import Counter
from functools import partial

from sqlalchemy import select

from syncd.crm import database
from syncd.settings.configuration import Audit
from syncd.sync.report import RunReport
from syncd.sync.tables import alert, mailbox_kind
from syncd.sync.verify import WAITING, Finding, verify
from tests.sync.world import ALICE, World


def verified(world: World, address: str = ALICE) -> dict[str, int]:
    """What `syncd verify` finds, by sort. It changes nothing."""
    findings: list[Finding] = []
    report = world.service().visit(address, "verify", partial(verify, findings=findings))
    assert report.error is None, report.error
    return dict(Counter(str(each.sort) for each in findings))


def wrong(world: World, address: str = ALICE) -> list[str]:
    """What it finds that is not as it should be: what waits has its reason."""
    return sorted(verified(world, address).keys() - {WAITING})


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


def swallow(world: World) -> None:
    """The mailbox told of what changed, and it was lost on our side: reading goes on behind it."""
    with database.read(world.engine) as conn:
        folder = conn.scalar(select(mailbox_kind.c.folder_id))
        cursor = conn.scalar(select(mailbox_kind.c.cursor))
    port = world.connect(ALICE)
    page = port.changes(world.rules.kind, str(folder), cursor)
    port.close()
    with database.write(world.engine) as conn:
        conn.execute(mailbox_kind.update().values(cursor=page.cursor))


def open_alerts(world: World) -> set[str]:
    """The codes of the alerts that are not over."""
    with database.read(world.engine) as conn:
        return set(conn.scalars(select(alert.c.code).where(alert.c.over_at.is_(None))))
