"""Autodiscover in its older form (POX): where the EWS of a mailbox is.

Shapes: [MS-OXDSCLI], response schemas 2006 and 2006a.
"""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from lxml import etree

from syncd.sandbox.clock import Clock
from syncd.sandbox.organisation import Organisation

PATH = "/autodiscover/autodiscover.xml"
_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_ANSWER = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"


def autodiscover(
    raw: bytes, organisation: Organisation, redirects: Mapping[str, str], ews: str
) -> bytes:
    """Return the answer to a request. The caller holds the lock.

    `redirects` names for an address the one to ask for instead.
    """
    wanted = _address(raw)
    if wanted is None:
        return _error(organisation.clock, 600, "Invalid Request")
    instead = {address.lower(): other for address, other in redirects.items()}.get(wanted)
    if instead is not None:
        return _answer(
            "<Account><AccountType>email</AccountType><Action>redirectAddr</Action>"
            f"<RedirectAddr>{escape(instead)}</RedirectAddr></Account>"
        )
    mailbox = organisation.by_address(wanted)
    if mailbox is None:
        return _error(organisation.clock, 500, "The email address can't be found.")
    address, url = escape(mailbox.address), escape(ews)
    protocols = "".join(
        f"<Protocol><Type>{kind}</Type><AuthPackage>{package}</AuthPackage>"
        f"<ASUrl>{url}</ASUrl><EwsUrl>{url}</EwsUrl></Protocol>"
        for kind, package in (("EXCH", "Anonymous"), ("EXPR", "Ntlm"))
    )
    return _answer(
        f"<User><DisplayName>{address}</DisplayName>"
        f"<AutoDiscoverSMTPAddress>{address}</AutoDiscoverSMTPAddress></User>"
        "<Account><AccountType>email</AccountType><Action>settings</Action>"
        f"<MicrosoftOnline>False</MicrosoftOnline>{protocols}</Account>"
    )


def _address(raw: bytes) -> str | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError:
        return None
    at = f"{{{_REQUEST}}}"
    request = root.find(f"{at}Request") if root.tag == f"{at}Autodiscover" else None
    if request is None or request.findtext(f"{at}AcceptableResponseSchema") != _RESPONSE:
        return None
    return (request.findtext(f"{at}EMailAddress") or "").strip().lower() or None


def _answer(inside: str, schema: str = _RESPONSE) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{_ANSWER}">'
        f'<Response xmlns="{schema}">{inside}</Response></Autodiscover>'
    ).encode()


def _error(clock: Clock, code: int, message: str) -> bytes:
    return _answer(
        f'<Error Time="{clock.now()[11:-1]}" Id="1"><ErrorCode>{code}</ErrorCode>'
        f"<Message>{escape(message)}</Message><DebugData /></Error>",
        _ANSWER,
    )
