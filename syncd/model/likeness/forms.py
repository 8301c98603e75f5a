"""What the texts of two records are compared by here: coarser than the normal forms.

Nothing is written from these forms. Each takes any text, however long or odd, and gives an empty
form, or `None`, where there is nothing to compare.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from syncd.model.likeness.vocabulary import PLATFORMS
from syncd.model.normal import email as normal_email

LONGEST_TEXT = 200  # of a name; Dataverse holds 160
LONGEST_EMAIL = 320  # no mailbox has a longer one (RFC 5321)
LONGEST_PHONE = 100
LONGEST_SITE = 500
DIALLED_TAIL = 6  # the shortest numbers with a country code of their own have six digits

_ACCENT = range(0x0300, 0x0370)  # not the marks of other scripts: there they make other letters
_PLAIN: dict[str, str | None] = {
    "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    **dict.fromkeys("'’‘ʼ`"), **dict.fromkeys(map(chr, _ACCENT)),
}  # fmt: skip
_LETTERS = str.maketrans(_PLAIN)
_APOSTROPHES = {ord("'"): None, ord("`"): None}
_WORDS = re.compile(r"[a-z0-9]+")


def words(value: str) -> tuple[str, ...]:
    """The words, without case, accents and punctuation: "Jürgen O'Neill" is (jurgen, oneill).

    Müller, Mueller and Muller are one word: ae, oe and ue are read as a, o and u everywhere.
    """
    return _words(value[:LONGEST_TEXT])


@lru_cache(maxsize=16384)
def _words(value: str) -> tuple[str, ...]:
    if value.isascii():
        plain = value.lower().translate(_APOSTROPHES)
    else:
        plain = unicodedata.normalize("NFKD", value).casefold().translate(_LETTERS)
    plain = plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    if plain.isascii():
        return tuple(_WORDS.findall(plain))
    plain = unicodedata.normalize("NFC", plain)[:LONGEST_TEXT]
    return tuple("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in plain).split())


def email(value: str) -> str | None:
    """The normal form of an address; `None` for what is none."""
    if "@" not in value or len(value) > LONGEST_EMAIL:
        return None
    form = normal_email(value)
    if form is None or " " in form or not form.isprintable():
        return None
    local, _, domain = form.rpartition("@")
    return form if local and domain else None


@lru_cache(maxsize=4096)
def site(value: str) -> str | None:
    """The host without its "www."; with its page where the host is everybody's."""
    if "." not in value or len(value) > LONGEST_SITE:
        return None
    bare = re.sub(r"^[a-z]+:/+", "", value.strip().lower())
    host, _, page = re.split(r"[?#]", bare, maxsplit=1)[0].partition("/")
    host = re.sub(r":\d*$", "", host).strip(".").removeprefix("www.")
    if "." not in host or " " in host or not (host + page).isprintable():
        return None
    if any(host == each or host.endswith(f".{each}") for each in PLATFORMS):
        return f"{host}/{page.strip('/')}" if page.strip("/") else None
    return host


# --- phone numbers -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as it is written: what is dialled first, and the extension by itself."""

    main: str
    digits: str
    extension: str

    @property
    def tail(self) -> str:
        """The last digits: the same in every country that the number is dialled from."""
        return self.digits[-DIALLED_TAIL:]


_WRITTEN = dict.fromkeys(map(ord, "+ ()-./\t\u00a0"), None)
_EXTENSION = re.compile(
    r"(?<=\d)[\s,;.()\-/]*(?:ext\w*|xt?|\#|~|durchwahl|dw|app|int|доб\w*|,|;)[\s.:=\#)(]*(\d{1,9})\W*$",
    re.IGNORECASE,
)


def phone(value: str) -> Phone | None:
    """A number, not parsed; `None` for what is too short, or one digit over and over."""
    if len(value) > LONGEST_PHONE:
        return None
    main, extension, digits = value, "", value.translate(_WRITTEN)
    if not (digits.isascii() and digits.isdigit()):
        main = unicodedata.normalize("NFKC", value)
        main = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in main)
        if found := _EXTENSION.search(main):
            main, extension = main[: found.start()], found[1]
        digits = "".join(c for c in main if c.isdecimal())
    if len(digits) < DIALLED_TAIL or digits == digits[0] * len(digits):
        return None
    return Phone(main.strip().removeprefix("tel:"), digits, extension)


def dials_the_same(one: Phone, two: Phone, region: str | None) -> bool:
    """Whether two numbers reach one telephone, national ones being dialled in `region`.

    Without a region a national number equals only the same digits.
    """
    if one.tail != two.tail or one.extension != two.extension:
        return False
    if one.digits == two.digits:
        return True
    first = _international(one.main, region)
    return first is not None and first == _international(two.main, region)


@lru_cache(maxsize=16384)
def _international(main: str, region: str | None) -> str | None:
    if region is None and not main.startswith("+"):
        return None
    import phonenumbers  # here: it takes long, and most commands compare no number

    try:
        number = phonenumbers.parse(main, region and region.upper())
    except phonenumbers.NumberParseException:
        return None
    dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{dialled};ext={number.extension}" if number.extension else dialled
