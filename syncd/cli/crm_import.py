"""`syncd crm import`: contacts out of a file."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.crm_store import explained, reading, user_id
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, tell
from syncd.cli.progress import bar

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--owner", metavar="ADDRESS", help="Owner of what names none.")
@click.option("--strict", is_flag=True, help="Import nothing if any row is malformed.")
@as_json
@pass_context
def command(
    context: Context, /, *, file: Path, owner: str | None, strict: bool, as_json: bool
) -> None:
    """Import contacts from FILE: vCard 3 (.vcf) or JSON (.json)."""
    from syncd.crm.importing.load import import_file
    from syncd.crm.importing.report import UnreadableFile

    undone = "Nothing was imported."
    if owner is not None:
        with reading(context, undone) as conn:
            user_id(conn, owner)
    try:
        with explained("The rest of the file was not imported."), bar() as progress:
            report = import_file(
                context.engine(),
                file,
                default_owner=owner,
                strict=strict,
                clock=context.clock,
                progress=progress,
            )
    except UnreadableFile as error:
        raise Problem(
            f"{file} cannot be imported: {error}.", undone, "Export it as vCard 3.0 or as JSON."
        ) from error
    except OSError as error:
        raise Problem(
            f"{file} cannot be read: {error.strerror}.", undone, "Check the path and its rights."
        ) from error
    if as_json:
        rejected = [{"file": r.file, "line": r.line, "reason": r.reason} for r in report.rejected]
        emit_json(
            {
                "file": report.file,
                "created": report.created,
                "new_accounts": list(report.new_accounts),
                "rejected": rejected,
                "left_out": report.left_out,
                "refused": report.refused,
            }
        )
    else:
        counts = ", ".join(_counted(n, kind) for kind, n in sorted(report.created.items()))
        tell(f"Created {counts}." if counts else undone)
        if report.new_accounts:
            tell(f"Accounts made for companies: {', '.join(report.new_accounts)}.")
        if report.left_out:
            content = ", ".join(f"{what} ({n})" for what, n in sorted(report.left_out.items()))
            tell(f"No field for: {content}.")
        for each in report.rejected:
            tell(str(each), err=True)
        if report.rejected:
            rows = _counted(len(report.rejected), "row")
            rest = "" if counts else "; nor was anything else"
            again = "import the file again" if not counts else "import only those"
            tell(f"{rows} not imported{rest}. Correct them, and {again}.", err=True)
    if report.rejected:
        click.get_current_context().exit(Exit.FAILED)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
