"""The values of other programs' files, as text or as JSON has them, as ours. Nothing is guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

from syncd.crm.importing.report import BadRow
from syncd.model.fields import Attribute, FieldType, Option
from syncd.model.values import Value


class Order(StrEnum):
    """In which order a file writes day, month and year."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


@dataclass(frozen=True)
class Manner:
    """How a file writes what can be written in several ways. Not said: only what is clear."""

    order: Order | None = None
    zone: tzinfo | None = None


class NoSuchOption(Exception):
    """A number that none of our options has: an option of somebody's own making."""


_SEPARATOR = re.compile(r"[,;\n]")
_PARTS = re.compile(r"(\d{1,4})[./\-](\d{1,2})[./\-](\d{1,4})\.?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME = re.compile(r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:\.\d+)?)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
# How Outlook says that there is none.
_NO_DAY = re.compile(r"0{1,4}[./\-]0{1,2}[./\-]0{1,4}|none", re.IGNORECASE)
_MONEY = re.compile(r"\(?-?[\d.,'\u00a0\u202f ]*\d[\d.,]*-?\)?")
_YES = frozenset({"yes", "true", "1", "y", "on", "wahr", "ja"})
_NO = frozenset({"no", "false", "0", "n", "off", "falsch", "nein"})


def value(kind: Attribute | FieldType, name: str, said: object, manner: Manner) -> Value:
    """The value that a file gives a field; `None` for an empty one.

    Raises BadRow, and NoSuchOption on a number that an option of a choice might have.
    """
    sort = kind if isinstance(kind, FieldType) else kind.type
    if said is None or (isinstance(said, str) and (not said or said.isspace())):
        return None
    if sort is FieldType.CHOICE:
        return option(name, kind.options if isinstance(kind, Attribute) else (), said)
    read = _READERS.get(sort)
    if read is not None:
        return read(name, said, manner)
    if not isinstance(said, str):
        raise BadRow(f"{name}: not a text but {json_type(said)}")
    return said


# What Dynamics calls what we have one word for: the source of a lead, what a company is to us.
DYNAMICS_LABELS = {
    "employee referral": "referral",
    "external referral": "referral",
    "word of mouth": "referral",
    "public relations": "other",
    "seminar": "other",
    "reseller": "partner",
    "supplier": "vendor",
    "competitor": "other",
    "consultant": "other",
    "influencer": "other",
}


def option(name: str, options: tuple[Option, ...], said: object) -> str:
    """One of the options, by its name or by its number in Dataverse."""
    if isinstance(said, bool):
        said = int(said)
    text = str(said).strip().casefold()
    text = DYNAMICS_LABELS.get(text, text)
    found = next((each.name for each in options if each.name == text), None)
    if found is None and text.isdecimal():
        found = next((each.name for each in options if int(text) in each.codes), None)
        if found is None:
            raise NoSuchOption(f"{name} {text}")
    if found is None:
        known = ", ".join(each.name for each in options)
        raise BadRow(f"{name}: {str(said)[:40]!r} is none of {known}")
    return found


def names(name: str, said: object, manner: Manner) -> Value:
    """A set of names: a list, or a text with commas, semicolons or lines between them."""
    del manner
    if isinstance(said, str) and said.lstrip().startswith("["):
        with suppress(json.JSONDecodeError):
            said = json.loads(said)
    if isinstance(said, list) and all(isinstance(each, str) for each in said):
        return tuple(each for each in said if each.strip()) or None
    text = _text(name, said)
    return tuple(each.strip() for each in _SEPARATOR.split(text) if each.strip()) or None


def day(name: str, said: object, manner: Manner) -> date | None:
    """A calendar day; of a moment, the day as it is written."""
    text = _text(name, said).strip()
    if _NO_DAY.fullmatch(text):
        return None
    found = _day(text.split("T")[0] if "T" in text else text, manner.order)
    if found is None:
        first, _, rest = text.partition(" ")
        found = _day(first, manner.order) if _TIME.fullmatch(rest.strip()) else None
    if found is None:
        raise BadRow(f"{name}: {text[:40]!r} is not a day written as 1970-12-31{_hint(text)}")
    return found


def moment(name: str, said: object, manner: Manner) -> datetime | None:
    """A point in time, in UTC. Without a zone it is in that of the file, if the file has one."""
    text = _text(name, said).strip()
    if _NO_DAY.fullmatch(text):
        return None
    found = _iso_moment(text) or _other_moment(text, manner)
    if found is None:
        raise BadRow(
            f"{name}: {text[:40]!r} is not a time written as 1970-12-31T14:30Z{_hint(text)}"
        )
    if found.tzinfo is None:
        if manner.zone is None:
            raise BadRow(f"{name}: {text[:40]!r} has no time zone; name it: --zone Europe/Berlin")
        found = found.replace(tzinfo=manner.zone)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise BadRow(f"{name}: {text[:40]!r} is outside of the calendar") from None


def money(name: str, said: object, manner: Manner) -> Decimal:
    """An amount, with whatever separators, where these can be read in one way only."""
    del manner
    if isinstance(said, bool):
        raise BadRow(f"{name}: not an amount but true or false")
    if isinstance(said, int | float | Decimal):
        return _cents(name, str(said), str(said))
    text = _text(name, said).strip()
    bare = text.strip("€$£¥ \u00a0\u202f").removesuffix("CHF").removeprefix("CHF").strip()
    bare = re.sub(r"^[A-Z]{3}\s|\s[A-Z]{3}$", "", bare)
    if not _MONEY.fullmatch(bare):
        raise BadRow(f"{name}: {text[:40]!r} is not an amount")
    negative = bare.startswith(("-", "(")) or bare.endswith("-")
    digits = re.sub(r"[()\-'\s\u00a0\u202f]", "", bare)
    return _cents(name, ("-" if negative else "") + _pointed(name, text, digits), text)


def _pointed(name: str, text: str, digits: str) -> str:
    """The digits with a point before the fraction, and no other separator."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        last = max(digits.rfind("."), digits.rfind(","))
        return re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :]
    separator = "." if dots else ","
    if dots + commas == 0:
        return digits
    if dots + commas > 1:
        groups = digits.split(separator)
        if len(groups[0]) <= 3 and all(len(each) == 3 for each in groups[1:]):
            return "".join(groups)
        raise BadRow(f"{name}: {text[:40]!r} is not an amount")
    whole, _, rest = digits.partition(separator)
    if len(rest) == 3 and separator == "." and whole.strip("0") and len(whole) <= 3:
        raise BadRow(f"{name}: {text[:40]!r} may be {whole}{rest} or {whole}; write it without '.'")
    if len(rest) == 3 and separator == ",":
        return whole + rest  # no amount has three places
    return f"{whole or 0}.{rest or 0}"


def _cents(name: str, digits: str, text: str) -> Decimal:
    try:
        amount = Decimal(digits)
        cents = amount.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise BadRow(f"{name}: {text[:40]!r} is not an amount that can be kept") from None
    if cents != amount:
        raise BadRow(f"{name}: {text[:40]} has more than two decimal places")
    return cents


def whole(name: str, said: object, manner: Manner) -> int:
    """A whole number, with or without a per cent sign."""
    del manner
    if isinstance(said, bool):
        raise BadRow(f"{name}: not a number but true or false")
    text = str(said).strip().removesuffix("%").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadRow(f"{name}: {text[:40]!r} is not a whole number") from None
    if not number.is_finite() or number != number.to_integral_value():
        raise BadRow(f"{name}: {text[:40]!r} is not a whole number")
    return int(number)


def flag(name: str, said: object, manner: Manner) -> bool:
    """Yes or no."""
    del manner
    text = str(said).strip().casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadRow(f"{name}: {str(said)[:40]!r} is neither yes nor no")


@lru_cache(maxsize=4096)
def _day(text: str, order: Order | None) -> date | None:
    text = text.strip()
    compact = _COMPACT.fullmatch(text)
    try:
        if compact:
            return date(*map(int, compact.groups()))
        parts = _PARTS.fullmatch(text)
        if parts is None:
            return None
        one, two, three = parts.groups()
        if len(one) == 4:
            return date(int(one), int(two), int(three)) if len(three) < 3 else None
        if order is None or order is Order.YMD or len(three) == 3:
            return None
        year = int(three) if len(three) == 4 else _century(int(three))
        first, second = int(one), int(two)
        return date(year, second, first) if order is Order.DMY else date(year, first, second)
    except ValueError:
        return None


def _century(year: int) -> int:
    """A year of two digits, as Excel and Outlook take it."""
    return 2000 + year if year < 30 else 1900 + year


def _iso_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text[:4].isdecimal() and len(text) > 8 else None
    except ValueError:
        return None


def _other_moment(text: str, manner: Manner) -> datetime | None:
    first, _, rest = text.partition(" ")
    found = _day(first, manner.order)
    if found is None:
        return None
    at = _clock(rest.strip())
    return None if at is None else datetime.combine(found, at)


def _clock(text: str) -> time | None:
    if not text:
        return time()
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4][0] in "pP" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _hint(text: str) -> str:
    parts = _PARTS.match(text)
    if parts and len(parts[1]) < 3:
        return "; if that is how this file writes days, say it: --dates dmy, or --dates mdy"
    return ""


def _text(name: str, said: object) -> str:
    if not isinstance(said, str):
        raise BadRow(f"{name}: not a text but {json_type(said)}")
    return said


def json_type(said: object) -> str:
    """What JSON calls a value."""
    sorts: Mapping[type, str] = {
        bool: "true or false", list: "a list", dict: "an object", type(None): "nothing"
    }  # fmt: skip
    return sorts.get(type(said), "a number")


_READERS: Mapping[FieldType, Callable[[str, object, Manner], Value]] = {
    FieldType.NAMES: names,
    FieldType.DATE: day,
    FieldType.MOMENT: moment,
    FieldType.MONEY: money,
    FieldType.WHOLE: whole,
    FieldType.FLAG: flag,
}
