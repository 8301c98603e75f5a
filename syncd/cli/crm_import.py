"""`syncd crm import`: what other programs export, into the CRM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.crm.desk import demand_no_user
from syncd.cli.crm_store import explained, reading, user_id
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, table, tell
from syncd.cli.progress import bar
from syncd.model.qualification import OnDuplicate
from syncd.model.values import Value, to_json

if TYPE_CHECKING:
    from syncd.crm.importing.load import Rules
    from syncd.crm.importing.report import Report

KINDS = (
    "account", "contact", "opportunity", "lead", "task", "phone-call", "appointment", "email",
    "note",
)  # fmt: skip
DATAVERSE = "dataverse-export"
UNDONE = "Nothing was imported."


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--owner", metavar="ADDRESS", help="Owner of what names none.")
@click.option("--kind", type=click.Choice(KINDS), help="What the rows are, if nothing says it.")
@click.option("--from", "origin", type=click.Choice([DATAVERSE]), help="PATH is such a folder.")
@click.option("--preview", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Import nothing if any row is malformed.")
@click.option("--source", metavar="NAME", help="Whose ids these are, if from several systems.")
@click.option("--key", metavar="COLUMN", help="The column of a CSV that tells rows apart.")
@click.option(
    "--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="How the file writes 3/4/2026."
)
@click.option("--zone", metavar="ZONE", help="Time zone of its times, such as Europe/Berlin.")
@click.option("--encoding", metavar="NAME", help="How its letters are written, such as cp1252.")
@click.option("--overwrite", is_flag=True, help="Also replace what was changed in the CRM.")
@click.option(
    "--adopt",
    "duplicates",
    flag_value="adopt",
    help="Take rows about somebody who is in the CRM for them, and fill in what is missing there.",
)
@click.option(
    "--ignore-duplicates",
    "duplicates",
    flag_value="ignore",
    help="Create them beside whoever is like them.",
)
@click.option("--rejects", type=click.Path(path_type=Path), help="Where rejected rows go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context,
    /,
    *,
    path: Path,
    owner: str | None,
    origin: str | None,
    as_json: bool,
    **said: Any,  # noqa: ANN401 - the options that make up the rules
) -> None:
    """Import PATH: CSV of Outlook or Dynamics, JSON, vCard; or a folder of a Dataverse export.

    Importing a file again changes only what changed in it. Rows that cannot be imported go to a
    file beside it; correct them there, and import that.
    """
    from syncd.crm.importing.report import UnreadableFile

    demand_no_user("Importing", UNDONE)
    rules = _rules(context, owner, origin, said)
    if owner is not None:
        with reading(context, UNDONE) as conn:
            user_id(conn, owner)
    try:
        with explained("The rest of it was not imported."), bar() as progress:
            report = _import(context, path, origin, rules, progress)
    except UnreadableFile as error:
        todo = error.todo or "Export it as CSV, as JSON or as vCard."
        raise Problem(f"{path} cannot be imported: {error}.", UNDONE, todo) from error
    except OSError as error:
        raise Problem(
            f"{error.filename or path} cannot be read or written: {error.strerror}.",
            "The rest of it was not imported.",
            "Check the path and its rights, and import it again: what is in stays as it is.",
        ) from error
    if as_json:
        emit_json(_as_json(report, preview=rules.preview))
    else:
        _tell(report, preview=rules.preview)
    if report.rejects:
        click.get_current_context().exit(Exit.FAILED)


def _rules(
    context: Context, owner: str | None, origin: str | None, said: Mapping[str, Any]
) -> Rules:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from syncd.crm.importing.load import OURS, Rules
    from syncd.crm.importing.values import Manner, Order

    zone = None
    if said["zone"]:
        try:
            zone = ZoneInfo(said["zone"])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Problem(
                f"There is no time zone {said['zone']!r}.", UNDONE, "Name one: --zone Europe/Berlin"
            ) from None
    return Rules(
        default_owner=owner,
        strict=said["strict"],
        preview=said["preview"],
        kind=(said["kind"] or "").replace("-", "_") or None,
        key=said["key"],
        source=said["source"] or OURS,
        encoding=said["encoding"],
        manner=Manner(Order(said["dates"]) if said["dates"] else None, zone),
        file_wins=said["overwrite"],
        on_duplicate=_on_duplicate(context, origin, said["duplicates"]),
        region=context.configuration.crm.phone_region,
        rejects=said["rejects"],
    )


def _on_duplicate(context: Context, origin: str | None, said: str | None) -> OnDuplicate:
    """What was asked for; else what the organisation wants. A whole CRM comes as it is."""
    if said is not None:
        return OnDuplicate(said)
    return OnDuplicate.IGNORE if origin == DATAVERSE else context.configuration.crm.on_duplicate


def _import(
    context: Context,
    path: Path,
    origin: str | None,
    rules: Rules,
    progress: Any,  # noqa: ANN401 - what `bar` gives
) -> Report:
    if origin == DATAVERSE:
        from syncd.crm.importing.dataverse import import_export

        return import_export(context.engine(), path, rules, clock=context.clock, progress=progress)
    from syncd.crm.importing.load import import_file

    if path.is_dir():
        raise Problem(
            f"{path} is a folder.",
            UNDONE,
            f"If Dynamics 365 exported it, say so: --from {DATAVERSE}",
        )
    return import_file(context.engine(), path, rules, clock=context.clock, progress=progress)


def _tell(report: Report, *, preview: bool) -> None:
    for warning in report.warnings:
        tell(f"{warning}.", err=True)
    deeds = (("Created", report.created), ("Updated", report.updated))
    done = False
    for deed, counts in deeds:
        if counts:
            done = True
            tell(f"{f'Would have {deed.lower()}' if preview else deed} {_counts(counts)}.")
    if not done:
        tell(UNDONE if not report.unchanged else "Nothing had to be changed.")
    if report.unchanged:
        tell(f"Unchanged: {_counts(report.unchanged)}.")
    if report.new_accounts:
        tell(f"Accounts made for companies: {', '.join(report.new_accounts[:20])}{_more(report)}.")
    if report.private:
        tell(f"Marked private, and left where they are: {report.private:,}.")
    if report.left_out:
        content = ", ".join(f"{what} ({n:,})" for what, n in sorted(report.left_out.items()))
        tell(f"No field for: {content}.")
    if report.keeps:
        tell(f"Changed or deleted in the CRM since, and left as they are there: {report.keeps:,}.")
        for each in report.kept[:20]:
            tell(f"  {each}")
        tell("To take the file's values instead: --overwrite. What was deleted stays deleted.")
    if preview and report.shown:
        rows = [(e.line, e.deed, e.kind.replace("_", " "), _values(e.values)) for e in report.shown]
        table("The first of them", ("Line", "", "Kind", "Values"), rows)
    _tell_rejects(report, preview=preview)


def _tell_rejects(report: Report, *, preview: bool) -> None:
    for each in report.rejected:
        tell(str(each), err=True)
    if report.rejects > len(report.rejected):
        tell(f"… and {report.rejects - len(report.rejected):,} more.", err=True)
    if not report.rejects:
        return
    rows = _counted(report.rejects, "row")
    if preview:
        tell(f"{rows} would not be imported. Nothing was written.", err=True)
    elif report.refused:
        tell(
            f"{rows} not imported; nor was anything else. Correct them, and import the file again.",
            err=True,
        )
    elif report.rejects_file:
        tell(
            f"{rows} not imported, or not whole, and kept in {report.rejects_file}: correct them "
            "there, and import that file.",
            err=True,
        )
    else:
        tell(f"{rows} not imported. Correct them, and import the file again.", err=True)


def _as_json(report: Report, *, preview: bool) -> dict[str, object]:
    def lines(some: list[Any]) -> list[dict[str, object]]:
        return [{"file": r.file, "line": r.line, "reason": r.reason} for r in some]

    return {
        "file": report.file,
        "preview": preview,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "private": report.private,
        "new_accounts": report.new_accounts,
        "rejects": report.rejects,
        "rejected": lines(report.rejected),
        "rejects_file": report.rejects_file,
        "keeps": report.keeps,
        "kept": lines(report.kept),
        "left_out": report.left_out,
        "warnings": report.warnings,
        "refused": report.refused,
        "shown": [
            {
                "line": each.line,
                "kind": each.kind,
                "deed": each.deed,
                "values": {n: to_json(v) for n, v in each.values.items() if v is not None},
            }
            for each in report.shown
        ],
    }


def _values(values: Mapping[str, Value]) -> str:
    return "; ".join(f"{name}: {to_json(v)}" for name, v in values.items() if v is not None)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(_counted(n, kind.replace("_", " ")) for kind, n in sorted(counts.items()))


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("ity") else f"{noun}s"
    return f"{count:,} {plural}"


def _more(report: Report) -> str:
    return f" and {len(report.new_accounts) - 20:,} more" if len(report.new_accounts) > 20 else ""
