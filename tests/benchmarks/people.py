"""Realistic contacts: seventeen properties filled, as Exchange counts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from syncd.model.values import Value

_FIRST = ("Ann", "Björn", "Chloé", "Dmitri", "Elif", "François", "Grace", "Hiroshi")
_LAST = ("van Dyk", "Müller", "O'Neill", "García", "Łukasik", "Smith", "Nguyen", "Rossi")
_CITIES = ("Zürich", "Bruxelles", "Kraków", "Lisboa", "Oslo")
_NOTE = (
    "Met at the fair in Hannover.\nInterested in the {n} series; call back after the holidays.\n"
)


def contact(n: int) -> Mapping[str, Value]:
    """Contact number `n`: names, two addresses, three phones, two e-mails, a note and more."""
    first, last = _FIRST[n % len(_FIRST)], f"{_LAST[n % len(_LAST)]} {n}"
    return {
        "firstname": first,
        "lastname": last,
        "jobtitle": f"Head of Purchasing {n % 7}",
        "companyname": f"Contoso {n % 50} AG",
        "department": "Operations & Supply",
        "nickname": first[:3],
        "websiteurl": f"https://contoso{n % 50}.example/people/{n}",
        "birthdate": date(1960 + n % 40, 1 + n % 12, 1 + n % 28),
        "emailaddress1": f"person.{n}@contoso{n % 50}.example",
        "emailaddress2": f"p{n}@home.example",
        "telephone1": f"+41 44 668 {n // 100 % 100:02} {n % 100:02}",
        "telephone2": f"+49 30 9018 {n:05}",
        "mobilephone": f"+41 79 555 {n // 100 % 100:02} {n % 100:02}",
        **_address("address1", n),
        **_address("address2", n + 3),
        "description": _NOTE.format(n=n) * 3,
    }


def edit(n: int) -> Mapping[str, Value]:
    """What an edit of contact number `n` changes: four fields."""
    return {
        "jobtitle": f"Chief Buyer {n}",
        "department": "Board",
        "emailaddress1": f"chief.{n}@contoso.example",
        "telephone1": f"+41 44 777 {n // 100 % 100:02} {n % 100:02}",
    }


def _address(group: str, n: int) -> Mapping[str, Value]:
    return {
        f"{group}_line1": f"Bahnhofstrasse {n}\n2nd floor",
        f"{group}_city": _CITIES[n % len(_CITIES)],
        f"{group}_stateorprovince": "ZH",
        f"{group}_postalcode": f"{8000 + n % 900}",
        f"{group}_country": "Switzerland",
    }
