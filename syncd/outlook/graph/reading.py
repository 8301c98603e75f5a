"""Reading items: in full, by their heads, or what tells one version from another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph import batch, errors
from syncd.outlook.graph.extract import Extractor
from syncd.outlook.graph.folders import of_folder
from syncd.outlook.graph.properties import MULTI, SINGLE
from syncd.outlook.graph.session import Answer, Json, Session, link_in, values
from syncd.outlook.port import Head
from syncd.outlook.verdict import Effect, unanswered

TOP = 500  # items of a page

_IDENTITY = "$select=id,changeKey,parentFolderId"


@dataclass(frozen=True, slots=True)
class Found:
    """An item as it is now: its id, its version, and the folder that it names as its own."""

    id: str
    version: str
    folder: str


def item_path(session: Session, id_: str) -> str:
    """The path of an item, wherever it is."""
    return f"{session.user}/contacts/{quote(id_, safe='')}"


def look(answer: Answer, taker: Extractor) -> Head | Failure | None:
    """The head in an answer to one item; a failure that is this item's alone; `None`: it is gone.

    Raises MailboxError for what concerns more than the item. One item can be enough to bring a
    server down, time and again: that is no reason to stop the others (P10).
    """
    if not answer.ok and errors.verdict(answer.status, answer.code).scope is Scope.ITEM:
        failed = errors.failure(answer.status, answer.code, Effect.NONE)
        return None if failed.sort is Sort.GONE else failed
    try:
        return head_of(answer, taker)
    except MailboxError as problem:
        if not answer.ok:
            raise
        return Failure(problem.sort, problem.code, problem.message)


def head_of(answer: Answer, taker: Extractor) -> Head | None:
    """The head in an answer to one item; `None` where there is no such item. Raises MailboxError.

    A listing that cannot say how an item is marked must not say that it is there.
    """
    if not answer.ok:
        problem = of_folder(answer)
        if problem.sort is Sort.GONE:
            return None
        raise problem
    try:
        return taker.head(answer.body)
    except ValueError:
        raise unanswered("garbage", "the answer cannot be read", Effect.NONE) from None


def heads_of(session: Session, answer: Answer, taker: Extractor) -> Iterator[Head]:
    """The heads of a listing, from its first page to its end. Raises MailboxError."""
    seen: set[str] = set()
    while True:
        if not answer.ok:
            raise of_folder(answer)
        try:
            yield from [taker.head(each) for each in values(answer.body)]
        except ValueError:
            raise unanswered("garbage", "the answer cannot be read", Effect.NONE) from None
        following = link_in(answer.body, "@odata.nextLink")
        if following is None:
            return
        if following in seen:  # a listing that does not go on must not go on for ever
            raise unanswered("garbage", "a listing does not go on", Effect.NONE)
        seen.add(following)
        answer = session.get(following)


def full(session: Session, queries: Sequence[str], ids: Sequence[str]) -> Iterator[Json | Failure]:
    """These items, in order, as far as these queries ask for them."""
    urls = [f"{item_path(session, id_)}?{query}" for id_ in ids for query in queries]
    answers = batch.get_all(session, urls)
    if len(queries) == 1:
        return map(_shown, answers)
    return (_joined([_shown(next(answers)) for _ in queries]) for _ in ids)


def identities(session: Session, ids: Iterable[str]) -> list[Found | Failure]:
    """What of these items is there now."""
    urls = [f"{item_path(session, id_)}?{_IDENTITY}" for id_ in ids]
    return [_found(_shown(answer)) for answer in batch.get_all(session, urls)]


def _shown(answer: Answer) -> Json | Failure:
    if not answer.ok:
        return errors.failure(answer.status, answer.code, Effect.NONE)
    if not isinstance(answer.body.get("id"), str):  # each query asks for it: this is no item
        return errors.failure(answer.status, errors.GARBAGE, Effect.NONE)
    return answer.body


def _joined(shown: Sequence[Json | Failure]) -> Json | Failure:
    """One item out of several answers, where all are of one version."""
    whole: dict[str, object] = {}
    for each in shown:
        if isinstance(each, Failure):
            return each
        if whole and each.get("changeKey") != whole.get("changeKey"):
            return Failure(Sort.TRANSIENT, "changed", "the item was changed while it was read")
        for name, value in each.items():
            before = whole.get(name)
            both = name in (SINGLE, MULTI) and isinstance(before, list) and isinstance(value, list)
            whole[name] = [*before, *value] if both else value  # type: ignore[misc]
    return whole


def _found(shown: Json | Failure) -> Found | Failure:
    if isinstance(shown, Failure):
        return shown
    id_, version, folder = (shown.get(n) for n in ("id", "changeKey", "parentFolderId"))
    if isinstance(id_, str) and isinstance(version, str) and isinstance(folder, str):
        return Found(id_, version, folder)
    return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")
