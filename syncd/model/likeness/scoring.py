"""How alike two records are: the rules of the table, applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.model.likeness.forms import dials_the_same
from syncd.model.likeness.names import Accord, firms, people
from syncd.model.likeness.rules import (
    BY_REASON,
    EMAILS,
    LABELS,
    PHONES,
    THRESHOLD,
    Reason,
)
from syncd.model.likeness.traits import Traits, traits
from syncd.model.likeness.vocabulary import DESKS, FREE_MAIL
from syncd.model.values import Value

R = Reason
NAME = ("firstname", "lastname")


@dataclass(frozen=True, slots=True)
class Because:
    """One reason, with the fields it was seen in, of either record."""

    reason: Reason
    fields: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The reason as a person reads it."""
        where = ", ".join(LABELS[name] for name in self.fields)
        return f"{BY_REASON[self.reason].sentence} ({where})."


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are: 1.0 only where all that identifies them is the same."""

    score: float
    reasons: tuple[Because, ...]


def compare(
    one: Mapping[str, Value], two: Mapping[str, Value], region: str | None
) -> Likeness | None:
    """How alike two records are, and why; `None` when too little speaks for it.

    Takes leads, contacts and accounts by their Dataverse fields, in either order. `region` is the
    country, "DE", in which a number without country code is dialled.
    """
    return liken(traits(one), traits(two), region)


def liken(one: Traits, two: Traits, region: str | None) -> Likeness | None:
    """`compare`, for whoever compares one record with many and has its traits already."""
    pair = _Pair(one, two, region)
    ways, against = pair.ways(), pair.against()
    name = pair.name_reason()
    weights = [max(0.0, _weight(why.reason) + _taken(why, against)) for why in ways]
    apart: list[Because] = []
    if name is not None:
        apart = pair.told_apart()
        weights.append(max(0.0, _weight(name.reason) + sum(_weight(a.reason) for a in apart)))
    doubt = 1.0
    for weight in weights:
        doubt *= 1 - weight
    score = 1.0 if pair.same() else min(0.99, round(1 - doubt, 2))
    if score < THRESHOLD:
        return None
    limits = against if ways else []
    return Likeness(score, (*ways, *([name] if name else []), *limits, *apart))


def _weight(reason: Reason) -> float:
    return BY_REASON[reason].weight


def _taken(why: Because, against: Iterable[Because]) -> float:
    return sum(
        _weight(each.reason)
        for each in against
        if each.reason is not R.SHARED_MAILBOX or why.reason is R.SAME_EMAIL
    )


def _because(reason: Reason, *fields: str) -> Because:
    return Because(reason, tuple(name for name in LABELS if name in fields))


class _Pair:
    """Two records next to each other: nothing here depends on which is the first."""

    def __init__(self, one: Traits, two: Traits, region: str | None) -> None:
        self.one, self.two, self.region = one, two, region
        self.person = people(one.name, two.name)
        self.account = firms(one.account, two.account)
        self.company = firms(one.company, two.company)
        self.shared = set(one.emails.values()) & set(two.emails.values())
        self.dialled = [
            (a, b)
            for a, number in one.phones.items()
            for b, other in two.phones.items()
            if dials_the_same(number, other, region)
        ]

    def ways(self) -> list[Because]:
        """The ways on which both are reached."""
        found = []
        if self.shared:
            both = (*self.one.emails.items(), *self.two.emails.items())
            found.append(_because(R.SAME_EMAIL, *(n for n, form in both if form in self.shared)))
        if self.dialled:
            found.append(_because(R.SAME_PHONE, *(n for names in self.dialled for n in names)))
        if self.one.site is not None and self.one.site == self.two.site:
            found.append(_because(R.SAME_WEBSITE, "websiteurl"))
        return found

    def against(self) -> list[Because]:
        """What makes it less likely that who is reached on one way is one."""
        found = []
        accounts = self.one.account.joined or self.two.account.joined
        desks = all(each.partition("@")[0] in DESKS for each in self.shared)
        if self.shared and desks and not accounts:
            mine = (*self.one.emails.items(), *self.two.emails.items())
            fields = (n for n, form in mine if form in self.shared)
            found.append(_because(R.SHARED_MAILBOX, *fields))
        if self.person is Accord.OTHER:
            found.append(_because(R.OTHER_NAME, *NAME))
        elif self.account is Accord.OTHER:
            found.append(_because(R.OTHER_NAME, "name"))
        elif self.person is Accord.PART:
            found.append(_because(R.PART_OF_NAME, *NAME))
        return found

    def name_reason(self) -> Because | None:
        """What the names say, together with what supports them."""
        if self.account is Accord.SAME:
            return _because(R.SAME_ACCOUNT_NAME, "name")
        if self.account is Accord.SIMILAR and self._meet(
            self.one.account.blocks, self.two.account.blocks
        ):
            return _because(R.SIMILAR_ACCOUNT_NAME, "name")
        if self.person in (Accord.SAME, Accord.SIMILAR):
            return self._person_reason(same=self.person is Accord.SAME)
        return None

    def _person_reason(self, *, same: bool) -> Because | None:
        company = (*NAME, "companyname")
        domain = (*NAME, *self._domain_fields())
        full = self.one.name.full and self.two.name.full
        if self._meet(self.one.name_blocks, self.two.name_blocks):
            if self.company is Accord.SAME:
                reason = R.SAME_NAME_AND_COMPANY if same else R.SIMILAR_NAME_AND_COMPANY
                return _because(reason, *company)
            if full and len(domain) > len(NAME):
                reason = R.SAME_NAME_AND_DOMAIN if same else R.SIMILAR_NAME_AND_DOMAIN
                return _because(reason, *domain)
            if full and same and self.company is Accord.SIMILAR:
                return _because(R.SAME_NAME_SIMILAR_COMPANY, *company)
        if self.shared or self.dialled:
            return _because(R.SAME_NAME if same else R.SIMILAR_NAME, *NAME)
        return _because(R.SAME_NAME, *NAME) if same and full and not self._differ() else None

    @staticmethod
    def _meet(one: Iterable[str], two: Iterable[str]) -> bool:
        """Whether the two would be found by their names: what is scored is what is found."""
        return not set(one).isdisjoint(two)

    def _domain_fields(self) -> list[str]:
        """The fields with addresses of one company."""
        one, two = (
            {name: form.rpartition("@")[2] for name, form in each.emails.items()}
            for each in (self.one, self.two)
        )
        common = (set(one.values()) & set(two.values())) - FREE_MAIL
        return [name for each in (one, two) for name, domain in each.items() if domain in common]

    def _differ(self) -> bool:
        """Whether anything is filled in both, and differs."""
        return bool(
            (self.one.emails and self.two.emails and not self.shared)
            or (self.one.phones and self.two.phones and not self.dialled)
            or self.company in (Accord.OTHER, Accord.PART, Accord.SIMILAR)
        )

    def told_apart(self) -> list[Because]:
        """Two people of one name at one company, or two companies of one name.

        People have two addresses at one domain and two numbers of one sort; companies have two
        websites and two numbers.
        """
        one, two = self.one, self.two
        numbers = [name for name in PHONES if name in one.phones and name in two.phones]
        if self.dialled or self.shared or not numbers:
            return []
        if one.site is not None and two.site is not None and one.site != two.site:
            return [_because(R.TOLD_APART, "websiteurl", *numbers)]
        domains = [{f.rpartition("@")[2] for f in each.emails.values()} for each in (one, two)]
        if domains[0] & domains[1]:
            addresses = (name for name in EMAILS if name in one.emails or name in two.emails)
            return [_because(R.TOLD_APART, *addresses, *numbers)]
        return []

    def same(self) -> bool:
        """Whether all that identifies the two is the same."""
        one, two = self.one, self.two
        return (
            one.identifying
            and set(one.emails.values()) == set(two.emails.values())
            and {a for a, _ in self.dialled} == set(one.phones)
            and {b for _, b in self.dialled} == set(two.phones)
            and one.name.spellings == two.name.spellings
            and one.name.full == two.name.full
            and one.name.generation == two.name.generation
            and one.company.joined == two.company.joined
            and one.account.joined == two.account.joined
            and one.site == two.site
        )
