"""translateExchangeIds: what an id of one form is in another."""

import base64
import binascii

from syncd.sandbox import ids
from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Json, Reply
from syncd.sandbox.graph.context import Context
from syncd.sandbox.graph.errors import GraphError, no_conversion
from syncd.sandbox.mailbox import Item, ItemGoneError, Mailbox

_MOST = 1000
_ENTRY_HEAD = b"\0\0\0\0"  # how entry ids begin in MAPI
_FORMS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")


def translate_ids(context: Context) -> Reply:
    """Translate up to a thousand ids; each succeeds or fails by itself."""
    body = {name.lower(): value for name, value in context.asked.json().items()}
    given, source, target = (body.get(n) for n in ("inputids", "sourceidtype", "targetidtype"))
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise no_conversion(given, "Collection(Edm.String)")
    if len(given) > _MOST:
        raise GraphError("ErrorInvalidRequest", f"At most {_MOST} ids can be translated at once.")
    for form in (source, target):
        if form not in _FORMS:
            raise no_conversion(form, "microsoft.graph.exchangeIdFormat")
    where = context.metadata("translateExchangeIds").replace(
        f"users('{context.user}')/translateExchangeIds",
        "Collection(microsoft.graph.convertIdResult)",
    )
    value = [_translated(context.mailbox, each, str(source), str(target)) for each in given]
    return Reply(200, {"@odata.context": where, "value": value})


def _translated(mailbox: Mailbox, text: str, source: str, target: str) -> Json:
    try:
        found = _read(mailbox, text, source)
    except (ItemGoneError, ids.MalformedIdError) as error:
        code = (
            "ErrorItemNotFound" if isinstance(error, ItemGoneError) else "ErrorInvalidIdMalformed"
        )
        refusal = GraphError(code)
        return {"sourceId": text, "errorDetails": {"code": code, "message": refusal.message}}
    return {"sourceId": text, "targetId": _written(mailbox, found, target)}


def _read(mailbox: Mailbox, text: str, form: str) -> Item | str:
    """Return the item that an id names, or the id of EWS of the folder that it names."""
    raw = _raw(text, form)
    if "mmutable" in form:
        guid, first = ids.parse_lasting_id(base64.urlsafe_b64encode(raw).decode())
        if guid != mailbox.guid:
            raise ItemGoneError(text)
        return mailbox.item_that_was(first)
    ews = base64.b64encode(raw).decode()
    if ids.parse_id(ews).kind is ids.IdKind.FOLDER:
        if ews not in mailbox.folders:
            raise ItemGoneError(text)
        return ews
    return mailbox.item(ews)


def _raw(text: str, form: str) -> bytes:
    try:
        raw = base64.b64decode(identifiers.from_rest(text), validate=True)
    except (binascii.Error, ValueError):
        raise ids.MalformedIdError(text) from None
    return raw.removeprefix(_ENTRY_HEAD) if "ntryId" in form and "rest" not in form else raw


def _written(mailbox: Mailbox, found: Item | str, form: str) -> str:
    if isinstance(found, str):
        own = identifiers.rest(found)
    else:
        own = identifiers.of_item(mailbox, found, immutable="mmutable" in form)
    if form == "ewsId":
        return identifiers.from_rest(own)
    if form in {"entryId", "immutableEntryId"}:
        raw = base64.urlsafe_b64decode(own)
        return base64.urlsafe_b64encode(_ENTRY_HEAD + raw).decode()
    return own
