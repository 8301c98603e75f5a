"""Response messages: one per item, in the order of the request, and the envelope around them."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, SoapFaultError, text_of
from syncd.sandbox.ews.names import ERRORS, MESSAGES, SOAP, TYPES
from syncd.sandbox.ews.text import escaped
from syncd.sandbox.faults import FaultKind

T = TypeVar("T")

# Exchange Server 2019, as its answers say it.
_VERSION = (
    f'<h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1118" '
    f'MinorBuildNumber="7" '
    f'Version="V2017_07_11" xmlns:h="{TYPES}"/>'
)
_HEAD = (
    f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}">'
    f"<s:Header>{_VERSION}</s:Header>"
    f""
    f'<s:Body xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
)
_TAIL = "</s:Body></s:Envelope>"


def envelope(inside: str) -> bytes:
    """Return a SOAP answer."""
    return f"{_HEAD}{inside}{_TAIL}".encode()


def response(operation: str, messages: Iterable[str]) -> str:
    """Return the body of an answer."""
    inside = "".join(messages)
    name = f"m:{operation}Response"
    return f"<{name}><m:ResponseMessages>{inside}</m:ResponseMessages></{name}>"


def success(operation: str, inside: str = "") -> str:
    """Return the message for what was done."""
    name = f"m:{operation}ResponseMessage"
    return (
        f'<{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inside}</{name}>'
    )


def failure(operation: str, error: EwsError, inside: str = "") -> str:
    """Return the message for what was not done."""
    name = f"m:{operation}ResponseMessage"
    kind = "Warning" if error.code == "ErrorBatchProcessingStopped" else "Error"
    return (
        f'<{name} ResponseClass="{kind}"><m:MessageText>{escaped(error.message)}</m:MessageText>'
        f""
        f"<m:ResponseCode>{error.code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
        f"{inside}</{name}>"
    )


def each(
    context: Context,
    operation: str,
    subjects: Iterable[T],
    do: Callable[[T], str],
    empty: str = "",
) -> str:
    """Do something for each subject of a batch; one that fails, fails alone.

    `do` returns what goes into the message of its subject, `empty` is what goes into the message of
    a failure.
    """
    messages = []
    for index, subject in enumerate(subjects):
        try:
            strike(context, index)
            messages.append(success(operation, do(subject)))
        except EwsError as error:
            messages.append(failure(operation, error, empty))
    return response(operation, messages)


def strike(context: Context, index: int = 0) -> None:
    """Let the faults on demand hit one item of a batch.

    Raises:
        EwsError: one of them does.

    """
    for fault in context.faults:
        if fault.fault is FaultKind.BATCH_STOPPED and index >= fault.index:
            raise EwsError("ErrorBatchProcessingStopped")
        if fault.fault is FaultKind.ITEM_ERROR and fault.index in (-1, index):
            raise EwsError(fault.code)


def fault_envelope(fault: SoapFaultError) -> bytes:
    """Return a SOAP fault."""
    details = ""
    if fault.violation is not None:
        details = (
            f"<t:LineNumber>{fault.violation.line}</t:LineNumber>"
            f"<t:LinePosition>{fault.violation.position}</t:LinePosition>"
            f"<t:Violation>{escaped(fault.violation.what)}</t:Violation>"
        )
    details += "".join(f'<t:Value Name="{name}">{value}</t:Value>' for name, value in fault.values)
    xml = f'<t:MessageXml xmlns:t="{TYPES}">{details}</t:MessageXml>' if details else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{fault.code}</faultcode>'
        f'<faultstring xml:lang="en-US">{escaped(fault.message)}</faultstring><detail>'
        f'<e:ResponseCode xmlns:e="{ERRORS}">{fault.code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{escaped(text_of(fault.code))}</e:Message>{xml}'
        "</detail></s:Fault></s:Body></s:Envelope>"
    ).encode()
