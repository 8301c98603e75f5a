"""What makes two records alike, and how much: the literal tables that the manual prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What speaks for two records being one, or against it. Stable: programs rely on the codes."""

    # how they are reached
    SAME_EMAIL = "same-email"
    SAME_PHONE = "same-phone"
    SAME_WEBSITE = "same-website"
    # what a person is called
    SAME_NAME_AND_COMPANY = "same-name-and-company"
    SAME_NAME_AND_DOMAIN = "same-name-and-domain"
    SAME_NAME_SIMILAR_COMPANY = "same-name-similar-company"
    SAME_NAME = "same-name"
    SIMILAR_NAME_AND_COMPANY = "similar-name-and-company"
    SIMILAR_NAME_AND_DOMAIN = "similar-name-and-domain"
    SIMILAR_NAME = "similar-name"
    # what an account is called
    SAME_ACCOUNT_NAME = "same-account-name"
    SIMILAR_ACCOUNT_NAME = "similar-account-name"
    # against it
    SHARED_MAILBOX = "shared-mailbox"
    PART_OF_NAME = "part-of-name"
    OTHER_NAME = "other-name"
    TOLD_APART = "told-apart"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what was found, what it counts, and the sentence for a person, without its stop.

    What counts less than nothing is taken off: from the name for `TOLD_APART`, else from each of
    e-mail, phone and website by itself. What is left is summed as chances are, 1 - (1 - a)(1 - b).
    """

    reason: Reason
    weight: float
    sentence: str


R = Reason
RULES: tuple[Rule, ...] = (
    Rule(R.SAME_EMAIL, 0.85, "An e-mail address is the same"),
    Rule(R.SAME_PHONE, 0.65, "A phone number is the same"),
    Rule(R.SAME_WEBSITE, 0.65, "The website is the same"),
    Rule(R.SAME_NAME_AND_COMPANY, 0.85, "The name and the company are the same"),
    Rule(R.SAME_NAME_AND_DOMAIN, 0.80, "The name and the company's e-mail domain are the same"),
    Rule(R.SAME_NAME_SIMILAR_COMPANY, 0.70, "The name is the same, and the company is similar"),
    Rule(R.SAME_NAME, 0.60, "The name is the same"),
    Rule(R.SIMILAR_NAME_AND_COMPANY, 0.70, "The name is similar, and the company is the same"),
    Rule(R.SIMILAR_NAME_AND_DOMAIN, 0.65, "The name is similar, and the e-mail domain is the same"),
    Rule(R.SIMILAR_NAME, 0.50, "The name is similar"),
    Rule(R.SAME_ACCOUNT_NAME, 0.85, "The account name is the same"),
    Rule(R.SIMILAR_ACCOUNT_NAME, 0.65, "The account name is similar"),
    Rule(R.SHARED_MAILBOX, -0.30, "But the address is one that several people share"),
    Rule(R.PART_OF_NAME, -0.25, "But only a part of the name agrees"),
    Rule(R.OTHER_NAME, -0.45, "But the names are different"),
    Rule(R.TOLD_APART, -0.30, "But other details differ"),
)  # fmt: skip

THRESHOLD = 0.60
"""Two records that score less are not alike."""

BY_REASON: Mapping[Reason, Rule] = {rule.reason: rule for rule in RULES}

LABELS: Mapping[str, str] = {
    "firstname": "first name",
    "lastname": "last name",
    "companyname": "company",
    "name": "account name",
    "emailaddress1": "e-mail",
    "emailaddress2": "second e-mail",
    "emailaddress3": "third e-mail",
    "mobilephone": "mobile phone",
    "telephone1": "business phone",
    "business2": "second business phone",
    "telephone2": "home phone",
    "home2": "second home phone",
    "telephone3": "other phone",
    "websiteurl": "website",
}
"""The fields that are looked at, by their names in Dataverse."""

EMAILS = ("emailaddress1", "emailaddress2", "emailaddress3")
PHONES = ("mobilephone", "telephone1", "business2", "telephone2", "home2", "telephone3")
