"""Import files: read in bounded pieces, written in chunks of one transaction each.

A file is gone through once for each sort of record that it holds, in the order in which they refer
to each other; what refers to something later is put off to the end. Strict: all of it, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine

from syncd.crm.custom import entities_of
from syncd.crm.database import utcnow, write
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.importing import keys, people, rehearsal, writing
from syncd.crm.importing.into import Into
from syncd.crm.importing.ledger import Ledger, Postponed
from syncd.crm.importing.names import ORDER, USER
from syncd.crm.importing.owners import Owners
from syncd.crm.importing.party_files import PartyFile, write_parties
from syncd.crm.importing.references import References
from syncd.crm.importing.rejects import Rejects
from syncd.crm.importing.report import BadRow, Private, Raw, Report, Row
from syncd.crm.importing.sources import Source
from syncd.crm.importing.text import GUESSED
from syncd.crm.importing.values import Manner
from syncd.model.qualification import OnDuplicate

CHUNK = 500  # rows in one transaction
OURS = "file"  # the source of what names none

Progress = Callable[[str, int, int], None]
Unit = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Rules:
    """How to import. `source` is whose keys the file has; `default_owner` an address."""

    default_owner: str | None = None
    strict: bool = False
    preview: bool = False
    kind: str | None = None
    key: str | None = None
    source: str = OURS
    encoding: str | None = None
    manner: Manner = field(default_factory=Manner)
    file_wins: bool = False
    rejects: Path | None = None
    lenient_owners: bool = False
    rejects_kept: bool = True  # in a file of their own
    on_duplicate: OnDuplicate = OnDuplicate.ASK
    region: str | None = None  # of phone numbers without a country code


def import_file(
    engine: Engine,
    path: Path,
    rules: Rules | None = None,
    *,
    clock: Callable[[], datetime] = utcnow,
    progress: Progress = lambda *_: None,
) -> Report:
    """Import CSV, JSON or vCard.

    Raises UnreadableFile when it is nothing of the sort, and OSError when it cannot be read;
    nothing is written then.
    """
    rules = rules or Rules()
    report = Report(str(path))
    source = Source(
        path, rules.manner, report.left_out, rules.kind, rules.encoding, rules.key,
        entities=entities_of(engine),
    )  # fmt: skip
    return import_sources(engine, [source], report, rules, clock=clock, progress=progress)


def import_sources(
    engine: Engine,
    sources: Sequence[Source],
    report: Report,
    rules: Rules,
    *,
    clock: Callable[[], datetime] = utcnow,
    progress: Progress = lambda *_: None,
    parties: Sequence[PartyFile] = (),
) -> Report:
    """Import files that belong together: what one refers to may be in another."""
    for source in sources:
        _ = source.kinds  # what cannot be read at all is known before anything is written
        if source.encoding.guessed:
            report.warn(
                f"{source.path.name} is not UTF-8 and was read as {GUESSED} (Western European). If "
                "letters look wrong, import it again with --encoding"
            )
    with (
        _Loading(sources, report, rules, clock, progress) as loading,
        _store(engine, rules) as (store, rolled_back),
    ):
        if rules.strict or rolled_back:
            loading.run_whole(store, parties, keep=not rolled_back)
        else:
            loading.run(lambda: write(store, durable=True, alone=True), parties)
    return report


@contextmanager
def _store(engine: Engine, rules: Rules) -> Iterator[tuple[Engine, bool]]:
    """The store to write to, and whether all is to be taken back."""
    if not rules.preview:
        yield engine, False
    elif engine.dialect.name == "sqlite":
        with rehearsal.copied(engine) as copy:
            yield copy, False
    else:
        yield engine, True


class _Refused(Exception):
    """Takes back what a strict import, or a preview, has written."""


class _Loading:
    """One import on its way."""

    def __init__(
        self,
        sources: Sequence[Source],
        report: Report,
        rules: Rules,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self._sources, self._report, self._rules = sources, report, rules
        self._clock, self._progress = clock, progress
        name = sources[0].path.name if len(sources) == 1 else Path(report.file).name
        self._ledger = Ledger()
        self._rejects = {id(each): Rejects(each, rules.rejects) for each in sources}
        self._by_path = {str(each.path): self._rejects[id(each)] for each in sources}
        self._now = sources[0] if sources else None
        self._seen: dict[int, set[str]] = {}
        self._into = Into(
            rules.source,
            Actor(ActorKind.IMPORT, name),
            report,
            self._ledger,
            References(rules.source),
            Owners(rules.source, rules.default_owner, lenient=rules.lenient_owners),
            self._reject,
            lambda: str(self._now.path) if self._now else "",
            rules.on_duplicate,
            rules.region,
            rules.file_wins,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ledger.close()
        for each in self._rejects.values():
            each.close()
            if each.path is not None:
                said = self._report.rejects_file
                self._report.rejects_file = f"{said}, {each.path}" if said else str(each.path)
        self._report.rejected.sort(key=lambda each: (each.file, each.line))
        if self._into.owners.unknown:
            self._report.warn(
                f"{self._into.owners.unknown:,} records had an owner who is no user here, and went "
                f"to {self._rules.default_owner}"
            )

    def run_whole(self, engine: Engine, parties: Sequence[PartyFile], *, keep: bool) -> None:
        """Import in one transaction, and take it back if anything stayed out."""
        try:
            with write(engine, durable=True, alone=True) as conn:
                self.run(lambda: nullcontext(conn), parties)
                if not keep or (self._rules.strict and self._report.rejects):
                    raise _Refused  # noqa: TRY301 - it is the transaction that has to see it
        except _Refused:
            pass
        if self._rules.strict and self._report.rejects:
            report = self._report
            for each in (report.created, report.updated, report.unchanged):
                each.clear()
            report.new_accounts.clear()
            report.refused = True

    def run(self, unit: Unit, parties: Sequence[PartyFile]) -> None:
        """Import: every sort of record, in order; what was put off; who takes part in what."""
        for kind in ORDER:
            for source in self._sources:
                if self._may_hold(source, kind):
                    self._pass(unit, source, kind)
        for some in self._ledger.postponed():
            self._finish(unit, some)
        for file in parties:
            self._now = file.source
            for batch in file.batches(self._into):
                with unit() as conn:
                    write_parties(conn, self._into, batch)

    def _may_hold(self, source: Source, kind: str) -> bool:
        kinds = source.kinds or self._seen.get(id(source))
        return kinds is None or kind in kinds

    def _pass(self, unit: Unit, source: Source, kind: str) -> None:
        first = id(source) not in self._seen
        self._now = source
        seen = self._seen.setdefault(id(source), set())
        label = f"{source.path.name}: {kind.replace('_', ' ')}"
        batch: list[Row] = []
        for raw in source.rows(lambda done: self._progress(label, done, source.size)):
            row = self._understood(source, kind, raw, seen, first=first)
            if row is not None:
                batch.append(row)
            if len(batch) == CHUNK:
                self._write(unit, kind, batch)
                batch = []
        if batch:
            self._write(unit, kind, batch)

    def _understood(
        self, source: Source, kind: str, raw: Raw, seen: set[str], *, first: bool
    ) -> Row | None:
        """The row, if it is of this sort and makes sense."""
        mine = first
        try:
            found = source.kind_of(raw)
            seen.add(found)
            mine = found == kind
            return keys.sound(source.understood(kind, raw)) if mine else None
        except Private:
            self._report.private += 1
        except BadRow as error:
            if mine:
                self._reject(raw.line, str(error), raw.original)
        return None

    def _write(self, unit: Unit, kind: str, batch: Sequence[Row]) -> None:
        with unit() as conn:
            at = self._clock()
            self._into.owners.look(conn)
            if kind == USER:
                people.write_users(conn, self._into, batch)
            else:
                writing.write(conn, self._into, kind, batch, at)

    def _finish(self, unit: Unit, some: Sequence[Postponed]) -> None:
        with unit() as conn:
            for file in dict.fromkeys(each.file for each in some):
                self._now = next((s for s in self._sources if str(s.path) == file), self._now)
                writing.finish(
                    conn, self._into, [each for each in some if each.file == file], self._clock()
                )

    def _reject(self, line: int, reason: str, original: object) -> None:
        source = self._now
        self._report.reject(line, reason, str(source.path) if source else None)
        rules = self._rules
        keep = rules.rejects_kept and not (rules.preview or rules.strict)
        if keep and source is not None:
            self._rejects.setdefault(id(source), Rejects(source, None)).put(reason, original)
