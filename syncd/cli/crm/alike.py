"""Who is there already: likely duplicates, with how sure that is and why."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from syncd.cli.crm.desk import Desk, as_json, pass_desk
from syncd.cli.crm.printing import short_id
from syncd.cli.crm.references import described
from syncd.cli.crm.sorts import SORTS, Sort
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, table, tell

if TYPE_CHECKING:
    from syncd.crm.duplicates import Found, Pair
    from syncd.crm.errors import DuplicatesFound
    from syncd.crm.stored import Stored
    from syncd.model.likeness import Because

SHOWN = 50  # pairs that are shown by default
_KEYED = tuple(sort.command for sort in SORTS.values() if sort.keyed)


def refused(
    desk: Desk, error: DuplicatesFound, undone: str, todo: str, *, as_json: bool
) -> Problem:
    """The problem of what may be there already; with JSON the same for programs, first."""
    sort, found = SORTS[error.entity], cast("Sequence[Found]", error.found)
    if as_json:
        data = [found_json(each) for each in found]
        emit_json({"done": False, "entity": sort.entity, "duplicates": data})
    lines = "".join(f"\n{line}" for each in found for line in found_lines(desk, each))
    many = "One like it is" if len(found) == 1 else f"{len(found)} like it are"
    what = f"This {sort.word} may be there already. {many} in the CRM:{lines}"
    return Problem(what, undone, todo, Exit.HELD)


def tell_alike(desk: Desk, sort: Sort, made: Stored, found: Sequence[Found]) -> None:
    """Tell of likely duplicates of a record that was just created."""
    tell("It may be there twice now. Like it there is:")
    for each in found:
        tell("\n".join(found_lines(desk, each)))
    survivor = next((each.record for each in found if each.record.active), None)
    if survivor is not None:  # what is closed takes in nothing
        words = ["syncd", "crm", sort.command, "merge", short_id(survivor), short_id(made)]
        tell(f"If they are one and the same:\n  {shlex.join(words)}")


def found_json(found: Found) -> dict[str, object]:
    """One record that is like another."""
    return {**_brief(found.record), "score": found.score, "reasons": _reasons(found.reasons)}


def found_lines(desk: Desk, found: Found) -> list[str]:
    """One record that is like another, and below it how sure that is and why."""
    why = " ".join(each.sentence for each in found.reasons)
    return [f"  {described(desk, found.record, kind=False)}", f"    {found.score:.2f}: {why}"]


def _brief(found: Stored) -> dict[str, object]:
    kind = found.record.kind.name
    return {"kind": kind, "id": found.id, "name": found.name, "statecode": found.statecode}


def _reasons(reasons: Sequence[Because]) -> list[dict[str, object]]:
    return [
        {"code": each.reason.value, "fields": list(each.fields), "sentence": each.sentence}
        for each in reasons
    ]


@click.command("duplicates", short_help="List what seems to be there twice.")
@click.argument(
    "which", metavar="[lead|account|contact]", required=False, type=click.Choice(_KEYED)
)
@click.option(
    "--least", type=click.FloatRange(0, 1), default=0.0, metavar="SCORE",
    help="Only pairs that score this much, such as 0.8, or more.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=0), help=f"At most this many (0: all) [{SHOWN}].")
@as_json
@pass_desk
def duplicates(
    desk: Desk, /, *, which: str | None, least: float, limit: int | None, as_json: bool
) -> None:
    """List the pairs that seem to be one and the same: how sure that is, from 0 to 1, and why.

    Nothing is changed. Make one of two with, for example, syncd crm contact merge.
    """
    most = limit if limit is not None else 0 if as_json else SHOWN
    with desk.explained("Nothing was shown."):
        pairs = [
            pair
            for entity in ([which] if which else _KEYED)
            for pair in desk.crm.duplicates(entity)
            if pair.score >= least
        ]
        pairs.sort(key=lambda pair: -pair.score)
        shown = pairs[: most or None]
        if as_json:
            emit_json([_pair_json(each) for each in shown])
            return
        _tell_pairs(desk, shown, len(pairs))


def _pair_json(pair: Pair) -> dict[str, object]:
    return {
        "kind": pair.one.record.kind.name,
        "score": pair.score,
        "one": _brief(pair.one),
        "two": _brief(pair.two),
        "reasons": _reasons(pair.reasons),
    }


def _tell_pairs(desk: Desk, pairs: Sequence[Pair], total: int) -> None:
    del desk
    if not pairs:
        tell("Nothing seems to be there twice.")
        return
    rows = [
        (
            f"{pair.score:.2f}",
            SORTS[pair.one.record.kind.name].word,
            *(f"{each.name} {short_id(each)}" for each in (pair.one, pair.two)),
            " ".join(each.sentence for each in pair.reasons),
        )
        for pair in pairs
    ]
    table("Duplicates", ("Score", "Sort", "One", "Two", "Why"), rows)
    more = f" {len(pairs)} are shown; --limit 0 shows all." if len(pairs) < total else ""
    tell(f"{total:,} pair{'' if total == 1 else 's'}.{more}")
    first = pairs[0]
    sort = SORTS[first.one.record.kind.name]
    words = ["syncd", "crm", sort.command, "merge", short_id(first.one), short_id(first.two)]
    tell(f"Make one of two, the first of which stays:\n  {shlex.join(words)}")
