"""What a log line may not say: secrets ever, and names, addresses and subjects unless turned on."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping

from structlog.typing import EventDict, WrappedLogger

from syncd.model.contact import CONTACT

HIDDEN = "[hidden]"

SECRET = frozenset(
    {"password", "passwd", "secret", "token", "authorization", "credentials", "cookie"}
)
# What the field map names is content, and so are these.
PERSONAL = frozenset(field.name for field in CONTACT.fields) | frozenset(
    {"name", "names", "address", "addresses", "email", "subject", "body", "phone", "categories",
     "values", "fields", "before", "after", "patch", "record", "item", "display_name"}
)  # fmt: skip

_ADDRESS = re.compile(r"[^\s<>\"'(),;:=\[\]{}/@]+(?:@|%40)[^\s<>\"'(),;:=\[\]{}/@]+", re.IGNORECASE)


class Redaction:
    """A structlog processor, for the end of the chain: it sees the line as it will be written.

    An address becomes a tag, the same one as long as this process lives, so that the lines of one
    mailbox can still be told from another's. `custom` are the names of custom fields.
    """

    def __init__(self, *, show_addresses: bool, custom: Iterable[str] = ()) -> None:
        self._show = show_addresses
        self._personal = PERSONAL | {each.lower() for each in custom}
        self._key = secrets.token_bytes(16)  # without it a tag tells nobody whose it is

    def __call__(self, logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        """The line, without what it may not say."""
        del logger, method
        return {key: self._of(key, value) for key, value in line.items()}

    def _of(self, key: object, value: object) -> object:
        word = f"{key}".lower()
        if word in SECRET or (word in self._personal and not self._show):
            return HIDDEN
        return self._inside(value)

    def _inside(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {self._text(f"{key}"): self._of(key, inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._inside(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._text(f"{value}")

    def _text(self, text: str) -> str:
        return text if self._show else _ADDRESS.sub(self._tag, text)

    def _tag(self, address: re.Match[str]) -> str:
        folded = address[0].casefold().replace("%40", "@").encode()
        return f"[address {hashlib.blake2b(folded, key=self._key, digest_size=3).hexdigest()}]"
