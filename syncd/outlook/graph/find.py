"""Finding items: by their stamp in a folder, and by id wherever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from syncd.outlook.graph import batch
from syncd.outlook.graph.batch import SIZE, Part
from syncd.outlook.graph.extract import Extractor
from syncd.outlook.graph.folders import Folders
from syncd.outlook.graph.properties import SINGLE, literal
from syncd.outlook.graph.reading import TOP, head_of, heads_of, item_path
from syncd.outlook.graph.session import Session
from syncd.outlook.port import Head
from syncd.outlook.verdict import Effect

AT_ONCE = 15  # values sought in one request: what the length of a URL allows


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds items of one kind. `folders` say where one is that names a folder as its own."""

    session: Session
    taker: Extractor
    query: str
    folders: Folders

    def by_stamp(self, folders: Sequence[str], name: str, sought: Sequence[str]) -> Iterator[Head]:
        """The items in these folders in which a property has one of these values.

        Raises MailboxError where a folder cannot be searched to the end.
        """
        chunks = [sought[start : start + AT_ONCE] for start in range(0, len(sought), AT_ONCE)]
        parts = [Part("GET", self._search(each, name, some)) for each in folders for some in chunks]
        for start in range(0, len(parts), SIZE):
            for answer in batch.send(self.session, parts[start : start + SIZE], Effect.NONE):
                yield from heads_of(self.session, answer, self.taker)

    def by_id(self, ids: Sequence[str]) -> list[Head]:
        """Those of these items that there are, each with where it is."""
        urls = [f"{item_path(self.session, id_)}?{self.query}" for id_ in ids]
        answers = batch.get_all(self.session, urls)
        heads = [head for each in answers if (head := head_of(each, self.taker)) is not None]
        named = [head.folder or "" for head in heads]
        self.folders.learn(named)
        return [
            replace(head, folder=self.folders.place(folder))
            for head, folder in zip(heads, named, strict=True)
        ]

    def _search(self, folder: str, name: str, sought: Sequence[str]) -> str:
        either = " or ".join(
            f"{SINGLE}/any(p: p/id eq {literal(name)} and p/value eq {literal(value)})"
            for value in sought
        )
        path = f"{self.session.user}/contactFolders/{quote(folder, safe='')}/contacts"
        return f"{path}?$filter={quote(either, safe=_SAFE)}&$top={TOP}&{self.query}"


_SAFE = "$(),='/:"
