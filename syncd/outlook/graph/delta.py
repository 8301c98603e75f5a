"""What changed in a folder: delta pages, whose links are followed as they came.

A page names items and says nothing of how they are marked, so that each is looked at before any use
of it. An item may come several times, in any order, and again though nothing changed ("Use delta
query to track changes").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph import batch
from syncd.outlook.graph.batch import SIZE
from syncd.outlook.graph.extract import Extractor
from syncd.outlook.graph.folders import of_folder
from syncd.outlook.graph.reading import TOP, heads_of, item_path, look
from syncd.outlook.graph.session import Answer, Json, Session, link_in, values
from syncd.outlook.port import Head, Page
from syncd.outlook.verdict import Effect, unanswered

PAGE = 200  # items

# A link that Graph forgot is answered with any of these: 410 SyncStateNotFound, 400
# ErrorInvalidIdMalformed, 400 "Badly formed token".
_FORGOTTEN = frozenset({400, 410})


@dataclass(frozen=True, slots=True)
class Delta:
    """Reads the changes of a folder. `known` are heads that need not be asked for, by id."""

    session: Session
    taker: Extractor
    query: str
    known: dict[str, Head]

    def page(self, folder: str, cursor: str | None) -> Page:
        """One page. Raises MailboxError: `CURSOR_LOST` when the folder is to be listed anew."""
        answer = self._first(folder) if cursor is None else self._next(cursor)
        if not answer.ok:
            if cursor is not None and answer.status in _FORGOTTEN:
                raise _lost(answer.code or f"http-{answer.status}")
            raise of_folder(answer)
        following = link_in(answer.body, "@odata.nextLink")
        link = following or link_in(answer.body, "@odata.deltaLink")
        if link is None:
            raise unanswered("garbage", "a listing came without a link", Effect.NONE)
        if not self.session.is_here(link):
            raise self.session.foreign(link)
        if following is not None and following == cursor:
            raise unanswered("garbage", "a listing does not go on", Effect.NONE)
        seen, removed, unread = self._complete(answer.body, folder, anew=cursor is None)
        return Page(seen, removed, link, following is None, unread)

    def _first(self, folder: str) -> Answer:
        path = f"{self.session.user}/contactFolders/{quote(folder, safe='')}/contacts/delta"
        return self.session.get(f"{path}?$select=id,changeKey", _SIZE)

    def _next(self, cursor: str) -> Answer:
        if not self.session.is_here(cursor):
            raise _lost("foreign-cursor")  # of another backend, or of another cloud
        return self.session.get(cursor, _SIZE)

    def _complete(
        self, page: Json, folder: str, *, anew: bool
    ) -> tuple[tuple[Head, ...], tuple[str, ...], Mapping[str, Failure]]:
        """The heads of what is in the folder, the ids of what is not, and what cannot be seen."""
        versions: dict[str, str | None] = {}
        gone: set[str] = set()
        for each in values(page):
            id_, version = each.get("id"), each.get("changeKey")
            if not isinstance(id_, str):
                raise unanswered("garbage", "a listing names an item without its id", Effect.NONE)
            if "@removed" in each:
                gone.add(id_)
            else:
                versions[id_] = version if isinstance(version, str) else None
        if anew and len(self._unknown(versions)) > SIZE:
            self._list(folder)
        heads, unread = self._heads(versions, folder)
        # One that was removed and is there, was put back: its own look counts.
        there = heads.keys() | unread.keys()
        return tuple(heads.values()), tuple(sorted(gone - there)), unread

    def _unknown(self, versions: Mapping[str, str | None]) -> list[str]:
        """Those that are to be asked for: another version is known, or none."""
        known = {id_: self.known.get(id_) for id_ in versions}
        return [id_ for id_, head in known.items() if not head or head.version != versions[id_]]

    def _list(self, folder: str) -> None:
        """Get to know everything in a folder that is read anew.

        A request for 500 items instead of one for 20, and each counts but once against the limits;
        what is changed before its delta page comes is asked for again.
        """
        path = f"{self.session.user}/contactFolders/{quote(folder, safe='')}/contacts"
        first = self.session.get(f"{path}?$top={TOP}&{self.query}")
        try:
            for head in heads_of(self.session, first, self.taker):
                self.known[head.id] = head
        except MailboxError as problem:
            # One item in it may be enough for that: they are looked at one by one.
            if problem.sort not in (Sort.TRANSIENT, Sort.INVALID) or problem.scope is Scope.SERVER:
                raise

    def _heads(
        self, versions: Mapping[str, str | None], folder: str
    ) -> tuple[dict[str, Head], dict[str, Failure]]:
        asked = self._unknown(versions)
        unknown = set(asked)
        heads = {id_: self.known[id_] for id_ in versions if id_ not in unknown}
        urls = [f"{item_path(self.session, id_)}?{self.query}" for id_ in asked]
        unread: dict[str, Failure] = {}
        for id_, answer in zip(asked, batch.get_all(self.session, urls), strict=True):
            head = look(answer, self.taker)
            if isinstance(head, Failure):
                unread[id_] = head
            elif head is not None:
                heads[head.id] = head
        # One that is elsewhere by now is named as removed later on.
        here = (head for head in heads.values() if head.folder == folder)
        return {head.id: replace(head, folder=None) for head in here}, unread


_SIZE = f"odata.maxpagesize={PAGE}"


def _lost(code: str) -> MailboxError:
    says = "Graph forgot how far this folder was read"
    return MailboxError(Sort.CURSOR_LOST, Scope.FOLDER, code, says)
