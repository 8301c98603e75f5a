"""`syncd crm export`: the CRM's records into a file that `syncd crm import` takes back."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.crm.desk import demand_no_user
from syncd.cli.crm_import import KINDS
from syncd.cli.crm_store import explained, reading, user_id
from syncd.cli.errors import Problem
from syncd.cli.output import emit_json, tell
from syncd.cli.progress import bar

UNDONE = "Nothing was exported."


@click.command("export")
@click.argument("kind", type=click.Choice([*KINDS, "all"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--owner", metavar="ADDRESS", help="Only what belongs to one owner.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context, /, *, kind: str, file: Path, owner: str | None, force: bool, as_json: bool
) -> None:
    """Export all records of KIND into FILE: .csv, .json, .jsonl, or .vcf of contacts.

    `all` puts every kind, and the users, into one .json or .jsonl. The file can be read by you
    alone. Importing it into an empty CRM gives the same records; into this one, changes nothing.
    """
    from syncd.crm.exporting.files import CannotExport, export_file

    demand_no_user("Exporting", UNDONE)
    owner_id = None
    if owner is not None:
        with reading(context, UNDONE) as conn:
            owner_id = user_id(conn, owner)
    try:
        with explained(UNDONE), bar() as progress:
            counts = export_file(
                context.engine(),
                kind.replace("-", "_"),
                file,
                owner_id=owner_id,
                force=force,
                progress=progress,
            )
    except CannotExport as error:
        raise Problem(f"Nothing can be exported: {error}.", UNDONE, error.todo) from error
    except OSError as error:
        raise Problem(
            f"{file} cannot be written: {error.strerror}.", UNDONE, "Check the path and its rights."
        ) from error
    if as_json:
        emit_json({"file": str(file), "exported": counts})
    else:
        tell(f"Exported {sum(counts.values()):,} records to {file}.")
