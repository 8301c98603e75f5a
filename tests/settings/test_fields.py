"""`[fields.contact.NAME]`: what it may say, and how mistakes in it are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.model.custom import FREE, address
from syncd.model.fields import Direction, FieldType, Named, Sphere, Style
from syncd.model.policy import KindPolicy
from syncd.outlook import stamp
from syncd.settings.policies import compile_policies
from tests.settings.test_load import WHOLE, loaded, mistakes_in

HEAD = "[fields.contact.favourite_colour]\n"


def with_fields(text: str) -> str:
    """A whole configuration with these sections."""
    return f"{WHOLE}\n{text}\n"


def test_a_section_is_a_row_of_the_map(tmp_path: Path) -> None:
    """Every key of it arrives in the field, and the policies are of a kind that has it."""
    text = """
[fields.contact.favourite_colour]
label = "Lieblingsfarbe"
type = "choice"
options = ["red", "dark green"]
outlook = "User1"
direction = "to-outlook"
sphere = "personal"
converter = { red = "Rot", "dark green" = "Grün" }

[fields.contact.vip]
type = "flag"
property = "isVip"
converter = "1/0"
"""
    configuration = loaded(tmp_path, with_fields(text))
    colour, vip = configuration.custom["contact"]
    assert (colour.name, colour.label, colour.group) == (
        "favourite_colour", "Lieblingsfarbe", "favourite_colour",
    )  # fmt: skip
    assert (colour.type, colour.direction, colour.sphere) == (
        FieldType.CHOICE, Direction.TO_OUTLOOK, Sphere.PERSONAL,
    )  # fmt: skip
    assert colour.ews == FREE["User1"].ews
    assert colour.wording is not None
    assert dict(colour.wording.words) == {"red": "Rot", "dark green": "Grün"}
    assert vip.ews == Named("00020329-0000-0000-c000-000000000046", name="isVip")
    assert (vip.label, vip.direction, vip.sphere) == ("Vip", Direction.TWO_WAY, Sphere.BUSINESS)
    assert vip.wording is not None
    assert dict(vip.wording.words) == {"yes": "1", "no": "0"}
    rules: KindPolicy = compile_policies(configuration)["sales"].kinds["contact"].policy
    assert rules.direction_of(rules.kind.groups["favourite_colour"]) is Direction.TO_OUTLOOK
    assert configuration.custom_names == {"favourite_colour", "vip"}


def test_a_filter_may_name_one(tmp_path: Path) -> None:
    """A field of one's own is a field in the filters of the same file."""
    text = with_fields(HEAD + 'outlook = "User1"').replace(
        "[policies.sales.contacts]", "[policies.sales.contacts]\nfilter = \"favourite_colour eq 'red'\""
    )  # fmt: skip
    assert "sales" in loaded(tmp_path, text).policies
    (mistake,) = mistakes_in(tmp_path, text.replace("colour eq", "color eq"))
    assert "did you mean 'favourite_colour'" in str(mistake)


@pytest.mark.parametrize(
    ("written", "set_id", "number", "name"),
    [
        ("hat", "00020329-0000-0000-c000-000000000046", None, "hat"),
        ("{00062004-0000-0000-C000-000000000046}/0x8099", "00062004-0000-0000-c000-000000000046", 0x8099, None),
        ("{11111111-2222-3333-4444-555555555555}/My hat", "11111111-2222-3333-4444-555555555555", None, "My hat"),
    ],
)  # fmt: skip
def test_a_property_is_named_in_three_ways(
    tmp_path: Path, written: str, set_id: str, number: int | None, name: str | None
) -> None:
    """By its name among the public strings, or with its set, by name or by number."""
    configuration = loaded(tmp_path, with_fields(f'{HEAD}property = "{written}"'))
    (field,) = configuration.custom["contact"]
    assert field.ews == Named(set_id, number, name)


def test_a_style_is_kept(tmp_path: Path) -> None:
    """A converter in one word says in which style a value is written."""
    text = f'{HEAD}type = "date"\noutlook = "User1"\nconverter = "dmy"'
    (field,) = loaded(tmp_path, with_fields(text)).custom["contact"]
    assert field.wording is not None
    assert field.wording.style is Style.DMY


# the section, what is wrong: the key, and what is said of it
MISTAKES = {
    "nowhere": ('type = "text"', "", "does not say where it is in Outlook (write outlook ="),
    "no such field": ('outlook = "User5"', "outlook", "no free field 'User5' in Outlook (did you mean 'User"),
    "two places": ('outlook = "User1"\nproperty = "hat"', "property", "a second place in Outlook"),
    "no property": ('property = "a/b/c"', "property", "no named property (write it like"),
    "syncd's own": (f'property = "{{{stamp.SET_ID}}}/x"', "property", "where syncd keeps whose item it is"),
    "one of the map": ('property = "{00062004-0000-0000-C000-000000000046}/0x802C"', "property", "is where Yomi first name is"),
    "no type": ('outlook = "User1"\ntype = "colour"', "type", "no type of a field"),
    "no type for it": ('outlook = "User1"\ntype = "money"', "type", "no type of a field"),
    "no options": ('outlook = "User1"\ntype = "choice"', "options", "a choice needs its options"),
    "stray options": ('outlook = "User1"\noptions = ["a"]', "options", 'this is text (write type = "choice")'),
    "capital option": ('outlook = "User1"\ntype = "choice"\noptions = ["Red"]', "options", "write 'red'"),
    "option twice": ('outlook = "User1"\ntype = "choice"\noptions = ["a", "a"]', "options", "'a' is there twice"),
    "names in a text": ('outlook = "User1"\ntype = "names"', "outlook", "holds one text"),
    "no converter": ('outlook = "User1"\nconverter = "yes/no"', "converter", "no text is written 'yes/no' (write \"upper\""),
    "no such day": ('outlook = "User1"\ntype = "date"\nconverter = "german"', "converter", '"iso", "dmy", "mdy"'),
    "words for text": ('outlook = "User1"\nconverter = { a = "b" }', "converter", "for a choice or a flag"),
    "no such value": ('outlook = "User1"\ntype = "flag"\nconverter = { ja = "Ja" }', "converter", "no value 'ja'"),
    "one word twice": ('outlook = "User1"\ntype = "flag"\nconverter = { yes = "x", no = "X" }', "converter", "does not tell its values apart"),
    "unknown key": ('outlook = "User1"\nlable = "x"', "lable", "did you mean 'label'?"),
    "no direction": ('outlook = "User1"\ndirection = "both"', "direction", "not one of two-way"),
    "a label of the map": ('outlook = "User1"\nlabel = "Job title"', "label", "jobtitle is called 'Job title', too"),
}  # fmt: skip


@pytest.mark.parametrize(("section", "key", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_field_says_where_and_what(
    tmp_path: Path, section: str, key: str, said: str
) -> None:
    """One mistake, told at its line, with what would be right."""
    text = with_fields(HEAD + section)
    (mistake,) = mistakes_in(tmp_path, text)
    assert mistake.path == ".".join(["fields.contact.favourite_colour", *([key] if key else [])])
    assert said in str(mistake)
    line = text.splitlines()[(mistake.line or 0) - 1]
    assert line in (HEAD.strip(), *(each for each in [line] if key and each.startswith(key)))


NAMES = {
    "jobtitle": "is Job title already",
    "job_title": "is Job title already",
    "address1": "is a group of the map already",
    "owner": "is a word of the command line already",
    "owner_id": "is a column of the CRM already",
    "statecode": "is a column of the CRM already",
    "business_phone": "is Business phone already",
    "status": "is a word of the command line already",
    "Colour": "write 'colour'",
    "2nd": "a letter first",
    '"my hat"': "write 'my_hat'",
}


@pytest.mark.parametrize(("name", "said"), NAMES.items())
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """What the map, the CRM or the command line calls something else is taken."""
    section = f'[fields.contact.{name}]\noutlook = "User1"'
    (mistake,) = mistakes_in(tmp_path, with_fields(section))
    assert said in str(mistake)


def test_two_fields_cannot_share_a_place(tmp_path: Path) -> None:
    """Whatever it is called, one property holds one field; the second one is the mistake."""
    text = """
[fields.contact.hat]
outlook = "User1"
[fields.contact.shoe]
property = "{00062004-0000-0000-C000-000000000046}/0x804F"
"""
    (mistake,) = mistakes_in(tmp_path, with_fields(text))
    assert mistake.path == "fields.contact.shoe.property"
    assert "is where hat is" in str(mistake)


def test_only_what_has_items_has_fields(tmp_path: Path) -> None:
    """There are custom fields of contacts."""
    (mistake,) = mistakes_in(tmp_path, with_fields('[fields.contacts.hat]\noutlook = "User1"'))
    assert "did you mean 'contact'?" in str(mistake)


def test_every_free_field_is_free_and_a_place_of_its_own(tmp_path: Path) -> None:
    """All of them at once are no mistake."""
    text = "\n".join(f'[fields.contact.hat{n}]\noutlook = "{name}"' for n, name in enumerate(FREE))
    fields = loaded(tmp_path, with_fields(text)).custom["contact"]
    assert len({address(each.ews) for each in fields}) == len(FREE)
