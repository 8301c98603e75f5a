"""What EWS response codes and HTTP statuses mean: one table, read by everything else here.

Codes are those of ResponseCodeType (messages.xsd). A code may mean less for a request that only
read than for one that wrote: what stopped half-way may have been done. The server's own words are
never passed on, since they may quote what was in an item; the code is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort


class Effect(Enum):
    """What a request may have done to the mailbox when nobody knows how it ended."""

    NONE = auto()  # it reads, or repeating it changes nothing
    WRITES = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one code means. `scope` is that of a whole request which failed with it."""

    read: Sort
    write: Sort
    scope: Scope
    says: str

    def sort(self, effect: Effect) -> Sort:
        """What it means for a request of this effect."""
        return self.write if effect is Effect.WRITES else self.read


def _rows(verdict: Verdict, codes: str) -> Iterable[tuple[str, Verdict]]:
    return ((code, verdict) for code in codes.split())


def _is(sort: Sort, scope: Scope, says: str) -> Verdict:
    return Verdict(sort, sort, scope, says)


def _or_done(sort: Sort, scope: Scope, says: str) -> Verdict:  # it may have been done all the same
    return Verdict(sort, Sort.IN_DOUBT, scope, says)


ITEM, FOLDER, MAILBOX, SERVER = Scope.ITEM, Scope.FOLDER, Scope.MAILBOX, Scope.SERVER

CODES: Mapping[str, Verdict] = dict([
    *_rows(
        _is(Sort.THROTTLED, MAILBOX, "the server asks for a pause"),
        "ErrorServerBusy ErrorExceededConnectionCount ErrorTooManyObjectsOpened "
        "ErrorExceededFindCountLimit",
    ),
    *_rows(
        # One item can be enough to bring a server to this, time and again: it stays the item's.
        _or_done(Sort.TRANSIENT, ITEM, "the server failed on the way"),
        "ErrorInternalServerError ErrorInternalServerTransientError ErrorTimeoutExpired "
        "ErrorRequestAborted ErrorClientDisconnected ErrorConnectionFailed ErrorMailboxFailover "
        "ErrorMailboxStoreUnavailable ErrorInsufficientResources ErrorNotEnoughMemory "
        "ErrorProxyCallFailed ErrorProxyRequestProcessingFailed ErrorDataSourceOperation",
    ),
    *_rows(
        _is(Sort.TRANSIENT, MAILBOX, "the mailbox cannot be reached for now"),
        "ErrorMailboxMoveInProgress ErrorADUnavailable ErrorADOperation ErrorServiceUnavailable "
        "ErrorNoRespondingCASInDestinationSite ErrorNoApplicableProxyCASServersAvailable "
        "ErrorCrossSiteRequest",
    ),
    *_rows(
        # Nothing is wrong with the item, and nothing with a right: it goes on once there is room.
        _is(Sort.TRANSIENT, MAILBOX, "the mailbox is full; make room in it"),
        "ErrorQuotaExceeded",
    ),
    *_rows(
        _is(Sort.PRECONDITION, ITEM, "the item was changed meanwhile"),
        "ErrorIrresolvableConflict ErrorStaleObject ErrorInvalidChangeKey ErrorChangeKeyRequired "
        "ErrorChangeKeyRequiredForWriteOperations ErrorObjectTypeChanged",
    ),
    *_rows(
        # An id of another form is an id that the mailbox had before it was moved here.
        _is(Sort.GONE, ITEM, "there is no such item"),
        "ErrorItemNotFound ErrorInvalidId ErrorInvalidIdEmpty ErrorInvalidIdMalformed "
        "ErrorInvalidIdMalformedEwsLegacyIdFormat ErrorInvalidIdXml ErrorInvalidIdMonikerTooLong "
        "ErrorInvalidIdStoreObjectIdTooLong ErrorCannotUseFolderIdForItemId",
    ),
    *_rows(
        _is(Sort.GONE, FOLDER, "there is no such folder"),
        "ErrorFolderNotFound ErrorSyncFolderNotFound ErrorToFolderNotFound "
        "ErrorParentFolderNotFound ErrorSavedItemFolderNotFound ErrorInvalidFolderId "
        "ErrorCannotUseItemIdForFolderId",
    ),
    *_rows(
        _is(Sort.CURSOR_LOST, FOLDER, "the server forgot how far this folder was read"),
        "ErrorInvalidSyncStateData",
    ),
    *_rows(
        _is(Sort.NOT_TRIED, ITEM, "the server stopped before this item"),
        "ErrorBatchProcessingStopped",
    ),
    *_rows(
        _is(Sort.DENIED, ITEM, "the account may not do this; give it full access"),
        "ErrorAccessDenied",
    ),
    *_rows(
        _is(Sort.DENIED, FOLDER, "the account may not add to the folder; give it full access"),
        "ErrorCreateItemAccessDenied ErrorCreateSubfolderAccessDenied",
    ),
    *_rows(
        _is(
            Sort.DENIED, MAILBOX,
            "the account may not act for this mailbox; give it the role ApplicationImpersonation "
            "with this mailbox in its scope, or use delegate access",
        ),
        "ErrorImpersonateUserDenied ErrorImpersonationDenied ErrorImpersonationFailed "
        "ErrorNotDelegate",
    ),
    *_rows(
        _is(
            Sort.ELSEWHERE, MAILBOX,
            "the server knows no such mailbox; check that this is its primary address",
        ),
        "ErrorNonExistentMailbox ErrorInvalidMailbox ErrorCannotFindUser",
    ),
    *_rows(
        _is(
            Sort.DENIED, MAILBOX,
            "the server does not open such a mailbox; check that this is its primary address",
        ),
        "ErrorNonPrimarySmtpAddress ErrorInvalidSmtpAddress ErrorMissingEmailAddress "
        "ErrorMailboxLogonFailed",
    ),
    *_rows(
        _is(Sort.DENIED, MAILBOX, "the mailbox's account is disabled"),
        "ErrorAccountDisabled ErrorOrganizationAccessBlocked",
    ),
    *_rows(
        _is(Sort.DENIED, Scope.CREDENTIAL, "the account needs a new password"),
        "ErrorPasswordExpired ErrorPasswordChangeRequired",
    ),
    *_rows(
        _is(Sort.INVALID, SERVER, "the server is older than Exchange 2016"),
        "ErrorInvalidServerVersion ErrorIncorrectSchemaVersion ErrorWrongServerVersion "
        "ErrorInvalidSchemaVersionForMailboxVersion",
    ),
    *_rows(
        _is(Sort.INVALID, MAILBOX, "the server does not take the request as it is"),
        "ErrorInvalidRequest ErrorSchemaValidation ErrorMissingArgument ErrorInvalidArgument "
        "ErrorRequestStreamTooBig ErrorInvalidExchangeImpersonationHeaderData",
    ),
    *_rows(
        _is(Sort.INVALID, FOLDER, "the folder is not one for such items"),
        "ErrorCannotCreateContactInNonContactFolder ErrorCannotCreateTaskInNonTaskFolder "
        "ErrorCannotCreateCalendarItemInNonCalendarFolder",
    ),
    *_rows(
        _is(Sort.INVALID, ITEM, "the server does not take the item as it is"),
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

UNKNOWN_ITEM = _is(Sort.INVALID, Scope.ITEM, "the server refused the item")
UNKNOWN_REQUEST = _or_done(Sort.TRANSIENT, Scope.MAILBOX, "the server refused the request")

STATUSES: Mapping[int, Verdict] = {
    400: _is(Sort.INVALID, Scope.MAILBOX, "the server does not take the request as it is"),
    401: _is(
        Sort.DENIED,
        Scope.CREDENTIAL,
        "the server refused the account or its password; check both, and that the account is not "
        "locked",
    ),
    403: _is(  # of Exchange Online, where EWS is blocked: the mailbox is reached by Graph
        Sort.ELSEWHERE,
        Scope.MAILBOX,
        "the server refused the request; EWS may be blocked for this mailbox or application "
        "(EwsEnabled, EwsApplicationAccessPolicy)",
    ),
    404: _is(Sort.TRANSIENT, Scope.SERVER, "there is no EWS at this endpoint; check its address"),
    405: _is(Sort.TRANSIENT, Scope.SERVER, "there is no EWS at this endpoint; check its address"),
    413: _is(Sort.INVALID, Scope.MAILBOX, "the request is too large for the server"),
    429: _is(Sort.THROTTLED, Scope.MAILBOX, "the server asks for a pause"),
    # A 503 is no refusal: a server was seen to save 50 of 200 items and then answer it.
    503: _or_done(Sort.THROTTLED, Scope.SERVER, "the server is overloaded"),
}
REDIRECTED = _or_done(
    Sort.TRANSIENT, Scope.SERVER, "the endpoint redirects elsewhere; check its address"
)
FAILED_STATUS = _or_done(Sort.TRANSIENT, Scope.SERVER, "the server failed")


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
    return Failure(verdict.sort(effect), code, verdict.says)


def error(
    code: str, verdict: Verdict, effect: Effect, retry_after: float | None = None
) -> MailboxError:
    """The failure of a whole request; what concerns one item then concerns the mailbox."""
    scope = Scope.MAILBOX if verdict.scope is Scope.ITEM else verdict.scope
    sort = verdict.sort(effect)
    if sort is Sort.IN_DOUBT:
        return MailboxError(sort, Scope.MAILBOX, code, f"{verdict.says}; {_DOUBT}", retry_after)
    return MailboxError(sort, scope, code, verdict.says, retry_after)


_DOUBT = "what was sent may have been done; syncd looks before it sends anything again"


def unsent(code: str, says: str) -> MailboxError:
    """A request that never left."""
    return MailboxError(Sort.TRANSIENT, Scope.SERVER, code, f"{says}; nothing was sent")


def unanswered(code: str, says: str, effect: Effect) -> MailboxError:
    """A request that left and has no answer that can be read."""
    return error(code, _or_done(Sort.TRANSIENT, Scope.SERVER, says), effect)
