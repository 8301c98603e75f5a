"""From an item to its XML, in the shape that a request asked for.

A shape is compiled once per request and kind of item into a list of small writers in schema order,
so that an item costs a few dictionary look-ups and string joins.
"""

import html
import re
from collections.abc import Callable, Collection

from syncd.sandbox.ews.paths import ExtendedPath
from syncd.sandbox.ews.schema import Field, Form
from syncd.sandbox.ews.text import escaped
from syncd.sandbox.mailbox import Item, Mailbox
from syncd.sandbox.properties import (
    ADDRESS_KEYS,
    ADDRESS_PARTS,
    EMAIL_KEYS,
    IM_KEYS,
    NAME_PREFIX,
    PHONE_KEYS,
    to_mapi,
)
from syncd.sandbox.values import full_name, text

Out = list[str]
Writer = Callable[[Item, Out], None]

RIGHTS = (
    ""
    "<t:EffectiveRights><t:CreateAssociated>{container}</t:CreateAssociated><t:CreateContents>{container}"
    "</t:CreateContents><t:CreateHierarchy>{container}</t:CreateHierarchy><t:Delete>true</t:Delete>"
    "<t:Modify>true</t:Modify><t:Read>true</t:Read></t:EffectiveRights>"
)
_TAG = re.compile(r"<[^>]*>")


def id_xml(item: Item) -> str:
    """Return the ItemId of an item."""
    return f'<t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/>'


def text_writer(field: Field) -> Writer:
    """Write a property that is one text."""
    key, start, end = field.uri, f"<t:{field.element}>", f"</t:{field.element}>"

    def write(item: Item, out: Out) -> None:
        value = item.view.get(key)
        if isinstance(value, str):
            out.append(start + escaped(value) + end)

    return write


def strings_writer(field: Field) -> Writer:
    """Write a property that is a list of texts."""

    def write(item: Item, out: Out) -> None:
        value = item.view.get(field.uri)
        if isinstance(value, list):
            inside = "".join(
                f"<t:String>{escaped(v)}</t:String>" for v in value if isinstance(v, str)
            )
            out.append(f"<t:{field.element}>{inside}</t:{field.element}>")

    return write


def body_writer(wanted: str) -> Writer:
    """Write the body as `wanted`: Best, Text or HTML."""

    def write(item: Item, out: Out) -> None:
        body, kind = text(item.view, "item:Body"), text(item.view, "item:Body:Type") or "Text"
        if wanted not in {"Best", kind}:
            body, kind = (plain(body) if kind == "HTML" else rich(body)), wanted
        out.append(f'<t:Body BodyType="{kind}">{escaped(body)}</t:Body>')

    return write


def text_body_writer(item: Item, out: Out) -> None:
    """Write the body as plain text."""
    body = text(item.view, "item:Body")
    shown = plain(body) if text(item.view, "item:Body:Type") == "HTML" else body
    out.append(f'<t:TextBody BodyType="Text">{escaped(shown)}</t:TextBody>')


def plain(body: str) -> str:
    """Return the text of an HTML body."""
    return html.unescape(_TAG.sub("", body))


def rich(body: str) -> str:
    """Return a plain body as HTML, the way Exchange wraps it."""
    lines = html.escape(body, quote=False).replace("\r\n", "<br>\r\n")
    return (
        f'<html><head></head><body><div class="PlainText">{lines}</div></body></html>'
        if body
        else ""
    )


def dictionary_writer(element: str, uri: str, keys: Collection[str]) -> Writer:
    """Write telephone numbers or IM addresses, those under `keys`."""
    entries = [(f"{uri}:{key}", f'<t:Entry Key="{key}">') for key in keys]

    def write(item: Item, out: Out) -> None:
        view = item.view
        found = [
            start + escaped(str(view[key])) + "</t:Entry>" for key, start in entries if key in view
        ]
        if found:
            out.append(f"<t:{element}>{''.join(found)}</t:{element}>")

    return write


def email_writer(keys: Collection[str]) -> Writer:
    """Write the e-mail addresses under `keys`, each with its display name."""
    entries = [(f"contacts:EmailAddress:{key}", key) for key in keys]

    def write(item: Item, out: Out) -> None:
        view = item.view
        found = [
            f'<t:Entry Key="{key}" Name="{escaped(text(view, path + ":Name"))}" '
            f'RoutingType="{escaped(text(view, path + ":RoutingType"))}" MailboxType="Contact">'
            f"{escaped(text(view, path))}</t:Entry>"
            for path, key in entries
            if path in view
        ]
        if found:
            out.append(f"<t:EmailAddresses>{''.join(found)}</t:EmailAddresses>")

    return write


def address_writer(wanted: Collection[tuple[str, str]]) -> Writer:
    """Write the parts of postal addresses in `wanted`: (part, place)."""
    places = [
        (
            place,
            [
                (f"contacts:PhysicalAddress:{part}:{place}", part)
                for part in ADDRESS_PARTS
                if (part, place) in wanted
            ],
        )
        for place in ADDRESS_KEYS
    ]

    def write(item: Item, out: Out) -> None:
        view = item.view
        entries = []
        for place, parts in places:
            found = [
                f"<t:{part}>{escaped(str(view[key]))}</t:{part}>"
                for key, part in parts
                if key in view
            ]
            if found:
                entries.append(f'<t:Entry Key="{place}">{"".join(found)}</t:Entry>')
        if entries:
            out.append(f"<t:PhysicalAddresses>{''.join(entries)}</t:PhysicalAddresses>")

    return write


def complete_name_writer(item: Item, out: Out) -> None:
    """Write the name as the server puts it together."""
    view = item.view
    parts = (
        ("Title", text(view, NAME_PREFIX)),
        ("FirstName", text(view, "contacts:GivenName")),
        ("MiddleName", text(view, "contacts:MiddleName")),
        ("LastName", text(view, "contacts:Surname")),
        ("Suffix", text(view, "contacts:Generation")),
        ("Initials", text(view, "contacts:Initials")),
        ("FullName", text(view, "contacts:DisplayName") or full_name(view)),
        ("Nickname", text(view, "contacts:Nickname")),
    )
    inside = "".join(f"<t:{name}>{escaped(value)}</t:{name}>" for name, value in parts if value)
    if inside:
        out.append(f"<t:CompleteName>{inside}</t:CompleteName>")


def mailbox_xml(person: dict[str, str]) -> str:
    """Return a Mailbox element."""
    names = ("Name", "EmailAddress", "RoutingType", "MailboxType")
    shown = {"RoutingType": "SMTP", **person}
    inside = "".join(
        f"<t:{name}>{escaped(shown[name])}</t:{name}>" for name in names if shown.get(name)
    )
    return f"<t:Mailbox>{inside}</t:Mailbox>"


def people_writer(field: Field) -> Writer:
    """Write recipients, or the members of a list."""
    start, end = ("<t:Member>", "</t:Member>") if field.form is Form.MEMBERS else ("", "")

    def write(item: Item, out: Out) -> None:
        value = item.view.get(field.uri)
        if isinstance(value, list) and value:
            inside = "".join(start + mailbox_xml(v) + end for v in value if isinstance(v, dict))
            out.append(f"<t:{field.element}>{inside}</t:{field.element}>")

    return write


def extended_writer(path: ExtendedPath) -> Writer:
    """Write one MAPI property under the name the request gave it."""
    start, key, alias = f"<t:ExtendedProperty>{path.written}", path.key, path.alias
    several = path.kind.endswith("Array")

    def write(item: Item, out: Out) -> None:
        value = item.view.get(key)
        if value is None:
            return
        if alias is not None:
            value = to_mapi(alias, value)
        if several and isinstance(value, list):
            inside = "".join(
                f"<t:Value>{escaped(v)}</t:Value>" for v in value if isinstance(v, str)
            )
            out.append(f"{start}<t:Values>{inside}</t:Values></t:ExtendedProperty>")
        elif isinstance(value, str) and not several:
            out.append(f"{start}<t:Value>{escaped(value)}</t:Value></t:ExtendedProperty>")

    return write


def writer_for(field: Field, mailbox: Mailbox, body_type: str) -> Writer:
    """Return the writer of a whole property."""
    match field.form:
        case Form.TEXT:
            return text_writer(field)
        case Form.STRINGS:
            return strings_writer(field)
        case Form.EMAILS:
            return email_writer(EMAIL_KEYS)
        case Form.PHONES:
            return dictionary_writer(field.element, "contacts:PhoneNumber", PHONE_KEYS)
        case Form.IMS:
            return dictionary_writer(field.element, "contacts:ImAddress", IM_KEYS)
        case Form.ADDRESSES:
            return address_writer(
                {(part, place) for part in ADDRESS_PARTS for place in ADDRESS_KEYS}
            )
        case Form.PERSON | Form.PEOPLE | Form.MEMBERS:
            return people_writer(field)
        case _:
            return _special(field.form, mailbox, body_type)


def _special(form: Form, mailbox: Mailbox, body_type: str) -> Writer:
    def parent(item: Item, out: Out) -> None:
        folder = mailbox.folders[item.folder_id]
        out.append(f'<t:ParentFolderId Id="{folder.id}" ChangeKey="{folder.change_key}"/>')

    rights = RIGHTS.format(container="false")
    writers: dict[Form, Writer] = {
        Form.BODY: body_writer(body_type),
        Form.TEXT_BODY: text_body_writer,
        Form.ITEM_ID: lambda item, out: out.append(id_xml(item)),
        Form.PARENT_ID: parent,
        Form.COMPLETE_NAME: complete_name_writer,
        Form.RIGHTS: lambda _, out: out.append(rights),
    }
    return writers[form]
