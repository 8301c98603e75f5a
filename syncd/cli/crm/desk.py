"""What the verbs of `syncd crm` work with: the CRM on somebody's behalf, and who is who in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING

import click

from syncd.cli.context import Context
from syncd.cli.crm_store import addresses, explained, reading, this_person, user_id
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from syncd.crm.api import Crm
    from syncd.settings.configuration import CrmSettings

ACTING = "syncd.crm.as"  # where a click context keeps the user of --as


def demand_no_user(what: str, undone: str) -> None:
    """Raise Problem where --as was typed for what only the organisation does."""
    if click.get_current_context().meta.get(ACTING) is not None:
        raise Problem(
            f"{what} is done for the organisation, and not within what one user may do.",
            undone,
            "Leave --as out.",
        )


@dataclass
class Desk:
    """One command at work. `acting`: the address of the user on whose behalf it is typed."""

    context: Context
    acting: str | None = None

    @cached_property
    def crm(self) -> Crm:
        """The CRM, within the rights of the user. Raises NoSuchOwner on one it does not know."""
        from syncd.crm.api import Crm
        from syncd.crm.feed import Actor

        actor = this_person()
        if self.acting is not None:
            acting = self.user_id(self.acting)
            actor = Actor(actor.kind, f"{actor.name} as {self.users[acting]}", acting)
        return Crm(self.context.engine(), actor, self.settings.phone_region, self.context.clock)

    @property
    def acting_words(self) -> list[str]:
        """The words that say so when a command is typed again."""
        return ["--as", self.acting] if self.acting else []

    @property
    def settings(self) -> CrmSettings:
        """What the configuration says of the CRM."""
        return self.context.configuration.crm

    @cached_property
    def users(self) -> Mapping[str, str]:
        """The addresses of all users, by id."""
        with reading(self.context) as conn:
            return addresses(conn)

    def user_id(self, address: str) -> str:
        """The id of a user. Raises NoSuchOwner."""
        with reading(self.context) as conn:
            return user_id(conn, address)

    def names(self, references: Iterable[str]) -> dict[str, str]:
        """What users and records are called, by `user:ID`, `contact:ID`."""
        wanted = set(references)
        known = {f"user:{each}": address for each, address in self.users.items()}
        found = {each: known[each] for each in wanted if each in known}
        others = sorted(each for each in wanted if not each.startswith("user:"))
        return {**found, **self.crm.names(others)}

    @contextmanager
    def explained(self, undone: str) -> Iterator[None]:
        """What the CRM refuses, as a Problem."""
        with explained(undone):
            yield


def pass_desk(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command its desk, and the rest of its parameters by name."""

    @click.pass_context
    @wraps(function)
    def with_desk(ctx: click.Context, /, **options: object) -> None:
        context = ctx.find_object(Context)
        if context is None:
            raise RuntimeError("a command of the CRM without its context")
        function(Desk(context, ctx.meta.get(ACTING)), **options)

    return with_desk


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option(
    "--yes", is_flag=True, help="Go on, although other records are taken along."
)
yes_for_many = click.option("--yes", is_flag=True, help="Go on with all that --where finds.")
