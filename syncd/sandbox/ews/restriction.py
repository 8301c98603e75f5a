"""Restrictions and sort orders: which items FindItem finds, and in what order."""

import operator
import unicodedata
from collections.abc import Callable

from lxml import etree

from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.paths import PATHS, ExtendedPath, FieldPath, Path, read_path
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.mailbox import Item
from syncd.sandbox.properties import Bag, Value, to_mapi, words
from syncd.sandbox.values import utc

Predicate = Callable[[Bag], bool]
Comparable = str | float

_TIMES = frozenset(
    words(
        "item:DateTimeReceived item:DateTimeSent item:DateTimeCreated item:LastModifiedTime "
        "item:ReminderDueBy "
        "contacts:Birthday contacts:WeddingAnniversary"
    )
)
_NUMBERS = frozenset(
    words("item:Size item:ReminderMinutesBeforeStart folder:TotalCount folder:ChildFolderCount")
)
_NUMBER_KINDS = frozenset(words("Integer Long Short Currency Double Float ApplicationTime"))
_NOT_QUERYABLE = frozenset(
    words(
        "item:ItemId item:ParentFolderId item:MimeContent item:Attachments item:EffectiveRights "
        "item:TextBody "
        "item:ResponseObjects item:UniqueBody contacts:CompleteName contacts:EmailAddresses "
        "contacts:PhysicalAddresses "
        "contacts:PhoneNumbers contacts:ImAddresses contacts:Companies distributionlist:Members"
    )
)
_COMPARISONS: dict[str, Callable[[Comparable, Comparable], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}
_MAX_DEPTH = 100


def queryable(element: etree._Element, refused: str) -> Path:
    """Read a path that a query may use.

    Raises:
        EwsError: `refused`, for one that it may not.

    """
    path = read_path(element)
    if isinstance(path, FieldPath) and path.uri in _NOT_QUERYABLE:
        raise EwsError(refused)
    return path


def read_restriction(element: etree._Element, depth: int = 0) -> Predicate:
    """Compile a search expression.

    A property that an item does not have makes every comparison false, also IsNotEqualTo, as in
    MAPI.

    Raises:
        EwsError: an expression or a path that cannot be.

    """
    if depth > _MAX_DEPTH:
        raise EwsError("ErrorRestrictionTooComplex")
    name = local(element)
    if name in {"And", "Or", "Not"}:
        return _logical(name, [read_restriction(child, depth + 1) for child in children(element)])
    parts = list(children(element))
    if not parts or parts[0].tag not in PATHS:
        raise EwsError("ErrorInvalidRestriction")
    path = queryable(parts[0], "ErrorUnsupportedPathForQuery")
    if name == "Exists":
        return lambda view: view.get(path.key) is not None
    if len(parts) != 2:
        raise EwsError("ErrorInvalidRestriction")
    if name == "Contains":
        return _contains(path, parts[1], element)
    if name == "Excludes":
        return _excludes(path, parts[1])
    if name in _COMPARISONS:
        return _comparison(path, next(children(parts[1]), None), _COMPARISONS[name])
    raise EwsError("ErrorInvalidRestriction")


def _logical(name: str, inner: list[Predicate]) -> Predicate:
    if name == "And":
        return lambda view: all(predicate(view) for predicate in inner)
    if name == "Or":
        return lambda view: any(predicate(view) for predicate in inner)
    if len(inner) != 1:
        raise EwsError("ErrorInvalidRestriction")
    return lambda view: not inner[0](view)


def _comparison(
    path: Path, right: etree._Element | None, compare: Callable[[Comparable, Comparable], bool]
) -> Predicate:
    if right is None:
        raise schema_fault("The element 'FieldURIOrConstant' is empty.")
    ordered = typed(path)
    if right.tag in PATHS:
        other = queryable(right, "ErrorUnsupportedPathForQuery")
        return lambda view: any(
            compare(ordered(left), ordered(value))
            for left in values(view, path)
            for value in values(view, other)
        )
    try:
        constant = ordered(right.get("Value", ""))
    except ValueError:
        raise EwsError("ErrorInvalidValueForProperty") from None
    return lambda view: any(compare(ordered(value), constant) for value in values(view, path))


def _contains(path: Path, constant: etree._Element, element: etree._Element) -> Predicate:
    if isinstance(path, ExtendedPath):
        is_text = path.kind.startswith("String")
    else:
        is_text = path.uri not in _TIMES and path.uri not in _NUMBERS
    if not is_text:
        raise EwsError("ErrorContainsFilterWrongType")
    fold = _folding(element.get("ContainmentComparison", "Exact"))
    wanted = fold(constant.get("Value", ""))
    found = _containment(element.get("ContainmentMode", "FullString"))
    return lambda view: any(found(fold(value), wanted) for value in values(view, path))


def _containment(mode: str) -> Callable[[str, str], bool]:
    modes: dict[str, Callable[[str, str], bool]] = {
        "FullString": operator.eq,
        "Prefixed": str.startswith,
        "Substring": operator.contains,
        "PrefixOnWords": lambda whole, part: f" {whole}".find(f" {part}") >= 0,
        "ExactPhrase": lambda whole, part: f" {part} " in f" {whole} ",
    }
    if mode not in modes:
        raise EwsError("ErrorInvalidRestriction")
    return modes[mode]


def _folding(comparison: str) -> Callable[[str], str]:
    ignore_case = "IgnoreCase" in comparison
    ignore_marks = "NonSpac" in comparison or comparison.startswith("Loose")

    def fold(text: str) -> str:
        if ignore_marks:
            apart = unicodedata.normalize("NFKD", text)
            text = "".join(c for c in apart if not unicodedata.combining(c))
        return text.casefold() if ignore_case else text

    return fold


def _excludes(path: Path, bitmask: etree._Element) -> Predicate:
    try:
        mask = int(bitmask.get("Value", ""), 0)
    except ValueError:
        raise EwsError("ErrorInvalidExcludesRestriction") from None

    def predicate(view: Bag) -> bool:
        try:
            return any(not int(value) & mask for value in values(view, path))
        except ValueError:
            return False

    return predicate


def typed(path: Path) -> Callable[[str], Comparable]:
    """Return how values compare: as times, as numbers, or as text in whatever case."""
    kind = path.kind.removesuffix("Array") if isinstance(path, ExtendedPath) else ""
    if kind == "SystemTime" or path.key in _TIMES:
        return lambda text: utc(text).timestamp()
    if kind in _NUMBER_KINDS or path.key in _NUMBERS:
        return float
    return str.casefold


def values(view: Bag, path: Path) -> list[str]:
    """Return the values that are there, none if there is none."""
    value: Value | None = view.get(path.key)
    if value is None:
        return []
    if isinstance(path, ExtendedPath) and path.alias is not None:
        value = to_mapi(path.alias, value)
    if isinstance(value, str):
        return [value]
    return [v if isinstance(v, str) else v.get("EmailAddress", "") for v in value]


def sorted_items(items: list[Item], order: etree._Element | None) -> list[Item]:
    """Return items in the order asked for; without one, the newest first."""
    ordered = sorted(items, key=lambda item: item.number, reverse=True)
    for field in reversed(list(children(order)) if order is not None else []):
        path = queryable(next(children(field)), "ErrorUnsupportedPathForSortGroup")
        down = field.get("Order") == "Descending"

        missing = [item for item in ordered if not values(item.view, path)]
        present = [item for item in ordered if values(item.view, path)]
        present.sort(key=_sort_key(path), reverse=down)
        ordered = present + missing if down else missing + present
    return ordered


def _sort_key(path: Path) -> Callable[[Item], Comparable]:
    ordered = typed(path)
    return lambda item: ordered(values(item.view, path)[0])


def restriction_of(request: etree._Element, name: str) -> Predicate | None:
    """Return the restriction of a request, if it has one."""
    holder = request.find(name)
    inside = next(children(holder), None) if holder is not None else None
    return read_restriction(inside) if inside is not None else None
