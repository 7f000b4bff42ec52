import asyncio
from typing import Any

import httpx
import pytest

from app.main import app


def call(method: str, path: str, json: Any = None) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, json=json)

    return asyncio.run(send())


def test_alive() -> None:
    response = call("GET", "/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_schedule() -> None:
    response = call("POST", "/v1/loans/schedule", {"principal": "100", "annual_percent": "0", "months": 2})
    assert response.status_code == 200
    assert response.json() == {
        "total": "100.00",
        "instalments": [
            {"payment": "50.00", "interest": "0.00", "owed": "50.00"},
            {"payment": "50.00", "interest": "0.00", "owed": "0.00"},
        ],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"principal": "0"},
        {"principal": "1.001"},
        {"principal": "NaN"},
        {"annual_percent": "-1"},
        {"months": 0},
        {"months": 601},
        {"months": None},
        {"currency": "EUR"},
    ],
)
def test_a_bad_loan_is_refused(change: dict[str, Any]) -> None:
    loan = {"principal": "100", "annual_percent": "5", "months": 12}
    assert call("POST", "/v1/loans/schedule", loan | change).status_code == 422
