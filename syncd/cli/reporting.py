"""Telling of runs and plans: in words and tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from syncd.cli import output

if TYPE_CHECKING:
    from syncd.reconcile.claim import Finding
    from syncd.sync.report import Line, RunReport
    from syncd.sync.suspended import Together

VERBS = {
    "create-item": "create in Outlook",
    "update-item": "update in Outlook",
    "move-item": "set aside in Outlook",
    "restore-item": "bring back in Outlook",
    "trash-item": "move to Deleted Items",
    "create-record": "create in the CRM",
    "update-record": "update in the CRM",
    "deactivate-record": "put out of use in the CRM",
    "delete-record": "delete in the CRM",
    "unlink": "leave alone from now on",
    "withdraw": "take back out of the CRM what came from it",
}


def tell_runs(reports: Sequence[RunReport], together: Sequence[Together] = ()) -> None:
    """A row for each run, then what needs somebody's attention.

    What was suspended `together` is told once.
    """
    rows = []
    for report in reports:
        outlook, crm = report.tally.outlook, report.tally.crm
        # A moved one is released as well; the others stay where they are, and are left alone.
        let_go = {**outlook, "let_go": report.tally.links["released"] - outlook["moved"]}
        rows.append(
            [
                report.mailbox,
                report.outcome.value,
                _sum(
                    let_go,
                    created="new",
                    updated="changed",
                    moved="moved",
                    deleted="deleted",
                    let_go="let go",
                ),
                _sum(crm, created="new", updated="changed", deleted="deleted"),
                report.counters["in_step"],
                report.counters["excluded"],
                report.counters["waiting"] + report.counters["quarantined"],
                f"{report.seconds:.1f} s",
            ]
        )
    columns = ["Mailbox", "Outcome", "Outlook", "CRM", "In step", "Left alone", "Waiting", "Time"]
    output.table("Sync", columns, rows)
    for each in together:
        output.tell(each.sentence())
    told = {address for each in together for address in each.mailboxes}
    for report in reports:
        for sentence in attention(report, said_already=report.mailbox in told):
            output.tell(f"{report.mailbox}: {sentence}")


def attention(report: RunReport, *, said_already: bool = False) -> list[str]:
    """What a person should know of a run, in sentences with the next thing to type.

    `said_already`: what it failed of was said with that of others.
    """
    told = []
    if report.error and not said_already:
        told.append(f"{report.error}. {report.todo or ''}".strip())
    if report.first_contact and report.outcome.value == "stopped":
        told.append(
            "its first sync waits for approval; nothing was written. "
            f"See what it would do: syncd onboard {report.mailbox}"
        )
    if report.claim is not None:
        told.append(not_ours(report.mailbox, report.claim))
    if report.folder_waits:
        told.append(FOLDER_WAITS)
    if report.folder_stays:
        told.append(folder_stays(report))
    if report.category_missing:
        told.append(
            f"this server does not let syncd add the category {report.category_missing!r} to "
            "Outlook's list. Its user makes it there, once: Home, Categorize, All Categories, New"
        )
    told += [
        f"{line.name}: {few(line.guarded)} stays as it is in Outlook. {GUARDED}"
        for line in report.lines
        if line.guarded
    ]
    see = f"See them: syncd held {report.mailbox}"
    if report.counters["held"]:
        told.append(f"{report.counters['held']} held back: unusually many of one sort. {see}")
    if report.questions and not report.first_contact:
        told.append(f"{report.questions} in doubt: somebody must say who is who. {see}")
    if report.only_by_hand:
        told.append(
            f"{report.only_by_hand} in another folder, from which only its user can bring it back. "
            f"{see}"
        )
    if disputed := report.counters["conflicts"]:
        what = "1 conflict waits" if disputed == 1 else f"{disputed} conflicts wait"
        told.append(
            f"{what} for somebody to say which value counts. "
            f"See: syncd conflicts list {report.mailbox}"
        )
    return [*told, *_failing(report, see)]


def _failing(report: RunReport, see: str) -> Iterator[str]:
    if refused := report.counters["quarantined"]:
        yield f"{refused} refused by the server. {see}"
    elif failed := report.tally.failed:
        by_itself = f"See: syncd quarantine list {report.mailbox}"
        yield f"{failed} failed, and will be tried again by itself. {by_itself}"


def not_ours(mailbox: str, finding: Finding) -> str:
    """Why nothing was written: somebody else serves the folder, or it is of another day."""
    from syncd.cli.language import language
    from syncd.sync import catalogue

    found = catalogue.text(f"claim.{finding}", language())
    said = catalogue.text("alert.claim", language(), found=found)
    return f"{said} {catalogue.text('advice.claim', language(), mailbox=mailbox)}"


FOLDER_WAITS = (
    "another folder was named before everything had moved to the one named before it: that is "
    "finished first, and the next sync goes on to the folder that is named now."
)


def folder_stays(report: RunReport) -> str:
    """Why another folder is not gone over to, and what to do."""
    stays = report.folder_stays
    return (
        f"another folder is named, and this server lets syncd move nothing: it goes on with "
        f'{stays}, and nothing was made twice. Write folder = "{stays}" in the policy again; or '
        f"take the mailbox out and add it anew: syncd offboard {report.mailbox} --remove --yes"
    )


APART = "It goes with another field of Outlook now, which holds something else."
GUARDED = "It holds more than plain text there; the CRM's is not written over it."


def tell_plan(report: RunReport, limit: int = 200) -> None:
    """The lines of a plan: what would happen to whom, and why."""
    from syncd.cli.language import sentence

    work = report.work
    _tell_what_stays(report.lines)
    if report.error:
        output.tell(f"{report.mailbox}: {report.error}. {report.todo or ''}".strip())
        return
    if report.claim is not None:
        output.tell(f"{report.mailbox}: {not_ours(report.mailbox, report.claim)}")
    if report.folder_waits:
        output.tell(f"{report.mailbox}: {FOLDER_WAITS}")
    if report.folder_stays:
        output.tell(f"{report.mailbox}: {folder_stays(report)}")
    if report.moving:
        output.tell(
            f"{report.mailbox}: {report.moving} items come along to the folder that is named now."
        )
    if not work:
        if report.moving:
            return
        output.tell(f"{report.mailbox}: there is nothing to do.")
        return
    ordered = sorted(work, key=lambda each: (each.reason != "adopted", each.name.casefold()))
    rows = [
        [each.name, told(each), fields(each), sentence(each.reason)] for each in ordered[:limit]
    ]
    output.table(f"{report.mailbox}: what a sync would do", ["Who", "What", "Fields", "Why"], rows)
    if len(work) > limit:
        output.tell(f"… and {len(work) - limit} more; see all of them with --json")
    if report.would_hold:
        output.tell(f"{report.would_hold} of these are unusually many and would wait for approval.")


def _tell_what_stays(lines: Sequence[Line]) -> None:
    """What a sync would not write, and why."""
    from syncd.cli.language import remedy, sentence

    for line in lines:
        if line.guarded:
            output.tell(f"{line.name}: {few(line.guarded)} would stay as it is. {GUARDED}")
        if line.apart:
            output.tell(
                f"{line.name}: {few(line.apart)} would stay as it is on both sides. {APART}"
            )
        if line.reason == "only-by-hand":
            output.tell(f"{line.name}: {sentence(line.reason)} {remedy(line.reason)}")


def told(line: Line) -> str:
    """What happens to one record or item."""
    if line.reason.value in ("adopted", "stamp-found", "duplicate-linked"):
        also = [VERBS[verb] for verb in line.verbs if verb.value == "update-record"]
        return ", ".join(["tie to the contact in Outlook", *also])
    return ", ".join(VERBS[verb] for verb in line.verbs)


def fields(line: Line) -> str:
    """Which fields go where."""
    parts = []
    if "create-item" not in line.verbs and line.to_outlook:
        parts.append(f"→ Outlook: {few(line.to_outlook)}")
    if "create-record" not in line.verbs and line.to_crm:
        parts.append(f"→ CRM: {few(line.to_crm)}")
    if line.kept:
        parts.append(f"kept aside: {few(line.kept)}")
    return "; ".join(parts)


def few(labels: Sequence[str], most: int = 4) -> str:
    """The first labels, and how many more there are."""
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _sum(counts: Mapping[str, int], **names: str) -> str:
    return ", ".join(f"{counts[n]} {word}" for n, word in names.items() if counts.get(n)) or "–"
