"""Which properties of an item a request wants back."""

import enum
from collections import defaultdict

from lxml import etree

from syncd.sandbox.ews.errors import schema_fault
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.paths import ExtendedPath, read_path
from syncd.sandbox.ews.reading import children
from syncd.sandbox.ews.schema import (
    DEFAULT_SHAPE,
    FIELDS,
    INDEXED_ELEMENTS,
    ONLY_IN_GET_ITEM,
    Field,
    Form,
    element_for,
)
from syncd.sandbox.ews.writing import (
    Writer,
    address_writer,
    dictionary_writer,
    email_writer,
    extended_writer,
    writer_for,
)
from syncd.sandbox.mailbox import Item, Mailbox


class Depth(enum.Enum):
    """How much an operation is willing to return."""

    WHOLE = enum.auto()
    NO_BODY = enum.auto()


class ItemShape:
    """The ItemShape of a request."""

    def __init__(self, element: etree._Element | None, depth: Depth) -> None:
        if element is None:
            raise schema_fault("The element 'ItemShape' is missing.")
        self._depth = depth
        self._base = element.findtext(t("BaseShape"), "IdOnly")
        self._body_type = element.findtext(t("BodyType"), "Best")
        self._uris: set[str] = set()
        self._indexed: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._extended: dict[str, ExtendedPath] = {}
        self._compiled: dict[tuple[str, str], list[Writer]] = {}
        more = element.find(t("AdditionalProperties"))
        for child in children(more) if more is not None else ():
            path = read_path(child)
            if isinstance(path, ExtendedPath):
                self._extended[path.written] = path
            elif path.index and path.uri in INDEXED_ELEMENTS:
                self._indexed[INDEXED_ELEMENTS[path.uri]].add((path.uri, path.index))
            else:
                self._uris.add(path.uri)

    def write(self, item: Item, mailbox: Mailbox) -> str:
        """Return an item as XML."""
        element = element_for(item.item_class)
        key = (element, mailbox.address)
        writers = self._compiled.get(key)
        if writers is None:
            writers = self._compiled[key] = self._compile(element, mailbox)
        out: list[str] = [f"<t:{element}>"]
        for write in writers:
            write(item, out)
        out.append(f"</t:{element}>")
        return "".join(out)

    def _compile(self, element: str, mailbox: Mailbox) -> list[Writer]:
        writers: list[Writer] = []
        for field in FIELDS[element]:
            if field.form is Form.EXTENDED:
                writers.extend(extended_writer(path) for path in self._extended.values())
            elif self._depth is Depth.NO_BODY and field.form in ONLY_IN_GET_ITEM:
                continue
            elif self._wants(element, field):
                writers.append(writer_for(field, mailbox, self._body_type))
            elif field.element in self._indexed:
                writers.append(_partial(field, self._indexed[field.element]))
        return writers

    def _wants(self, element: str, field: Field) -> bool:
        if field.form is Form.ITEM_ID or field.uri in self._uris:
            return True
        if self._base == "AllProperties":
            return field.form is not Form.TEXT_BODY
        return self._base == "Default" and field.element in DEFAULT_SHAPE[element]


def _partial(field: Field, wanted: set[tuple[str, str]]) -> Writer:
    if field.form is Form.ADDRESSES:
        return address_writer({(uri.rpartition(":")[2], index) for uri, index in wanted})
    indices = sorted(index for _, index in wanted)
    if field.form is Form.EMAILS:
        return email_writer(indices)
    return dictionary_writer(field.element, next(uri for uri, _ in wanted), indices)
