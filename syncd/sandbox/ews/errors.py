"""What EWS answers when it does not do what it was asked."""

from dataclasses import dataclass

# The words of Exchange, for the codes whose words people look up.
_TEXTS = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorBatchProcessingStopped": "Batch processing was stopped because of an earlier error.",
    "ErrorCannotCreateContactInNonContactFolder": "A contact cannot be created in a non-contact "
    "folder.",
    "ErrorCannotUseFolderIdForItemId": "Id must be an item id, not a folder id.",
    "ErrorCannotUseItemIdForFolderId": "Id must be a folder id, not an item id.",
    "ErrorChangeKeyRequiredForWriteOperations": "A change key is required for this operation.",
    "ErrorContainsFilterWrongType": "The Contains filter can only be used for string properties.",
    "ErrorContentIndexingNotEnabled": "Content indexing is not enabled for this mailbox.",
    "ErrorCrossMailboxMoveCopy": "Items cannot be moved or copied across mailboxes.",
    "ErrorDeleteDistinguishedFolder": "Distinguished folders cannot be deleted.",
    "ErrorFolderExists": "A folder with the specified name already exists.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the "
    "requested user.",
    "ErrorIncorrectUpdatePropertyCount": "An object within a change description must contain one "
    "and only one "
    "property to modify.",
    "ErrorInternalServerError": "An internal server error occurred. The operation failed.",
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidExtendedProperty": "The extended property attribute combination is invalid.",
    "ErrorInvalidExtendedPropertyValue": "The extended property value does not match its type.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidIndexedPagingParameters": "The paging parameters are invalid.",
    "ErrorInvalidOperation": "The operation is not valid here.",
    "ErrorInvalidPropertyAppend": "Append action is invalid for property.",
    "ErrorInvalidPropertyDelete": "Delete action is invalid for property.",
    "ErrorInvalidPropertyForOperation": "The property can not be used with this type of item.",
    "ErrorInvalidPropertySet": "Set action is invalid for property.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or otherwise invalid.",
    "ErrorInvalidValueForProperty": "The specified value is invalid for property.",
    "ErrorIrresolvableConflict": "The send or update operation could not be performed because the "
    "change key passed "
    "in the request does not match the current change key for the item.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorItemSave": "Save failed.",
    "ErrorMessageDispositionRequired": "Message disposition is required.",
    "ErrorMissingEmailAddress": "When making a request as an account that does not have a "
    "mailbox, you must specify "
    "the mailbox primary SMTP address for any distinguished folder Ids.",
    "ErrorMoveDistinguishedFolder": "Distinguished folders cannot be moved.",
    "ErrorNoPropertyTagForCustomProperties": "A custom property cannot be named by a property tag.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorObjectTypeChanged": "The item class does not fit the type of the item.",
    "ErrorParentFolderNotFound": "The parent folder could not be found.",
    "ErrorQuotaExceeded": "The mailbox has exceeded its quota.",
    "ErrorSchemaValidation": "The request failed schema validation.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
    "ErrorStaleObject": "The object has been changed since it was read.",
    "ErrorSyncFolderNotFound": "The folder to be synchronized could not be found.",
    "ErrorToFolderNotFound": "The destination folder could not be found.",
    "ErrorUnsupportedMapiPropertyType": "The MAPI property type is not supported.",
    "ErrorUnsupportedPathForQuery": "The property can not be used in a query restriction.",
    "ErrorUnsupportedPathForSortGroup": "The property can not be used for sorting or grouping.",
    "ErrorUpdatePropertyMismatch": "The property in the change description is not the property of "
    "the object.",
}


def text_of(code: str) -> str:
    """Return the words that go with a code."""
    return _TEXTS.get(code, "The operation failed.")


class EwsError(Exception):
    """One item of a request fails, the rest goes on. `code` is a ResponseCodeType."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        self.message = message or text_of(code)
        super().__init__(f"{code}: {self.message}")


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a request breaks the schema."""

    line: int
    position: int
    what: str


class SoapFaultError(Exception):
    """The whole request fails, with HTTP 500."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        violation: Violation | None = None,
        values: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.code = code
        self.message = message or text_of(code)
        self.violation = violation
        self.values = values
        super().__init__(f"{code}: {self.message}")


def schema_fault(what: str, line: int = 0, position: int = 0) -> SoapFaultError:
    """Return the fault for a request that the schema does not allow."""
    return SoapFaultError(
        "ErrorSchemaValidation",
        f"The request failed schema validation: {what}",
        violation=Violation(line, position, what),
    )
