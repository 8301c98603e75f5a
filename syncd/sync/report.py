"""What a run tells: counts for programs, lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.reconcile.claim import Finding
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.images import Standing, known
from syncd.reconcile.reasons import Reason
from syncd.sync.accounting import QUESTIONS
from syncd.sync.leases import StoreForgot
from syncd.sync.mailboxes import MailboxProblem, Misconfigured, Resting
from syncd.sync.session import Tally
from syncd.sync.work import Work


class Outcome(StrEnum):
    """How a run ended. `STOPPED`: something is held for a person, all else was done."""

    OK = "ok"
    PARTIAL = "partial"
    STOPPED = "stopped"
    FAILED = "failed"


FOR_A_PERSON = (Reason.HELD, Reason.FIRST_CONTACT, *QUESTIONS, Reason.ONLY_BY_HAND)


@dataclass(frozen=True, slots=True)
class Line:
    """One decision, told. `to_outlook` and `to_crm` are labels of fields, `kept` of losers."""

    name: str
    crm_id: str | None
    verbs: tuple[Verb, ...]
    stand: Stand
    reason: Reason
    to_outlook: tuple[str, ...] = ()
    to_crm: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()  # what goes with another field of Outlook now, and differs there
    stays: tuple[str, ...] = ()  # what differs, and stays so on both sides
    guarded: tuple[str, ...] = ()  # what the CRM holds and Outlook does not, for it would lose more

    def to_json(self) -> dict[str, object]:
        """The line for programs."""
        return {
            "name": self.name,
            "id": self.crm_id,
            "operations": [verb.value for verb in self.verbs],
            "stand": self.stand.value,
            "reason": self.reason.value,
            "to_outlook": list(self.to_outlook),
            "to_crm": list(self.to_crm),
            "kept": list(self.kept),
            "apart": list(self.apart),
            "stays": list(self.stays),
            "guarded": list(self.guarded),
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """Somebody of whom it is not clear who it is. `could_be`: those of the other side, by name."""

    name: str
    reason: Reason
    could_be: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The doubt for programs."""
        return {"name": self.name, "reason": self.reason.value, "could_be": list(self.could_be)}


@dataclass
class RunReport:
    """One run of one mailbox. `lines` is what was decided; `seconds` is wall time.

    One that never `started` has left no trace. `error` and `todo` are sentences for a person.
    """

    mailbox: str
    run: str
    started: bool = False
    stopped: bool = False  # by the daemon, before all was done
    outcome: Outcome = Outcome.FAILED  # until it is known to have ended well
    tally: Tally = field(default_factory=Tally)
    counters: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    server: str | None = None  # that it was on, once it was opened there
    requests: int = 0
    subrequests: int = 0  # what these were made of, where one holds several that count singly
    seconds: float = 0.0
    error: str | None = None
    todo: str | None = None
    suspended: str | None = None  # what the mailbox is suspended for, since now or before
    unreachable: bool = False
    misconfigured: bool = False
    retry_after: float | None = None
    throttled: bool = False  # the server asked for a pause, and is well
    forgotten: bool = False  # the store was restarted, and does not know how far this run came
    outage: int = 0  # items in a row that failed alike, for which it was given up
    first_contact: bool = False
    for_a_person: bool = False
    questions: int = 0
    only_by_hand: int = 0  # items in another folder, from which their user alone can take them
    in_doubt: list[Doubt] = field(default_factory=list)
    would_hold: int = 0
    moving: int = 0  # items that the next sync takes along to the folder that the policy names
    folder_stays: str | None = None  # the one that is served on, for nothing can be moved from it
    folder_waits: bool = False  # the one that is named, until the one before it has everything
    broken_filters: list[str] = field(default_factory=list)  # by name: not understood any more
    without_filter: bool = False  # nothing of the CRM goes there, though it may
    category_missing: str | None = None  # which its user has to make in Outlook by hand
    proposal: Mapping[str, int] = field(default_factory=dict)
    audited: int | None = None  # how many links an audit looked at
    divergence: Counter[str] = field(default_factory=Counter)  # what it found, by sort
    miscounted: Counter[str] = field(default_factory=Counter)  # by how much counters were wrong
    claim: Finding | None = None  # why nothing was written: the folder is not ours to serve

    def failed(self, problem: MailboxProblem) -> None:
        """It could not be run, or not to its end."""
        self.outcome, self.error, self.todo = Outcome.FAILED, problem.what, problem.todo
        self.misconfigured = isinstance(problem, Misconfigured)
        self.forgotten = isinstance(problem, StoreForgot)
        self.suspended = problem.why if isinstance(problem, Resting) else None

    @property
    def work(self) -> list[Line]:
        """The lines that would write somewhere."""
        return [line for line in self.lines if line.verbs]

    def counts(self) -> Mapping[str, object]:
        """The counts, as `syncd sync --json` prints them."""
        outlook, crm, links = self.tally.outlook, self.tally.crm, self.tally.links
        return {
            "outlook": {n: outlook[n] for n in ("created", "updated", "moved", "deleted")},
            "crm": {n: crm[n] for n in ("created", "updated", "deleted")},
            "adopted": links["adopted"],
            "released": links["released"],
            **{
                n: self.counters[n]
                for n in (
                    "in_step", "excluded", "quarantined", "waiting", "conflicts", "held", "withheld"
                )
            },
            **self._audit_counts(),
        }  # fmt: skip

    def _audit_counts(self) -> Mapping[str, object]:
        if self.audited is None:
            return {}
        return {
            "audited": self.audited,
            "divergence": dict(self.divergence),
            "miscounted": dict(self.miscounted),
        }

    def to_json(self) -> dict[str, object]:
        """The report for programs."""
        told: dict[str, object] = {
            "mailbox": self.mailbox,
            "run": self.run if self.started else None,
            "outcome": self.outcome.value,
            "counts": self.counts(),
            "requests": self.requests,
            "subrequests": self.subrequests,
            "seconds": round(self.seconds, 3),
        }
        return told | ({"error": self.error} if self.error else {})


def _last_known(work: Work, decision: Decision) -> Mapping[str, Value]:
    """The values that a case goes by: the CRM's; of a record that is gone, what they last were."""
    case = work.case
    if case.crm.record is not None:
        return case.crm.record.fields
    if decision.origin is not None and case.item.record is not None:
        return case.item.record.fields
    return known(case.link.images.get(Side.CRM, {})) if case.link else {}


def called(kind: Kind, work: Work) -> str:
    """What a case goes by that no decision was made about."""
    record = work.case.crm.record or (work.case.item.record if work.case.item.tracked else None)
    return kind.called(record.fields) if record else ""


_STAYS = (Reason.PERSONAL, Reason.ONE_WAY, Reason.DIRECTION_NONE, Reason.NOT_WRITABLE)


def line(kind: Kind, work: Work, decision: Decision) -> Line:
    """What one decision tells. Of an item that is nobody's business but its user's: nothing."""
    guarded = [group.group for group in decision.groups if group.reason is Reason.GUARDED]
    apart = [g.group for g in decision.groups if g.reason is Reason.MAP_CHANGED and not g.writes]
    return Line(
        name=kind.called(_last_known(work, decision)),
        crm_id=work.crm_id,
        verbs=decision.verbs,
        stand=decision.stand,
        reason=decision.reason,
        to_outlook=tuple(kind.by_name[each].label for each in decision.patch(Side.OUTLOOK)),
        to_crm=tuple(kind.by_name[each].label for each in decision.patch(Side.CRM)),
        kept=tuple(
            kind.by_name[name].label
            for group in decision.groups
            if group.loser
            for name in group.writes.get(group.loser.side, group.loser.values)
            if group.loser.values.get(name)
        ),
        apart=tuple(field.label for name in apart for field in kind.groups[name].fields),
        stays=tuple(
            field.label
            for group in decision.groups
            if group.mark.standing is Standing.APART and group.reason in _STAYS
            for field in kind.groups[group.group].fields
        ),
        guarded=tuple(field.label for name in guarded for field in kind.groups[name].fields),
    )
