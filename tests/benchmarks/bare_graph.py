"""Bare Graph: the same calls, as somebody would make them who has `requests` and the manual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import requests

from syncd.model.contact import CONTACT, display_name, file_as
from syncd.model.values import Value
from syncd.outlook import stamp
from syncd.outlook.graph.layout import layout
from syncd.outlook.graph.reading import TOP

BATCH = 20
PAGE = 200

_LINK = f"String {{{stamp.LINK.set_id}}} Name {stamp.LINK.name}"
_KEY = f"String {{{stamp.KEY.set_id}}} Name {stamp.KEY.name}"
_HERE = layout(CONTACT)  # what is asked for is the same, to the letter
_HEAD, _FULL = _HERE.head, "&".join(_HERE.full)
_IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
_PAGED = {"Prefer": f'IdType="ImmutableId", odata.maxpagesize={PAGE}'}


class BareGraph:
    """One mailbox over plain HTTP."""

    def __init__(self, base: str, token: str, ca: Path, address: str) -> None:
        self._base = base
        self._user = f"/users/{address}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca)
        self._session.headers.update({"Authorization": f"Bearer {token}", **_IMMUTABLE})

    def create(self, fields: Sequence[Mapping[str, Value]]) -> Sequence[Any]:
        """POST in batches of twenty; what was answered."""
        url = f"{self._user}/contactFolders/contacts/contacts"
        bodies = [_contact(each, number) for number, each in enumerate(fields)]
        return [answer["body"] for answer in self._batches(("POST", url, body) for body in bodies)]

    def read(self, ids: Sequence[Any]) -> Sequence[Any]:
        """GET in batches of twenty."""
        return [
            answer["body"]
            for answer in self._batches(("GET", self._full(each), None) for each in ids)
        ]

    def changes(self) -> int:
        """Delta from the start to the end, and a listing for what delta does not tell."""
        seen, heads = 0, 0
        folder = f"{self._base}{self._user}/contactFolders/contacts/contacts"
        url = f"{folder}/delta?$select=id,changeKey"
        while url:
            page = self._session.get(url, headers=_PAGED).json()
            seen += len(page["value"])
            if page["value"] and not heads:
                heads = self._list(f"{folder}?$top={TOP}&{_HEAD}")
            url = page.get("@odata.nextLink", "")
        assert heads == seen
        return seen

    def _list(self, url: str) -> int:
        heads = 0
        while url:
            page = self._session.get(url).json()
            heads += len(page["value"])
            url = page.get("@odata.nextLink", "")
        return heads

    def update(self, items: Sequence[Any], edits: Sequence[Mapping[str, Value]]) -> None:
        """Read once more, then PATCH four fields, in batches of twenty."""
        for at in range(0, len(items), BATCH):
            some = items[at : at + BATCH]
            now = self.read(some)
            parts = []
            for number, (before, item) in enumerate(zip(some, now, strict=True), at):
                assert before["changeKey"] == item["changeKey"]
                edit = edits[number]
                body = {
                    "jobTitle": edit["jobtitle"],
                    "department": edit["department"],
                    "primaryEmailAddress": {"address": edit["emailaddress1"]},
                    "businessPhones": [edit["telephone1"]],
                    "displayName": item["displayName"],
                    "singleValueExtendedProperties": _stamp(number),
                }
                url = f"{self._user}/contacts/{item['id']}"
                parts.append(("PATCH", url, body, item["@odata.etag"]))
            for answer in self._batches(parts):
                assert answer["status"] == 200, answer

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def _full(self, item: Mapping[str, Any]) -> str:
        return f"{self._user}/contacts/{item['id']}?{_FULL}"

    def _batches(self, parts: Any) -> Iterator[Any]:
        numbers = count()
        waiting: list[dict[str, Any]] = []
        for method, url, body, *etag in parts:
            part: dict[str, Any] = {"id": str(next(numbers)), "method": method, "url": url}
            part["headers"] = dict(_IMMUTABLE)
            if body is not None:
                part["body"] = body
                part["headers"]["Content-Type"] = "application/json"
            if etag:
                part["headers"]["If-Match"] = etag[0]
            waiting.append(part)
            if len(waiting) == BATCH:
                yield from self._send(waiting)
                waiting = []
        if waiting:
            yield from self._send(waiting)

    def _send(self, parts: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
        answer = self._session.post(f"{self._base}/$batch", json={"requests": parts})
        answer.raise_for_status()
        by_id = {each["id"]: each for each in answer.json()["responses"]}
        yield from (by_id[part["id"]] for part in parts)


def _contact(held: Mapping[str, Value], number: int) -> Mapping[str, Any]:
    text: Mapping[str, Any] = held
    return {
        "fileAs": file_as(held),
        "displayName": display_name(held),
        "givenName": text["firstname"],
        "surname": text["lastname"],
        "jobTitle": text["jobtitle"],
        "companyName": text["companyname"],
        "department": text["department"],
        "nickName": text["nickname"],
        "birthday": f"{text['birthdate'].isoformat()}T11:59:00Z",
        "businessHomePage": text["websiteurl"],
        "primaryEmailAddress": {"address": text["emailaddress1"]},
        "secondaryEmailAddress": {"address": text["emailaddress2"]},
        "businessPhones": [text["telephone1"]],
        "homePhones": [text["telephone2"]],
        "mobilePhone": text["mobilephone"],
        "businessAddress": _address(text, "address1"),
        "homeAddress": _address(text, "address2"),
        "personalNotes": text["description"],
        "singleValueExtendedProperties": _stamp(number),
    }


def _stamp(number: int) -> Sequence[Mapping[str, Any]]:
    return [
        {"id": _LINK, "value": f"benchmark/contact/{number:036}"},
        {"id": _KEY, "value": f"{number:036}"},
    ]


def _address(text: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    return {
        "street": text[f"{group}_line1"],
        "city": text[f"{group}_city"],
        "state": text[f"{group}_stateorprovince"],
        "postalCode": text[f"{group}_postalcode"],
        "countryOrRegion": text[f"{group}_country"],
    }
