"""Requests and answers against the published schemas, which are not ours to ship."""

import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, cast

from lxml import etree

from syncd.sandbox.ews.errors import schema_fault
from syncd.sandbox.ews.names import soap
from syncd.sandbox.ews.reading import children


class SchemasMissingError(FileNotFoundError):
    """There are no usable schemas at the place that was named."""


class Schemas:
    """The compiled messages.xsd and what it imports; compiling takes about 0.2 s."""

    def __init__(self, folder: Path) -> None:
        """Load them from `folder`, or from its sub-folder `ews`.

        Raises:
            SchemasMissingError: they are in neither, or they do not compile.

        """
        places = (folder / "messages.xsd", folder / "ews" / "messages.xsd")
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise SchemasMissingError(str(folder))
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        try:
            self._schema = etree.XMLSchema(etree.parse(str(found), parser))
        except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
            raise SchemasMissingError(f"{found}: {error}") from error
        self._lock = threading.Lock()

    def check_request(self, headers: Iterable[etree._Element], body: etree._Element) -> None:
        """Refuse a request that breaks the schema.

        Raises:
            SoapFaultError: ErrorSchemaValidation, with the place.

        """
        for element in (*headers, body):
            for what, line, column in self._errors(element):
                raise schema_fault(what, line, column)

    def response_errors(self, answer: bytes) -> list[str]:
        """Return what is wrong with an answer of ours; empty when nothing is."""
        root = etree.fromstring(answer)
        return [
            f"line {line}, column {column}: {what}"
            for part in (root.find(soap("Header")), root.find(soap("Body")))
            for element in (children(part) if part is not None else ())
            for what, line, column in self._errors(element)
        ]

    def _errors(self, element: etree._Element) -> list[tuple[str, int, int]]:
        with self._lock:  # a schema has one error log, and several sandboxes may share it
            if self._schema.validate(element):
                return []
            # The stubs do not say that the log is a sequence of entries.
            log = cast("Iterable[Any]", self._schema.error_log)
            return [(str(entry.message), int(entry.line), int(entry.column)) for entry in log]


@cache
def schemas_in(folder: Path) -> Schemas:
    """Load the schemas of a folder, once per process."""
    return Schemas(folder)
