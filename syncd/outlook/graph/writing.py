"""Writing items: what is written goes by what was read just before.

One batch reads the items and compares their versions, the next one writes, each part with If-Match.
So it holds where a tenant does not heed If-Match on a PATCH, which is documented for DELETE only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph import batch, errors
from syncd.outlook.graph.batch import SIZE, Part
from syncd.outlook.graph.compose import Composed, answered, changed, new_item
from syncd.outlook.graph.extract import Compiled, compiled
from syncd.outlook.graph.folders import Folders
from syncd.outlook.graph.layout import Layout
from syncd.outlook.graph.reading import Found, full, identities, item_path
from syncd.outlook.graph.session import NO_CONTENT, Answer, Json, Session
from syncd.outlook.port import Creation, Head, Move, Update, Written
from syncd.outlook.verdict import Effect


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the items of one mailbox. What it creates is kept in `known`, by id, as answered."""

    session: Session
    folders: Folders
    known: dict[str, Head]

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> list[Written | Failure]:
        """Create a batch of items in one request. Raises ValueError for more than a batch."""
        _check_batch(creations)
        form = compiled(kind)
        made = [new_item(form.place, each) for each in creations]
        path = f"{self.folders.path(folder)}/contacts"
        answers = batch.send(
            self.session, [Part("POST", path, each.body) for each in made], Effect.WRITES
        )
        results = [
            self._written(form, one, answer, before="")
            for one, answer in zip(made, answers, strict=True)
        ]
        _raise_for_all(results, (Sort.GONE, Sort.DENIED), Scope.FOLDER)
        return results

    def update(self, kind: Kind, updates: Sequence[Update]) -> list[Written | Failure]:
        """Patch a batch of items: one request to compare versions, one to write."""
        _check_batch(updates)
        form = compiled(kind)
        found = full(self.session, form.place.full, [each.id for each in updates])
        made: list[Composed | Failure] = []
        parts: list[Part] = []
        for update, item in zip(updates, found, strict=True):
            one = _composed(form.place, update, item)
            made.append(one)
            if isinstance(one, Composed):
                path = item_path(self.session, update.id)
                parts.append(Part("PATCH", path, one.body, if_match=_etag(update.version)))
        answers = iter(batch.send(self.session, parts, Effect.WRITES))
        return [
            one
            if isinstance(one, Failure)
            else self._written(form, one, next(answers), before=update.version)
            for one, update in zip(made, updates, strict=True)
        ]

    def move(self, moves: Sequence[Move], target: str) -> list[Written | Failure]:
        """Move a batch to a folder: one request to compare versions, one to move."""
        seen = self._compared(moves)
        parts = [
            Part(
                "POST",
                f"{item_path(self.session, each.id)}/move",
                {"destinationId": target},
                if_match=_etag(each.version),
            )
            for each in seen
            if isinstance(each, Found)
        ]
        answers = batch.send(self.session, parts, Effect.WRITES)
        results = [_named(each) for each in answers]
        # The items were there a moment ago: what is gone is the folder.
        _raise_for_all(results, (Sort.GONE,), Scope.FOLDER)
        return _merged(seen, results)

    def late_change(self, id_: str, version: str) -> Failure | None:
        """What Graph itself says to a change of a version that is over; `None`: it took it."""
        part = Part("PATCH", item_path(self.session, id_), _LATE, if_match=_etag(version))
        (answer,) = batch.send(self.session, [part], Effect.WRITES)
        if answer.ok:
            return None
        return errors.failure(answer.status, answer.code, Effect.WRITES)

    def trash(self, moves: Sequence[Move]) -> list[Written | Failure]:
        """Put a batch into Deleted Items: one request to compare versions, one to delete.

        One that lies there already stays: deleted once more, it would be gone for good (P1).
        """
        compared = self._compared(moves)
        self.folders.learn(each.folder for each in compared if isinstance(each, Found))
        seen = [
            Written(each.id, each.version)
            if isinstance(each, Found) and self.folders.is_trash(each.folder)
            else each
            for each in compared
        ]
        parts = [
            Part("DELETE", item_path(self.session, each.id), if_match=_etag(each.version))
            for each in seen
            if isinstance(each, Found)
        ]
        answers = batch.send(self.session, parts, Effect.WRITES)
        sent = [each for each in seen if isinstance(each, Found)]
        results = [_deleted(*pair) for pair in zip(sent, answers, strict=True)]
        return _merged(seen, results)

    def _compared(self, moves: Sequence[Move]) -> list[Found | Failure]:
        """The items as they are, where they are still at the version that was seen."""
        _check_batch(moves)
        found = identities(self.session, [each.id for each in moves])
        return [
            _CHANGED if isinstance(each, Found) and each.version != move.version else each
            for each, move in zip(found, moves, strict=True)
        ]

    def _written(
        self, form: Compiled, made: Composed, answer: Answer, before: str
    ) -> Written | Failure:
        """What became of a write; `before` is the version that it was to change."""
        if not answer.ok:
            return errors.failure(answer.status, answer.code, Effect.WRITES)
        known = answered(made, answer.body)
        try:
            item = form.full.full(answer.body, known) if made.shown else None
            head = item.head if item is not None else form.head.head(answer.body, known)
        except ValueError:  # what was written is known all the same, if it has a name
            return _named(answer)
        if head.version == before:
            return Failure(Sort.IN_DOUBT, "same-version", "Graph took it, and has no new version")
        if not before:
            # Of a change it is asked anew: where a tenant does not heed If-Match, its user may have
            # marked the item private since it was looked at, and the answer does not say so (P7).
            self.known[head.id] = head
        return Written(head.id, head.version, item)


_NAMELESS = Failure(Sort.IN_DOUBT, "no-id", "it was done, but the answer does not say as what")
_LATE: Json = {"jobTitle": "came too late"}
_CHANGED = errors.failure(412, "ErrorIrresolvableConflict", Effect.NONE)


def _composed(place: Layout, update: Update, item: Json | Failure) -> Composed | Failure:
    """The body of an update, or why there is none."""
    if isinstance(item, Failure):
        return item
    if item.get("changeKey") != update.version:
        return _CHANGED
    try:
        return changed(place, update, item)
    except ValueError:
        return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")


def _named(answer: Answer) -> Written | Failure:
    """What an answer says of a write by its name and version alone."""
    if not answer.ok:
        return errors.failure(answer.status, answer.code, Effect.WRITES)
    id_, version = answer.body.get("id"), answer.body.get("changeKey")
    if isinstance(id_, str) and isinstance(version, str):
        return Written(id_, version)
    return _NAMELESS


def _deleted(item: Found, answer: Answer) -> Written | Failure:
    if not answer.ok:
        return errors.failure(answer.status, answer.code, Effect.WRITES)
    if answer.status != NO_CONTENT:  # what else says 2xx to a DELETE is not Graph
        return errors.failure(answer.status, errors.GARBAGE, Effect.WRITES)
    return Written(item.id, "")  # which version it has in Deleted Items, no answer says


def _merged(
    seen: Sequence[Found | Written | Failure], results: Iterable[Written | Failure]
) -> list[Written | Failure]:
    """One result an item: what was known of it before, or the next of what the server answered."""
    rest = iter(results)
    return [next(rest) if isinstance(each, Found) else each for each in seen]


def _raise_for_all(
    results: Sequence[Written | Failure], sorts: Sequence[Sort], scope: Scope
) -> None:
    """Raise MailboxError where all failed for a reason that is not their own."""
    failed = [each for each in results if isinstance(each, Failure) and each.sort in sorts]
    if failed and len(failed) == len(results):
        raise MailboxError(failed[0].sort, scope, failed[0].code, failed[0].message)


def _check_batch(items: Sequence[object]) -> None:
    if len(items) > SIZE:
        raise ValueError(f"a batch is at most {SIZE} items, since it is one request")


def _etag(version: str) -> str:
    return f'W/"{version}"'
