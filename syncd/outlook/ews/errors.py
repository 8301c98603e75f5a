"""What EWS response codes and HTTP statuses mean: one table, read by everything else here.

Codes are those of ResponseCodeType (messages.xsd).
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.outlook.errors import Failure, Scope, Sort
from syncd.outlook.verdict import Effect, Verdict, perhaps_done, refused, rows

ITEM, FOLDER, MAILBOX, SERVER = Scope.ITEM, Scope.FOLDER, Scope.MAILBOX, Scope.SERVER

CODES: Mapping[str, Verdict] = dict([
    *rows(
        refused(Sort.THROTTLED, MAILBOX, "the server asks for a pause"),
        "ErrorServerBusy ErrorExceededConnectionCount ErrorTooManyObjectsOpened "
        "ErrorExceededFindCountLimit",
    ),
    *rows(
        # One item can be enough to bring a server to this, time and again: it stays the item's.
        perhaps_done(Sort.TRANSIENT, ITEM, "the server failed on the way"),
        "ErrorInternalServerError ErrorInternalServerTransientError ErrorTimeoutExpired "
        "ErrorRequestAborted ErrorClientDisconnected ErrorConnectionFailed ErrorMailboxFailover "
        "ErrorMailboxStoreUnavailable ErrorInsufficientResources ErrorNotEnoughMemory "
        "ErrorProxyCallFailed ErrorProxyRequestProcessingFailed ErrorDataSourceOperation",
    ),
    *rows(
        refused(Sort.TRANSIENT, MAILBOX, "the mailbox cannot be reached for now"),
        "ErrorMailboxMoveInProgress ErrorADUnavailable ErrorADOperation ErrorServiceUnavailable "
        "ErrorNoRespondingCASInDestinationSite ErrorNoApplicableProxyCASServersAvailable "
        "ErrorCrossSiteRequest",
    ),
    *rows(
        # Nothing is wrong with the item, and nothing with a right: it goes on once there is room.
        refused(Sort.TRANSIENT, MAILBOX, "the mailbox is full; make room in it"),
        "ErrorQuotaExceeded",
    ),
    *rows(
        refused(Sort.PRECONDITION, ITEM, "the item was changed meanwhile"),
        "ErrorIrresolvableConflict ErrorStaleObject ErrorInvalidChangeKey ErrorChangeKeyRequired "
        "ErrorChangeKeyRequiredForWriteOperations ErrorObjectTypeChanged",
    ),
    *rows(
        # An id of another form is an id that the mailbox had before it was moved here.
        refused(Sort.GONE, ITEM, "there is no such item"),
        "ErrorItemNotFound ErrorInvalidId ErrorInvalidIdEmpty ErrorInvalidIdMalformed "
        "ErrorInvalidIdMalformedEwsLegacyIdFormat ErrorInvalidIdXml ErrorInvalidIdMonikerTooLong "
        "ErrorInvalidIdStoreObjectIdTooLong ErrorCannotUseFolderIdForItemId",
    ),
    *rows(
        refused(Sort.GONE, FOLDER, "there is no such folder"),
        "ErrorFolderNotFound ErrorSyncFolderNotFound ErrorToFolderNotFound "
        "ErrorParentFolderNotFound ErrorSavedItemFolderNotFound ErrorInvalidFolderId "
        "ErrorCannotUseItemIdForFolderId",
    ),
    *rows(
        refused(Sort.CURSOR_LOST, FOLDER, "the server forgot how far this folder was read"),
        "ErrorInvalidSyncStateData",
    ),
    *rows(
        refused(Sort.NOT_TRIED, ITEM, "the server stopped before this item"),
        "ErrorBatchProcessingStopped",
    ),
    *rows(
        refused(Sort.DENIED, ITEM, "the account may not do this; give it full access"),
        "ErrorAccessDenied",
    ),
    *rows(
        refused(Sort.DENIED, FOLDER, "the account may not add to the folder; give it full access"),
        "ErrorCreateItemAccessDenied ErrorCreateSubfolderAccessDenied",
    ),
    *rows(
        refused(
            Sort.DENIED, MAILBOX,
            "the account may not act for this mailbox; give it the role ApplicationImpersonation "
            "with this mailbox in its scope, or use delegate access",
        ),
        "ErrorImpersonateUserDenied ErrorImpersonationDenied ErrorImpersonationFailed "
        "ErrorNotDelegate",
    ),
    *rows(
        refused(
            Sort.ELSEWHERE, MAILBOX,
            "the server knows no such mailbox; check that this is its primary address",
        ),
        "ErrorNonExistentMailbox ErrorInvalidMailbox ErrorCannotFindUser",
    ),
    *rows(
        refused(
            Sort.DENIED, MAILBOX,
            "the server does not open such a mailbox; check that this is its primary address",
        ),
        "ErrorNonPrimarySmtpAddress ErrorInvalidSmtpAddress ErrorMissingEmailAddress "
        "ErrorMailboxLogonFailed",
    ),
    *rows(
        refused(Sort.DENIED, MAILBOX, "the mailbox's account is disabled"),
        "ErrorAccountDisabled ErrorOrganizationAccessBlocked",
    ),
    *rows(
        refused(Sort.DENIED, Scope.CREDENTIAL, "the account needs a new password"),
        "ErrorPasswordExpired ErrorPasswordChangeRequired",
    ),
    *rows(
        refused(Sort.INVALID, SERVER, "the server is older than Exchange 2016"),
        "ErrorInvalidServerVersion ErrorIncorrectSchemaVersion ErrorWrongServerVersion "
        "ErrorInvalidSchemaVersionForMailboxVersion",
    ),
    *rows(
        refused(Sort.INVALID, MAILBOX, "the server does not take the request as it is"),
        "ErrorInvalidRequest ErrorSchemaValidation ErrorMissingArgument ErrorInvalidArgument "
        "ErrorRequestStreamTooBig ErrorInvalidExchangeImpersonationHeaderData",
    ),
    *rows(
        refused(Sort.INVALID, FOLDER, "the folder is not one for such items"),
        "ErrorCannotCreateContactInNonContactFolder ErrorCannotCreateTaskInNonTaskFolder "
        "ErrorCannotCreateCalendarItemInNonCalendarFolder",
    ),
    *rows(
        refused(Sort.INVALID, ITEM, "the server does not take the item as it is"),
        "ErrorCorruptData ErrorItemCorrupt ErrorItemSave ErrorItemSavePropertyError "
        "ErrorInvalidPropertySet ErrorInvalidPropertyDelete ErrorInvalidPropertyAppend "
        "ErrorInvalidPropertyRequest ErrorInvalidPropertyForOperation ErrorInvalidValueForProperty "
        "ErrorInvalidExtendedProperty ErrorInvalidExtendedPropertyValue ErrorPropertyUpdate "
        "ErrorInvalidContactEmailAddress ErrorInvalidContactEmailIndex "
        "ErrorRequiredPropertyMissing "
        "ErrorMessageSizeExceeded ErrorDataSizeLimitExceeded ErrorVirusDetected "
        "ErrorPropertyValidationFailure ErrorUpdatePropertyMismatch",
    ),
])  # fmt: skip

UNKNOWN_ITEM = refused(Sort.INVALID, Scope.ITEM, "the server refused the item")
UNKNOWN_REQUEST = perhaps_done(Sort.TRANSIENT, Scope.MAILBOX, "the server refused the request")

STATUSES: Mapping[int, Verdict] = {
    400: refused(Sort.INVALID, Scope.MAILBOX, "the server does not take the request as it is"),
    401: refused(
        Sort.DENIED,
        Scope.CREDENTIAL,
        "the server refused the account or its password; check both, and that the account is not "
        "locked",
    ),
    403: refused(
        Sort.DENIED,
        Scope.MAILBOX,
        "the server refused the request; EWS may be blocked for this mailbox or application "
        "(EwsEnabled, EwsApplicationAccessPolicy)",
    ),
    404: refused(
        Sort.TRANSIENT, Scope.SERVER, "there is no EWS at this endpoint; check its address"
    ),
    405: refused(
        Sort.TRANSIENT, Scope.SERVER, "there is no EWS at this endpoint; check its address"
    ),
    413: refused(Sort.INVALID, Scope.MAILBOX, "the request is too large for the server"),
    429: refused(Sort.THROTTLED, Scope.MAILBOX, "the server asks for a pause"),
    # A 503 is no refusal: a server was seen to save 50 of 200 items and then answer it.
    503: perhaps_done(Sort.THROTTLED, Scope.SERVER, "the server is overloaded"),
}
# The same where an application of Microsoft Entra signs in, which means Exchange Online.
OF_TOKENS: Mapping[int, Verdict] = {
    401: refused(
        Sort.DENIED,
        Scope.CREDENTIAL,
        "Exchange does not take the application's token; give it the permission "
        "full_access_as_app (in the Entra admin centre, App registrations, API permissions, Office "
        "365 Exchange Online) with admin consent, or the role Application EWS.AccessAsApp",
    ),
    403: refused(
        Sort.ELSEWHERE,
        Scope.MAILBOX,
        "EWS is blocked in this organisation or for this application (EwsEnabled, "
        'EwsAllowedAppIDs); name a server with backend = "graph" in the policy',
    ),
}
NOT_ENOUGH_SCOPE = "2000008"  # in x-ms-diagnostics: the token lacks the permission
NO_NTLM = refused(
    Sort.DENIED,
    Scope.CREDENTIAL,
    "the server does not offer NTLM; switch Windows authentication on for its EWS directory "
    '(Set-WebServicesVirtualDirectory -WindowsAuthentication $true), or write auth = "basic"',
)
REDIRECTED = perhaps_done(
    Sort.TRANSIENT, Scope.SERVER, "the endpoint redirects elsewhere; check its address"
)
FAILED_STATUS = perhaps_done(Sort.TRANSIENT, Scope.SERVER, "the server failed")


def of_item(code: str) -> Verdict:
    """What a code means for one item of a batch."""
    return CODES.get(code, UNKNOWN_ITEM)


def of_request(code: str) -> Verdict:
    """What a code means for a whole request."""
    return CODES.get(code, UNKNOWN_REQUEST)


def of_status(status: int) -> Verdict:
    """What an HTTP status other than 200 means."""
    return STATUSES.get(status, REDIRECTED if 300 <= status < 400 else FAILED_STATUS)


def failure(code: str, effect: Effect) -> Failure:
    """The failure of one item."""
    verdict = of_item(code)
    return Failure(verdict.sort(effect), code, verdict.says, scope=verdict.scope)
