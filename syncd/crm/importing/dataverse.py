"""What Dynamics 365 exports: a folder with a file for each of its tables, by their logical names.

As the Web API answers (`{"value": [...]}`, with `_…_value` and annotations), as JSON lines, or as
CSV with the type of a look-up in a column beside it. The ids stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from syncd.crm.custom import entities_of
from syncd.crm.database import utcnow
from syncd.crm.entities import ENTITIES
from syncd.crm.importing.load import Progress, Rules, import_sources
from syncd.crm.importing.names import ID_KEYS, USER, USER_COLUMNS, columns_of, kind_of, targets_of
from syncd.crm.importing.party_files import PartyFile
from syncd.crm.importing.report import BadRow, Link, Raw, Report, UnreadableFile
from syncd.crm.importing.sources import Source
from syncd.crm.importing.understanding import Unknown
from syncd.model.entities import PARTY_ROLES, PARTY_TARGETS

SOURCE = "dataverse"
_SUFFIXES = (".csv", ".json", ".jsonl")
_STEM = re.compile(r"([A-Za-z_]+?)(?:[._-]?\d+)?")
_LOOKUP = re.compile(r"_(\w+)_value")
_SORT = "@Microsoft.Dynamics.CRM.lookuplogicalname"
_SHOWN = "@OData.Community.Display.V1.FormattedValue"
_TYPES = ("type", "_entitytype", "typecode", "_type")  # beside a look-up in a CSV
_PARTIES = "activitypart"

# What every store keeps of its own, and what is made up from other columns. Not counted.
OWN = frozenset(
    {
        "versionnumber", "modifiedon", "modifiedby", "createdby", "createdonbehalfby",
        "modifiedonbehalfby", "owningbusinessunit", "owningteam", "owninguser",
        "importsequencenumber", "timezoneruleversionnumber", "utcconversiontimezonecode",
        "fullname", "yomifullname", "address1_composite", "address2_composite",
        "address3_composite", "address1_addressid", "address2_addressid", "address3_addressid",
        "activitytypecode", "objecttypecode", "isbilled", "isworkflowcreated", "isregularactivity",
        "participatesinworkflow", "merged", "exchangerate", "estimatedvalue_base",
        "estimatedamount_base", "actualvalue_base", "processid", "stageid", "traversedpath",
    }
)  # fmt: skip
# Ours is a text, theirs a choice or a look-up: what it shows as is taken.
_AS_SHOWN = frozenset({"campaignid", "accountrolecode"})
_ROLES = {"1": "Decision Maker", "2": "Employee", "3": "Influencer"}
_USERS = {ID_KEYS[USER], *USER_COLUMNS}


def import_export(
    engine: Engine,
    folder: Path,
    rules: Rules,
    *,
    clock: Callable[[], datetime] = utcnow,
    progress: Progress = lambda *_: None,
) -> Report:
    """Import the files of a folder. Raises UnreadableFile, and nothing is written then."""
    if not folder.is_dir():
        raise UnreadableFile("it is no folder", "Name the folder that the files are in.")
    report = Report(str(folder))
    sources, parties = [], []
    for path in sorted(folder.iterdir()):
        stem = _STEM.fullmatch(path.stem)
        if path.suffix.lower() not in _SUFFIXES or ".rejects" in path.name:
            continue
        name = stem[1] if stem else path.stem
        kind = kind_of(name)
        source = Source(
            path, rules.manner, report.left_out, kind, rules.encoding,
            unknown=Unknown.COUNT, entities=entities_of(engine),
        )  # fmt: skip
        if name.lower().startswith(_PARTIES):
            parties.append(PartyFile(replace(source, stated_kind=USER), party_of))
        elif kind is None:
            report.warn(f"{path.name} was left out: syncd keeps nothing of that sort")
        else:
            source.translate = _Translator(kind, report)
            sources.append(source)
    if not sources:
        raise UnreadableFile(
            "no file in it is called like a table, such as contacts.json",
            "Call the files by their tables: accounts.csv, contacts.json, systemusers.json, …",
        )
    # Its own files are put right and the folder is imported again: what is in stays as it is.
    ours = replace(rules, source=SOURCE, lenient_owners=True, rejects_kept=False)
    return import_sources(
        engine, sources, report, ours, clock=clock, progress=progress, parties=parties
    )


class _Translator:
    """Makes the columns of a Dataverse table ours."""

    def __init__(self, kind: str, report: Report) -> None:
        self._kind, self._report = kind, report
        stored = None if kind == USER else ENTITIES[kind]
        self._links: Mapping[str, tuple[str, ...]] = (
            {} if stored is None else {n: t for n in stored.names if (t := targets_of(stored, n))}
        )
        self._known = (
            _USERS if stored is None else {*columns_of(stored), "createdon", "overriddencreatedon"}
        ) | {"statecode", "statuscode", ID_KEYS[kind]}

    def __call__(self, kind: str, raw: Raw) -> Raw:
        """The row in our terms; what it has beyond them stays, and is counted."""
        del kind
        if isinstance(raw.cells, BadRow):
            return raw
        theirs = {str(n): v for n, v in raw.cells.items() if not str(n).startswith("@")}
        cells: dict[str, object] = {}
        for heading, value in theirs.items():
            if "@" in heading or value is None:
                continue
            lookup = _LOOKUP.fullmatch(heading)
            name = (lookup[1] if lookup else heading).lower()
            if name.endswith("_activity_parties"):
                cells["parties"] = [each for p in _list(value) if (each := party_of(p)) is not None]
            elif name == "ownerid" and self._kind != USER:
                cells["ownerid"] = str(value)
            elif name in _AS_SHOWN and name in self._known:
                cells[name] = theirs.get(heading + _SHOWN) or _ROLES.get(str(value), str(value))
            elif name in self._links:
                self._link(cells, name, str(value), _sort_of(theirs, heading, name), raw.line)
            elif name in self._known:
                cells[name] = value if isinstance(value, str | int | float | bool) else None
            elif not self._is_own(name, theirs):
                cells[name] = value
        if self._kind == "opportunity" and "customerid" not in cells:
            account = theirs.get("_parentaccountid_value") or theirs.get("parentaccountid")
            if account:
                cells["customerid"] = Link(str(account).lower(), "account")
                cells.pop("parentaccountid", None)
        return Raw(raw.line, cells, raw.original)

    def _is_own(self, name: str, theirs: Mapping[str, object]) -> bool:
        if name in OWN or self._kind == USER:
            return True
        beside = next((name.removesuffix(t) for t in _TYPES if name.endswith(t)), "")
        return beside in self._links and (beside in theirs or f"_{beside}_value" in theirs)

    def _link(
        self, cells: dict[str, object], name: str, text: str, sort: str | None, line: int
    ) -> None:
        targets = self._links[name]
        entity = (kind_of(sort) or sort.lower()) if sort else None
        if entity is None or entity in targets:
            cells[name] = Link(text.strip().lower(), entity)
            return
        # Such as a contact that belongs to a contact: all else of the record goes in.
        self._report.left_out[f"{self._kind}.{name} that is a {entity}"] += 1
        self._report.reject(
            line,
            f"{name}: it is a {entity}, where only {' or '.join(targets)} may be; "
            "the rest of it is in",
        )


def _sort_of(theirs: Mapping[str, object], heading: str, name: str) -> str | None:
    for beside in (heading + _SORT, *(f"{name}{t}" for t in _TYPES)):
        if theirs.get(beside):
            return str(theirs[beside])
    return None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def party_of(said: object) -> dict[str, str] | None:
    """A row of `activityparty` as we say it; `None` of one that follows from the activity."""
    if not isinstance(said, Mapping):
        return None
    mask = str(said.get("participationtypemask", ""))
    role = next((r for r, number in PARTY_ROLES.items() if str(number) == mask), None)
    if role in (None, "regarding", "owner"):
        return None
    party = {"role": str(role)}
    who = said.get("_partyid_value") or said.get("partyid")
    sort = _sort_of({str(n): v for n, v in said.items()}, "_partyid_value", "partyid")
    sort = sort or str(said.get("partyobjecttypecode") or "")
    entity = kind_of(sort) if sort else None
    if who and entity in PARTY_TARGETS:
        party[str(entity)] = str(who).lower()
    if said.get("addressused"):
        party["address"] = str(said["addressused"])
    shown = said.get(f"_partyid_value{_SHOWN}") or said.get("partyidname")
    if shown:
        party["name"] = str(shown)
    return party
