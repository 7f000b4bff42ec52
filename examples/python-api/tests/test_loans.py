from decimal import Decimal

import pytest

from app.loans import schedule


@pytest.mark.parametrize(
    ("principal", "annual_percent", "months", "first", "last"),
    [
        ("1200", "0", 12, "100.00", "100.00"),
        ("100", "0", 3, "33.33", "33.34"),
        ("1000", "12", 1, "1010.00", "1010.00"),
        ("10000", "6", 12, "860.66", "860.70"),
        ("0.01", "5", 3, "0.00", "0.01"),
    ],
)
def test_instalments(principal: str, annual_percent: str, months: int, first: str, last: str) -> None:
    rows = schedule(Decimal(principal), Decimal(annual_percent), months)
    assert len(rows) == months
    assert rows[0]["payment"] == Decimal(first)
    assert rows[-1]["payment"] == Decimal(last)


@pytest.mark.parametrize("months", [1, 7, 360, 600])
@pytest.mark.parametrize("annual_percent", ["0", "0.0001", "3.75", "100"])
def test_the_payments_are_the_loan_and_its_interest(annual_percent: str, months: int) -> None:
    principal = Decimal("98765.43")
    rows = schedule(principal, Decimal(annual_percent), months)
    assert sum(row["payment"] - row["interest"] for row in rows) == principal
    assert rows[-1]["owed"] == 0
    assert all(row["owed"] >= 0 for row in rows)
