"""Every call there is: method, path, the name it is counted and struck under, what it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from syncd.sandbox.graph import categories, contacts, delta, folders, translate, users
from syncd.sandbox.graph.asked import Asked, Reply
from syncd.sandbox.graph.context import Context
from syncd.sandbox.graph.errors import GraphError, no_segment

# What a caller must have been granted: one of these.
_READ = frozenset({"Contacts.Read", "Contacts.ReadWrite"})
_WRITE = frozenset({"Contacts.ReadWrite"})
_SEE_SETTINGS = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
_SETTINGS = frozenset({"MailboxSettings.ReadWrite"})
_USERS = frozenset({"User.Read.All", "User.ReadBasic.All", "Directory.Read.All"})
_ANY = _READ | _SEE_SETTINGS | _USERS
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `path` is below the user; a word in braces stands for an id.

    `need` is empty where nothing that the sandbox grants is enough.
    """

    method: str
    path: str
    operation: str
    need: frozenset[str]
    perform: Callable[[Context], Reply]


def _not_granted(_context: Context) -> Reply:
    raise GraphError("ErrorAccessDenied")


_IN = "contactFolders/{folder}/contacts"
_CATEGORIES = "outlook/masterCategories"
_TRANSLATE = "translateExchangeIds"
_CATEGORY = "outlook/masterCategories/{category}"
_FOLDER = "contactFolders/{folder}"
ROUTES = (
    Route("GET", "", "GET user", _USERS, users.get_user),
    Route("GET", "contactFolders", "GET contactFolders", _READ, folders.list_folders),
    Route("POST", "contactFolders", "POST contactFolders", _WRITE, folders.create_folder),
    Route("GET", "contactFolders/delta", "GET contactFolders/delta", _READ, delta.folders_delta),
    Route("GET", _FOLDER, "GET contactFolder", _READ, folders.get_folder),
    Route("PATCH", _FOLDER, "PATCH contactFolder", _WRITE, folders.update_folder),
    Route("DELETE", _FOLDER, "DELETE contactFolder", _WRITE, folders.delete_folder),
    Route("GET", _IN, "GET contacts", _READ, contacts.list_contacts),
    Route("POST", _IN, "POST contacts", _WRITE, contacts.create_contact),
    Route("GET", f"{_IN}/delta", "GET contacts/delta", _READ, delta.contacts_delta),
    Route("GET", f"{_IN}/{{contact}}", "GET contact", _READ, contacts.get_contact),
    Route("PATCH", f"{_IN}/{{contact}}", "PATCH contacts", _WRITE, contacts.update_contact),
    Route("DELETE", f"{_IN}/{{contact}}", "DELETE contacts", _WRITE, contacts.delete_contact),
    Route("POST", f"{_IN}/{{contact}}/move", "POST contacts/move", _WRITE, contacts.move_contact),
    Route("GET", "contacts", "GET contacts", _READ, contacts.list_contacts),
    Route("POST", "contacts", "POST contacts", _WRITE, contacts.create_contact),
    Route("GET", "contacts/delta", "GET contacts/delta", _READ, delta.contacts_delta),
    Route("GET", "contacts/{contact}", "GET contact", _READ, contacts.get_contact),
    Route("PATCH", "contacts/{contact}", "PATCH contacts", _WRITE, contacts.update_contact),
    Route("DELETE", "contacts/{contact}", "DELETE contacts", _WRITE, contacts.delete_contact),
    Route("POST", "contacts/{contact}/move", "POST contacts/move", _WRITE, contacts.move_contact),
    Route("GET", _CATEGORIES, "GET masterCategories", _SEE_SETTINGS, categories.list_categories),
    Route("POST", _CATEGORIES, "POST masterCategories", _SETTINGS, categories.create_category),
    Route("GET", _CATEGORY, "GET masterCategory", _SEE_SETTINGS, categories.get_category),
    Route("PATCH", _CATEGORY, "PATCH masterCategories", _SETTINGS, categories.update_category),
    Route("DELETE", _CATEGORY, "DELETE masterCategories", _SETTINGS, categories.delete_category),
    Route("POST", _TRANSLATE, "POST translateExchangeIds", _ANY, translate.translate_ids),
    Route("GET", "mailFolders", "GET mailFolders", _NOTHING, _not_granted),
    Route("GET", "messages", "GET messages", _NOTHING, _not_granted),
    Route("GET", "calendars", "GET calendars", _NOTHING, _not_granted),
    Route("GET", "events", "GET events", _NOTHING, _not_granted),
)  # fmt: skip
UNKNOWN = "unknown"
_PATTERNS = tuple((route, tuple(filter(None, route.path.split("/")))) for route in ROUTES)


def find_route(asked: Asked) -> tuple[Route, dict[str, str]]:
    """Return the route of a request and the ids in its path.

    Raises:
        GraphError: the path leads nowhere, or not with this method.

    """
    rest = asked.segments[2:]
    fits: list[tuple[int, Route, dict[str, str]]] = []
    for route, pattern in _PATTERNS:
        given = _given(pattern, rest)
        if given is not None:
            fits.append((len(given), route, given))
    # `delta` is no id: where a word and an id both fit, it is the word.
    least = min((count for count, _, _ in fits), default=0)
    for count, route, given in fits:
        if count == least and route.method == asked.method:
            return route, given
    if fits:
        raise GraphError("MethodNotAllowed")
    raise no_segment(_lost(rest))


def _given(pattern: tuple[str, ...], rest: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(rest):
        return None
    given: dict[str, str] = {}
    for wanted, segment in zip(pattern, rest, strict=True):
        if wanted.startswith("{"):
            given[wanted.strip("{}")] = segment
        elif wanted != segment:
            return None
    return given


def _lost(rest: tuple[str, ...]) -> str:
    """Return the first segment that no path goes on with."""
    for length in range(1, len(rest) + 1):
        begun = rest[:length]
        if not any(_given(pattern[:length], begun) is not None for _, pattern in _PATTERNS):
            return begun[-1]
    return rest[-1]
