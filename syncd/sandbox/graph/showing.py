"""Contacts and lists of contacts as answers: `$select`, `$expand`, etags, pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Asked, Json
from syncd.sandbox.graph.contacts_json import BY_NAME, READ_ONLY, show_contact
from syncd.sandbox.graph.context import Context
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.graph.extended import MULTI, SINGLE, Named, shown
from syncd.sandbox.graph.filter import read_expand
from syncd.sandbox.mailbox import Item

_Thing = TypeVar("_Thing")
_PAGE, _MOST = 10, 999


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a contact is to be shown: all, or what is selected; and extended properties."""

    selected: tuple[str, ...] | None = None
    extended: tuple[Named, ...] = ()

    def show(self, context: Context, item: Item) -> Json:
        """Return a contact as JSON."""
        own = {
            "id": context.id_of(item),
            "changeKey": item.change_key,
            "createdDateTime": item.created,
            "lastModifiedDateTime": item.modified,
            "parentFolderId": identifiers.rest(item.folder_id),
        }
        if self.selected is not None:
            own = {name: own[name] for name in own if name == "id" or name in self.selected}
        made: Json = {"@odata.etag": f'W/"{item.change_key}"', **own}
        made.update(show_contact(item.view, self.selected))
        if self.extended:
            made.update(shown(item.view, self.extended))
        return made


def read_shape(asked: Asked) -> Shape:
    """Read what a request wants to see.

    Raises:
        GraphError: a property that there is not.

    """
    expand = asked.option("$expand")
    return Shape(
        read_select(asked.option("$select")), read_expand(expand) if expand is not None else ()
    )


def read_select(given: str | None) -> tuple[str, ...] | None:
    """Read a `$select`.

    Raises:
        GraphError: a property that a contact does not have.

    """
    if given is None or given.strip() in {"", "*"}:
        return None
    names = tuple(name.strip() for name in given.split(","))
    for name in names:
        if name not in BY_NAME and name not in READ_ONLY and name not in {SINGLE, MULTI}:
            raise GraphError(
                "RequestBroker--ParseUri",
                f"Could not find a property named '{name}' on type 'microsoft.graph.contact'.",
            )
    return names


def listed(
    asked: Asked, where: str, things: Sequence[_Thing], show: Callable[[_Thing], Json]
) -> Json:
    """Return one page of a list, with how many there are and how to go on if asked for or needed.

    Raises:
        GraphError: a number that is none.

    """
    top = asked.number("$top", _PAGE, 1, _MOST)
    skip = asked.number("$skip", 0, 0, 2**31)
    page: dict[str, Any] = {"@odata.context": where}
    if (asked.option("$count") or "").lower() == "true":
        page["@odata.count"] = len(things)
    page["value"] = [show(thing) for thing in things[skip : skip + top]]
    if skip + top < len(things):
        page["@odata.nextLink"] = asked.link(**{**asked.query, "$skip": str(skip + top)})
    return page
