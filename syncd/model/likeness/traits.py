"""What a record is recognised by: the traits that are compared, and the keys they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from syncd.model.likeness.forms import LONGEST_TEXT, Phone, email, phone, site
from syncd.model.likeness.names import Firm, Name, firm, person
from syncd.model.likeness.rules import EMAILS, LABELS, PHONES
from syncd.model.values import Value

KEY_LENGTH = 64
MOST_KEYS = 14  # three addresses, six numbers, five of a name; a usual record has six


@dataclass(frozen=True)
class Traits:
    """One record: addresses and numbers by the field they are in, its names, its website."""

    emails: Mapping[str, str]
    phones: Mapping[str, Phone]
    name: Name
    employer: str
    account: Firm
    site: str | None

    @cached_property
    def company(self) -> Firm:
        """The company that a person is of: not needed to find somebody with a full name."""
        return firm(self.employer)

    @property
    def named(self) -> bool:
        """Whether the name may tell who it is: a bare last name does so within a company only."""
        return self.name.full or bool(self.name.words and self.company.joined)

    @property
    def name_blocks(self) -> tuple[str, ...]:
        """The texts that people of one name share."""
        if not self.name.full and self.named:
            return (f"{self.name.words[0][:30]}@{self.company.joined}",)
        return self.name.blocks

    @property
    def identifying(self) -> bool:
        """Whether there is anything to know the record by."""
        return bool(
            self.emails or self.phones or self.named or self.account.joined or self.site is not None
        )


def traits(values: Mapping[str, Value]) -> Traits:
    """The traits of a record by its Dataverse fields. What is absent or no text is ignored."""
    texts = {n: v for n, v in values.items() if n in LABELS and v and isinstance(v, str)}
    get = texts.get
    first, last = get("firstname", ""), get("lastname", "")
    return Traits(
        {n: form for n in EMAILS if n in texts and (form := email(texts[n]))},
        {n: number for n in PHONES if n in texts and (number := phone(texts[n]))},
        person(first[:LONGEST_TEXT], last[:LONGEST_TEXT]),
        get("companyname", ""),
        firm(get("name", "")),
        site(texts["websiteurl"]) if "websiteurl" in texts else None,
    )


def keys(values: Mapping[str, Value]) -> frozenset[str]:
    """What a record is found by: two records that `compare` finds share one of these texts.

    "e:ann@contoso.com" an address · "p:550100" the last six digits of a number, whatever the
    region · "n:smit|a", "n:ann|s", "n:-ann|-ith" a person's name by its starts and its ends, in
    either order · "n:smith@contoso" a bare last name within its company · "c:contoso",
    "c:cont-", "c:-ntoso", "c:co-so" an account's name, and its starts and ends · "w:contoso.com"
    its website.

    A person has no key for the company alone: that would pair all colleagues. Whether a lead's
    company is an account, the keys of `as_account` tell.

    Not found, as no key of the name remains: two typos that hit both names, or the start and the
    end of one; the first two letters swapped in a name of four.
    """
    seen = traits(values)
    found = [f"e:{each}" for each in seen.emails.values()]
    found += [f"p:{each.tail}" for each in seen.phones.values()]
    found += [f"n:{each}" for each in seen.name_blocks]
    if seen.account.joined:
        found.append(f"c:{seen.account.joined}")
        found += [f"c:{each}" for each in seen.account.blocks]
    if seen.site:
        found.append(f"w:{seen.site}")
    return frozenset(each[:KEY_LENGTH] for each in found)


def as_account(values: Mapping[str, Value]) -> dict[str, Value]:
    """A lead seen as the account that it would become: what it says of its company."""
    taken = {"name": "companyname"} | {n: n for n in ("emailaddress1", "telephone1", "websiteurl")}
    return {name: values[source] for name, source in taken.items() if source in values}
