"""`syncd explain`: why somebody is in an Outlook, is not, or is not up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.crm.stored import Stored, StoredKind
    from syncd.model.kinds import Kind
    from syncd.settings.policies import MailboxPolicy
    from syncd.sync.explain.facts import About, Facts
    from syncd.sync.mailboxes import MailboxRow

_INDENT = "  "


@click.command(name="explain", short_help="Say why somebody is in an Outlook, or is not.")
@click.argument("record")
@click.option("--mailbox", metavar="MAILBOX", help="Only of this mailbox.")
@click.option("--trace", is_flag=True, help="Add codes, ids, versions and marks, for an admin.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@pass_context
def command(
    context: Context, record: str, mailbox: str | None, *, trace: bool, as_json: bool
) -> None:
    """Say why RECORD is in an Outlook, is not, is not up to date, or is back again.

    RECORD is an id, the beginning of one, a name or an e-mail address, of what was deleted, too.
    Without --mailbox, of every mailbox that has it or could have it. No server is asked: it is told
    what the last runs have left behind.
    """
    from syncd.cli import mailboxes
    from syncd.sync import mailboxes as served
    from syncd.sync.explain import looking

    kinds = _kinds()
    found = _meant(context, kinds, record)
    stored = kinds[found.record.kind.name]
    with mailboxes.reading(context) as conn:
        about = looking.about(conn, stored, found)
        rows = (
            [served.get(conn, mailbox)] if mailbox else looking.concerned(conn, stored.kind, found)
        )
        today = context.clock().date()
        facts = [
            looking.look(conn, about, stored, r, _policy(context, conn, r), today) for r in rows
        ]
    if as_json:
        output.emit_json([_traced(each) for each in facts])
    elif not facts:
        _tell_nobody(about)
    else:
        for at, each in enumerate(facts):
            if at:
                output.tell("")
            _tell(each, trace=trace)


def _policy(context: Context, conn: Connection, row: MailboxRow) -> MailboxPolicy | None:
    """What holds for a mailbox, with what its user has set; `None` without its policy."""
    from syncd.settings.policies import policy_for
    from syncd.sync import user_settings

    if row.policy not in context.configuration.written:
        return None
    settings = user_settings.of(conn, row.id)
    return policy_for(context.configuration, row.policy, settings).policy


def _kinds() -> Mapping[str, StoredKind[Kind]]:
    from syncd.crm.records import STORED

    return STORED


def _meant(context: Context, kinds: Mapping[str, StoredKind[Kind]], reference: str) -> Stored:
    """The one record that is meant: what is there goes before what was deleted. Raises Problem."""
    from syncd.cli.crm.desk import Desk
    from syncd.cli.crm.references import candidates, described
    from syncd.cli.crm.sorts import SORTS

    desk = Desk(context)
    with desk.explained("Nothing was explained."):
        sorts = [SORTS[each] for each in kinds]
        found = candidates(desk, sorts, reference) or _deleted(context, kinds, reference)
        if len(found) == 1:
            return found[0]
        lines = "".join(f"\n  {described(desk, each, kind=len(sorts) > 1)}" for each in found)
    if found:
        raise Problem(
            f"{reference!r} may be several:{lines}",
            "Nothing was explained.",
            "Name one of them by its id.",
        )
    raise Problem(
        f"The CRM has nothing called {reference!r}, and had nothing that was deleted.",
        "Nothing was explained.",
        f"Look for it: syncd crm {sorts[0].command} list --search TEXT",
    )


def _deleted(
    context: Context, kinds: Mapping[str, StoredKind[Kind]], reference: str
) -> list[Stored]:
    from syncd.cli.mailboxes import reading
    from syncd.crm import lookup

    word, colon, rest = reference.partition(":")
    among = [kinds[word]] if colon and word in kinds else list(kinds.values())
    wanted = rest if colon and word in kinds else reference
    with reading(context) as conn:
        return [each for stored in among for each in lookup.deleted(conn, stored, wanted)]


def _tell(facts: Facts, *, trace: bool) -> None:
    from syncd.cli.language import language
    from syncd.sync.explain.telling import lines

    for line in lines(facts, language()):
        output.tell(line)
    if trace:
        _tell_trace(facts)


def _tell_nobody(about: About) -> None:
    from syncd.cli.language import language
    from syncd.sync import catalogue

    values = {"name": about.name, "owner": about.owner}
    output.tell(catalogue.text("verdict.nobody", language(), **values))


def _tell_trace(facts: Facts) -> None:
    traced = _traced(facts)
    for told in ("sentence", "chain"):
        traced.pop(told)
    output.tell("Trace")
    for line in _lines(traced, 1):
        output.tell(line)


def _lines(value: Mapping[str, object] | Sequence[object], depth: int) -> Iterator[str]:
    """A tree of values, one to a line; what is flat stays on one."""
    entries = value.items() if isinstance(value, Mapping) else (("-", each) for each in value)
    for name, each in entries:
        head = f"{_INDENT * depth}{name}" + ("" if name == "-" else ":")
        if isinstance(each, Mapping | list) and each and not _flat(each):
            yield head
            yield from _lines(each, depth + 1)
        else:
            yield f"{head} {_short(each)}"


def _flat(value: object) -> bool:
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    return not any(isinstance(each, Mapping | list) and each for each in inner)


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _traced(facts: Facts) -> dict[str, object]:
    from syncd.cli.language import language
    from syncd.sync.explain.telling import first, words
    from syncd.sync.explain.trace import trace

    said = language()
    told = {topic: [e.strip() for e in lines] for topic, lines in words(facts, said).items()}
    return trace(facts, told, first(facts, said))
