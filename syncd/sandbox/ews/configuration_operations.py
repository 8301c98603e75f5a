"""GetUserConfiguration, CreateUserConfiguration, UpdateUserConfiguration.

A user configuration is a hidden message of a folder, under a name. What is in it is its clients'
business: the server keeps the properties as it was given them, and knows no conflict.
"""

from lxml import etree

from syncd.sandbox.ews.answers import each
from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.folder_operations import part
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.ews.text import escaped

_PARTS = ("Dictionary", "XmlData", "BinaryData")  # in the order of types.xsd


def get_user_configuration(context: Context, request: etree._Element) -> str:
    """Return a user configuration: its id, or those of its properties that are asked for."""
    wanted = set((part(request, "UserConfigurationProperties").text or "").split())

    def one(name: etree._Element) -> str:
        _, folder = context.target(name)
        held = folder.configurations.get(name.get("Name", ""))
        if held is None:
            raise EwsError("ErrorItemNotFound")
        where = f'<t:FolderId Id="{folder.id}" ChangeKey="{folder.change_key}"/>'
        title = escaped(name.get("Name", ""))
        inside = [
            f'<t:UserConfigurationName Name="{title}">{where}</t:UserConfigurationName>',
        ]
        if wanted & {"Id", "All"}:
            inside.append(f'<t:ItemId Id="{held["id"]}" ChangeKey="{held["change_key"]}"/>')
        inside += [held[each] for each in _PARTS if each in held and wanted & {each, "All"}]
        return f"<m:UserConfiguration>{''.join(inside)}</m:UserConfiguration>"

    names = [part(request, "UserConfigurationName")]
    return each(context, "GetUserConfiguration", names, one)


def create_user_configuration(context: Context, request: etree._Element) -> str:
    """Make a user configuration."""
    return _keep(context, "CreateUserConfiguration", request, there=False)


def update_user_configuration(context: Context, request: etree._Element) -> str:
    """Replace those properties of a user configuration that are given."""
    return _keep(context, "UpdateUserConfiguration", request, there=True)


def _keep(context: Context, operation: str, request: etree._Element, *, there: bool) -> str:
    def one(element: etree._Element) -> str:
        name = element.find(t("UserConfigurationName"))
        if name is None:
            raise schema_fault("The element 'UserConfigurationName' is missing.")
        mailbox, folder = context.target(name)
        known = name.get("Name", "") in folder.configurations
        if known != there:
            # That one is there already has no code of its own: it cannot be saved.
            raise EwsError("ErrorItemNotFound" if there else "ErrorItemSave")
        given = {
            local(child): etree.tostring(child, encoding="unicode", with_tail=False)
            for child in children(element)
            if local(child) in _PARTS
        }
        mailbox.configure(folder, name.get("Name", ""), given)
        return ""

    return each(context, operation, [part(request, "UserConfiguration")], one)
