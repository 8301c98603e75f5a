"""Who there is."""

import uuid

from syncd.sandbox.graph.asked import Reply
from syncd.sandbox.graph.context import Context
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.organisation import Organisation

_OWN = ("displayName", "mail", "userPrincipalName", "id")


def find_user(organisation: Organisation, name: str) -> Mailbox | None:
    """Find a user by id or by address."""
    try:
        return organisation.by_guid(uuid.UUID(name))
    except ValueError:
        return organisation.by_address(name)


def get_user(context: Context) -> Reply:
    """Return a user."""
    address, given = context.mailbox.address, context.asked.option("$select")
    wanted = {name.strip() for name in given.split(",")} if given else set(_OWN)
    made = {
        "displayName": address.partition("@")[0].replace(".", " ").title(),
        "mail": address,
        "userPrincipalName": address,
        "id": str(context.mailbox.guid),
    }
    where = f"{context.asked.call.base}/v1.0/$metadata#users/$entity"
    shown = {name: value for name, value in made.items() if name in wanted}
    return Reply(200, {"@odata.context": where, **shown})
