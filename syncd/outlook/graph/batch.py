"""Several requests in one: `$batch`, of twenty parts at most, each with an answer of its own.

The parts may be answered in another order, so they go by their numbers. Nothing here makes one
wait for another: the parts of a batch have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph import errors
from syncd.outlook.graph.session import IMMUTABLE, Answer, Json, Session, refused
from syncd.outlook.transport import seconds
from syncd.outlook.verdict import Effect, error, unanswered

SIZE = 20  # parts of one batch


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch. `url` is a path of Graph with its query, encoded as in any URL."""

    method: str
    url: str
    body: Json | None = None
    if_match: str | None = None
    prefer: str | None = None

    def to_json(self, number: int) -> Json:
        """The part as it is sent."""
        prefer = f"{IMMUTABLE}, {self.prefer}" if self.prefer else IMMUTABLE
        headers = {"Prefer": prefer}
        if self.if_match is not None:
            headers["If-Match"] = self.if_match
        part = {"id": str(number), "method": self.method, "url": self.url, "headers": headers}
        if self.body is None:
            return part
        headers["Content-Type"] = "application/json"
        return {**part, "body": self.body}


def send(session: Session, parts: Sequence[Part], effect: Effect) -> list[Answer]:
    """Send one batch, once; one answer a part, in order. Raises MailboxError.

    A failure that concerns more than one item, and that no part escaped, is raised as what it is.
    Raises ValueError for more than a batch.
    """
    if len(parts) > SIZE:
        raise ValueError(f"a batch is at most {SIZE} parts, since it is one request")
    if not parts:
        return []
    answers = _sent(session, parts, effect)
    refused_ones = [number for number, each in enumerate(answers) if each.status == 401]
    if refused_ones:
        again = _signed_anew(session, [parts[n] for n in refused_ones], effect, answers)
        for number, answer in zip(refused_ones, again, strict=True):
            answers[number] = answer
    _expect(answers, effect)
    return answers


def _signed_anew(
    session: Session, parts: Sequence[Part], effect: Effect, before: Sequence[Answer]
) -> list[Answer]:
    """Send parts that were refused for their token once more, with a new one.

    A 401 comes before any effect. What others of their batch did is done, whatever comes of these.
    """
    first = next(each for each in before if each.status == 401)
    try:
        session.renew(next((e.challenge for e in before if e.challenge is not None), None))
        return _sent(session, parts, effect)
    except MailboxError as error:
        if len(parts) == len(before):
            raise
        return [_MISSING if error.sort is Sort.IN_DOUBT else first] * len(parts)


def _sent(session: Session, parts: Sequence[Part], effect: Effect) -> list[Answer]:
    content = {"requests": [part.to_json(number) for number, part in enumerate(parts)]}
    before = session.requests
    try:
        whole = session.post("/$batch", content, effect, len(parts))
    finally:
        session.subrequests += len(parts) * (session.requests - before)
    if not whole.ok:
        raise refused(whole, effect)
    found = _answers(whole.body, effect)
    answers = [found.get(str(number), _MISSING) for number in range(len(parts))]
    for each in answers:
        if each.status in (429, 503) and each.retry_after is not None:
            session.gate.hold(each.retry_after)
    return answers


def get_all(session: Session, urls: Sequence[str]) -> Iterator[Answer]:
    """Read from any number of places, a batch at a time. Raises MailboxError."""
    for start in range(0, len(urls), SIZE):
        yield from send(
            session, [Part("GET", url) for url in urls[start : start + SIZE]], Effect.NONE
        )


_MISSING = Answer(errors.UNANSWERED, {"error": {"code": "unanswered-part"}})
_GARBLED = Answer(errors.UNANSWERED, {"error": {"code": errors.GARBAGE}})


def _answers(body: Json, effect: Effect) -> Mapping[str, Answer]:
    responses = body.get("responses")
    if not isinstance(responses, list):
        raise unanswered("garbage", "the answer to a batch cannot be read", effect)
    return dict(each for each in map(_answer, responses) if each is not None)


def _answer(response: object) -> tuple[str, Answer] | None:
    if not isinstance(response, dict):
        return None
    status, body, headers = response.get("status"), response.get("body"), response.get("headers")
    if not isinstance(status, int):
        return None
    said: dict[str, str] = {}
    if status >= 400 and isinstance(headers, dict):
        said = {str(name).lower(): str(value) for name, value in headers.items()}
    key = str(response.get("id"))
    if 200 <= status < 300 and body is not None and not isinstance(body, dict):
        return key, _GARBLED  # a page of a gateway on the way: it says nothing of what was asked
    content = body if isinstance(body, dict) else {}
    after = seconds(said.get("retry-after"))
    return key, Answer(status, content, after, said.get("www-authenticate"))


def _expect(answers: Sequence[Answer], effect: Effect) -> None:
    """Raise MailboxError for a failure of more than one item that every part met."""
    if any(each.ok for each in answers):
        return
    if len({(each.status, each.code) for each in answers}) != 1:
        return
    first = answers[0]
    found = errors.verdict(first.status, first.code)
    if found.scope is not Scope.ITEM:
        pauses = [each.retry_after for each in answers if each.retry_after is not None]
        code = first.code or f"http-{first.status}"
        raise error(code, found, effect, max(pauses, default=None))
