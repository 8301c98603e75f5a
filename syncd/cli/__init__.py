"""The `syncd` command: its verbs, and what every one of them shares.

A verb is imported when it is typed, so that `syncd --help` imports nothing but click.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from syncd.cli.context import Context
from syncd.cli.errors import Exit, Problem

INTERRUPTED = 130  # as shells count a process that Ctrl-C has ended
CONFIGURATIONS = (Path("syncd.toml"), Path("/etc/syncd/syncd.toml"))

# verb → where it is, and what it is for
VERBS: Mapping[str, tuple[str, str]] = {
    "init": ("syncd.cli.init:command", "Write a configuration file to start from."),
    "config": (
        "syncd.cli.config:command",
        "Check the configuration file, and what it would change.",
    ),
    "doctor": (
        "syncd.cli.doctor:command",
        "Find out what keeps syncd from its mailboxes, and what to do.",
    ),
    "users": (
        "syncd.cli.users:command",
        "Whose mailboxes are served: show, add, test, approve, remove.",
    ),
    "login": ("syncd.cli.login:command", "Let a user of Exchange Online sign in by a code."),
    "filters": ("syncd.cli.filters:command", "Which records belong in a user's Outlook."),
    "onboard": ("syncd.cli.onboard:command", "Show the first sync of a mailbox, and let it go."),
    "sync": ("syncd.cli.sync:command", "Bring mailboxes in step now."),
    "plan": ("syncd.cli.plan:command", "Show what a sync would do, and do nothing."),
    "run": ("syncd.cli.run:command", "Keep all mailboxes in step until stopped."),
    "settings": (
        "syncd.cli.settings:command",
        "What holds for a mailbox, and what its user set: show, set.",
    ),
    "fields": ("syncd.cli.fields:command", "Show which fields travel, and which way."),
    "pause": ("syncd.cli.pause:command", "Leave a mailbox alone until it is resumed."),
    "resume": ("syncd.cli.resume:command", "Go on with a paused mailbox."),
    "offboard": ("syncd.cli.offboard:command", "Take every mark of syncd out of a mailbox."),
    "status": ("syncd.cli.status:command", "Show how every mailbox is doing."),
    "runs": ("syncd.cli.runs:command", "Show what past runs did."),
    "held": ("syncd.cli.held:command", "Show what waits for a person."),
    "questions": ("syncd.cli.questions:command", "Say who is who where that is not clear."),
    "conflicts": (
        "syncd.cli.conflicts:command",
        "What was changed on both sides, and which counts.",
    ),
    "breaker": ("syncd.cli.breaker:command", "What is held back: let it go, or decide against it."),
    "quarantine": (
        "syncd.cli.quarantine:command",
        "What fails time and again: try it anew, or leave it.",
    ),
    "restore": ("syncd.cli.restore:command", "Bring back what users threw away in Outlook."),
    "track": ("syncd.cli.track:track", "Put somebody from Outlook into the CRM."),
    "untrack": ("syncd.cli.track:untrack", "Take somebody out of the CRM's care again."),
    "relink": ("syncd.cli.relink:command", "Find out anew what belongs together."),
    "explain": ("syncd.cli.explain:command", "Say why somebody is in an Outlook, or is not."),
    "verify": ("syncd.cli.verify:command", "Prove that both sides agree, and change nothing."),
    "alerts": ("syncd.cli.alerts:command", "Show what somebody should look at."),
    "sandbox": (
        "syncd.cli.sandbox:command",
        "Serve an Exchange to try things on, on this machine.",
    ),
    "demo": ("syncd.cli.demo:command", "Show syncd at work, on this machine."),
    "crm": ("syncd.cli.crm:command", "Look at and change the local CRM."),
}


class Verbs(click.Group):
    """A group that imports a verb when it is used, and ends every error in its exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of a first day with syncd."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, imported; `None` when there is none of this name."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed, or the one that was probably meant, as a usage error."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs for `--help`, out of the table: nothing is imported for it."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(verb, about) for verb, (_, about) in VERBS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - the signature is click's
        **extra: Any,  # noqa: ANN401 - the signature is click's
    ) -> Any:  # noqa: ANN401 - the signature is click's
        """Run the command and exit: 0, or one of `Exit`, or 130 after Ctrl-C."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            answer = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except Problem as problem:
            _tell(problem)
            sys.exit(problem.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(Exit.USAGE)
        except click.Abort:
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED)
        sys.exit(answer if isinstance(answer, int) else Exit.DONE)


def _tell(problem: Problem) -> None:
    """Print a problem: what happened, what was not done because of it, what to type next."""
    from syncd.cli import output

    for sentence in (problem.what, problem.undone, problem.todo):
        output.tell(sentence, err=True)


def _default_configuration() -> Path:
    return next((path for path in CONFIGURATIONS if path.exists()), CONFIGURATIONS[0])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted and not ctx.resilient_parsing:
        click.echo(f"syncd {version('syncd')}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    envvar="SYNCD_CONFIG",
    show_envvar=True,
    help="The configuration file. Default: ./syncd.toml, else /etc/syncd/syncd.toml.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Keep every sales person's Outlook in step with the CRM."""
    if ctx.obj is None:
        ctx.obj = Context(path or _default_configuration())
