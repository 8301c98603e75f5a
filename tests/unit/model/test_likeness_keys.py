"""Keys find what is alike: whatever `compare` finds, two records that share no key are not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from syncd.model.likeness import KEY_LENGTH, LABELS, MOST_KEYS, as_account, compare, keys
from syncd.model.likeness.vocabulary import TITLES
from syncd.model.values import Value

FIRST = [
    "Ann", "ann", "Änne", "Anna", "Anne", "A.", "Dr.", "Junior", "Hans-Peter",
    "Hans Peter", "Hanspeter", "太郎", "Ιωάννης",
]  # fmt: skip
LAST = [
    "Smith", "Smyth", "Müller", "Mueller", "Muller", "van Dyk", "van Dyk, Ann",
    "Ann Smith", "Smith jun.", "Garcia Lopez", "Ann Garcia Lopez", "田中", "田中太郎",
    "王伟", "Παπάς", "Jr.", "van", "Dr. Smith, PhD",
]  # fmt: skip
COMPANIES = [
    "Contoso", "Contoso Ltd", "Contosso", "Kontoso", "The Contoso Co.", "Fabrikam",
    "AG", "トヨタ", "株式会社トヨタ",
]  # fmt: skip
MAILS = [
    "ann@contoso.com", "ANN@contoso.com", "a.smith@contoso.com", "info@contoso.com",
    "ann@gmail.com", "none",
]  # fmt: skip
NUMBERS = [
    "0151 2345", "+49 151 2345", "49 151 2345", "030 1234567 x12",
    "+49 30 1234567;ext=12", "030 1234567", "000000", "4711",
]  # fmt: skip
SITES = ["contoso.com", "https://www.contoso.com/de", "facebook.com/contoso", "facebook.com"]
REGIONS = st.sampled_from([None, "DE", "US"])

POOLS = {
    "firstname": FIRST,
    "lastname": LAST,
    "companyname": COMPANIES,
    "name": COMPANIES,
    "websiteurl": SITES,
}


def _field(name: str) -> st.SearchStrategy[Value]:
    """What stands in a field: of a small world, so that much is alike; or any text at all."""
    usual = st.sampled_from(POOLS.get(name, MAILS if name.startswith("email") else NUMBERS))
    return st.one_of(usual, usual, st.text(max_size=12), st.none())


RECORDS = st.fixed_dictionaries({}, optional={name: _field(name) for name in LABELS})
LETTERS = st.text(alphabet="abcdefghijklmnoprstuvwz", min_size=4, max_size=10)
# Neither what is spelt out, as Mueller, nor what is a title: both are shorter than they look.
WORD = LETTERS.filter(lambda w: w not in TITLES and not any(p in w for p in ("ae", "oe", "ue")))


@settings(max_examples=600, deadline=None)
@given(RECORDS, RECORDS, REGIONS)
@example({"lastname": "王伟"}, {"firstname": "伟", "lastname": "王"}, None)
def test_what_is_alike_shares_a_key(
    one: dict[str, Value], two: dict[str, Value], region: str | None
) -> None:
    """Nothing that `compare` finds is missed by whoever compares only what shares a key."""
    if compare(one, two, region) is not None:
        assert keys(one) & keys(two)


@settings(max_examples=600, deadline=None)
@given(RECORDS, RECORDS, REGIONS)
@example({"lastname": "王伟"}, {"firstname": "伟", "lastname": "王"}, None)
@example({"lastname": "abcd efgh abce"}, {"lastname": "abce abcd efgi"}, None)
def test_the_order_does_not_matter(
    one: dict[str, Value], two: dict[str, Value], region: str | None
) -> None:
    """Score and reasons are of the pair."""
    assert compare(one, two, region) == compare(two, one, region)


@settings(max_examples=600, deadline=None)
@given(RECORDS, REGIONS)
def test_a_record_is_like_itself(record: dict[str, Value], region: str | None) -> None:
    """Wholly, when there is anything to know it by; and that is when it has a key."""
    found = compare(record, dict(record), region)
    assert (found is not None) is bool(keys(record))
    assert found is None or (found.score == 1.0 and found.reasons)


@settings(max_examples=300, deadline=None)
@given(RECORDS, RECORDS, REGIONS)
def test_only_the_same_is_wholly_alike(
    one: dict[str, Value], two: dict[str, Value], region: str | None
) -> None:
    """A score is one of two digits; at 1.0 nothing that identifies is in one of them alone."""
    found = compare(one, two, region)
    if found is None:
        return
    assert 0.6 <= found.score <= 1.0
    assert round(found.score, 2) == found.score
    if found.score == 1.0:
        addresses = [{k for k in keys(each) if k[0] in "ecw"} for each in (one, two)]
        assert addresses[0] == addresses[1]


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_keys_are_few_short_and_fit_for_a_table(record: dict[str, Value]) -> None:
    """Text that any database takes: bounded, printable, no control characters."""
    for found in (keys(record), keys(as_account(record))):
        assert len(found) <= MOST_KEYS
        assert all(len(each) <= KEY_LENGTH and each[1] == ":" and each[2:] for each in found)
        for each in found:
            each.encode("utf-8")
            assert "\x00" not in each


# --- a typo --------------------------------------------------------------------------------------


SHORTEST = 4  # letters of a name in which a typo is looked for


@st.composite
def mistyped(draw: st.DrawFn, least: int) -> tuple[str, str]:
    """A word, and the same with one letter more, less, another, or two swapped."""
    word = draw(WORD.filter(lambda w: len(w) >= least))
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from("abcdrstz"))
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    edits = [
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
    ]
    if least > SHORTEST:
        edits.append(swapped)
    typo = draw(st.sampled_from(edits))
    assume(typo not in TITLES and not any(pair in typo for pair in ("ae", "oe", "ue")))
    return word, typo


@pytest.mark.parametrize("least", [SHORTEST, SHORTEST + 1])
def test_one_typo_in_a_name_is_found(least: int) -> None:
    """Wherever it is, in the first letter, too; in names of four letters, if none are swapped."""

    @settings(max_examples=400, deadline=None)
    @given(mistyped(least), WORD, st.booleans())
    def check(typo: tuple[str, str], other: str, swapped: bool) -> None:
        one, two = ({"firstname": other, "lastname": word, "companyname": "X"} for word in typo)
        if swapped:
            two = {**two, "firstname": two["lastname"], "lastname": other}
        assert keys(one) & keys(two)
        assert compare(one, two, None) is not None

    check()


@settings(max_examples=400, deadline=None)
@given(mistyped(8))
def test_one_typo_in_an_account_name_is_found(typo: tuple[str, str]) -> None:
    """Wherever it is, in a name of eight letters or more."""
    one, two = ({"name": word} for word in typo)
    assert keys(one) & keys(two)
    assert compare(one, two, None) is not None


MISSED = [
    ("a typo in each name", ("Johan", "Smith"), ("Jahon", "Smeth")),
    ("both ends of one", ("Bob", "Fischerin"), ("Bob", "Vischerim")),
    ("the first two letters of four", ("John", "Smith"), ("Ojhn", "Smith")),
]


@pytest.mark.parametrize(
    ("one", "two"), [row[1:] for row in MISSED], ids=[row[0] for row in MISSED]
)
def test_what_the_keys_miss_is_not_alike(one: tuple[str, str], two: tuple[str, str]) -> None:
    """The exceptions that `keys` names: to go through all pairs would find no more."""
    a, b = (
        dict[str, Value](firstname=first, lastname=last, companyname="Contoso")
        for first, last in (one, two)
    )
    assert not keys(a) & keys(b)
    assert compare(a, b, None) is None


# --- what keys look like -------------------------------------------------------------------------


KEYS: list[tuple[dict[str, Value], set[str]]] = [
    ({"emailaddress2": " Ann@Contoso.COM "}, {"e:ann@contoso.com"}),
    ({"telephone1": "+1 (206) 555-0100 ext. 7"}, {"p:550100"}),
    ({"firstname": "Ann", "lastname": "Smith"}, {"n:smit|a", "n:ann|s", "n:-ann|-ith"}),
    ({"lastname": "van Dyk, Ann"}, {"n:dyk|a", "n:ann|d", "n:-ann|-dyk"}),
    ({"lastname": "Smith", "companyname": "Contoso AG"}, {"n:smith@contoso"}),
    ({"name": "Contoso GmbH"}, {"c:contoso", "c:cont-", "c:-ntoso", "c:co-so"}),
    ({"name": "3M"}, {"c:3m"}),
    ({"websiteurl": "https://www.contoso.com/de"}, {"w:contoso.com"}),
    ({"companyname": "Contoso", "lastname": None, "firstname": "Ann"}, {"n:ann@contoso"}),
    ({"telephone1": ("030 1234567",), "emailaddress1": date(1980, 2, 29)}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), KEYS)
def test_keys(record: dict[str, Value], expected: set[str]) -> None:
    """One text for each way in which a record may be found."""
    assert keys(record) == expected


HOSTILE = [
    "x" * 1_000_000,
    "\x00\x01\ud800",
    "a@" * 50_000,
    "1 " * 50_000,
    "ann@con\x00toso.com",
    "Z" + "\u0301" * 5_000,
    "\ufdfa" * 200,
    "'; DROP TABLE lead; --",
    "+" + "9" * 90,
    "030 1234567" + "x" * 80,
    "0" + ",;(-" * 24 + "1",
    "https://" * 60,
    ", , ,",
    "\u202eann",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_written_in_a_field_harms_nobody(text: str) -> None:
    """P10: any text gives few short keys and an answer."""
    record: dict[str, Value] = dict.fromkeys(LABELS, text)
    found = keys(record)
    assert len(found) <= 2 * MOST_KEYS  # of a person and of an account
    assert all(len(each.encode()) <= 4 * KEY_LENGTH and "\x00" not in each for each in found)
    assert (compare(record, dict(record), "DE") is not None) is bool(found)
    assert compare(record, {"lastname": "Smith"}, "DE") is None
