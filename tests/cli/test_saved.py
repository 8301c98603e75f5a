"""What a person was told to be saved is on disk by then, whatever happens to the machine next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import pytest
from sqlalchemy import Connection, Engine, event

from syncd.cli import main
from syncd.crm import transaction
from tests.cli.office import ALICE, BOB, Office

ANN = "Ann Lee"
MOBILE = "contacts:PhoneNumber:MobilePhone"

# By the story that comes before it. What is typed last commits last, and on disk: so is whatever
# it committed before.
PLAIN: dict[str, Sequence[str]] = {
    "users add": (BOB, "--policy", "sales"),
    "users approve": (ALICE,),
    "users change": (ALICE, "--policy", "sales"),
    "users pause": (ALICE,),
    "users resume": (ALICE,),
    "users test": (ALICE,),
    "users remove": (ALICE, "--yes"),
    "filters add": (ALICE, "Board", "department eq 'Board'"),
    "filters reset": (ALICE,),
    "pause": (ALICE,),
    "resume": (ALICE,),
    "settings set": (ALICE, "conflict=outlook"),
    "crm contact edit": (ANN, "--job-title", "Chair"),
}
