"""One request: who asks, acting for whom, and how the ids in it become folders and items."""

from dataclasses import dataclass, field

from lxml import etree

from syncd.sandbox import ids
from syncd.sandbox.ews.errors import EwsError, SoapFaultError, schema_fault
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.faults import Fault, Kinds
from syncd.sandbox.folders import Folder
from syncd.sandbox.mailbox import Item, ItemGoneError, Mailbox
from syncd.sandbox.organisation import Account, Organisation


@dataclass(slots=True)
class Context:
    """What an operation needs to know.

    `own` is the mailbox that the caller is, by signing in or by impersonation; the service account
    as itself has none.
    """

    organisation: Organisation
    account: Account
    own: Mailbox | None
    impersonates: bool = False
    faults: list[Fault] = field(default_factory=list)

    @property
    def kinds(self) -> Kinds:
        """The faults that strike the request, by what goes wrong."""
        return {each.fault: each for each in self.faults}

    def open(self, mailbox: Mailbox | None) -> Mailbox:
        """Return a mailbox that the caller may use.

        Raises:
            EwsError: there is none, or it is somebody else's.

        """
        if mailbox is None:
            raise EwsError("ErrorNonExistentMailbox")
        if mailbox is not self.own and (self.impersonates or not self.account.is_service):
            raise EwsError("ErrorAccessDenied")
        return mailbox

    def folder(self, element: etree._Element) -> tuple[Mailbox, Folder]:
        """Find the folder that a FolderId or a DistinguishedFolderId names.

        Raises:
            EwsError: no such id, no such folder, or no right to it.

        """
        if element.tag == t("DistinguishedFolderId"):
            return self._distinguished(element)
        if element.tag != t("FolderId"):
            raise EwsError("ErrorInvalidOperation")
        mailbox, parsed = self._owner(element.get("Id", ""), "ErrorFolderNotFound")
        if parsed.kind is ids.IdKind.ITEM:
            raise EwsError("ErrorCannotUseItemIdForFolderId")
        found = mailbox.folders.get(element.get("Id", ""))
        if found is None:
            raise EwsError("ErrorFolderNotFound")
        return mailbox, found

    def target(self, element: etree._Element | None) -> tuple[Mailbox, Folder]:
        """Find the folder inside a TargetFolderIdType, e.g. SavedItemFolderId or ToFolderId."""
        inside = next(children(element), None) if element is not None else None
        if inside is None:
            raise schema_fault("A folder id is missing.")
        return self.folder(inside)

    def item(self, element: etree._Element) -> tuple[Mailbox, Item]:
        """Find the item that an ItemId names, whatever its change key says.

        Raises:
            EwsError: no such id or change key, no such item, or no right to it.

        """
        if element.tag != t("ItemId"):
            raise EwsError("ErrorInvalidOperation", f"{local(element)} names no item here.")
        key = element.get("ChangeKey")
        mailbox, parsed = self._owner(element.get("Id", ""), "ErrorItemNotFound")
        if parsed.kind is ids.IdKind.FOLDER:
            raise EwsError("ErrorCannotUseFolderIdForItemId")
        if key is not None:
            try:
                ids.check_change_key(key)
            except ids.MalformedChangeKeyError:
                raise EwsError("ErrorInvalidChangeKey") from None
        try:
            return mailbox, mailbox.item(element.get("Id", ""))
        except ItemGoneError:
            raise EwsError("ErrorItemNotFound") from None

    def _owner(self, text: str, unknown: str) -> tuple[Mailbox, ids.ParsedId]:
        if not text:
            raise EwsError("ErrorInvalidIdEmpty")
        try:
            parsed = ids.parse_id(text)
        except ids.MalformedIdError:
            raise EwsError("ErrorInvalidIdMalformed") from None
        mailbox = self.organisation.by_guid(parsed.mailbox)
        if mailbox is None:
            raise EwsError(unknown)
        return self.open(mailbox), parsed

    def _distinguished(self, element: etree._Element) -> tuple[Mailbox, Folder]:
        address = element.findtext(f"{t('Mailbox')}/{t('EmailAddress')}")
        if address is not None:
            mailbox = self.open(self.organisation.by_address(address))
        elif self.own is not None:
            mailbox = self.own
        else:
            raise EwsError("ErrorMissingEmailAddress")
        found = mailbox.folders.get(mailbox.by_name.get(element.get("Id", ""), ""))
        if found is None:
            raise EwsError("ErrorFolderNotFound")
        return mailbox, found


def impersonated(organisation: Organisation, account: Account, header: etree._Element) -> Mailbox:
    """Return the mailbox that an ExchangeImpersonation header names.

    Raises:
        SoapFaultError: there is none, or this account may not.

    """
    address = next(
        (
            text
            for name in ("PrimarySmtpAddress", "SmtpAddress", "PrincipalName")
            if (text := header.findtext(f"{t('ConnectingSID')}/{t(name)}"))
        ),
        None,
    )
    if address is None:
        raise SoapFaultError(
            "ErrorInvalidExchangeImpersonationHeaderData", "The impersonation header is invalid."
        )
    if not account.is_service or not account.reach(address):
        raise SoapFaultError("ErrorImpersonateUserDenied")
    mailbox = organisation.by_address(address)
    if mailbox is None:
        raise SoapFaultError("ErrorNonExistentMailbox")
    return mailbox
