"""What is written in several ways is read when it is clear, and refused when it is not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from syncd.crm.importing.report import BadRow
from syncd.crm.importing.values import Manner, Order, value
from syncd.model.fields import FieldType
from syncd.model.values import Value

PLAIN = Manner()
BERLIN = Manner(Order.DMY, ZoneInfo("Europe/Berlin"))
US = Manner(Order.MDY)


@pytest.mark.parametrize(
    ("kind", "said", "manner", "found"),
    [
        (FieldType.DATE, "1970-02-28", PLAIN, date(1970, 2, 28)),
        (FieldType.DATE, "19700228", PLAIN, date(1970, 2, 28)),
        (FieldType.DATE, "1970-02-28T00:00:00Z", PLAIN, date(1970, 2, 28)),
        (FieldType.DATE, "3.4.2026", BERLIN, date(2026, 4, 3)),
        (FieldType.DATE, "3/4/26", US, date(2026, 3, 4)),
        (FieldType.DATE, "0/0/00", US, None),
        (FieldType.DATE, "3/4/2026", PLAIN, BadRow),
        (FieldType.DATE, "31.12.2026", US, BadRow),
        (
            FieldType.MOMENT,
            "2026-01-02T03:04:05Z",
            PLAIN,
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
        (FieldType.MOMENT, "3.4.2026 14:30", BERLIN, datetime(2026, 4, 3, 12, 30, tzinfo=UTC)),
        (FieldType.MOMENT, "2026-01-02 03:04", PLAIN, BadRow),
        (FieldType.MONEY, "1,234.50", PLAIN, Decimal("1234.50")),
        (FieldType.MONEY, "€ 1.234,50", PLAIN, Decimal("1234.50")),
        (FieldType.MONEY, "(1'234.50)", PLAIN, Decimal("-1234.50")),
        (FieldType.MONEY, "1.234.567", PLAIN, Decimal(1234567)),
        (FieldType.MONEY, "1,234", PLAIN, Decimal(1234)),
        (FieldType.MONEY, "1.234", PLAIN, BadRow),
        (FieldType.MONEY, "1234.5000000000", PLAIN, Decimal("1234.50")),
        (FieldType.MONEY, 12.5, PLAIN, Decimal("12.50")),
        (FieldType.MONEY, "12.345", PLAIN, BadRow),
        (FieldType.MONEY, "a lot", PLAIN, BadRow),
        (FieldType.FLAG, "Yes", PLAIN, True),
        (FieldType.FLAG, "0", PLAIN, False),
        (FieldType.FLAG, "perhaps", PLAIN, BadRow),
        (FieldType.WHOLE, "50%", PLAIN, 50),
        (FieldType.WHOLE, "0.5", PLAIN, BadRow),
        (FieldType.NAMES, "A; B,C", PLAIN, ("A", "B", "C")),
        (FieldType.NAMES, '["A, B"]', PLAIN, ("A, B",)),
        (FieldType.TEXT, 7, PLAIN, BadRow),
    ],
)
def test_a_value_is_read_or_refused(
    kind: FieldType, said: object, manner: Manner, found: Value | type[BadRow]
) -> None:
    """No day, time or amount is ever guessed."""
    if found is BadRow:
        with pytest.raises(BadRow):
            value(kind, "field", said, manner)
    else:
        assert value(kind, "field", said, manner) == found
