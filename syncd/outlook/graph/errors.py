"""What Graph's error codes and HTTP statuses mean: one table, read by everything else here.

A code says more than its status, where it is known: `error.code` of the answer, or of one part of
a batch. Sources: "Microsoft Graph error responses", "Microsoft Graph throttling guidance", and what
is known from issues against its clients.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.verdict import Effect, Verdict, error, perhaps_done, refused, rows

ITEM, FOLDER, MAILBOX, SERVER = Scope.ITEM, Scope.FOLDER, Scope.MAILBOX, Scope.SERVER

CODES: Mapping[str, Verdict] = dict([
    *rows(
        refused(Sort.THROTTLED, MAILBOX, "Graph asks for a pause"),
        "ApplicationThrottled MailboxConcurrency TooManyRequests activityLimitReached "
        "ErrorTooManyObjectsOpened ErrorExceededConnectionCount",
    ),
    *rows(
        # One item can be enough to bring a server to this, time and again: it stays the item's.
        perhaps_done(Sort.TRANSIENT, ITEM, "Exchange Online failed on the way"),
        "ErrorInternalServerError ErrorInternalServerTransientError generalException "
        "ErrorTimeoutExpired ErrorConnectionFailed ErrorMailboxFailover "
        "ErrorMailboxStoreUnavailable ErrorBatchProcessingStopped UnknownError",
    ),
    *rows(
        refused(Sort.TRANSIENT, MAILBOX, "the mailbox cannot be reached for now"),
        "ErrorMailboxMoveInProgress ErrorADUnavailable ErrorADOperation",
    ),
    *rows(
        # Nothing is wrong with the item, and nothing with a right: it goes on once there is room.
        refused(Sort.TRANSIENT, MAILBOX, "the mailbox is full; make room in it"),
        "ErrorQuotaExceeded",
    ),
    *rows(
        refused(Sort.PRECONDITION, ITEM, "the item was changed meanwhile"),
        "ErrorIrresolvableConflict ErrorStaleObject ErrorInvalidChangeKey "
        "ErrorChangeKeyRequired ErrorChangeKeyRequiredForWriteOperations PreconditionFailed",
    ),
    *rows(
        # An id of another form is an id that the mailbox had before it was moved here.
        refused(Sort.GONE, ITEM, "there is no such item"),
        "ErrorItemNotFound itemNotFound ErrorInvalidIdMalformed ErrorInvalidId "
        "ErrorInvalidIdEmpty ErrorInvalidImmutableId ErrorCannotUseFolderIdForItemId",
    ),
    *rows(
        refused(Sort.GONE, FOLDER, "there is no such folder"),
        "ErrorFolderNotFound ErrorSyncFolderNotFound ErrorParentFolderNotFound "
        "ErrorCannotUseItemIdForFolderId",
    ),
    *rows(
        refused(Sort.CURSOR_LOST, FOLDER, "Graph forgot how far this folder was read"),
        "SyncStateNotFound SyncStateInvalid resyncRequired ErrorInvalidSyncStateData",
    ),
    *rows(
        refused(
            Sort.ELSEWHERE, MAILBOX,
            "Graph does not serve this mailbox: it is on Exchange Server, or without a licence; "
            "serve it over EWS, or license it",
        ),
        "MailboxNotEnabledForRESTAPI MailboxNotSupportedForRESTAPI",
    ),
    *rows(
        refused(
            Sort.ELSEWHERE, MAILBOX,
            "Graph knows no such mailbox; check that this is its primary address, and that the "
            "tenant is its own",
        ),
        "ErrorInvalidUser ErrorNonExistentMailbox ResourceNotFound Request_ResourceNotFound",
    ),
    *rows(
        refused(
            Sort.DENIED, MAILBOX,
            "the application may not reach this mailbox; grant it Contacts.ReadWrite with this "
            "mailbox in its scope",
        ),
        "ErrorAccessDenied Authorization_RequestDenied AccessDenied accessDenied Forbidden "
        "ErrorSubmissionQuotaExceeded",
    ),
    *rows(
        refused(Sort.DENIED, MAILBOX, "the mailbox's account is disabled"),
        "ErrorAccountDisabled ErrorAccountSuspend ErrorMailboxLogonFailed",
    ),
    *rows(
        refused(
            Sort.DENIED, Scope.CREDENTIAL,
            "Graph did not take the sign-in; check the application, its certificate or secret, "
            "and its consent",
        ),
        "InvalidAuthenticationToken CompactToken unauthenticated",
    ),
    *rows(
        # With whatever status: some of these come with a 500, and are no failure of the server.
        refused(Sort.INVALID, ITEM, "Graph does not take the item as it is"),
        "ErrorItemSave ErrorItemSavePropertyError ErrorPropertyValidationFailure ErrorCorruptData "
        "ErrorInvalidProperty ErrorInvalidPropertySet ErrorInvalidExtendedProperty "
        "ErrorInvalidExtendedPropertyValue ErrorMessageSizeExceeded ErrorDataSizeLimitExceeded",
    ),
])  # fmt: skip

STATUSES: Mapping[int, Verdict] = {
    400: refused(Sort.INVALID, ITEM, "Graph does not take the item as it is"),
    401: CODES["InvalidAuthenticationToken"],
    403: CODES["ErrorAccessDenied"],
    404: CODES["ErrorItemNotFound"],
    405: refused(Sort.INVALID, ITEM, "Graph does not take the request as it is"),
    408: perhaps_done(Sort.TRANSIENT, MAILBOX, "Graph waited too long"),
    409: refused(Sort.PRECONDITION, ITEM, "somebody else changes the item at the same time"),
    410: CODES["SyncStateNotFound"],
    412: CODES["ErrorIrresolvableConflict"],
    413: refused(Sort.INVALID, MAILBOX, "the request is too large for Graph"),
    423: refused(Sort.TRANSIENT, MAILBOX, "the mailbox is locked for now"),
    424: refused(Sort.NOT_TRIED, ITEM, "Graph stopped before this item"),
    429: CODES["ApplicationThrottled"],
    # A 503 is no refusal: what it was asked may have happened.
    503: perhaps_done(Sort.THROTTLED, SERVER, "Graph is overloaded"),
    507: CODES["ErrorQuotaExceeded"],
}
_REDIRECTED = perhaps_done(
    Sort.TRANSIENT, SERVER, "the address of Graph redirects elsewhere; check base_url"
)
_NOT_GRAPH = refused(
    Sort.TRANSIENT, SERVER, "what answers at this address is not Graph; check base_url"
)
_FAILED = perhaps_done(Sort.TRANSIENT, SERVER, "Graph failed")
_REFUSED = refused(Sort.INVALID, ITEM, "Graph refused the item")
_MISSING = perhaps_done(Sort.TRANSIENT, ITEM, "Graph left the answer out")
_ILLEGIBLE = perhaps_done(Sort.TRANSIENT, ITEM, "the answer cannot be read")

UNANSWERED = 0  # the status of a part that is missing in the answer to its batch, or no answer
GARBAGE = "garbage"  # the code of what is no answer of Graph, whatever status it came with
_SAYS_IT_ALL = frozenset({429, 503})  # whatever the code: a pause is asked for


def verdict(status: int, code: str) -> Verdict:
    """What an answer other than success means."""
    if status == UNANSWERED or code == GARBAGE:
        return _ILLEGIBLE if code == GARBAGE else _MISSING
    if code in CODES and status not in _SAYS_IT_ALL:
        return CODES[code]
    if not code and status in (404, 405):  # Graph gives a code with each
        return _NOT_GRAPH
    if status in STATUSES:
        return STATUSES[status]
    if status < 400:
        return _REDIRECTED
    return _FAILED if status >= 500 else _REFUSED


def failure(status: int, code: str, effect: Effect) -> Failure:
    """The failure of one item."""
    found = verdict(status, code)
    return Failure(found.sort(effect), code or f"http-{status}", found.says, scope=found.scope)


def refusal(
    status: int, code: str, effect: Effect, retry_after: float | None = None
) -> MailboxError:
    """The failure of a whole request."""
    found = verdict(status, code)
    return error(code or f"http-{status}", found, effect, retry_after)
