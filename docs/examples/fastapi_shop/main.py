"""The shop's app: `uvicorn fastapi_shop.main:app`, with its connections in orderdesk.toml."""

import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi_shop.models import Base, Session, engine
from fastapi_shop.orders import ShopOrders
from sqlalchemy.exc import IntegrityError

from orderdesk_sdk import Desk, OrderStoreInTransactions, errors, read_config, run_until_stopped


@contextmanager
def transaction() -> Iterator[None]:
    """One call of a desk: all of it, or nothing."""
    try:
        with Session.begin():
            yield
    except IntegrityError as error:
        raise errors.ValidationError("another order has this number", hint="give another number") from error
    finally:
        Session.remove()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    orders, stop = OrderStoreInTransactions(ShopOrders(), transaction), threading.Event()
    with Desk(read_config(Path("orderdesk.toml")), order_store=orders) as app.state.desk:
        worker = threading.Thread(target=run_until_stopped, args=(app.state.desk, stop, logging.error))
        worker.start()
        yield
        stop.set()
        await run_in_threadpool(worker.join)


app = FastAPI(lifespan=lifespan)


@app.post("/orders/{number}/cancel")
def cancel(number: str, request: Request, by: str) -> dict[str, str]:
    try:
        status = request.app.state.desk.cancel(number, by=by)
    except errors.ValidationError as error:  # No such order, say.
        raise HTTPException(422, str(error)) from error
    return {case.connection: case.state.value for case in status.cases}
