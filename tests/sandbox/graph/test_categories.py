"""The list of categories that Outlook offers: one list, by whichever protocol."""

import base64

from lxml import etree

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import connect
from tests.sandbox.graph.conftest import Graph

PATH = "/outlook/masterCategories"
N = "{CategoryList.xsd}"
LIST = (
    b'<categories xmlns="CategoryList.xsd" default="Red" lastSavedSession="4" lastSavedTime="">'
    b'<category name="Red" color="0" keyboardShortcut="3" '
    b'guid="{AAAAAAAA-0000-0000-0000-000000000001}"/></categories>'
)


def test_graph_sees_the_list_of_ews(box: Sandbox, graph: Graph) -> None:
    """And changes of it nothing but what it is asked to."""
    account = connect(box)
    account.calendar.create_user_configuration(name="CategoryList", xml_data=LIST)
    red = {
        "id": "aaaaaaaa-0000-0000-0000-000000000001",
        "displayName": "Red",
        "color": "preset0",
    }
    assert graph.get(PATH)["value"] == [red]
    made = graph.post(PATH, {"displayName": "CRM", "color": "none"})
    graph.patch(f"{PATH}/{red['id']}", {"color": "preset7"})
    held = account.calendar.get_user_configuration(name="CategoryList").xml_data
    entries = etree.fromstring(held).findall(f"{N}category")
    assert [(e.get("name"), e.get("color"), e.get("keyboardShortcut")) for e in entries] == [
        ("Red", "7", "3"),
        ("CRM", "-1", "0"),
    ]
    graph.delete(f"{PATH}/{made['id']}")
    held = account.calendar.get_user_configuration(name="CategoryList").xml_data
    assert [e.get("name") for e in etree.fromstring(held)] == ["Red"]


def test_a_mailbox_without_a_list_gets_one(graph: Graph, mailbox: Mailbox) -> None:
    """Made with its first category; names are there once in any case, and stay."""
    assert graph.get(PATH)["value"] == []
    made = graph.post(PATH, {"displayName": "CRM", "color": "preset3"})
    assert graph.get(f"{PATH}/{made['id']}")["displayName"] == "CRM"
    assert graph.refused("POST", PATH, {"displayName": "crm"})[0] == 409
    renamed = {"displayName": "Other"}
    assert graph.refused("PATCH", f"{PATH}/{made['id']}", renamed)[0] == 400
    assert graph.refused("POST", PATH, {"displayName": "x", "color": "pink"})[0] == 400
    assert graph.refused("DELETE", f"{PATH}/none") == (404, "ErrorItemNotFound")
    xml = etree.fromstring(mailbox.folder("calendar").configurations["CategoryList"]["XmlData"])
    assert b"CRM" in base64.b64decode(xml.text or "")
