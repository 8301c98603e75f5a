"""Leads, accounts, opportunities, activities and notes: their fields, as literal tables.

Names are Dataverse logical names, so that an export of Dynamics 365 needs no translation. Numbers
beside options are what Dataverse writes for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import Attribute, FieldType, Option
from syncd.model.kinds import Entity
from syncd.model.states import APPOINTMENT as APPOINTMENT_STATES
from syncd.model.states import EMAIL as EMAIL_STATES
from syncd.model.states import LEAD as LEAD_STATES
from syncd.model.states import OPPORTUNITY as OPPORTUNITY_STATES
from syncd.model.states import PHONE_CALL as PHONE_CALL_STATES
from syncd.model.states import TASK as TASK_STATES
from syncd.model.states import USE

TEXT, LINES, NOTE = FieldType.TEXT, FieldType.LINES, FieldType.NOTE
EMAIL, PHONE, DATE = FieldType.EMAIL, FieldType.PHONE, FieldType.DATE
CHOICE, MONEY, MOMENT = FieldType.CHOICE, FieldType.MONEY, FieldType.MOMENT
WHOLE, FLAG, REFERENCE = FieldType.WHOLE, FieldType.FLAG, FieldType.REFERENCE

# What an activity or a note may be about: anything but another activity.
SUBJECTS = ("lead", "account", "contact", "opportunity")

# entity → what may stand behind it, and as what. A contact can be anybody's customer and the
# subject of anything, but never the parent of an account or of a contact; an account of almost
# anything.
PARENTS: Mapping[str, tuple[str, ...]] = {"account": ("account",), "contact": ("account",)}
CUSTOMERS: Mapping[str, tuple[str, ...]] = {"opportunity": ("account", "contact")}
REGARDING: Mapping[str, tuple[str, ...]] = {
    "appointment": SUBJECTS,
    "task": SUBJECTS,
    "phone_call": SUBJECTS,
    "email": SUBJECTS,
    "note": SUBJECTS,
}


def _own(name: str, label: str, kind: FieldType = TEXT, *, required: bool = False) -> Attribute:
    return Attribute(name, label, kind, (name,), required=required)


def _choice(name: str, label: str, *options: Option) -> Attribute:
    return Attribute(name, label, CHOICE, (name,), options=options)


def _one(name: str, label: str, *refers: str) -> Attribute:
    """A reference to a record of one entity, held in the column of its name."""
    return Attribute(name, label, REFERENCE, (name,), refers=refers)


def _any(
    name: str, label: str, prefix: str, refers: tuple[str, ...], *, required: bool = False
) -> Attribute:
    """A reference to a record of one of several entities: a column for each."""
    columns = tuple(f"{prefix}_{entity}_id" for entity in refers)
    return Attribute(name, label, REFERENCE, columns, refers=refers, required=required)


_STREET = tuple(f"address1_line{line}" for line in (1, 2, 3))
_ADDRESS = (
    Attribute("address1_line1", "Street", LINES, _STREET),
    _own("address1_city", "City"),
    _own("address1_stateorprovince", "State"),
    _own("address1_postalcode", "Postal code"),
    _own("address1_country", "Country"),
)

LEAD = Entity(
    "lead",
    "leads",
    (
        _own("subject", "Topic", required=True),
        _own("firstname", "First name", required=True),
        _own("lastname", "Last name", required=True),
        _own("companyname", "Company"),
        _own("jobtitle", "Job title"),
        _own("emailaddress1", "E-mail", EMAIL),
        _own("emailaddress2", "E-mail 2", EMAIL),
        _own("telephone1", "Business phone", PHONE),
        _own("mobilephone", "Mobile phone", PHONE),
        _own("telephone2", "Home phone", PHONE),
        _own("fax", "Fax", PHONE),
        _own("websiteurl", "Web page"),
        *_ADDRESS,
        _own("description", "Description", NOTE),
        _own("campaignid", "Campaign"),
        _choice(
            "leadsourcecode", "Source",
            Option("web", (8,)), Option("advertisement", (1,)), Option("trade show", (7,)),
            Option("direct mail"), Option("referral", (2, 3, 9)), Option("partner", (4,)),
            Option("phone"), Option("other", (10, 5, 6)),
        ),
        _choice(
            "leadqualitycode", "Rating",
            Option("hot", (1,)), Option("warm", (2,)), Option("cold", (3,)),
        ),
        _own("estimatedamount", "Estimated value", MONEY),
        _own("estimatedclosedate", "Estimated close date", DATE),
        _one("parentaccountid", "Existing account", "account"),
        _one("parentcontactid", "Existing contact", "contact"),
        _one("qualifyingopportunityid", "Opportunity", "opportunity"),
    ),
    titled=("firstname", "lastname"),
    states=LEAD_STATES,
)  # fmt: skip

ACCOUNT = Entity(
    "account",
    "accounts",
    (
        _own("name", "Name", required=True),
        _own("accountnumber", "Account number"),
        _choice(
            "customertypecode", "Relationship type",
            Option("customer", (3,)), Option("vendor", (11, 10)), Option("prospect", (8,)),
            Option("partner", (5, 9)), Option("investor", (4,)), Option("press", (7,)),
            Option("other", (12, 1, 2, 6)),
        ),
        _own("telephone1", "Main phone", PHONE),
        _own("fax", "Fax", PHONE),
        _own("emailaddress1", "E-mail", EMAIL),
        _own("websiteurl", "Web page"),
        *_ADDRESS,
        _own("description", "Description", NOTE),
        _one("parentaccountid", "Parent account", *PARENTS["account"]),
        _one("primarycontactid", "Primary contact", "contact"),
        _one("originatingleadid", "Originating lead", "lead"),
    ),
    titled=("name",),
    states=USE,
)  # fmt: skip

OPPORTUNITY = Entity(
    "opportunity",
    "opportunities",
    (
        _own("name", "Topic", required=True),
        _any("customerid", "Customer", "customer", CUSTOMERS["opportunity"], required=True),
        _one("parentcontactid", "Contact person", "contact"),
        _own("estimatedvalue", "Estimated value", MONEY),
        _own("estimatedclosedate", "Estimated close date", DATE),
        _own("actualvalue", "Actual value", MONEY),
        _own("actualclosedate", "Actual close date", DATE),
        _choice(
            "salesstage", "Stage",
            Option("qualify", (0,)), Option("develop", (1,)), Option("propose", (2,)),
            Option("close", (3,)),
        ),
        _own("description", "Description", NOTE),
        _one("originatingleadid", "Originating lead", "lead"),
    ),
    titled=("name",),
    states=OPPORTUNITY_STATES,
)  # fmt: skip

_PRIORITY = _choice(
    "prioritycode", "Priority",
    Option("low", (0,)), Option("normal", (1,)), Option("high", (2,)),
)  # fmt: skip
_DIRECTION = _choice(
    "directioncode", "Direction", Option("incoming", (0,)), Option("outgoing", (1,))
)


def _regarding(entity: str) -> Attribute:
    return _any("regardingobjectid", "Regarding", "regarding", REGARDING[entity])


TASK = Entity(
    "task",
    "tasks",
    (
        _own("subject", "Subject", required=True),
        _own("description", "Description", NOTE),
        _regarding("task"),
        _own("scheduledstart", "Start", MOMENT),
        _own("scheduledend", "Due", MOMENT),
        _own("actualend", "Completed at", MOMENT),
        Attribute(
            "percentcomplete", "Percent complete", WHOLE, ("percentcomplete",), between=(0, 100)
        ),
        _PRIORITY,
    ),
    titled=("subject",),
    states=TASK_STATES,
)
PHONE_CALL = Entity(
    "phone_call",
    "phone calls",
    (
        _own("subject", "Subject", required=True),
        _own("description", "Description", NOTE),
        _regarding("phone_call"),
        _own("phonenumber", "Phone number", PHONE),
        _DIRECTION,
        _own("scheduledend", "Due", MOMENT),
        _own("actualstart", "Started at", MOMENT),
        _own("actualend", "Ended at", MOMENT),
        _PRIORITY,
    ),
    titled=("subject",),
    states=PHONE_CALL_STATES,
)
APPOINTMENT = Entity(
    "appointment",
    "appointments",
    (
        _own("subject", "Subject", required=True),
        _own("description", "Description", NOTE),
        _regarding("appointment"),
        _own("location", "Location"),
        _own("scheduledstart", "Start", MOMENT, required=True),
        _own("scheduledend", "End", MOMENT, required=True),
        _own("isalldayevent", "All day", FLAG),
        _PRIORITY,
    ),
    titled=("subject",),
    states=APPOINTMENT_STATES,
)
MAIL = Entity(
    "email",
    "e-mails",
    (
        _own("subject", "Subject"),
        _own("description", "Body", NOTE),
        _regarding("email"),
        _own("messageid", "Message id"),
        _DIRECTION,
        _own("actualend", "Sent or received at", MOMENT),
        _PRIORITY,
    ),
    titled=("subject",),
    states=EMAIL_STATES,
)
ACTIVITIES = (TASK, PHONE_CALL, APPOINTMENT, MAIL)

# entity → start and end: it does not end before it starts.
LASTING: Mapping[str, tuple[str, str]] = {"appointment": ("scheduledstart", "scheduledend")}

NOTE_ENTITY = Entity(
    "note",
    "notes",
    (
        _own("subject", "Title"),
        _own("notetext", "Text", NOTE, required=True),
        _any("objectid", "Regarding", "regarding", REGARDING["note"]),
    ),
    titled=("subject",),
    states=USE,
)

# The ways in which somebody or some address takes part in an activity, with Dataverse's numbers.
PARTY_ROLES: Mapping[str, int] = {
    "sender": 1,
    "to": 2,
    "cc": 3,
    "bcc": 4,
    "required": 5,
    "optional": 6,
    "organizer": 7,
    "regarding": 8,
    "owner": 9,
}
# Which of them an activity may be given; `regarding` and `owner` follow from the activity itself.
PARTIES: Mapping[str, tuple[str, ...]] = {
    "email": ("sender", "to", "cc", "bcc"),
    "appointment": ("organizer", "required", "optional"),
    "phone_call": ("sender", "to"),
    "task": (),
}
KEPT_PARTIES = ("regarding", "owner")
SINGLE_PARTIES = frozenset({"sender", "organizer", *KEPT_PARTIES})
PARTY_TARGETS = ("user", "contact", "account", "lead")
