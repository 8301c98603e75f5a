"""`syncd init`: a configuration file to start from."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.errors import Problem


@click.command(name="init", short_help="Write a configuration file to start from.")
@click.option(
    "--path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("syncd.toml"),
    show_default=True,
    help="Where to write it.",
)
@click.option(
    "--backend",
    type=click.Choice(["ews", "graph"]),
    default="ews",
    show_default=True,
    help="Where the mailboxes are: ews on Exchange Server, graph in Exchange Online.",
)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
def command(path: Path, backend: str, *, force: bool) -> None:
    """Write a configuration file to start from, with every key explained."""
    from syncd.settings.example import example_for
    from syncd.settings.server import Backend

    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(example_for(Backend(backend)))
    except FileExistsError:
        raise Problem(
            f"{path} exists already.",
            "It was left as it is.",
            f"To replace it, type: syncd init --path {path} --backend {backend} --force"
            if backend != "ews"
            else f"To replace it, type: syncd init --path {path} --force",
        ) from None
    except OSError as error:
        raise Problem(
            f"{path} cannot be written: {error.strerror}.",
            "No configuration file was made.",
            "Name another place: syncd init --path FILE",
        ) from None
    click.echo(f"Wrote {path}.")
    if backend == "graph":
        click.echo("Next: name your organisation and your application, in [servers.cloud].")
    else:
        click.echo("Next: name your server and where its password is, in [servers.office].")
    click.echo(f"Then type: syncd --config {path} config validate")
