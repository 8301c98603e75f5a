"""Matching before creating: clear, doubtful, or nobody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.reconcile.match import contradict, match, match_hashes
from tests.toy import GADGET

ANN: Mapping[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@acme.example",
    "telephone1": "+49 30 1234567", "companyname": "Acme",
}  # fmt: skip
ELSE: Mapping[str, Value] = {
    "firstname": "Bob",
    "lastname": "Ray",
    "emailaddress1": "bob@b.example",
}


def ann(**fields: Value) -> Mapping[str, Value]:
    """Ann, but for these fields."""
    return {**ANN, **fields}


TIM: Mapping[str, Value] = {
    "firstname": "Tim",
    "lastname": "van Dyk",
    "emailaddress1": "ann@acme.example",  # he shares Ann's
}
NO_ADDRESS: dict[str, Value] = {"emailaddress1": None}
NO_PHONE: dict[str, Value] = {"telephone1": None, "companyname": None}

# name of the case: records, items, values of records that are linked already | pairs | doubtful
CASES: Mapping[
    str, tuple[list[Mapping[str, Value]], list[Mapping[str, Value]], list[Mapping[str, Value]], str]
] = {
    "a unique address": ([ANN], [ann(**NO_PHONE)], [], "0-0"),
    "in another case": ([ANN], [ann(emailaddress1="Ann@ACME.example")], [], "0-0"),
    "in another field": (
        [ANN], [ann(emailaddress1=None, emailaddress2="ann@acme.example")], [], "0-0",
    ),
    "an address that two records share matches with the name": (
        [ann(**NO_PHONE), TIM], [ann(**NO_PHONE)], [], "0-0",
    ),
    "an address that two items share matches with the name": (
        [ann(**NO_PHONE)], [ann(**NO_PHONE), TIM], [], "0-0",
    ),
    "an address that a linked record shares matches with the name": (
        [ann(**NO_PHONE)], [ann(**NO_PHONE)], [TIM], "0-0",
    ),
    "a shared address in another field matches with the name": (
        [ann(**NO_PHONE), TIM],
        [ann(emailaddress1=None, emailaddress2="ann@acme.example", **NO_PHONE), TIM], [],
        "0-0 1-1",
    ),
    "a shared address without the name matches nobody": (
        [ann(**NO_PHONE), TIM], [ann(firstname=None, lastname=None, **NO_PHONE)], [], "",
    ),
    "a shared address with other names matches nobody": (
        [ann(**NO_PHONE), TIM], [ann(firstname="Eva", **NO_PHONE)], [], "",
    ),
    "two items of one name and address are doubtful": (
        [ann(**NO_PHONE)], [ann(**NO_PHONE), ann(**NO_PHONE)], [], "0?0,1",
    ),
    "two records of one name and address are doubtful": (
        [ann(**NO_PHONE), ann(**NO_PHONE)], [ann(**NO_PHONE)], [], "0?0 1?0",
    ),
    "two on either side are doubtful": (
        [ann(**NO_PHONE), ann(**NO_PHONE)], [ann(**NO_PHONE), ann(**NO_PHONE)], [],
        "0?0,1 1?0,1",
    ),
    "a name and address that a linked record bears, too, are doubtful": (
        [ann(**NO_PHONE)], [ann(**NO_PHONE)], [ANN], "0?0",
    ),
    "a name with a phone": ([ANN], [ann(**NO_ADDRESS, companyname=None)], [], "0-0"),
    "a name with a phone written otherwise": (
        [ann(**NO_ADDRESS, companyname=None)],
        [ann(**NO_ADDRESS, companyname=None, telephone1="+49 (0)30 123-4567")], [], "0-0",
    ),
    "a name with a phone in another field": (
        [ann(**NO_ADDRESS, companyname=None)],
        [ann(**NO_ADDRESS, companyname=None, telephone1=None, mobilephone="+49301234567")],
        [], "0-0",
    ),
    "a name with a company": ([ANN], [ann(**NO_ADDRESS, telephone1=None)], [], "0-0"),
    "a name alone is nobody": ([ANN], [ann(**NO_ADDRESS, **NO_PHONE)], [], ""),
    "half a name with a company is nobody": (
        [ann(**NO_ADDRESS, firstname=None)], [ann(**NO_ADDRESS, firstname=None)], [], "",
    ),
    "an initial contradicts no name": ([ANN], [ann(firstname="A.")], [], "0-0"),
    "nor does a missing one": ([ANN], [ann(firstname=None)], [], "0-0"),
    "another name at the same address is doubtful": ([ANN], [ann(firstname="Tim")], [], "0?0"),
    "two items by two addresses are doubtful": (
        [ann(emailaddress2="ann@home.example")],
        [ANN, ann(emailaddress1="ann@home.example")], [], "0?0,1",
    ),
    "two items of one name and company are doubtful": (
        [ANN], [ann(**NO_ADDRESS), ann(**NO_ADDRESS, department="Sales")], [], "0?0,1",
    ),
    "one item that two records could be is doubtful": (
        [ANN, ann(emailaddress1="ann@home.example")],
        [ann(emailaddress2="ann@home.example")], [], "0?0 1?0",
    ),
    "two records of one name and company are doubtful": (
        [ann(**NO_ADDRESS), ann(**NO_ADDRESS)], [ann(**NO_ADDRESS)], [], "0?0 1?0",
    ),
    "a name that a linked record bears, too, is doubtful": (
        [ann(**NO_ADDRESS)], [ann(**NO_ADDRESS)], [ann(emailaddress1="a@x.example")], "0?0",
    ),
    "an address is nobody else's, whoever has the name": (
        [ANN], [ANN], [ann(emailaddress1="a@x.example")], "0-0",
    ),
    "an address says more than a name": (
        [ANN], [ann(**NO_PHONE), ann(**NO_ADDRESS)], [], "0-0",
    ),
    "nobody is matched to somebody else": ([ANN], [ELSE], [], ""),
    "each to their own": ([ANN, ELSE], [ELSE, ANN], [], "0-1 1-0"),
    "nothing in common is nothing": ([{}], [{}], [], ""),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_match(rule: str) -> None:
    """The name of the case is the law; `0-0` is a clear match, `0?0` a doubtful one."""
    records, items, taken, said = CASES[rule]
    found = match(
        CONTACT,
        {str(i): each for i, each in enumerate(records)},
        {str(i): each for i, each in enumerate(items)},
        taken,
    )
    words = [f"{record}-{item}" for record, item in found.pairs.items()]
    words += [f"{record}?{','.join(items)}" for record, items in found.doubtful.items()]
    assert " ".join(sorted(words)) == said


@pytest.mark.parametrize(
    ("one", "two", "contradicts"),
    [
        ("Ann van Dyk", "Ann van Dyk", False),
        ("Ann van Dyk", "ANN VAN DYK", False),
        ("Ann van Dyk", "A. van Dyk", False),
        ("Ann van Dyk", "A van Dyk", False),
        ("Ann van Dyk", "- van Dyk", False),
        ("Ann van Dyk", "B. van Dyk", True),
        ("Ann van Dyk", "Anna van Dyk", True),
        ("Ann van Dyk", "Ann Dyk", True),
    ],
)
def test_names_that_contradict(one: str, two: str, contradicts: bool) -> None:
    """A part that both have and that differs contradicts; an initial stands for what it begins."""
    first, second = ({"firstname": f.strip("-") or None, "lastname": rest}
                     for f, _, rest in (name.partition(" ") for name in (one, two)))  # fmt: skip
    assert contradict(CONTACT, first, second) is contradicts
    assert contradict(CONTACT, second, first) is contradicts


def test_hashes_only_nominate() -> None:
    """P14: what is stored of an item to nominate it holds none of its values, and needs the key."""
    stored = match_hashes(CONTACT, b"key", ANN)
    assert len(stored) == 3  # the address; the name with the phone; the name with the company
    for each in stored:
        assert len(each) == 32
        assert set(each) <= set("0123456789abcdef")
    assert not stored & match_hashes(CONTACT, b"another key", ANN)
    assert stored == match_hashes(CONTACT, b"key", ann(emailaddress1=" ANN@acme.example"))
    assert match_hashes(CONTACT, b"key", {}) == frozenset()


WORDS = st.sampled_from([None, "a", "b", "c"])
GADGETS = st.lists(
    st.fixed_dictionaries({"brand": WORDS, "model": WORDS, "serial": WORDS, "hint": WORDS}),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(GADGETS, GADGETS, GADGETS)
def test_nobody_is_matched_twice_and_order_is_nothing(
    records: list[dict[str, Value]],
    items: list[dict[str, Value]],
    taken: list[dict[str, Value]],
) -> None:
    """P3: no item is paired twice; a pair is in no doubt; and the order of anything is nothing."""
    ours = {f"r{i}": each for i, each in enumerate(records)}
    theirs = {f"i{i}": each for i, each in enumerate(items)}
    found = match(GADGET, ours, theirs, taken)
    assert len(set(found.pairs.values())) == len(found.pairs)
    assert not found.pairs.keys() & found.doubtful.keys()
    for record, item in found.pairs.items():
        assert not contradict(GADGET, ours[record], theirs[item])
        assert match_hashes(GADGET, b"", ours[record]) & match_hashes(GADGET, b"", theirs[item])
    again = match(
        GADGET,
        dict(reversed(ours.items())),
        dict(reversed(theirs.items())),
        reversed(taken),
    )
    assert again == found


@pytest.mark.parametrize(("bound", "pairs"), [((), {"r": "i"}), (("i",), {})])
def test_an_item_that_is_not_free_is_asked_about(
    bound: tuple[str, ...], pairs: Mapping[str, str]
) -> None:
    """However clear the match: it is another installation's, or rests. It is never adopted."""
    found = match(CONTACT, {"r": ANN}, {"i": ANN}, bound=frozenset(bound))
    assert found.pairs == pairs
    assert found.bound == ({"r"} if bound else set())
