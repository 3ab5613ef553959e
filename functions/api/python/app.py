"""Orders on FastAPI: one route, which validates what it takes."""

from fastapi import FastAPI
from pydantic import BaseModel, Field


class Line(BaseModel):
    sku: str = Field(min_length=1)
    count: int = Field(ge=1)
    price: float = Field(ge=0)


class Order(BaseModel):
    id: int
    lines: list[Line] = Field(min_length=1)


class Receipt(BaseModel):
    id: int
    total: float
    lines: int


app = FastAPI()


@app.post("/orders", status_code=201)
async def take(order: Order) -> Receipt:
    total = sum(line.count * line.price for line in order.lines)
    return Receipt(id=order.id, total=total, lines=len(order.lines))
