"""Two people who enter the same person at once make one record (P3)."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine

from syncd.crm import users
from syncd.crm.api import Crm
from syncd.crm.database import write
from syncd.crm.errors import DuplicatesFound
from syncd.crm.feed import Actor, ActorKind
from syncd.model.values import Value

ENTERING = 3
ROUNDS_OF = ("Lyon", "Sand", "Moreau", "Nakamura", "Okafor")


def somebody(entity: str, name: str) -> dict[str, Value]:
    """What is entered."""
    person: dict[str, Value] = {
        "firstname": "Robert", "lastname": name, "emailaddress1": f"robert@{name.lower()}.example",
    }  # fmt: skip
    company: dict[str, Value] = {"name": f"{name} Ltd", "websiteurl": f"https://{name}.example"}
    lead: dict[str, Value] = {"subject": "100 laptops", **person}
    return {"contact": person, "account": company, "lead": lead}[entity]


@pytest.mark.parametrize("entity", ["contact", "account", "lead"])
def test_of_those_who_enter_somebody_at_once_one_does(engine: Engine, entity: str) -> None:
    """The others are told who it is, and whoever looks afterwards finds one."""
    with write(engine) as conn:
        owner = users.add(conn, "ann@contoso.com").id
    for name in ROUNDS_OF:
        values = somebody(entity, name)
        ready = threading.Barrier(ENTERING)
        made: list[str] = []
        told: list[list[str]] = []

        def enter(
            given: dict[str, Value] = values, ready: threading.Barrier = ready,
            made: list[str] = made, told: list[list[str]] = told,
        ) -> None:  # fmt: skip
            crm = Crm(engine, Actor(ActorKind.API, threading.current_thread().name))
            ready.wait()
            try:
                made.append(crm.create(entity, given, owner=owner, unless_like=True).id)
            except DuplicatesFound as found:
                told.append([each.record.id for each in found.found])  # type: ignore[attr-defined]  # the error keeps what it is given

        entering = [threading.Thread(target=enter) for _ in range(ENTERING)]
        for each in entering:
            each.start()
        for each in entering:
            each.join()
        assert len(made) == 1
        assert told == [made] * (ENTERING - 1)
    everybody = Crm(engine, Actor(ActorKind.API, "website"))
    assert everybody.search(entity)[0] == len(ROUNDS_OF)
