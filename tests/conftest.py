"""What all tests share: where the published schemas are, and how examples are drawn."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SCHEMAS = Path(
    os.environ.get("SYNCD_SCHEMAS") or Path(__file__).parents[1].parent / "shared" / "schemas"
)

# No deadline: a busy machine is no failure. A failing example prints how to repeat it.
settings.register_profile(
    "syncd", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("syncd")


def pytest_configure() -> None:
    """Let every test, and every process that a test starts, find the schemas."""
    if (SCHEMAS / "ews" / "messages.xsd").is_file():
        os.environ["SYNCD_SCHEMAS"] = str(SCHEMAS)
    else:
        os.environ.pop("SYNCD_SCHEMAS", None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it loudly when nothing was checked against the schemas."""
    if "SYNCD_SCHEMAS" not in os.environ:
        terminalreporter.section("EWS SCHEMAS MISSING", yellow=True)
        terminalreporter.line(
            f"No EWS schemas in {SCHEMAS}: no request and no answer was validated. "
            "Set SYNCD_SCHEMAS."
        )
