"""The service's endpoints."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from app.loans import schedule

logger = logging.getLogger(__name__)


class Loan(BaseModel):
    model_config = ConfigDict(extra="forbid")

    principal: Annotated[Decimal, Field(gt=0, le=1_000_000_000, decimal_places=2)]
    annual_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=4)]
    months: Annotated[int, Field(ge=1, le=600)]


class Instalment(BaseModel):
    payment: Decimal
    interest: Decimal
    owed: Decimal


class Repayment(BaseModel):
    total: Decimal
    instalments: list[Instalment]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    logger.info("started")
    yield
    logger.info("all requests are complete")


app = FastAPI(title="python-api", lifespan=lifespan)


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/loans/schedule")
def loan_schedule(loan: Loan) -> Repayment:
    rows = schedule(loan.principal, loan.annual_percent, loan.months)
    return Repayment(
        total=sum((row["payment"] for row in rows), Decimal(0)),
        instalments=[Instalment(**row) for row in rows],
    )
