"""What a lead becomes: the literal maps from its fields to those of what qualifying creates."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Becomes(StrEnum):
    """What qualifying makes of a lead."""

    CONTACT = "contact"
    ACCOUNT = "account"
    OPPORTUNITY = "opportunity"


class OnDuplicate(StrEnum):
    """What to do when somebody who would be created seems to be there already."""

    ASK = "ask"  # refuse, and say who it is
    ADOPT = "adopt"  # take the one that is certain; ask where none is, or several are
    IGNORE = "ignore"  # create beside it


_ADDRESS = {
    name: name
    for name in (
        "address1_line1", "address1_city", "address1_stateorprovince", "address1_postalcode",
        "address1_country",
    )
}  # fmt: skip

# field of the lead → field of the contact, the account, the opportunity
TO_CONTACT: Mapping[str, str] = {
    "firstname": "firstname",
    "lastname": "lastname",
    "jobtitle": "jobtitle",
    "companyname": "companyname",
    "emailaddress1": "emailaddress1",
    "emailaddress2": "emailaddress2",
    "telephone1": "telephone1",
    "mobilephone": "mobilephone",
    "telephone2": "telephone2",
    "fax": "fax",
    "websiteurl": "websiteurl",
    **_ADDRESS,
    "description": "description",
}
TO_ACCOUNT: Mapping[str, str] = {
    "companyname": "name",
    "telephone1": "telephone1",
    "fax": "fax",
    "websiteurl": "websiteurl",
    **_ADDRESS,
}
TO_OPPORTUNITY: Mapping[str, str] = {
    "subject": "name",
    "estimatedamount": "estimatedvalue",
    "estimatedclosedate": "estimatedclosedate",
    "description": "description",
}

# A new lead that names an existing contact or account takes from it what it was not given.
FROM_CONTACT: Mapping[str, str] = {
    name: name
    for name in (
        "firstname", "lastname", "jobtitle", "telephone1", "mobilephone", "emailaddress1",
    )
}  # fmt: skip
FROM_ACCOUNT: Mapping[str, str] = {"name": "companyname"}
