"""The errors that Graph answers with, in its words, and what status each has."""

from collections.abc import Mapping
from types import MappingProxyType

# code: status, message
CODES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "ApplicationThrottled": (429, "Application is over its limit."),
        "Authorization_RequestDenied": (
            403,
            "Insufficient privileges to complete the operation.",
        ),
        "BadRequest": (400, "The request is invalid."),
        "ErrorAccessDenied": (403, "Access is denied. Check credentials and try again."),
        "ErrorCannotDeleteObject": (400, "Distinguished folders cannot be deleted."),
        "ErrorFolderExists": (409, "A folder with the specified name already exists."),
        "ErrorInternalServerError": (
            500,
            "An internal server error occurred. The operation failed.",
        ),
        "ErrorInvalidExtendedPropertyValue": (
            400,
            "The extended property value is invalid for its type.",
        ),
        "ErrorInvalidIdMalformed": (400, "Id is malformed."),
        "ErrorInvalidProperty": (400, "A property has a value that it cannot have."),
        "ErrorInvalidRequest": (400, "The request is invalid."),
        "ErrorInvalidUrlQuery": (400, "The query of the URL is invalid."),
        "ErrorIrresolvableConflict": (
            412,
            (
                "The send or update operation could not be performed because the change key passed "
                "in the request does not match the current change key for the item."
            ),
        ),
        "ErrorItemNotFound": (404, "The specified object was not found in the store."),
        "ErrorItemSave": (500, "The item could not be saved."),
        "ErrorQuotaExceeded": (507, "The mailbox is over its quota."),
        "ErrorServerBusy": (
            503,
            "The server cannot service this request right now. Try again later.",
        ),
        "FailedDependency": (424, "A request that this one depends on failed."),
        "InvalidAuthenticationToken": (401, "Access token is empty."),
        "MailboxConcurrency": (
            429,
            "Application is over its MailboxConcurrency limit.",
        ),
        "MailboxNotEnabledForRESTAPI": (
            404,
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        ),
        "MethodNotAllowed": (405, "The OData request is not supported."),
        "NameAlreadyExists": (409, "A category with the specified name already exists."),
        "RequestBodyRead": (400, "The request body cannot be read."),
        "RequestBroker--ParseUri": (400, "The URL cannot be parsed."),
        "Request_ResourceNotFound": (404, "Resource does not exist."),
        "ResourceNotFound": (404, "Resource could not be discovered."),
        "ServiceUnavailable": (503, "Service unavailable. Try again later."),
        "SyncStateNotFound": (
            410,
            (
                "The sync state generation is not found; continuing to sync may result in missing "
                "or corrupted data."
            ),
        ),
        "Timeout": (504, "The gateway did not receive a response in time."),
    }
)


class GraphError(Exception):
    """A refusal: a code of the table, with a message of its own where the table's will not do."""

    def __init__(
        self,
        code: str,
        message: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        status, worded = CODES.get(code, (400, code))
        super().__init__(f"{code}: {message or worded}")
        self.code = code
        self.status = status
        self.message = message or worded
        self.headers = headers


def malformed() -> GraphError:
    """Return the refusal of an id that is none."""
    return GraphError("ErrorInvalidIdMalformed")


def no_segment(name: str) -> GraphError:
    """Return the refusal of a path that leads nowhere."""
    return GraphError("BadRequest", f"Resource not found for the segment '{name}'.")


def no_property(name: str, kind: str) -> GraphError:
    """Return the refusal of a body with a property that its type does not have."""
    return GraphError(
        "RequestBodyRead",
        f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only "
        "use property names that are defined by the type or mark the type as open type.",
    )


def no_conversion(value: object, edm: str) -> GraphError:
    """Return the refusal of a value of another type."""
    return GraphError(
        "RequestBodyRead", f"Cannot convert a value '{value}' to the expected type '{edm}'."
    )
