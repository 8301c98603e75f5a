"""An answer of EWS: SOAP fault or response messages, one for each thing asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from syncd.outlook.errors import MailboxError, Scope
from syncd.outlook.ews import errors
from syncd.outlook.ews.xml import SOAP, E, Element, M, T, parse
from syncd.outlook.transport import Reply, bounded
from syncd.outlook.verdict import Effect, error, unanswered


@dataclass(frozen=True, slots=True)
class Message:
    """One response message: `code` is `NoError` when it succeeded."""

    code: str
    element: Element

    @property
    def ok(self) -> bool:
        """Whether what it answers was done."""
        return self.code == "NoError"

    def payload(self, *path: str) -> Element | None:
        """The element at this path inside the message."""
        at: Element | None = self.element
        for tag in path:
            at = at.find(tag) if at is not None else None
        return at


def messages(reply: Reply, operation: str, effect: Effect) -> list[Message]:
    """The response messages of an answer. Raises MailboxError for a fault or anything else."""
    if reply.status not in (200, 500):
        raise _refused(reply, effect)
    try:
        body = parse(reply.content).find(SOAP + "Body")
    except etree.XMLSyntaxError:
        body = None
    content = body[0] if body is not None and len(body) else None
    if content is not None and content.tag == SOAP + "Fault":
        raise _fault(content, effect)
    if content is None or content.tag != f"{M}{operation}Response":
        if reply.status == 500:
            raise _refused(reply, effect)
        raise unanswered("garbage", "the answer cannot be read", effect)
    within = content.find(M + "ResponseMessages")
    return [_message(each) for each in (within if within is not None else content)]


def expect(found: Sequence[Message], count: int, effect: Effect) -> None:
    """Check that each thing asked has its message. Raises MailboxError.

    A code that concerns more than one item, and that no item escaped, is raised as what it is.
    """
    codes = {message.code for message in found} - {"ErrorBatchProcessingStopped"}
    if len(codes) == 1 and "NoError" not in codes:
        code = codes.pop()
        if errors.of_item(code).scope is not Scope.ITEM:
            verdict = errors.of_item(code)
            raise error(code, verdict, effect, _back_off(found[0].element))
    if len(found) != count:
        raise unanswered("miscounted", "the answer does not match the request", effect)


def only(found: Sequence[Message], effect: Effect, scope: Scope) -> Message:
    """The one message of an answer. Raises MailboxError when it is none, or an error."""
    expect(found, 1, effect)
    message = found[0]
    if not message.ok:
        verdict = errors.of_request(message.code)
        raise MailboxError(verdict.sort(effect), scope, message.code, verdict.says)
    return message


@contextmanager
def legible() -> Iterator[None]:
    """Raise MailboxError where an answer does not fit the schema, and so cannot be taken apart."""
    try:
        yield
    except (ValueError, IndexError):
        raise unanswered("garbage", "the answer cannot be read", Effect.NONE) from None


def _message(element: Element) -> Message:
    code = (element.findtext(M + "ResponseCode") or "").strip()
    if element.get("ResponseClass") == "Success":
        return Message("NoError", element)
    return Message(code if code and code != "NoError" else "ErrorUnnamed", element)


def _refused(reply: Reply, effect: Effect) -> MailboxError:
    verdict = errors.of_status(reply.status)
    return error(f"http-{reply.status}", verdict, effect, reply.pause)


def _fault(fault: Element, effect: Effect) -> MailboxError:
    code = fault.findtext(f"detail/{E}ResponseCode") or fault.findtext("faultcode") or ""
    code = code.strip().rpartition(":")[2] or "fault"
    return error(code, errors.of_request(code), effect, _back_off(fault))


def _back_off(element: Element) -> float | None:
    """The pause that a message asks for, in seconds."""
    for value in element.iter(T + "Value"):
        if value.get("Name") == "BackOffMilliseconds" and re.fullmatch("[0-9]+", value.text or ""):
            return bounded(float(value.text or "0") / 1000)
    return None
