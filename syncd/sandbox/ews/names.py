"""The XML names of EWS, ready to compare with."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"


def m(name: str) -> str:
    """Return a name of the messages namespace as lxml spells it."""
    return f"{{{MESSAGES}}}{name}"


def t(name: str) -> str:
    """Return a name of the types namespace as lxml spells it."""
    return f"{{{TYPES}}}{name}"


def soap(name: str) -> str:
    """Return a name of the SOAP namespace as lxml spells it."""
    return f"{{{SOAP}}}{name}"
