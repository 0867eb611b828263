"""The desk of the shop, and the view that cancels an order."""

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, close_old_connections
from django.db.transaction import atomic
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST
from django_shop.orders import ShopOrders

from orderdesk_sdk import Desk, OrderStoreInTransactions, errors, read_config

_lock = threading.Lock()
_opened: list[Desk] = []


@contextmanager
def transaction() -> Iterator[None]:
    """One call of a desk: all of it, or nothing."""
    close_old_connections()  # A desk's threads live longer than a request does.
    try:
        with atomic():
            yield
    except IntegrityError as error:
        raise errors.ValidationError("another order has this number", hint="give another number") from error
    finally:
        close_old_connections()


def the_desk() -> Desk:
    """The desk of this process; a command `orderdesk_work` does what is due."""
    with _lock:
        if not _opened:
            orders = OrderStoreInTransactions(ShopOrders(), transaction)
            _opened.append(Desk(read_config(Path(settings.ORDERDESK_CONFIG)), order_store=orders))
            atexit.register(_opened[0].close)
        return _opened[0]


@require_POST
def cancel(request: HttpRequest, number: str) -> JsonResponse:
    try:
        status = the_desk().cancel(number, by=request.POST["by"])
    except errors.ValidationError as error:  # No such order, say.
        return JsonResponse({"message": str(error)}, status=422)
    return JsonResponse({case.connection: case.state.value for case in status.cases})


urlpatterns = [path("orders/<str:number>/cancel", cancel)]
