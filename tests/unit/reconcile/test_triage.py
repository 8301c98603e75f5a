"""Triage: what is left alone by its listing is never read."""

from __future__ import annotations

import pytest

from syncd.reconcile.triage import Sighting, triage
from tests.toy import GADGET

# class | private | tracked | stamp | linked | where it stands
TABLE = """
IPM.Contact.Gadget       | no  | no  | -     | no  | excluded not-tracked
IPM.Contact.Gadget       | no  | yes | -     | no  | decide
IPM.Contact.Gadget       | yes | yes | -     | no  | excluded private
IPM.Contact.Gadget       | yes | no  | -     | no  | excluded private
IPM.Contact.Gadget       | no  | no  | ours  | no  | decide
IPM.Contact.Gadget       | yes | no  | ours  | no  | decide
IPM.Contact.Gadget       | no  | yes | other | no  | excluded foreign
IPM.Contact.Gadget       | yes | no  | other | no  | excluded foreign
IPM.Contact.Gadget       | no  | no  | -     | yes | decide
IPM.Contact.Gadget       | yes | no  | ours  | yes | decide
ipm.contact.gadget       | no  | yes | -     | no  | decide
IPM.Contact.Gadget.Small | no  | yes | -     | no  | decide
IPM.Contact.Gadgets      | no  | yes | -     | no  | excluded other-class
IPM.Contact              | no  | yes | -     | no  | excluded other-class
IPM.DistList             | no  | yes | -     | no  | excluded other-class
IPM.DistList             | no  | yes | ours  | yes | excluded other-class
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_triage(line: str) -> None:
    """Of an item that nobody put into the CRM only its head is ever seen (P14)."""
    item_class, private, tracked, stamp, linked, said = (part.strip() for part in line.split("|"))
    sighting = Sighting(
        item_class,
        private=private == "yes",
        tracked=tracked == "yes",
        installation=None if stamp == "-" else stamp,
        linked=linked == "yes",
    )
    verdict = triage(GADGET, sighting, "ours")
    assert (" ".join(verdict) if verdict else "decide") == said
