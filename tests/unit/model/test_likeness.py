"""Who is taken for one, and who is not: leads, contacts and accounts of the CRM."""

from __future__ import annotations

import pytest

from syncd.model.likeness import (
    LABELS,
    RULES,
    THRESHOLD,
    Likeness,
    Reason,
    as_account,
    compare,
    keys,
)
from syncd.model.values import Value

Values = dict[str, Value]
R = Reason


def who(name: str, company: str = "", mail: str = "", phone: str = "", mobile: str = "") -> Values:
    """A contact or a lead; `name` is "First Last", or "First/Last" where these have blanks."""
    first, _, last = name.partition("/") if "/" in name else name.partition(" ")
    return {
        "firstname": first,
        "lastname": last,
        "companyname": company or None,
        "emailaddress1": mail or None,
        "telephone1": phone or None,
        "mobilephone": mobile or None,
    }


def firm(name: str, site: str = "", mail: str = "", phone: str = "") -> Values:
    """An account."""
    return {
        "name": name,
        "websiteurl": site or None,
        "emailaddress1": mail or None,
        "telephone1": phone or None,
    }


def both_ways(one: Values, two: Values, region: str | None = "DE") -> Likeness | None:
    """What is found, having seen that the order does not matter, and that the keys find it."""
    found = compare(one, two, region)
    assert found == compare(two, one, region)
    assert found is None or keys(one) & keys(two)
    return found


PEOPLE = [
    ("one address, however written", who("Ann Smith", mail="ann@contoso.com"), who("Ann Smith", mail=" Ann@CONTOSO.com"), R.SAME_EMAIL),
    ("an address in another field", {"emailaddress1": "ann@contoso.com"}, {"emailaddress3": "ann@contoso.com"}, R.SAME_EMAIL),
    ("a short first name", who("Bob Smith", mail="smith@contoso.com"), who("Robert Smith", mail="smith@contoso.com"), R.PART_OF_NAME),
    ("a new last name", who("Ann Smith", mail="ann@contoso.com"), who("Ann Jones", mail="ann@contoso.com"), R.SAME_EMAIL),
    ("a name in one of them only", who("Ann Smith", mail="ann@contoso.com"), who("", mail="ann@contoso.com"), R.SAME_EMAIL),
    ("two scripts", who("Иван Петров", mail="ivan@contoso.com"), who("Ivan Petrov", mail="ivan@contoso.com"), R.SAME_EMAIL),
    ("name and company, the legal form aside", who("Ann Smith", "Contoso Ltd"), who("ann SMITH", "CONTOSO"), R.SAME_NAME_AND_COMPANY),
    ("umlauts, spelt out", who("Jürgen Müller", "Öl & Gas GmbH"), who("Juergen Mueller", "Oel und Gas"), R.SAME_NAME_AND_COMPANY),
    ("umlauts, left out", who("Jürgen Müller", "Contoso"), who("Jurgen Muller", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("letters that are no accents", who("Søren Łukasz", "Contoso"), who("Soren Lukasz", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("a double s", who("Ina Weiß", "Contoso"), who("Ina Weiss", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("the last name first, in one field", who("/van Dyk, Ann", "Contoso"), who("Ann/van Dyk", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("first and last name swapped", who("van Dyk/Ann", "Contoso"), who("Ann/van Dyk", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("all in one field", who("/Ann van Dyk", "Contoso"), who("Ann/van Dyk", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("a title", who("Dr. Ann/Smith", "Contoso"), who("Ann/Smith, PhD", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("a title in place of the first name", who("Mr./Tom Smith", "Contoso"), who("Tom Smith", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("a bare last name at one company", who("/Smith", "Contoso"), who("/Smith", "Contoso Inc."), R.SAME_NAME_AND_COMPANY),
    ("a middle initial", who("Ann M. /Smith", "Contoso"), who("Ann Smith", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("a middle name", who("Ann Marie/Smith", "Contoso"), who("Ann Smith", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("an initial", who("A. Smith", "Contoso"), who("Ann Smith", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("a typo", who("Ann Schmidt", "Contoso"), who("Ann Schmitt", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("a typo in the first letter", who("Katharina Weber", "Contoso"), who("Catharina Weber", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("two letters swapped", who("Jhon Smith", "Contoso"), who("John Smith", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("two typos in a long name", who("Ann Schwarzenegger", "Contoso"), who("Ann Schwarzeneger", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("a double name in one", who("Hans-Peter Meier", "Contoso"), who("Hanspeter Meier", "Contoso"), R.SIMILAR_NAME_AND_COMPANY),
    ("the address tells the company", who("Ann Smith", mail="ann@contoso.com"), who("Ann Smith", mail="a.smith@contoso.com"), R.SAME_NAME_AND_DOMAIN),
    ("a typo, and the company's domain", who("Jon Smith", mail="jon@contoso.com"), who("John Smith", mail="john@contoso.com"), R.SIMILAR_NAME_AND_DOMAIN),
    ("a typo in the company", who("Ann Smith", "Contoso"), who("Ann Smith", "Contosso"), R.SAME_NAME_SIMILAR_COMPANY),
    ("one phone, in another field", who("Ann Smith", phone="030 1234567"), who("Ann Smith", mobile="+49 30 1234567"), R.SAME_PHONE),
    ("a phone and a typo", who("Ann Schmidt", phone="030 1234567"), who("Ann Schmitt", phone="030 1234567"), R.SIMILAR_NAME),
    ("an address of many, and one name", who("Ann Smith", mail="info@contoso.com"), who("Ann Smith", mail="info@contoso.com", phone="030 1234567"), R.SHARED_MAILBOX),
    ("a name, and nothing that differs", who("Ann Smith", "Contoso"), who("Ann Smith", phone="030 1234567"), R.SAME_NAME),
    ("Japanese", who("太郎 田中", "株式会社トヨタ"), who("/田中太郎", "トヨタ"), R.SAME_NAME_AND_COMPANY),
    ("Greek, with and without accents", who("Γιώργος Παπαδόπουλος", "Contoso"), who("ΓΙΩΡΓΟΣ ΠΑΠΑΔΟΠΟΥΛΟΣ", "Contoso"), R.SAME_NAME_AND_COMPANY),
    ("Cyrillic, with a typo", who("Алексей Иванов", "ООО Ромашка"), who("Алексеи Иваноф", "Ромашка"), R.SIMILAR_NAME_AND_COMPANY),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "reason"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE])  # fmt: skip
def test_people_that_may_be_one(one: Values, two: Values, reason: Reason) -> None:
    """Each is found, and for the reason that a person would give."""
    found = both_ways(one, two)
    assert found is not None
    assert found.score >= THRESHOLD
    assert reason in [why.reason for why in found.reasons]


TWO_PEOPLE = [
    ("one name, two companies", who("Ann Smith", "Contoso"), who("Ann Smith", "Fabrikam")),
    ("one name, two addresses", who("Ann Smith", mail="ann@contoso.com"), who("Ann Smith", mail="ann@fabrikam.com")),
    ("a free mail provider is no company", who("Ann Smith", mail="ann@gmail.com"), who("Ann Smith", mail="smith@gmail.com")),
    ("one name, two numbers", who("Ann Smith", phone="030 1234567"), who("Ann Smith", phone="030 7654321")),
    ("father and son", who("Karl Huber", mail="karl@huber.de", mobile="0171 1234567"), who("Karl Huber", mail="k@huber.de", mobile="0172 7654321")),
    ("father and son in the family's firm", who("Karl Huber", "Huber GmbH", "karl@huber.de", mobile="0171 1234567"), who("Karl Huber", "Huber GmbH", "k@huber.de", mobile="0172 7654321")),
    ("the generations, with one switchboard", who("Karl/Huber jun.", phone="030 1234567"), who("Karl/Huber sen.", phone="030 1234567")),
    ("twins at one company", who("Max Huber", "Contoso", "max@contoso.com"), who("Moritz Huber", "Contoso", "moritz@contoso.com")),
    ("twins with one phone", who("Max Huber", "Contoso", phone="030 1234567"), who("Moritz Huber", "Contoso", phone="030 1234567")),
    ("twins with nearly one name", who("Anna Huber", "Contoso", "anna@contoso.com", mobile="0171 1234567"), who("Anne Huber", "Contoso", "anne@contoso.com", mobile="0172 7654321")),
    ("short names one letter apart", who("Tim Huber", "Contoso"), who("Tom Huber", "Contoso")),
    ("colleagues", who("Ann Smith", "Contoso", "ann@contoso.com"), who("Bob Jones", "Contoso", "bob@contoso.com")),
    ("a shared address", who("Ann Smith", "Contoso", "info@contoso.com"), who("Bob Jones", "Contoso", "info@contoso.com")),
    ("a shared address in a family", who("Ann Smith", mail="office@smith.com"), who("Bob Smith", mail="office@smith.com")),
    ("a shared address and switchboard", who("Ann Smith", "Contoso", "info@contoso.com", "030 1234567"), who("Bob Jones", "Contoso", "info@contoso.com", "030 1234567")),
    ("siblings at a shared address and switchboard", who("Ann Smith", mail="info@smith.com", phone="030 1234567"), who("Bob Smith", mail="info@smith.com", phone="030 1234567")),
    ("one address, plainly two names", who("Ann Smith", mail="us@contoso.com"), who("Bob Jones", mail="us@contoso.com")),
    ("a shared address, and nothing else", who("", mail="info@contoso.com"), who("Ann Smith", mail="info@contoso.com")),
    ("a switchboard", who("Ann Smith", phone="030 1234567"), who("Bob Jones", phone="030 1234567")),
    ("two extensions", who("", phone="030 1234567 ext. 12"), who("", phone="030 1234567 ext. 13")),
    ("a short name, with nothing else the same", who("Bob Smith", "Contoso"), who("Robert Smith", "Contoso")),
    ("a similar name, and nothing else", who("Ann Schmidt"), who("Ann Schmitt")),
    ("a bare last name", who("/Smith"), who("/Smith", phone="030 1234567")),
    ("a bare last name at two companies", who("/Smith", "Contoso"), who("/Smith", "Fabrikam")),
    ("a bare first name", who("Ann"), who("Ann", "Contoso")),
    ("one company, no names", who("", "Contoso"), who("", "Contoso")),
    ("Japanese, in the order of other letters", who("太郎 田中"), who("太郎 中田")),
    ("Japanese, another sound mark", who("一郎 かとう", "Contoso"), who("一郎 がとう", "Contoso")),
    ("placeholders for a number", who("", phone="000000000"), who("", phone="000000000")),
    ("an internal number", who("", phone="4711"), who("", phone="4711")),
    ("placeholders for an address", who("", mail="n/a"), who("", mail="n/a")),
    ("punctuation", who("- -", "---", "@", "+"), who("- -", "---", "@", "+")),
    ("nothing", {}, {}),
    ("nothing and somebody", {}, who("Ann Smith", "Contoso", "ann@contoso.com")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), [row[1:] for row in TWO_PEOPLE], ids=[row[0] for row in TWO_PEOPLE])  # fmt: skip
def test_people_that_are_two(one: Values, two: Values) -> None:
    """Too little speaks for it, or something against it."""
    assert both_ways(one, two) is None


ACCOUNTS = [
    ("the legal form", firm("Contoso Ltd"), firm("CONTOSO Limited"), R.SAME_ACCOUNT_NAME),
    ("several legal forms", firm("Müller & Söhne GmbH & Co. KG"), firm("Mueller und Soehne"), R.SAME_ACCOUNT_NAME),
    ("a legal form in letters", firm("Contoso S. A."), firm("Contoso SA"), R.SAME_ACCOUNT_NAME),
    ("the article", firm("The Contoso Company"), firm("Contoso"), R.SAME_ACCOUNT_NAME),
    ("blanks and hyphens", firm("Data-Works Oy"), firm("DataWorks"), R.SAME_ACCOUNT_NAME),
    ("Russian", firm("ООО «Ромашка»"), firm("Ромашка"), R.SAME_ACCOUNT_NAME),
    ("Japanese", firm("㈱トヨタ"), firm("トヨタ株式会社"), R.SAME_ACCOUNT_NAME),
    ("a legal form that is the name", firm("AG"), firm("AG"), R.SAME_ACCOUNT_NAME),
    ("a typo", firm("Contoso"), firm("Contosso"), R.SIMILAR_ACCOUNT_NAME),
    ("a typo in the first letter", firm("Kontoso Energy"), firm("Contoso Energy"), R.SIMILAR_ACCOUNT_NAME),
    ("two typos in a long name", firm("Northwind Traders"), firm("Nortwind Trader"), R.SIMILAR_ACCOUNT_NAME),
    ("the website", firm("Contoso", "https://www.contoso.com/de?a=1"), firm("Contoso Deutschland", "contoso.com"), R.SAME_WEBSITE),
    ("the page, where the site is everybody's", firm("", "https://facebook.com/contoso/"), firm("Contoso", "www.facebook.com/contoso"), R.SAME_WEBSITE),
    ("the address", firm("Contoso", mail="info@contoso.com"), firm("", mail="info@contoso.com"), R.SAME_EMAIL),
    ("the phone", firm("Contoso", phone="030 1234567"), firm("Contoso Holding", phone="+49 30 1234567"), R.SAME_PHONE),
    ("another name, but all else", firm("Contoso", "contoso.com", "hi@contoso.com", "030 1234567"), firm("Fabrikam", "contoso.com", "hi@contoso.com", "030 1234567"), R.OTHER_NAME),
    ("a lead's company", as_account(who("Ann Smith", "Contoso GmbH")), firm("Contoso"), R.SAME_ACCOUNT_NAME),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "reason"), [row[1:] for row in ACCOUNTS], ids=[row[0] for row in ACCOUNTS])  # fmt: skip
def test_accounts_that_may_be_one(one: Values, two: Values, reason: Reason) -> None:
    """Each is found, and for the reason that a person would give."""
    found = both_ways(one, two)
    assert found is not None
    assert reason in [why.reason for why in found.reasons]


TWO_ACCOUNTS = [
    ("two names", firm("Contoso"), firm("Fabrikam")),
    ("the group and its part", firm("Contoso"), firm("Contoso Deutschland")),
    ("a word in common", firm("Bank of Norway"), firm("Bank of Sweden")),
    ("two numbers", firm("Contoso Plant 1"), firm("Contoso Plant 2")),
    ("short names one letter apart", firm("Conti"), firm("Conto")),
    ("one name, two sites and phones", firm("Müller GmbH", "mueller-ulm.de", phone="0731 123456"), firm("Müller GmbH", "mueller-bonn.de", phone="0228 654321")),
    ("a site of two companies", firm("Contoso", "park.example"), firm("Fabrikam", "park.example")),
    ("a site of everybody", firm("", "https://facebook.com"), firm("", "facebook.com/")),
    ("two pages of one site", firm("", "linkedin.com/company/a"), firm("", "linkedin.com/company/b")),
    ("a switchboard", firm("Contoso", phone="030 1234567"), firm("Fabrikam", phone="030 1234567")),
    ("an address of two companies", firm("Contoso", mail="info@park.example"), firm("Fabrikam", mail="info@park.example")),
    ("a person of that name", who("Contoso"), firm("Contoso")),
    ("a lead of that company", who("Ann Smith", "Contoso"), firm("Contoso")),
    ("no site", firm("", "none"), firm("", "none")),
    ("nothing", firm(""), firm("")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), [row[1:] for row in TWO_ACCOUNTS], ids=[row[0] for row in TWO_ACCOUNTS])  # fmt: skip
def test_accounts_that_are_two(one: Values, two: Values) -> None:
    """Too little speaks for it, or something against it."""
    assert both_ways(one, two) is None


PHONES = [
    ("0151 2345", "+49 151 2345", "DE", True),
    ("0151 2345", "+49 151 2345", "de", True),
    ("0151 2345", "+49 151 2345", None, False),
    ("0151 2345", "+49 151 2345", "AT", False),
    ("0049 151 23456", "+49 151 23456", "DE", True),
    ("030 123-45 67", "(030)/1234567", None, True),
    ("+49 (0)30 1234567", "tel:+49-30-1234567", None, True),
    ("+49 30 1234567", "49301234567", None, True),
    ("+49 30 1234567", "+43 30 1234567", "DE", False),
    ("030 1234567", "040 1234567", "DE", False),
    ("(650) 253-0000", "+1 650 253 0000", "US", True),
    ("(650) 253-0000", "+1 650 253 0000", "DE", False),
    ("253-0000", "+1 650 253 0000", "US", False),
    ("06 1234 5678", "+39 06 1234 5678", "IT", True),
    ("01 12345", "+43 1 12345", "AT", True),
    ("212345", "+298 212345", "FO", True),
    ("8 (912) 345-67-89", "+7 912 345-67-89", "RU", True),
    ("650 253 0000 x12", "+1 650 253 0000 ext. 12", "US", True),
    ("650 253 0000 x12", "650 253 0000;ext=12", None, True),
    ("650 253 0000 x12", "650 253 0000", "US", False),
    ("650 253 0000 x12", "650 253 0000 x13", "US", False),
    ("０３０ １２３４５６７", "030 1234567", None, True),
    ("٠٣٠ ١٢٣٤٥٦٧", "030 1234567", None, True),
    ("0151 2345", "+49 151 2345", "nowhere", False),
    ("Phone: 030 1234567", "030 1234567", None, True),
]


@pytest.mark.parametrize(("one", "two", "region", "same"), PHONES)
def test_numbers_are_compared_as_they_are_dialled(
    one: str, two: str, region: str | None, same: bool
) -> None:
    """A national number is one of the region; without a region only equal digits are equal."""
    found = both_ways({"telephone1": one}, {"telephone2": two}, region)
    assert (found is not None) is same


def test_the_sentences_name_the_fields() -> None:
    """P12: what speaks for it and what against it, and where it was seen."""
    one = who("Bob Smith", mail="smith@contoso.com")
    two = {**who("Robert Smith"), "emailaddress2": "smith@contoso.com"}
    found = compare(one, two, None)
    assert found is not None
    assert [why.sentence for why in found.reasons] == [
        "An e-mail address is the same (e-mail, second e-mail).",
        "But only a part of the name agrees (first name, last name).",
    ]


def test_more_in_common_is_more_alike() -> None:
    """Each further thing in common raises the score; 1.0 is left to what is the same in all."""
    whole = who("Ann Smith", "Contoso", "ann@contoso.com", "030 1234567")
    scores = []
    for missing in (("companyname", "emailaddress1", "telephone1"), ("emailaddress1", "telephone1"),
                    ("telephone1",), ()):  # fmt: skip
        found = both_ways({**whole, **dict.fromkeys(missing)}, whole)
        assert found is not None
        scores.append(found.score)
    assert scores == [0.6, 0.85, 0.98, 1.0]


def test_the_table_is_complete() -> None:
    """Each reason has one row, with a sentence; the rows are what the manual prints."""
    assert [rule.reason for rule in RULES] == list(Reason)
    assert all(-1 < rule.weight < 1 and rule.sentence for rule in RULES)
    assert "companyname" in LABELS


def test_a_lead_as_an_account_keeps_what_it_says_of_its_company() -> None:
    """What a lead does not name, the account does not name either."""
    lead: Values = {"companyname": "Contoso", "websiteurl": None, "mobilephone": "0171 1234567"}
    assert as_account(lead) == {"name": "Contoso", "websiteurl": None}
