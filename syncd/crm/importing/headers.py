"""What the columns of Outlook's and of Dynamics' export files are called, as literal tables.

Each heading has the logical name of what it holds. Names that no field bears are read specially
(`syncd.crm.importing.understanding`). `-` is what each program keeps for itself. A heading that is
not here has no place in the CRM: it is counted, and named in the report.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.crm.importing.names import ID_KEYS

IGNORED = "-"


def _address(which: str, number: int, parts: Mapping[str, str]) -> dict[str, str]:
    return {f"{which}{head}": f"address{number}_{name}" for head, name in parts.items()}


_OUTLOOK_ADDRESS = {
    "Street": "line1",
    "Street 2": "line2",
    "Street 3": "line3",
    "City": "city",
    "State": "stateorprovince",
    "Postal Code": "postalcode",
    "Country": "country",
    "Country/Region": "country",
}
_DYNAMICS_ADDRESS = {
    "Street 1": "line1",
    "Street 2": "line2",
    "Street 3": "line3",
    "City": "city",
    "State/Province": "stateorprovince",
    "ZIP/Postal Code": "postalcode",
    "Country/Region": "country",
}
_MARKS = {"Private": "private", "Sensitivity": "sensitivity", "Categories": "categories"}
_SEND = {
    "Reminder on/off": IGNORED,
    "Reminder On/Off": IGNORED,
    "Reminder Date": IGNORED,
    "Reminder Time": IGNORED,
}

# Outlook, classic and new: the English headings of File › Export › Comma Separated Values.
OUTLOOK: Mapping[str, Mapping[str, str]] = {
    "contact": {
        "Title": "salutation",
        "First Name": "firstname",
        "Middle Name": "middlename",
        "Last Name": "lastname",
        "Suffix": "suffix",
        "Nickname": "nickname",
        "Given Yomi": "yomifirstname",
        "Surname Yomi": "yomilastname",
        "Company": "companyname",
        "Department": "department",
        "Job Title": "jobtitle",
        **_address("Business ", 1, _OUTLOOK_ADDRESS),
        **_address("Home ", 2, _OUTLOOK_ADDRESS),
        **_address("Other ", 3, _OUTLOOK_ADDRESS),
        "Assistant's Phone": "assistantphone",
        "Business Fax": "fax",
        "Business Phone": "telephone1",
        "Business Phone 2": "business2",
        "Callback": "callback",
        "Company Main Phone": "company",
        "Home Phone": "telephone2",
        "Home Phone 2": "home2",
        "Mobile Phone": "mobilephone",
        "Other Phone": "telephone3",
        "Pager": "pager",
        "Anniversary": "anniversary",
        "Birthday": "birthdate",
        "Assistant's Name": "assistantname",
        "Children": "childrensnames",
        "E-mail Address": "emailaddress1",
        "E-mail Type": IGNORED,
        "E-mail Display Name": IGNORED,
        "E-mail 2 Address": "emailaddress2",
        "E-mail 2 Type": IGNORED,
        "E-mail 2 Display Name": IGNORED,
        "E-mail 3 Address": "emailaddress3",
        "E-mail 3 Type": IGNORED,
        "E-mail 3 Display Name": IGNORED,
        "Government ID Number": "governmentid",
        "IMAddress": "imaddress",
        "Initials": IGNORED,
        "Manager's Name": "managername",
        "Notes": "description",
        "Spouse": "spousesname",
        "Web Page": "websiteurl",
        **_MARKS,
    },
    "appointment": {
        "Subject": "subject",
        "Start Date": "scheduledstart",
        "Start Time": "scheduledstart time",
        "End Date": "scheduledend",
        "End Time": "scheduledend time",
        "All day event": "isalldayevent",
        "Meeting Organizer": "party organizer",
        "Required Attendees": "party required",
        "Optional Attendees": "party optional",
        "Description": "description",
        "Location": "location",
        "Priority": "prioritycode",
        "Show time as": "show as",
        **_SEND,
        **_MARKS,
    },
    "task": {
        "Subject": "subject",
        "Start Date": "scheduledstart",
        "Due Date": "scheduledend",
        "Date Completed": "actualend",
        "% Complete": "percentcomplete",
        "Notes": "description",
        "Priority": "prioritycode",
        "Status": "task status",
        **_SEND,
        **_MARKS,
    },
}

_DO_NOT = "(Do Not Modify) "
_DYNAMICS_ALL = {
    f"{_DO_NOT}Row Checksum": IGNORED,
    f"{_DO_NOT}Modified On": "modifiedon",
    "Created On": "createdon",
    "Modified On": IGNORED,
    "Created By": IGNORED,
    "Modified By": IGNORED,
    "Owner": "ownerid",
    "Status": "statecode",
    "Status Reason": "statuscode",
    "Description": "description",
}
_ACTIVITY = {
    "Subject": "subject",
    "Regarding": "regardingobjectid",
    "Priority": "prioritycode",
    "Activity Status": "statecode",
    "Activity Type": IGNORED,
    "Actual End": "actualend",
}
_REACHED = {"Fax": "fax", "Website": "websiteurl"}


def _known(sort: str, entity: str) -> dict[str, str]:
    return {f"{_DO_NOT}{sort}": ID_KEYS[entity], **_DYNAMICS_ALL}


# Dynamics 365: the English headings of Export to Excel, saved as CSV.
DYNAMICS: Mapping[str, Mapping[str, str]] = {
    "lead": {
        **_known("Lead", "lead"),
        "Name": "fullname",
        "Full Name": "fullname",
        "Topic": "subject",
        "First Name": "firstname",
        "Last Name": "lastname",
        "Company Name": "companyname",
        "Job Title": "jobtitle",
        "Email": "emailaddress1",
        "Email Address 2": "emailaddress2",
        "Business Phone": "telephone1",
        "Mobile Phone": "mobilephone",
        "Home Phone": "telephone2",
        **_REACHED,
        **_address("", 1, _DYNAMICS_ADDRESS),
        **_address("Address 1: ", 1, _DYNAMICS_ADDRESS),
        "Source Campaign": "campaignid",
        "Lead Source": "leadsourcecode",
        "Rating": "leadqualitycode",
        "Est. Value": "estimatedamount",
        "Est. Close Date": "estimatedclosedate",
        "Parent Account for lead": "parentaccountid",
        "Parent Contact for lead": "parentcontactid",
        "Qualifying Opportunity": "qualifyingopportunityid",
    },
    "account": {
        **_known("Account", "account"),
        "Account Name": "name",
        "Account Number": "accountnumber",
        "Relationship Type": "customertypecode",
        "Main Phone": "telephone1",
        "Email": "emailaddress1",
        **_REACHED,
        **_address("Address 1: ", 1, _DYNAMICS_ADDRESS),
        "Parent Account": "parentaccountid",
        "Primary Contact": "primarycontactid",
        "Originating Lead": "originatingleadid",
    },
    "contact": {
        **_known("Contact", "contact"),
        "Full Name": "fullname",
        "Salutation": "salutation",
        "First Name": "firstname",
        "Middle Name": "middlename",
        "Last Name": "lastname",
        "Suffix": "suffix",
        "Nickname": "nickname",
        "Yomi First Name": "yomifirstname",
        "Yomi Last Name": "yomilastname",
        "Company Name": "parentcustomerid",
        "Role": "accountrolecode",
        "Job Title": "jobtitle",
        "Department": "department",
        "Email": "emailaddress1",
        "Email Address 2": "emailaddress2",
        "Email Address 3": "emailaddress3",
        "Business Phone": "telephone1",
        "Business Phone 2": "business2",
        "Home Phone": "telephone2",
        "Home Phone 2": "home2",
        "Mobile Phone": "mobilephone",
        "Telephone 3": "telephone3",
        "Pager": "pager",
        "Callback Number": "callback",
        "Company Phone": "company",
        "Assistant": "assistantname",
        "Assistant Phone": "assistantphone",
        "Manager": "managername",
        **_REACHED,
        "FTP Site": "ftpsiteurl",
        **_address("Address 1: ", 1, _DYNAMICS_ADDRESS),
        **_address("Address 2: ", 2, _DYNAMICS_ADDRESS),
        **_address("Address 3: ", 3, _DYNAMICS_ADDRESS),
        "Birthday": "birthdate",
        "Anniversary": "anniversary",
        "Spouse/Partner Name": "spousesname",
        "Children's Names": "childrensnames",
        "Government": "governmentid",
        "Originating Lead": "originatingleadid",
    },
    "opportunity": {
        **_known("Opportunity", "opportunity"),
        "Topic": "name",
        "Potential Customer": "customerid",
        "Contact": "parentcontactid",
        "Est. Revenue": "estimatedvalue",
        "Est. Close Date": "estimatedclosedate",
        "Actual Revenue": "actualvalue",
        "Actual Close Date": "actualclosedate",
        "Sales Stage": "salesstage",
        "Originating Lead": "originatingleadid",
    },
    "task": {
        **_known("Task", "task"),
        **_ACTIVITY,
        "Start Date": "scheduledstart",
        "Due Date": "scheduledend",
        "Percent Complete": "percentcomplete",
    },
    "phone_call": {
        **_known("Phone Call", "phone_call"),
        **_ACTIVITY,
        "Phone Number": "phonenumber",
        "Direction": "directioncode",
        "Due Date": "scheduledend",
        "Actual Start": "actualstart",
        "Call From": "party sender",
        "Call To": "party to",
    },
    "appointment": {
        **_known("Appointment", "appointment"),
        **_ACTIVITY,
        "Location": "location",
        "Start Time": "scheduledstart",
        "End Time": "scheduledend",
        "All Day Event": "isalldayevent",
        "Organizer": "party organizer",
        "Required Attendees": "party required",
        "Optional Attendees": "party optional",
    },
    "email": {
        **_known("Email Message", "email"),
        f"{_DO_NOT}Email": ID_KEYS["email"],
        **_ACTIVITY,
        "Message ID": "messageid",
        "Direction": "directioncode",
        "Date Sent": "actualend",
        "From": "party sender",
        "To": "party to",
        "Cc": "party cc",
        "Bcc": "party bcc",
    },
    "note": {
        **_known("Note", "note"),
        "Title": "subject",
        "Description": "notetext",
        "Regarding": "objectid",
    },
}
