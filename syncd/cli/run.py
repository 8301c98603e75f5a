"""`syncd run`: the daemon."""

from __future__ import annotations

import click

from syncd.cli.context import Context, pass_context


@click.command(name="run", short_help="Keep all mailboxes in step until stopped.")
@pass_context
def command(context: Context) -> None:
    """Keep all mailboxes in step until stopped by Ctrl-C or SIGTERM.

    What a mailbox is in the middle of is finished first; a second Ctrl-C ends at once, which is
    safe. SIGHUP loads the configuration anew: a file with mistakes changes nothing. Where syncd was
    started from a terminal, SIGHUP is that terminal being closed, and ends it.
    """
    import sys

    from syncd.cli.mailboxes import explained
    from syncd.daemon.logging import configure_logging
    from syncd.daemon.reloading import Reloader
    from syncd.daemon.serve import serve
    from syncd.sync.service import open_service

    configuration = context.configuration
    configure_logging(configuration.log, custom=configuration.custom_names)
    service = open_service(configuration, context.engine())
    reload = None if sys.stdin.isatty() else Reloader(context.path, configuration, service)
    with explained():
        serve(service, configuration.daemon.workers, reload)
