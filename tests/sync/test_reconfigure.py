"""Another configuration, while mailboxes run."""

from __future__ import annotations

from datetime import timedelta

from syncd.crm import database
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration
from syncd.sync import user_filters
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.service import SyncService
from syncd.sync.user_filters import UserFilter
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import Memory

EWS = {"backend": "ews", "endpoint": "https://mail.example.test/EWS/Exchange.asmx"}


def configuration(
    interval: str, where: str = "true", server: str = "office", **fields: object
) -> Configuration:
    """One server, and one policy with this filter; `fields` are custom ones."""
    policy = {"server": server, "interval": interval, "contacts": {"filter": where}}
    return Configuration.model_validate(
        {
            "servers": {server: EWS},
            "policies": {"sales": policy},
            "fields": {"contact": fields},
        }
    )


def test_a_run_that_has_begun_ends_under_the_old_configuration(memory: Memory) -> None:
    """What the new one lets in comes with the next run, and not in the middle of this one."""
    world, _ = memory
    world.filter = "lastname eq 'Lee'"
    world.start()
    lee, other = world.new(lastname="Lee"), world.new(lastname="Other")
    service = world.service()

    def meanwhile(_: str, row: MailboxRow) -> Mailbox:
        service.reconfigure(configuration("5m"))
        return world.connect(row.address)

    service.connect = meanwhile
    service.run(ALICE, cause="test")
    assert world.link(lee)
    assert [each.crm_id for each in world.links()] == [lee]
    service.connect = lambda _, row: world.connect(row.address)
    service.run(ALICE, cause="test")
    assert {each.crm_id for each in world.links()} == {lee, other}


def test_a_change_of_a_field_that_is_new_wakes_whom_it_concerns(memory: Memory) -> None:
    """What follows the CRM's changes knows the fields of the configuration that is in force."""
    world, _ = memory
    world.start()
    record = world.new(BOB, lastname="Lee")
    service = world.service()
    service.reconfigure(
        configuration("5m", "owner eq @me", colour={"type": "text", "outlook": "User1"})
    )
    service.connect = lambda _, row: world.connect(row.address)
    service.run(ALICE, cause="test")
    red = UserFilter("Red", "colour eq 'red'", excludes=False, active=True, template=None)
    with database.write(world.engine) as conn:
        user_filters.put(conn, world.mailbox_id(ALICE), "contact", red, world.time())
    service.due(10)  # from here on it follows
    world.stored = service.stored["contact"]
    world.change(record, colour="red")
    assert ALICE in service.due(10)


def test_a_shorter_interval_holds_at_once(memory: Memory) -> None:
    """Who has just run need not wait for the end of the long interval."""
    world, _ = memory
    world.start()
    service = world.service()
    service.reconfigure(configuration("1s"))
    assert world.state().due <= world.time() + timedelta(seconds=1)


def test_a_server_that_is_gone_in_between_breaks_no_run(memory: Memory) -> None:
    """A run between the two configurations is told as one that could not be; nothing breaks off."""
    world, _ = memory
    world.start()
    service: SyncService = world.service()
    old = service.policies
    service.reconfigure(configuration("5m", server="branch"))
    service.policies = old
    report = service.run(ALICE, cause="test")
    assert report.misconfigured
    assert "lacks its server 'office'" in (report.error or "")
