"""The service of docs/answer-over-http.md: each Python listing there is a part of this file."""

from dataclasses import dataclass

from hostel_sdk import BadRequest, NotFound, Request, Response, TooManyRequests, Unauthorized
from hostel_sdk import cache, config, service


@dataclass
class Order:
    id: int
    item: str
    count: int


@service
def find(request: Request) -> Order:
    """Finds an order."""
    number = request.path_integer("id")
    order = cache.get(f"order:{number}", Order)
    if not order:
        raise NotFound(f"no order {number}")
    return order


@service
def search(request: Request) -> dict[str, object]:
    """Searches orders."""
    status = request.query("status")
    page = request.query_integer("page")
    language = request.header("Accept-Language")
    return {"status": status or "open", "page": page or 1, "language": language or "en"}


@dataclass
class NewOrder:
    item: str
    count: int


@service
def place(new: NewOrder) -> Response:
    """Places an order."""
    if new.count < 1:
        raise BadRequest(f"the count is {new.count}: it must be 1 or more")
    order = Order(cache.increment("orders"), new.item, new.count)
    cache.set(f"order:{order.id}", order)
    location = f"/orders/{order.id}"
    return Response.json(order, status=201, headers=[("Location", location)])


@service
def set_language(request: Request) -> Response:
    """Sets the client's language."""
    language = request.form("language")
    if language not in ("de", "en"):
        raise BadRequest("the language must be de or en")
    response = Response.redirect("/language")
    return response.with_cookie("language", language, max_age=31_536_000)


@service
def language(request: Request) -> str:
    """Returns the client's language."""
    return request.cookie("language") or "en"


@service
def total(request: Request) -> int:
    """Counts all orders."""
    if cache.increment("tries", expiry=60) > 1:
        raise TooManyRequests("at most one try a minute").with_header("Retry-After", "60")
    if request.header("Authorization") != f"Bearer {config['total-token']}":
        failure = Unauthorized("the total needs a token")
        raise failure.with_header("WWW-Authenticate", "Bearer")
    return cache.get("orders", default=0)
