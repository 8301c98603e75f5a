"""One SOAP request in, one SOAP answer out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from syncd.sandbox import ids
from syncd.sandbox.ews import (
    configuration_operations,
    folder_operations,
    item_operations,
    reading_operations,
    update_operation,
)
from syncd.sandbox.ews.answers import envelope, fault_envelope
from syncd.sandbox.ews.context import Context, impersonated
from syncd.sandbox.ews.errors import EwsError, SoapFaultError, schema_fault
from syncd.sandbox.ews.names import m, soap, t
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.ews.validation import Schemas
from syncd.sandbox.faults import Fault, FaultKind
from syncd.sandbox.organisation import Account, Organisation

OPERATIONS: dict[str, Callable[[Context, etree._Element], str]] = {
    "GetFolder": folder_operations.get_folder,
    "FindFolder": folder_operations.find_folder,
    "CreateFolder": folder_operations.create_folder,
    "UpdateFolder": folder_operations.update_folder,
    "MoveFolder": folder_operations.move_folder,
    "DeleteFolder": folder_operations.delete_folder,
    "CreateItem": item_operations.create_item,
    "GetItem": item_operations.get_item,
    "UpdateItem": update_operation.update_item,
    "DeleteItem": item_operations.delete_item,
    "MoveItem": item_operations.move_item,
    "CopyItem": item_operations.copy_item,
    "FindItem": reading_operations.find_item,
    "ConvertId": reading_operations.convert_id,
    "SyncFolderItems": reading_operations.sync_folder_items,
    "GetUserConfiguration": configuration_operations.get_user_configuration,
    "CreateUserConfiguration": configuration_operations.create_user_configuration,
    "UpdateUserConfiguration": configuration_operations.update_user_configuration,
}

_ITEM_IDS = (f"{m('ItemIds')}/{t('ItemId')}", f"{m('ItemChanges')}/{t('ItemChange')}/{t('ItemId')}")


_PROLOG = 4096  # bytes in which a document type can stand


class NotXmlError(ValueError):
    """The body of a request is not XML; Exchange answers HTTP 400."""


@dataclass(slots=True)
class Request:
    """A request that was read but not yet done."""

    operation: str
    body: etree._Element
    headers: list[etree._Element]

    @property
    def has_sync_state(self) -> bool:
        """Whether it goes on from an earlier sync."""
        return bool(self.body.findtext(m("SyncState")))

    def names(self, item: str) -> bool:
        """Whether it names the item of this id."""
        return any(each.get("Id") == item for each in self.body.iter(t("ItemId")))

    def mailboxes(self, organisation: Organisation, account: Account) -> set[str]:
        """Return the addresses that the request concerns, as far as one can see before doing it."""
        named = {
            e.text or ""
            for h in self.headers
            for e in h.iter(t("PrimarySmtpAddress"), t("SmtpAddress"))
        }
        named |= {e.text or "" for h in self.headers for e in h.iter(t("PrincipalName"))}
        named |= {
            e.text or ""
            for d in self.body.iter(t("DistinguishedFolderId"))
            for e in d.iter(t("EmailAddress"))
        }
        first = next(self.body.iter(t("ItemId"), t("FolderId")), None)
        if first is not None:
            try:
                owner = organisation.by_guid(ids.parse_id(first.get("Id", "")).mailbox)
                named |= {owner.address} if owner else set()
            except ids.MalformedIdError:
                pass
        if not named and not account.is_service:
            named = {account.name}
        return named


def read_request(raw: bytes) -> Request:
    """Read a SOAP envelope, with entities off, no DTD and no network.

    Raises:
        NotXmlError: not well-formed.
        SoapFaultError: not a request.

    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise NotXmlError(str(error)) from error
    if b"<!DOCTYPE" in raw[:_PROLOG]:
        raise NotXmlError("A DTD is not allowed.")
    body = root.find(soap("Body"))
    inside = next(children(body), None) if body is not None else None
    if root.tag != soap("Envelope") or inside is None:
        raise schema_fault("There is no SOAP body.")
    header = root.find(soap("Header"))
    return Request(local(inside), inside, list(children(header)) if header is not None else [])


class Service:
    """The operations over one organisation, with or without schema validation."""

    def __init__(self, organisation: Organisation, schemas: Schemas | None) -> None:
        self._organisation = organisation
        self._schemas = schemas
        self.invalid_responses: list[str] = []

    def perform(self, account: Account, request: Request, faults: list[Fault]) -> tuple[int, bytes]:
        """Do a request; return the HTTP status and the SOAP answer. The caller holds the lock."""
        try:
            return 200, self._checked(self._answer(account, request, faults))
        except SoapFaultError as fault:
            return 500, fault_envelope(fault)

    def _answer(self, account: Account, request: Request, faults: list[Fault]) -> bytes:
        for fault in faults:
            _raise_if_fault(fault)
        if self._schemas is not None:
            self._schemas.check_request(request.headers, request.body)
        header = next((h for h in request.headers if h.tag == t("ExchangeImpersonation")), None)
        organisation = self._organisation
        if header is not None:
            context = Context(
                organisation,
                account,
                impersonated(organisation, account, header),
                impersonates=True,
            )
        else:
            own = None if account.is_service else organisation.by_address(account.name)
            context = Context(organisation, account, own)
        context.faults = faults
        operation = OPERATIONS.get(request.operation)
        if operation is None or request.body.tag != m(request.operation):
            raise SoapFaultError(
                "ErrorInvalidRequest", f"The sandbox has no operation '{request.operation}'."
            )
        if any(fault.fault is FaultKind.STALE_CHANGE_KEY for fault in faults):
            _touch(context, request.body)
        try:
            return envelope(operation(context, request.body))
        except EwsError as error:
            raise SoapFaultError(error.code, error.message) from error

    def _checked(self, answer: bytes) -> bytes:
        if self._schemas is not None:
            self.invalid_responses.extend(self._schemas.response_errors(answer))
        return answer


def _raise_if_fault(fault: Fault) -> None:
    if fault.fault is FaultKind.SERVER_BUSY:
        values = (("BackOffMilliseconds", str(fault.back_off_ms)),)
        raise SoapFaultError("ErrorServerBusy", values=values)
    if fault.fault is FaultKind.INTERNAL_ERROR:
        raise SoapFaultError("ErrorInternalServerError")
    if fault.fault is FaultKind.SOAP_FAULT:
        raise SoapFaultError(fault.code)


def _touch(context: Context, body: etree._Element) -> None:
    """Save the items of a request as somebody else would, so that its change keys are stale."""
    for element in _named_items(body):
        try:
            mailbox, item = context.item(element)
        except EwsError:
            continue
        mailbox.update(item.id, {})


def _named_items(body: etree._Element) -> Iterable[etree._Element]:
    return (element for path in _ITEM_IDS for element in body.findall(path))
