"""The categories that Outlook offers its user: the list that EWS keeps in the Calendar folder.

It is one XML document in a user configuration ([MS-OXOCFG] 2.2.5.2.2); Graph shows its entries.
"""

import base64
import binascii
import uuid

from lxml import etree

from syncd.sandbox.ews.names import t
from syncd.sandbox.graph.asked import Json, Reply
from syncd.sandbox.graph.context import Context
from syncd.sandbox.graph.errors import GraphError, no_conversion, no_property
from syncd.sandbox.graph.showing import listed

_WHERE, _NAME, _PART = "calendar", "CategoryList", "XmlData"
_N = "{CategoryList.xsd}"
_EMPTY = b'<categories xmlns="CategoryList.xsd" default="" lastSavedSession="0" lastSavedTime=""/>'
_NEVER = "1601-01-01T00:00:00.000"
_USED = ("Notes", "Journal", "Contacts", "Tasks", "Calendar", "Mail", "")
_NONE, _COLOURS = "-1", 25
_OWN = frozenset({"id", "displayName", "color"})


def list_categories(context: Context) -> Reply:
    """Return the list."""
    where = context.metadata("outlook/masterCategories")
    return Reply(200, listed(context.asked, where, list(_read(context)), _shown))


def get_category(context: Context) -> Reply:
    """Return one category."""
    return _answered(context, _find(context, _read(context)), 200)


def create_category(context: Context) -> Reply:
    """Put a category into the list."""
    body, held = _body(context), _read(context)
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise no_conversion(name, "Edm.String")
    if any(each.get("name", "").casefold() == name.casefold() for each in held):
        raise GraphError("NameAlreadyExists")
    about = {
        "name": name,
        "color": _colour(body.get("color")),
        "keyboardShortcut": "0",
        "usageCount": "0",
        **{f"lastTimeUsed{what}": _NEVER for what in _USED},
        "lastSessionUsed": "0",
        "guid": f"{{{uuid.uuid4()}}}",
        "renameOnFirstUse": "0",
    }
    made = etree.SubElement(held, f"{_N}category", about)
    _save(context, held)
    return _answered(context, made, 201)


def update_category(context: Context) -> Reply:
    """Change the colour of a category; its name stays what it is."""
    body, held = _body(context), _read(context)
    found = _find(context, held)
    if body.get("displayName", found.get("name")) != found.get("name"):
        raise GraphError("ErrorInvalidProperty", "The property 'displayName' is read-only.")
    if "color" in body:
        found.set("color", _colour(body["color"]))
        _save(context, held)
    return _answered(context, found, 200)


def delete_category(context: Context) -> Reply:
    """Take a category off the list; items keep it."""
    held = _read(context)
    held.remove(_find(context, held))
    _save(context, held)
    return Reply(204)


def _body(context: Context) -> Json:
    body = context.asked.json()
    for name in body:
        if name not in _OWN and "@odata." not in name:
            raise no_property(name, "outlookCategory")
    return body


def _read(context: Context) -> etree._Element:
    kept = context.mailbox.folder(_WHERE).configurations.get(_NAME, {}).get(_PART)
    if kept is None:
        return etree.fromstring(_EMPTY)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(base64.b64decode(etree.fromstring(kept).text or ""), parser)
    except (binascii.Error, ValueError, etree.XMLSyntaxError):
        raise GraphError("ErrorInternalServerError") from None


def _save(context: Context, held: etree._Element) -> None:
    held.set("lastSavedTime", f"{context.mailbox.clock.now().removesuffix('Z')}.000")
    part = etree.Element(t(_PART))
    xml = etree.tostring(held, encoding="utf-8", xml_declaration=True)
    part.text = base64.b64encode(xml).decode()
    context.mailbox.configure(_WHERE, _NAME, {_PART: etree.tostring(part, encoding="unicode")})


def _find(context: Context, held: etree._Element) -> etree._Element:
    wanted = context.given["category"].casefold()
    found = next((each for each in held if _id(each) == wanted), None)
    if found is None:
        raise GraphError("ErrorItemNotFound")
    return found


def _id(entry: etree._Element) -> str:
    return entry.get("guid", "").strip("{}").casefold()


def _shown(entry: etree._Element) -> Json:
    colour = entry.get("color", _NONE)
    return {
        "id": _id(entry),
        "displayName": entry.get("name", ""),
        "color": "none" if colour == _NONE else f"preset{colour}",
    }


def _colour(given: object) -> str:
    if given is None or given == "none":
        return _NONE
    number = given.removeprefix("preset") if isinstance(given, str) else ""
    if not number.isdecimal() or int(number) >= _COLOURS:
        raise no_conversion(given, "microsoft.graph.categoryColor")
    return number


def _answered(context: Context, entry: etree._Element, status: int) -> Reply:
    where = context.metadata("outlook/masterCategories/$entity")
    return Reply(status, {"@odata.context": where, **_shown(entry)})
