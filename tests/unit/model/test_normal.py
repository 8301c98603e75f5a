"""Normal forms, values and records: what is compared is stable, what is held is not changed."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model.fields import FieldType
from syncd.model.normal import email, group_digest, keyed_hash, lines, names, normal, phone, text
from syncd.model.record import Record, difference, equal
from syncd.model.values import Value, canonical, from_json, to_json
from tests.toy import GADGET, gadget, seen

ANY_TEXT = st.text(max_size=30)
DIALLED = st.text(alphabet="+0123456789 ()-./xext;=#*\u00a0\u0301a", max_size=20)
TEXTS = st.one_of(ANY_TEXT, DIALLED, DIALLED.map("+49".__add__))
DAYS = st.dates()
SETS = st.lists(ANY_TEXT, max_size=4).map(tuple)


def values_of(kind: FieldType) -> st.SearchStrategy[Value]:
    """Values that a field of this type may hold."""
    match kind:
        case FieldType.DATE:
            return st.one_of(st.none(), DAYS)
        case FieldType.NAMES:
            return st.one_of(st.none(), SETS)
        case FieldType.MOMENT:
            return st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
        case FieldType.MONEY:
            return st.one_of(st.none(), st.decimals(allow_nan=False))
        case FieldType.WHOLE:
            return st.one_of(st.none(), st.integers())
        case FieldType.FLAG:
            return st.one_of(st.none(), st.booleans())
        case _:
            return st.one_of(st.none(), TEXTS)


@pytest.mark.parametrize("kind", FieldType)
def test_normal_forms_are_idempotent(kind: FieldType) -> None:
    """The normal form of a normal form is itself, for any text there is."""

    @settings(max_examples=120, deadline=None)
    @given(values_of(kind))
    def check(value: Value) -> None:
        once = normal(kind, value)
        assert normal(kind, once) == once

    check()


@pytest.mark.parametrize(
    "odd",
    ["+543)77/#87/5/", "+8632,-.,545", "+867(t1e,(,2", "a-\u0301", "+49x99at7#32 #", "(+49) 30"],
)
def test_what_is_hardly_a_number_is_stable(odd: str) -> None:
    """A number that is one only without its noise is the same the second time."""
    once = phone(odd)
    assert once is not None
    assert phone(once) == once


@pytest.mark.parametrize("kind", FieldType)
def test_empty_is_absent(kind: FieldType) -> None:
    """Nothing but white space is nothing."""
    empty: tuple[Value, ...] = (None, "", " ", "\r\n\t", "\u00a0")
    if kind is FieldType.NAMES:
        empty = (None, (), ("",), (" ", "\n"))
    if kind in NEVER_EMPTY:
        empty = (None,)
    assert {normal(kind, each) for each in empty} == {None}


NEVER_EMPTY = (
    FieldType.DATE, FieldType.MOMENT, FieldType.MONEY, FieldType.WHOLE, FieldType.FLAG,
)  # fmt: skip
SAME = {
    FieldType.TEXT: ["van Dyk", " van  Dyk ", "van\u00a0Dyk", "van\tDyk\n"],
    FieldType.LINES: ["1 High\nBack yard", "1 High\r\nBack yard\r\n", "1 High \rBack yard"],
    FieldType.NOTE: ["a\n\n  b", "a\r\n\r\n  b\n\n", "\na \u2028\u2028  b"],
    FieldType.EMAIL: ["ann@acme.example", "Ann@ACME.example", " ann@acme.example "],
    FieldType.PHONE: [
        "+49 30 1234567", "+49301234567", "+49 (0)30 123-4567", "+49.30.1234567",
        "tel:+49-30-1234567",
    ],
    FieldType.NAMES: [("Tom", "Ann"), ("Ann", "Tom"), ("Ann", " Tom ", "Ann", "")],
    FieldType.DATE: [date(1980, 2, 29)],
    FieldType.CHOICE: ["web", " web "],
    FieldType.MONEY: [Decimal(10), Decimal("10.00")],
    FieldType.MOMENT: [datetime(2026, 1, 1, tzinfo=UTC)],
    FieldType.WHOLE: [7],
    FieldType.FLAG: [True],
    FieldType.REFERENCE: ["account:1", "account:1 "],
}  # fmt: skip
OTHER = {
    FieldType.TEXT: ["van Dyk", "Van Dyk", "vanDyk", "van Dyk."],
    FieldType.LINES: ["a\nb", "a b", "b\na", "a\n\nb"],
    FieldType.NOTE: ["a\n\n  b", "a\n\nb", "a\n  b"],
    FieldType.EMAIL: ["ann@acme.example", "anna@acme.example", "weiss@a.nl", "weiß@a.nl"],
    FieldType.PHONE: [
        "+49 30 1234567", "+49 30 1234568", "+43 30 1234567", "030 1234567",
        "+49 30 1234567 ext. 12",
    ],
    FieldType.NAMES: [("Ann",), ("Ann", "Tom"), ("ann",)],
    FieldType.DATE: [date(1980, 2, 29), date(1980, 3, 1)],
    FieldType.CHOICE: ["web", "phone"],
    FieldType.MONEY: [Decimal(10), Decimal("10.01")],
    FieldType.MOMENT: [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC)],
    FieldType.WHOLE: [7, 8],
    FieldType.FLAG: [True, False],
    FieldType.REFERENCE: ["account:1", "contact:1"],
}  # fmt: skip


@pytest.mark.parametrize("kind", FieldType)
def test_what_is_the_same(kind: FieldType) -> None:
    """White space, line ends, the case of addresses, how a number is written: no edits."""
    assert len({normal(kind, each) for each in SAME[kind]}) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", FieldType)
def test_what_is_not(kind: FieldType) -> None:
    """Whatever a person would call another value is one."""
    forms = [normal(kind, each) for each in OTHER[kind]]  # type: ignore[attr-defined]
    assert len(set(forms)) == len(forms)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("030 123-45 67", "(030) 1234567"),
        ("030/1234567", "030.123.4567"),
        ("1234 EXT 5", "1234 ext 5"),
        ("+49 30 1234567 x12", "+49 30 1234567;ext=12"),
        ("+1 800 FLOWERS", "+1 (800) 356-9377"),
        ("+39 06 1234567", "+39061234567"),
        ("+54 9 11 2345-6789", "+5491123456789"),
    ],
)
def test_numbers_that_dial_the_same(one: str, two: str) -> None:
    """A number is compared by what is dialled."""
    assert phone(one) == phone(two) is not None


def test_composed_and_decomposed_are_one() -> None:
    """Apple's and Microsoft's way to write an umlaut are the same text."""
    for form in (text, lines, email, phone):
        assert form("Müller") == form(unicodedata.normalize("NFD", "Müller"))
    assert names(("Zoë",)) == names((unicodedata.normalize("NFD", "Zoë"),))


# --- records -------------------------------------------------------------------------------------


def test_a_record_does_not_change() -> None:
    """Neither through its fields, nor through what it was made of."""
    fields: dict[str, Value] = {"brand": "Acme"}
    record = Record(GADGET, fields)
    fields["brand"] = "Apex"
    assert record.fields["brand"] == "Acme"
    with pytest.raises(TypeError):
        record.fields["brand"] = "Apex"  # type: ignore[index]
    with pytest.raises(AttributeError):
        record.fields = {}  # type: ignore[misc]
    assert record.patched({"model": "One"}).fields == {"brand": "Acme", "model": "One"}
    assert record.fields == {"brand": "Acme"}


def test_a_record_has_the_maps_fields_only() -> None:
    """P11: what the map does not name has no place in a record."""
    with pytest.raises(ValueError, match="gadget has no field 'colour'"):
        Record(GADGET, {"brand": "Acme", "colour": "red"})


def test_cleared_is_not_unobserved() -> None:
    """`None` was seen to be empty; a missing key was not seen."""
    title = GADGET.groups["title"]
    assert seen().group(title) is None
    assert seen(serial="a").group(title) is None
    assert seen(brand=None).group(title) == {"brand": None}
    assert difference(title, {"brand": None}, {"brand": "A", "model": "B"}) == {"brand": None}
    assert difference(title, {}, {"brand": "A", "model": "B"}) == {}


def test_what_is_written_is_the_value_as_it_stands() -> None:
    """Compared in normal form, carried as it is; and what is equal is not written at all."""
    title = GADGET.groups["title"]
    assert difference(title, {"brand": " Acme  Inc "}, {"brand": "x"}) == {"brand": " Acme  Inc "}
    assert difference(title, {"brand": " Acme  Inc "}, {"brand": "Acme Inc"}) == {}
    assert equal(title, {"brand": " Acme  Inc "}, {"brand": "Acme Inc", "model": ""})


RECORDS = st.fixed_dictionaries({}, optional={f.name: values_of(f.type) for f in GADGET.fields})


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_json_and_back(fields: dict[str, Value]) -> None:
    """A record survives its JSON, the unobserved with the cleared."""
    record = Record(GADGET, fields)
    assert Record.from_json(GADGET, record.to_json()) == record


def test_json_forgets_what_the_map_forgot() -> None:
    """A field that is no longer mapped is left out; a value of the wrong shape is refused."""
    assert Record.from_json(GADGET, {"brand": "Acme", "colour": "red"}) == seen(brand="Acme")
    for kind, wrong in ((FieldType.NAMES, "a"), (FieldType.TEXT, ["a"]), (FieldType.DATE, "soon")):
        with pytest.raises(ValueError, match=r"not a|Invalid isoformat"):
            from_json(kind, wrong)
    assert to_json(date(1980, 2, 29)) == "1980-02-29"
    assert from_json(FieldType.DATE, "1980-02-29") == date(1980, 2, 29)


def test_canonical_json_has_one_form() -> None:
    """Equal content has one text, so that it has one hash."""
    assert (
        canonical({"b": "ü", "a": None}) == canonical({"a": None, "b": "ü"}) == '{"a":null,"b":"ü"}'
    )


# --- keyed hashes --------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_digest_knows_an_edit_and_no_content(a: str, b: str, c: str, d: str) -> None:
    """P14: digests are equal exactly when the normal forms are; and say nothing else."""
    title = GADGET.groups["title"]
    one, two = {"brand": a, "model": b}, {"brand": c, "model": d}
    same = group_digest(b"k", title, one) == group_digest(b"k", title, two)
    assert same is equal(title, one, two)
    assert len(group_digest(b"k", title, one)) == 32


def test_digests_take_the_key_and_the_group() -> None:
    """Without the key nobody can try values; the same value in two groups has two digests."""
    empty = gadget().fields
    groups = GADGET.groups.values()
    assert len({group_digest(b"k", group, empty) for group in groups}) == len(GADGET.groups)
    assert keyed_hash(b"one", "ann@acme.example") != keyed_hash(b"two", "ann@acme.example")
    assert keyed_hash(b"one", "a", "b") != keyed_hash(b"one", "ab")
