"""`syncd config`: checking the configuration file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.opening import mistaken
from syncd.cli.output import emit_json

if TYPE_CHECKING:
    from syncd.settings.check import Findings
    from syncd.settings.configuration import Configuration
    from syncd.settings.mistakes import Mistake
    from syncd.settings.server import Server
    from syncd.sync.effect import Effect


@click.group(name="config", short_help="Check the configuration file, and what it would change.")
def command() -> None:
    """Check the configuration file, and what it would change."""


@command.command(name="validate", short_help="Show every mistake in the configuration file.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def validate(context: Context, *, as_json: bool) -> None:
    """Show every mistake in the configuration file, or that it has none.

    Looks at the file, and at the password and certificate files that it names; asks no server.
    """
    configuration, found = _examine(context.path)
    if as_json:
        emit_json(_as_data(context.path, configuration, found))
        if found.mistakes:
            raise SystemExit(Exit.USAGE)
    elif configuration is None or found.mistakes:
        raise mistaken(context.path, found.mistakes)
    else:
        _show(context.path, configuration, found.warnings)


@command.command(name="schema", short_help="Print the JSON Schema of the configuration file.")
def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors that complete and check TOML.

    Write it beside the file: syncd config schema > syncd.schema.json
    """
    from syncd.settings.schema import configuration_schema

    emit_json(configuration_schema())


@command.command(name="effect", short_help="Show what the configuration would change.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def effect(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> None:
    """Show what the configuration as it stands would change for those who are served already.

    Who comes into each Outlook, who leaves it, and the fields that go another way than at the last
    sync. Nothing is changed. For each contact: syncd plan MAILBOX
    """
    from dataclasses import asdict

    from syncd.cli import mailboxes as served
    from syncd.cli import output
    from syncd.cli.reporting import few

    rows = [row.address for row in served.chosen(context, mailboxes)]
    found = _effects(context, rows)
    if as_json:
        output.emit_json([{"mailbox": a, **asdict(each)} for a, each in found])
        return
    table = [
        [a, len(each.gains), len(each.loses), each.stays, few(each.turned)] for a, each in found
    ]
    columns = ["Mailbox", "Come", "Leave", "Stay", "Fields with another rule"]
    output.table("What the configuration would change", columns, table)


def _effects(context: Context, addresses: Sequence[str]) -> list[tuple[str, Effect]]:
    from syncd.cli import mailboxes
    from syncd.crm.custom import kinds_of
    from syncd.settings.policies import policy_for
    from syncd.sync import effect, user_settings
    from syncd.sync.mailboxes import get

    kinds, today = kinds_of(context.engine()), context.clock().date()
    found = []
    with mailboxes.reading(context) as conn:
        for address in addresses:
            row = get(conn, address)
            if row.policy not in context.configuration.policies:
                continue
            settings = user_settings.of(conn, row.id)
            policy = policy_for(context.configuration, row.policy, settings).policy
            for kind, scoped in policy.kinds.items():
                found.append((address, effect.effect(conn, row, scoped, kinds[kind], today)))
    return found


def _examine(path: Path) -> tuple[Configuration | None, Findings]:
    from syncd.settings.check import Findings, check_machine
    from syncd.settings.load import load
    from syncd.settings.mistakes import BadConfiguration

    try:
        configuration = load(path)
    except BadConfiguration as bad:
        return None, Findings(mistakes=bad.mistakes, warnings=())
    return configuration, check_machine(configuration)


def _show(path: Path, configuration: Configuration, warnings: tuple[Mistake, ...]) -> None:
    from syncd.settings.durations import format_duration
    from syncd.settings.kinds import KINDS
    from syncd.settings.policies import compile_policies

    compiled = compile_policies(configuration)
    click.echo(f"{path}: OK")
    for name, server in configuration.servers.items():
        click.echo(f"  server {name}: {server.backend} {_where(server)}, sign-in: {server.auth}")
    for name, policy in configuration.policies.items():
        every = format_duration(policy.interval)
        on = f"server {policy.servers[0]}"
        if len(policy.servers) > 1:
            on = f"the first that has it of {', '.join(policy.servers)}"
        click.echo(f"  policy {name}: on {on}, every {every}")
        for plural, section in policy.kinds.items():
            where = compiled[name].kinds[KINDS[plural].kind.name].scope.text
            click.echo(f"    {plural}: {section.direction}, where {where}")
    for warning in warnings:
        click.echo(f"  warning: {warning}")


def _where(server: Server) -> str:
    """Where a server is asked, as a phrase."""
    if server.endpoint is not None:
        return f"at {server.endpoint}"
    if server.by_password:
        return "where autodiscover finds it"
    return f"in the cloud {server.cloud}"


def _as_data(path: Path, configuration: Configuration | None, found: Findings) -> object:
    from dataclasses import asdict

    from syncd.settings.policies import compile_policies

    compiled = compile_policies(configuration) if configuration else {}
    return {
        "path": str(path),
        "ok": not found.mistakes,
        "mistakes": [asdict(mistake) for mistake in found.mistakes],
        "warnings": [asdict(warning) for warning in found.warnings],
        "servers": list(configuration.servers) if configuration else [],
        "policies": {
            name: {
                "servers": list(policy.servers),
                "filters": {
                    scoped.policy.kind.plural: scoped.scope.text for scoped in policy.kinds.values()
                },
            }
            for name, policy in compiled.items()
        },
    }
