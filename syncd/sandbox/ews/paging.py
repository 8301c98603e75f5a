"""Pages of FindItem and FindFolder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from syncd.sandbox.ews.errors import EwsError
from syncd.sandbox.ews.names import m

T = TypeVar("T")

# EWSFindCountLimit of the default throttling policy: no answer holds more, whatever was asked.
FIND_COUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class PageView:
    """An IndexedPageView, or its absence."""

    limit: int
    offset: int
    from_end: bool

    def cut(self, whole: Sequence[T]) -> tuple[Sequence[T], str]:
        """Return the page, and the attributes that tell its place in the whole."""
        total = len(whole)
        if self.from_end:
            end = max(total - self.offset, 0)
            start = max(end - self.limit, 0)
            last, onward = start == 0, total - start
        else:
            start = min(self.offset, total)
            end = min(start + self.limit, total)
            last, onward = end >= total, end
        attributes = (
            f'IndexedPagingOffset="{onward}" TotalItemsInView="{total}" '
            f'IncludesLastItemInRange="{"true" if last else "false"}"'
        )
        return whole[start:end], attributes


def read_page(request: etree._Element, name: str) -> PageView:
    """Read the page that a request asks for.

    Raises:
        EwsError: a page that cannot be.

    """
    view = request.find(m(name))
    if view is None:
        return PageView(FIND_COUNT_LIMIT, 0, from_end=False)
    try:
        limit = int(view.get("MaxEntriesReturned", str(FIND_COUNT_LIMIT)))
        offset = int(view.get("Offset", "0"))
    except ValueError:
        raise EwsError("ErrorInvalidIndexedPagingParameters") from None
    if limit < 1:
        raise EwsError("ErrorInvalidPagingMaxRows")
    if offset < 0:
        raise EwsError("ErrorInvalidIndexedPagingParameters")
    return PageView(min(limit, FIND_COUNT_LIMIT), offset, view.get("BasePoint") == "End")
