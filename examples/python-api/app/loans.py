"""Repayment of a loan in equal monthly instalments."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def schedule(principal: Decimal, annual_percent: Decimal, months: int) -> list[dict[str, Decimal]]:
    """Returns what is paid each month and what is still owed after it, to the cent.

    The last instalment takes up what rounding left over, so that nothing stays owed.
    """
    rate = annual_percent / 1200
    instalment = _round(principal * rate / (1 - (1 + rate) ** -months) if rate else principal / months)
    rows = []
    owed = principal
    for month in range(1, months + 1):
        interest = _round(owed * rate)
        repaid = owed if month == months else min(instalment - interest, owed)
        owed -= repaid
        rows.append({"payment": interest + repaid, "interest": interest, "owed": owed})
    return rows


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
