"""Finding items: by their stamp in a folder, and by id wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from syncd.outlook.graph import batch, properties
from syncd.outlook.graph.batch import SIZE, Part
from syncd.outlook.graph.delta import head_of, item_path
from syncd.outlook.graph.extract import Extractor
from syncd.outlook.graph.folders import of_folder
from syncd.outlook.graph.properties import SINGLE, literal
from syncd.outlook.graph.session import Answer, Session, link_in, values
from syncd.outlook.port import Head
from syncd.outlook.verdict import Effect, unanswered

AT_ONCE = 15  # values sought in one request: what the length of a URL allows
_TOP = 500  # items of a page


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds items of one kind. `place` says where one is that names a folder as its own."""

    session: Session
    taker: Extractor
    query: str
    place: Callable[[str | None], str]

    def by_stamp(self, folders: Sequence[str], name: str, sought: Sequence[str]) -> Iterator[Head]:
        """The items in these folders in which a property has one of these values.

        Raises MailboxError where a folder cannot be searched to the end.
        """
        chunks = [sought[start : start + AT_ONCE] for start in range(0, len(sought), AT_ONCE)]
        parts = [Part("GET", self._search(each, name, some)) for each in folders for some in chunks]
        for start in range(0, len(parts), SIZE):
            for answer in batch.send(self.session, parts[start : start + SIZE], Effect.NONE):
                yield from self._pages(answer)

    def by_id(self, ids: Sequence[str]) -> Iterator[tuple[Head, str]]:
        """Those of these items that there are, and where each is."""
        urls = [f"{item_path(self.session, id_)}?{self.query}" for id_ in ids]
        for answer in batch.get_all(self.session, urls):
            head = head_of(answer, self.taker)
            if head is not None:
                yield head, self.place(head.folder)

    def _search(self, folder: str, name: str, sought: Sequence[str]) -> str:
        either = " or ".join(
            f"{SINGLE}/any(p: p/id eq {literal(name)} and p/value eq {literal(value)})"
            for value in sought
        )
        path = f"{self.session.user}/contactFolders/{quote(folder, safe='')}/contacts"
        return f"{path}?$filter={quote(either, safe=_SAFE)}&$top={_TOP}&{self.query}"

    def _pages(self, answer: Answer) -> Iterator[Head]:
        seen: set[str] = set()
        while True:
            if not answer.ok:
                raise of_folder(answer)
            try:
                yield from [self.taker.head(each) for each in values(answer.body)]
            except ValueError:
                raise unanswered("garbage", "the answer cannot be read", Effect.NONE) from None
            following = link_in(answer.body, "@odata.nextLink")
            if following is None:
                return
            if following in seen:  # a search that does not go on must not go on for ever
                raise unanswered("garbage", "a search does not go on", Effect.NONE)
            seen.add(following)
            answer = self.session.get(following)


_SAFE = "$(),='/:"
LINK, KEY = properties.LINK, properties.KEY
