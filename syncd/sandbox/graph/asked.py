"""One request as Graph sees it: a whole call, or one part of a batch."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from syncd.sandbox.faults import Fault, FaultKind
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.web import Call

PREFIX = "/v1.0"
Json = dict[str, Any]

_IMMUTABLE = re.compile(r'\bIdType\s*=\s*"?ImmutableId"?', re.IGNORECASE)
_PAGE_SIZE = re.compile(r"\bodata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)
_BODY_TYPE = re.compile(r'\boutlook\.body-content-type\s*=\s*"?text"?', re.IGNORECASE)


class Asked:
    """A call, taken apart."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.method = call.method
        self.applied: list[str] = []
        self.delay_ms = 0
        path = call.path.removeprefix(PREFIX).strip("/")
        self.segments = tuple(_short(unquote(each)) for each in path.split("/")) if path else ()
        prefer = call.headers.get("prefer", "")
        self.immutable = _IMMUTABLE.search(prefer) is not None
        if self.immutable:
            self.applied.append('IdType="ImmutableId"')
        if _BODY_TYPE.search(prefer):
            self.applied.append('outlook.body-content-type="text"')
        size = _PAGE_SIZE.search(prefer)
        self._page_size = int(size.group(1)) if size else None

    def slow(self, kinds: Mapping[FaultKind, Fault]) -> None:
        """Take in for how long the answer is to be kept back, also for one of its parts."""
        if FaultKind.SLOW in kinds:
            self.delay_ms = max(self.delay_ms, kinds[FaultKind.SLOW].delay_ms)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query options, by name in lower case.

        Raises:
            GraphError: one of them is given twice.

        """
        found: dict[str, str] = {}
        for name, value in parse_qsl(self.call.query, keep_blank_values=True):
            if name.lower() in found:
                raise GraphError(
                    "BadRequest", f"Query option '{name}' was specified more than once."
                )
            found[name.lower()] = value
        return found

    def option(self, name: str) -> str | None:
        """Return a query option, None where it is not given."""
        return self.query.get(name)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a query option that is a number.

        Raises:
            GraphError: it is none, or out of bounds.

        """
        given = self.option(name)
        if given is None:
            return default
        if not given.isdecimal() or not least <= int(given) <= most:
            raise GraphError(
                "ErrorInvalidUrlQuery",
                f"Invalid value '{given}' for {name} query option found. The {name} query option "
                f"requires a number between {least} and {most}.",
            )
        return int(given)

    def page_size(self, default: int, most: int) -> int:
        """Return how many a page of changes may hold."""
        if self._page_size is None or self._page_size < 1:
            return default
        self.applied.append(f"odata.maxpagesize={self._page_size}")
        return min(self._page_size, most)

    def json(self) -> Json:
        """Return the body.

        Raises:
            GraphError: it is no JSON object.

        """
        try:
            body = json.loads(self.call.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise GraphError(
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and "
                "payload is of valid JSON format.",
            )
        return body

    def link(self, **options: str) -> str:
        """Return an absolute URL to this path with other options, for a client to follow."""
        query = "&".join(
            f"{quote(name if name.startswith('$') else '$' + name, safe='$')}={quote(value)}"
            for name, value in options.items()
        )
        return f"{self.call.base}{self.call.path}?{query}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers; `body` is None where there is none."""

    status: int
    body: Json | None = None
    headers: tuple[tuple[str, str], ...] = ()


def error_body(error: GraphError, when: str, request: str, client: str) -> Json:
    """Return an error as Graph writes it."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {
                "date": when.removesuffix("Z"),
                "request-id": request,
                "client-request-id": client,
            },
        }
    }


def _short(segment: str) -> str:
    """Return the short form of a function's or an action's name."""
    return segment.removeprefix("microsoft.graph.").removesuffix("()")
