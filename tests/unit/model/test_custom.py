"""Custom fields: where they may be, and how a text says what is no text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.contact import CONTACT
from syncd.model.custom import (
    FREE,
    STAMPS,
    TYPES,
    address,
    custom_field,
    mapped,
    property_place,
    with_fields,
    wording_of,
)
from syncd.model.fields import FieldType, Named, Style, Wording
from syncd.model.values import Value
from syncd.model.wording import meant, worded
from syncd.outlook import stamp
from syncd.outlook.ews.paths import layout

OPTIONS = ("red", "dark green")
WORDINGS: dict[FieldType, list[Wording]] = {
    FieldType.DATE: [Wording(each) for each in (Style.ISO, Style.DMY, Style.MDY, Style.PLAIN)],
    FieldType.WHOLE: [Wording()],
    FieldType.FLAG: [
        wording_of(FieldType.FLAG, (), Style.PLAIN, words)
        for words in ({}, {"yes": "Ja", "no": "Nein"}, {"yes": "1", "no": "0"})
    ],
    FieldType.CHOICE: [
        wording_of(FieldType.CHOICE, OPTIONS, Style.PLAIN, words)
        for words in ({}, {"red": "ROT", "dark green": "Grün"})
    ],
}
VALUES: dict[FieldType, st.SearchStrategy[Value]] = {
    FieldType.DATE: st.dates(),
    FieldType.WHOLE: st.integers(-(2**31) + 1, 2**31 - 1),
    FieldType.FLAG: st.booleans(),
    FieldType.CHOICE: st.sampled_from(OPTIONS),
}


@given(st.data())
def test_what_is_written_is_what_is_read(data: st.DataObject) -> None:
    """Whatever the wording, a value comes back from its own text, however much white space."""
    kind = data.draw(st.sampled_from(list(WORDINGS)))
    wording = data.draw(st.sampled_from(WORDINGS[kind]))
    value = data.draw(VALUES[kind])
    text = worded(kind, wording, value)
    assert isinstance(text, str)
    assert meant(kind, wording, f" {text}\t") == value
    assert meant(kind, wording, " ") is None


@given(st.sampled_from(list(WORDINGS)), st.text())
def test_any_other_text_is_a_value_or_is_none(kind: FieldType, text: str) -> None:
    """Whatever a user types means a value that is read back as itself, or is refused."""
    for wording in WORDINGS[kind]:
        try:
            value = meant(kind, wording, text)
        except ValueError:
            continue
        if value is not None:
            said = worded(kind, wording, value)
            assert isinstance(said, str)
            assert meant(kind, wording, said) == value


@pytest.mark.parametrize(
    ("kind", "wording", "text"),
    [
        (FieldType.WHOLE, Wording(), "4294967296"),
        (FieldType.WHOLE, Wording(), "1.5"),
        (FieldType.WHOLE, Wording(), "²"),
        (FieldType.DATE, Wording(Style.DMY), "31.02.2026"),
        (FieldType.DATE, Wording(Style.ISO), "31.12.2026"),
        (FieldType.FLAG, WORDINGS[FieldType.FLAG][1], "yes"),
        (FieldType.CHOICE, WORDINGS[FieldType.CHOICE][1], "red"),
    ],
)
def test_a_text_that_is_none_is_refused(kind: FieldType, wording: Wording, text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"\S"):
        meant(kind, wording, text)


def test_a_day_may_always_be_written_as_iso() -> None:
    """What no two people read differently is read in every style."""
    for wording in WORDINGS[FieldType.DATE]:
        assert meant(FieldType.DATE, wording, "2026-12-31") == date(2026, 12, 31)


def test_no_free_field_is_one_of_the_map() -> None:
    """Each is a place of its own, and EWS has a place for it."""
    places = [address(each.ews) for each in FREE.values()]
    ours = {address(field.ews) for field in CONTACT.fields}
    ours |= {address(each.ews) for each in CONTACT.initial}
    assert len(set(places)) == len(places)
    assert not ours & set(places)
    fields = tuple(
        custom_field(f"own{n}", name, FieldType.TEXT, FREE[name]) for n, name in enumerate(FREE)
    )
    kind = with_fields(CONTACT, fields)
    assert set(layout(kind).fields) == {*CONTACT.by_name, *(each.name for each in fields)}
    assert with_fields(CONTACT, ()) is CONTACT


def test_the_stamps_of_syncd_are_no_place() -> None:
    """The set that is refused is the one in which the stamps are."""
    assert stamp.SET_ID == STAMPS


def test_a_map_that_differs_says_so() -> None:
    """Another place, type, wording or option is another map; another label or direction is not."""
    place, other = property_place("hat", FieldType.TEXT), property_place("cap", FieldType.TEXT)
    assert place is not None
    assert other is not None
    assert isinstance(place.ews, Named)
    base = custom_field("hat", "Hat", FieldType.TEXT, place)
    assert mapped((base, *CONTACT.fields)) == mapped((base,))
    for another in (
        custom_field("hat", "Hat", FieldType.TEXT, other),
        custom_field("hat", "Hat", FieldType.NOTE, place),
        custom_field("hat", "Hat", FieldType.TEXT, place, wording=Wording(Style.UPPER)),
    ):
        assert mapped((another,)) != mapped((base,))
    assert mapped((custom_field("hat", "Cap", FieldType.TEXT, place),)) == mapped((base,))


def test_every_type_has_its_way() -> None:
    """A field of any type that is offered can be made and written."""
    for kind in TYPES:
        place = property_place("hat", kind)
        assert place is not None
        assert custom_field("hat", "Hat", kind, place, options=("a",)).wording is not None
