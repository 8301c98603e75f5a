"""The manual's tables are the code's."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

from syncd.settings.keys import KEYS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    "decisions.md",
    "reasons.md",
    "explain.md",
    "contact-fields.md",
    "crm.md",
    "import.md",
    "filters.md",
    "doctor.md",
    "exchange-online.md",
    "faults.md",
    "quarantine.md",
    "settings.md",
]


def test_the_switches_of_the_reference_product_are_keys_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The manual names no key that the configuration does not know."""
    monkeypatch.syspath_prepend(str(DOCS))
    switches = importlib.import_module("settings_tables").SWITCHES
    named = {key for _, _, key, _ in switches}
    assert "contacts.copies" in named
    assert named - {"journal.keep"} <= {key.name for key in KEYS}


@pytest.mark.parametrize("page", PAGES)
def test_the_manual_says_what_the_code_does(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A printed table equals the table that the code decides by."""
    monkeypatch.syspath_prepend(str(DOCS))
    spec = importlib.util.spec_from_file_location("manual_tables", DOCS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    printed = (DOCS / page).read_text(encoding="utf-8")
    assert printed == tables.PAGES[page](), "print it anew with: python docs/tables.py"
