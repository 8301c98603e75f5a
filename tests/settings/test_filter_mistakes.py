"""Mistakes in filters over every entity: where they are, and what would be right."""

from __future__ import annotations

import pytest

from syncd.crm.entities import ENTITIES
from syncd.settings.filters import Filter, FilterError

# entity, filter, the character that is pointed at, what is said of it, what is suggested
REFUSALS = [
    ("lead", "leadqualitycode eq 'hott'", 20, "'hott' is no choice", "did you mean 'hot'?"),
    ("lead", "leadqualitycode eq 'x'", 20, "'x' is no choice", "'hot', 'warm', 'cold'"),
    ("lead", "leadqualitycode eq 1", 20, "no choice by name", "write 'hot'"),
    ("lead", "statecode eq 0", 14, "no state by name", "write 'open'"),
    ("lead", "statecode eq 'active'", 14, "'active' is no state", "'disqualified'"),
    ("lead", "estimatedamount gt '5'", 20, "estimatedamount is an amount", "12000.50"),
    ("lead", "estimatedamount gt 0.001", 20, "two decimal places", "12000.50"),
    ("lead", "estimatedamount gt 1e99", 20, "larger than any amount", None),
    ("task", "percentcomplete gt 9.5", 20, "is a whole number", "50"),
    ("task", "percentcomplete gt 99999999999", 20, "larger than any number", None),
    ("appointment", "isalldayevent eq 'yes'", 18, "is yes or no", "true or false"),
    ("appointment", "isalldayevent", 1, "this is no condition", "isalldayevent eq true"),
    ("appointment", "isalldayevent gt true", 1, "which has no order", "eq, ne or in"),
    ("task", "regardingobjectid eq 'Acme'", 22, "no record", "regardingobjectid_lead/…"),
    ("task", "regardingobjectid/name eq 'Acme'", 1, "no field 'regardingobjectid/name'",
     "'regardingobjectid_"),
    ("appointment", "activity_party/any(p: p/partyid eq @me)", 1, "no 'activity_party'",
     "'activity_parties'"),
    ("appointment", "activity_parties/any(p: p/partid eq @me)", 25, "no field 'partid'",
     "'partyid'"),
    ("appointment", "activity_parties/any(p: p/partyid eq 'x')", 38, "no record",
     "an address in quotes"),
    ("appointment", "activity_parties/any(p: p/participationtypemask eq 'organiser')", 52,
     "'organiser' is no choice", "did you mean 'organizer'?"),
    ("appointment", "activity_parties/any(p: p/participationtypemask eq 99)", 52,
     "no choice", "'organizer'"),
    ("appointment", "activity_parties/any(p: p eq @me)", 25, "a field is missing", "p/partyid"),
    ("appointment", "activity_parties/any(p: q/partyid eq @me)", 25, "no field 'q/partyid'", ""),
    ("appointment", "activity_parties eq 'x'", 1, "no field 'activity_parties'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "text", "at", "what", "suggestion"), REFUSALS)
def test_a_mistake_is_pointed_at_with_what_would_be_right(
    entity: str, text: str, at: int, what: str, suggestion: str | None
) -> None:
    """Where it is, what is wrong, and the names that there are."""
    with pytest.raises(FilterError) as refused:
        Filter.parse(text, ENTITIES[entity])
    assert what in refused.value.what
    assert refused.value.at + 1 == at
    assert (suggestion is None) == (refused.value.suggestion is None)
    assert (suggestion or "") in (refused.value.suggestion or "")
