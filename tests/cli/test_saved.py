"""What a person was told to be saved is on disk by then, whatever happens to the machine next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import click
import pytest
from sqlalchemy import Connection, Engine, event

from syncd.cli import main
from syncd.crm import transaction
from tests.cli import saving
from tests.cli.cloud import BY_USER, cloud_in
from tests.cli.crm_desk import CrmDesk
from tests.cli.office import ALICE, Office
from tests.cli.saving import CRM_LOOKS, LIVES, LOOKS, SAVED, Line, Words


def verbs_of(command: click.Command, before: Sequence[str] = ()) -> Iterator[str]:
    """Every verb below a command, in full."""
    if not isinstance(command, click.Group):
        yield " ".join(before)
        return
    if command.invoke_without_command:
        yield " ".join(before)
    with click.Context(command) as context:
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from verbs_of(below, [*before, name])


@contextmanager
def writers() -> Iterator[list[bool]]:
    """The transactions that are begun to write, each with whether its commit waits for the disk."""
    told: list[bool] = []

    def begun(conn: Connection) -> None:
        if (as_what := transaction.begun_as(conn)).writes:
            told.append(as_what.durable)

    event.listen(Engine, "begin", begun)
    try:
        yield told
    finally:
        event.remove(Engine, "begin", begun)


def test_of_every_verb_it_is_known_what_it_does_to_the_store() -> None:
    """Each is in one table alone, and no table names one that is not there."""
    tables = {
        "saved": {*(each.verb for each in SAVED), saving.SAVED_BY_SIGNING_IN},
        "saved in the CRM": {verb for life in LIVES.values() for verb, _ in life},
        "looks": {verb for looks in LOOKS.values() for verb, _ in looks},
        "looks in the CRM": {verb for verb, _ in CRM_LOOKS},
        "runs": {*saving.RUNS},
        "elsewhere": {*saving.ELSEWHERE},
    }
    named = list(chain.from_iterable(tables.values()))
    assert sorted(named) == sorted(verbs_of(main))


@pytest.mark.parametrize("line", SAVED, ids=lambda line: " ".join([line.verb, *line.rest]))
def test_what_was_told_to_be_saved_is_on_disk(office: Office, line: Line) -> None:
    """The last that a verb commits waits for the disk, and all before it is there with it (P10)."""
    words = line.before(office)
    with writers() as told:
        result = office.type(*line.verb.split(), *(each.format(**words) for each in line.rest))
    assert result.exit_code == line.ends, result.output
    assert told
    assert told[-1]


def test_that_a_mailbox_goes_on_by_a_sign_in_is_on_disk(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever has signed in is not asked to do so again (P10)."""
    with cloud_in(tmp_path, tmp_path_factory.getbasetemp() / "tls", ALICE) as cloud:
        cloud.configure_cloud(BY_USER)
        cloud.done("users", "add", ALICE, "--policy", "cloud")
        cloud.type("sync", ALICE)
        with cloud.browser(ALICE), writers() as told:
            cloud.done(saving.SAVED_BY_SIGNING_IN, ALICE)
    assert told
    assert told[-1]


@pytest.mark.parametrize("life", LIVES)
def test_what_was_told_to_be_saved_in_the_crm_is_on_disk(crm: CrmDesk, life: str) -> None:
    """Each verb of a record's life, as that of a mailbox (P10)."""
    (crm.folder / "people.csv").write_text("First Name,Last Name\nAnn,Lee\n")
    ids: list[str] = []
    for verb, rest in LIVES[life]:
        typed = f"{verb} {rest}".removeprefix("crm ").format(*ids, folder=crm.folder)
        with writers() as told:
            if verb.endswith(" new") and life != "rules":
                ids.append(crm.id(typed))
            else:
                crm.done(typed)
        assert told, typed
        assert told[-1], typed


@pytest.mark.parametrize("before", LOOKS, ids=lambda before: before.__name__)
def test_what_only_looks_writes_nothing(office: Office, before: Callable[[Office], Words]) -> None:
    """Not even a transaction that could is begun: nobody has to wait for whoever looks."""
    words = before(office)
    for verb, rest in LOOKS[before]:
        with writers() as told:
            office.done(*verb.split(), *(each.format(**words) for each in rest))
        assert told == [], verb


def test_what_only_looks_at_the_crm_writes_nothing(crm: CrmDesk) -> None:
    """The same of each sort of record."""
    words = {"folder": str(crm.folder)}
    for entity, life in LIVES.items():
        made = [rest for verb, rest in life if verb == f"crm {entity} new"]
        if made:
            words[entity] = crm.id(f"{entity} new {made[0]}")
    for verb, rest in CRM_LOOKS:
        with writers() as told:
            crm.done(f"{verb} {rest}".removeprefix("crm ").format(**words))
        assert told == [], verb
