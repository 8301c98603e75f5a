"""What of an account may decide over whose mailboxes its contacts are in is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from syncd.crm.feed import Verb
from syncd.crm.stored import Stored
from tests.crm.rules.desk import Desk


@dataclass(frozen=True)
class Scene:
    """An account below another one, with a contact of Bob's."""

    desk: Desk
    top: Stored
    account: Stored
    contact: Stored


@pytest.fixture
def scene(desk: Desk) -> Scene:
    """What the deeds are done to."""
    top = desk.make("account", name="Top")
    account = desk.make("account", parentaccountid=top.id)
    contact = desk.make("contact", desk.bob, parentcustomerid=account.id)
    return Scene(desk, top, account, contact)


def _edit(**values: str | None) -> Callable[[Scene], object]:
    return lambda s: s.desk.crm.edit("account", s.account.id, values)


TOUCHING: dict[str, Callable[[Scene], object]] = {
    "it is another sort of customer": _edit(customertypecode="partner"),
    "it stands alone": _edit(parentaccountid=None),
    "it has another number, which a filter may name": _edit(telephone1="+1 555 0100"),
    "it is another's": lambda s: s.desk.crm.assign("account", s.account.id, s.desk.bob.id),
    "it is out of use": lambda s: s.desk.crm.deactivate("account", s.account.id),
    "the one above it is gone": lambda s: s.desk.crm.delete("account", s.top.id),
    "the one above it is another": lambda s: s.desk.crm.merge(
        "account", s.desk.make("account", name="Other").id, s.top.id
    ),
}
QUIET: dict[str, Callable[[Scene], object]] = {
    "it is written to as it is": _edit(name="Contoso Ltd"),
    "somebody may see it": lambda s: s.desk.crm.unshare("account", s.account.id, s.desk.ann.id),
}


@pytest.mark.parametrize("deed", TOUCHING)
def test_its_contacts_are_looked_at_anew(scene: Scene, deed: str) -> None:
    """A line in the feed, and nothing in the contact."""
    start, before = scene.desk.latest(), scene.desk.now(scene.contact)
    TOUCHING[deed](scene)
    assert scene.desk.verbs(start, scene.contact) == [[Verb.TOUCH]]
    assert scene.desk.now(scene.contact) == before


@pytest.mark.parametrize("deed", QUIET)
def test_the_rest_is_no_matter_of_theirs(scene: Scene, deed: str) -> None:
    """No line: nothing that a filter could name is another."""
    start = scene.desk.latest()
    QUIET[deed](scene)
    assert scene.desk.verbs(start, scene.contact) == [[]]


def test_its_name_is_in_them(scene: Scene) -> None:
    """That is a change of theirs."""
    start = scene.desk.latest()
    scene.desk.crm.edit("account", scene.account.id, {"name": "Northwind"})
    (line,) = scene.desk.lines(scene.contact, start)
    assert (line.verb, line.fields) == (Verb.UPDATE, ("companyname",))
    now = scene.desk.now(scene.contact)
    assert now.record.fields["companyname"] == "Northwind"
    assert now.modified_by == str(scene.desk.crm.actor)
