"""The XML of EWS: its namespaces, and a parser that trusts nobody."""

from __future__ import annotations

import re

from lxml import etree

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
E = "{http://schemas.microsoft.com/exchange/services/2006/errors}"

NSMAP = {"m": M[1:-1], "t": T[1:-1]}

Element = etree._Element  # noqa: SLF001  (the only name that lxml gives the type of an element)

_UTF_16 = (b"\xfe\xff", b"\xff\xfe")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHARACTER = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")


def parse(content: bytes) -> Element:
    """The root of an answer. Raises etree.XMLSyntaxError when it is not whole.

    Entities and the network are off. Exchange writes characters that XML forbids (`&#x1;`) where
    somebody pasted them into an item: then they are taken out and the answer is read again, since
    one such item must not hide all others (P10). So are bare ones.
    """
    try:
        return etree.fromstring(content, _parser())
    except etree.XMLSyntaxError:
        legal = _CHARACTER.sub(_legal, content)
        if not content.startswith(_UTF_16):
            legal = _CONTROL.sub(b"", legal)
        if legal == content:
            raise
        return etree.fromstring(legal, _parser())


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )


def _legal(match: re.Match[bytes]) -> bytes:
    number = int(match[1], 16) if match[1] else int(match[2])
    return match[0] if is_legal(number) else b""


def is_legal(number: int) -> bool:
    """Whether XML 1.0 allows the character with this code point (section 2.2, Char)."""
    return (
        number in (0x9, 0xA, 0xD)
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or 0x10000 <= number <= 0x10FFFF
    )
