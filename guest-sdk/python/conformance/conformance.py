"""The Python conformance plugin. Each request is one step of a scenario, run with the public SDK
only. A request without a step does nothing."""

import datetime
import json
import math
import os
import random
import secrets
import struct
import uuid
from collections.abc import Callable
from typing import Any

from hostel_sdk import (
    CacheError,
    Conflict,
    Failure,
    FailureKind,
    Request,
    Response,
    cache,
    logger,
    service,
)

GENERATOR = random.Random()

Step = dict[str, Any]


@service
def conformance(request: Request) -> dict[str, Any] | Response | None:
    """Executes one step and returns its result."""
    given = request.header("x-step")
    step: Step | None = json.loads(given) if given is not None else request.json()
    return interpreted(step, request) if step is not None else None


def interpreted(step: Step, request: Request) -> dict[str, Any] | Response:
    if step["op"] == "read":
        return {"ok": READERS[step["what"]](request, step["key"])}
    if step["op"] in RESPONSES:
        return RESPONSES[step["op"]](step)
    operation = OPERATIONS.get(step["op"])
    if not operation:
        return {"skip": True}
    try:
        return {"ok": operation(step)}
    except CacheError as error:
        return {"error": error.kind, "message": str(error)}
    except NotImplementedError:
        return {"skip": True}


def many(call: Callable[[str], Any]) -> Callable[[Step], None]:
    """Returns an operation that repeats a call. The step's value is the number of calls."""

    def calls(step: Step) -> None:
        key = step["key"]
        for _ in range(step["value"]):
            call(key)

    return calls


def missing() -> None:
    raise CacheError("unavailable", "no value is available")


def get_integer(step: Step) -> str:
    number = cache.get(step["key"], int)
    if number is not None:
        return str(number)
    raise CacheError("invalid-value", "no value exists")


def bits_of(number: float) -> str:
    return struct.pack(">d", number).hex()


def get_bits(step: Step) -> str | None:
    number = cache.get(step["key"], float)
    return bits_of(number) if number is not None else None


def set_bits(step: Step) -> None:
    cache.set(step["key"], struct.unpack(">d", bytes.fromhex(step["what"]))[0])


def loop_through_bits(step: Step) -> str | None:
    """Sets and gets random floats: half of them have random bits, and half are whole numbers. Skips
    floats that are not finite. Returns the first float that changed, with the value read, or
    None."""
    state = 1
    for turn in range(step["value"]):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        random_bits, signed = struct.unpack(">dq", state.to_bytes(8, "big") * 2)
        for number in (random_bits, float(math.trunc(signed * 2.0 ** (turn % 40 - 30)))):
            if math.isfinite(number):
                cache.set(step["key"], number)
                read = cache.get(step["key"], float)
                is_same = read is not None and bits_of(read) == bits_of(number)
                if not is_same:
                    return f"{number}: {read}"
    return None


def set_value(step: Step) -> None:
    if "expiry" in step:
        cache.set(step["key"], step["value"], expiry=step["expiry"])
    else:
        cache.set(step["key"], step["value"])


def set_special(step: Step) -> None:
    if step["what"] not in SPECIAL:
        raise NotImplementedError
    cache.set(step["key"], SPECIAL[step["what"]]())


def cycle() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


SPECIAL: dict[str, Callable[[], Any]] = {
    "nan": lambda: math.nan,
    "infinity": lambda: math.inf,
    "-infinity": lambda: -math.inf,
    "cycle": cycle,
    "function": lambda: cycle,
    "set": lambda: {1, 2},
    "date": lambda: datetime.datetime(2030, 1, 1),
    "bytes": lambda: b"bytes",
    "bigint": lambda: 2**70,
    "integer-keys": lambda: {1: "a"},
    "tuple": lambda: (1, "a"),
    "lone-surrogate": lambda: "\ud800",
}


def mutate(step: Step) -> Any:
    cache.set(step["key"], {"a": [1]})
    cache.get(step["key"])["a"].append(2)
    return cache.get(step["key"])


def compare_and_swap(step: Step) -> Any:
    args = step["args"]
    lifetime = None if args["lifetime"] == "unlimited" else args["lifetime"]
    swap = cache.compare_and_swap_raw(step["key"], args["expected"], args["wanted"], lifetime)
    return "swapped" if swap else {"changed": swap.current}


def fail_if_requested(step: Step) -> None:
    """Raises a failure if the step has `fail`."""
    if step.get("args", {}).get("fail"):
        raise Conflict("as the step requests")


def update(step: Step) -> Any:
    """Appends the step's value to the list under the key. If the step has `fail`, the change
    function fails instead."""

    def change(values: list[Any] | None) -> list[Any]:
        fail_if_requested(step)
        return [*(values or []), step["value"]]

    try:
        return cache.update(step["key"], change)
    except Failure as failure:
        return {"failure": failure.kind}


def get_or_set(step: Step) -> Any:
    """Returns the value and whether this call computed it, or the kind of the failure. The step
    contains the value to compute."""
    args = step.get("args", {})
    computed = False

    def compute() -> Any:
        nonlocal computed
        computed = True
        fail_if_requested(step)
        return step["value"]

    try:
        value = cache.get_or_set(step["key"], compute, args.get("expiry"), args.get("early"))
        return {"value": value, "computed": computed}
    except Failure as failure:
        return {"failure": failure.kind}


def ttl(step: Step) -> Any:
    left = cache.ttl(step["key"])
    return {None: "missing", math.inf: "unlimited"}.get(left, left)


def log(step: Step) -> None:
    method: str = step["value"]
    getattr(logger, method)(step["what"])


def fail(step: Step) -> None:
    kind: FailureKind = step["value"]
    raise Failure(step["what"], kind)


def fail_with_headers(step: Step) -> Response:
    kind: FailureKind = step["value"]
    failure = Failure(step["what"], kind)
    for name, value in step["args"]["headers"]:
        failure = failure.with_header(name, value)
    raise failure


def respond(step: Step) -> Response:
    args = step["args"]
    if "redirect" in args:
        response = Response.redirect(args["redirect"], args.get("redirect-status", 303))
    else:
        response = plain(args)
    for name, value in args.get("headers", []):
        response = response.with_header(name, value)
    if "cookie" in args:
        options = {name.replace("-", "_"): value for name, value in args["cookie"].items()}
        response = response.with_cookie(**options)
    return response


def respond_directly(step: Step) -> Response:
    response = plain(step["args"])
    response.headers += [(name, value.encode()) for name, value in step["args"]["headers"]]
    return response


def plain(args: dict[str, Any]) -> Response:
    if "text" in args:
        return Response.text(args["text"], status=args.get("status", 200))
    return Response.empty(args.get("status", 204))


def draw(_: Step) -> list[str]:
    drawn = {
        "random.random": random.random(),
        "random.getrandbits": random.getrandbits(64),
        "random.Random": GENERATOR.random(),
        "random.SystemRandom": random.SystemRandom().random(),
        "secrets": secrets.token_hex(),
        "uuid1": uuid.uuid1(),
        "uuid4": uuid.uuid4(),
        "os.urandom": os.urandom(16).hex(),
    }
    return [f"{source}:{value}" for source, value in drawn.items()]


OPERATIONS: dict[str, Callable[[Step], Any]] = {
    "get": lambda step: cache.get(step["key"]),
    "get-many": many(cache.get),
    "raw-many": many(cache.get_raw),
    "exists-many": many(cache.exists),
    "get-or-set-many": many(lambda key: cache.get_or_set(key, missing, expiry=60)),
    "increment-many": many(cache.increment),
    "batch-get-many": many(lambda key: cache.get_many([key] * 100)),
    "get-integer": get_integer,
    "get-unsigned": get_integer,
    "set-unsigned": lambda step: cache.set(step["key"], int(step["what"])),
    "get-bits": get_bits,
    "set-bits": set_bits,
    "bits-loop": loop_through_bits,
    "raw": lambda step: cache.get_raw(step["key"]),
    "set": set_value,
    "set-raw": lambda step: cache.set_raw(step["key"], step["what"], step.get("expiry")),
    "delete": lambda step: cache.delete(step["key"]),
    "exists": lambda step: cache.exists(step["key"]),
    "set-if-absent": lambda step: cache.set_if_absent(
        step["key"], step["value"], step.get("expiry")
    ),
    "increment": lambda step: cache.increment(
        step["key"], step["args"]["delta"], step.get("expiry")
    ),
    "compare-and-swap": compare_and_swap,
    "update": update,
    "take": lambda step: cache.take(step["key"]),
    "take-raw": lambda step: cache.take_raw(step["key"]),
    "get-or-set": get_or_set,
    "batch-get": lambda step: cache.get_many(step["args"]["keys"]),
    "batch-set": lambda step: cache.set_many(step["args"]["entries"], step.get("expiry")),
    "batch-delete": lambda step: cache.delete_many(step["args"]["keys"]),
    "ttl": ttl,
    "expire": lambda step: cache.expire(step["key"], step["args"]["expiry"]),
    "keys": lambda step: sorted(cache.keys(step["args"]["prefix"])),
    "delete-prefix": lambda step: cache.delete_prefix(step["args"]["prefix"]),
    "set-special": set_special,
    "mutate": mutate,
    "log": log,
    "fail": fail,
    "random": draw,
}

READERS: dict[str, Callable[[Request, str], Any]] = {
    "header": Request.header,
    "header-values": Request.header_values,
    "query": Request.query,
    "query-values": Request.query_values,
    "query-integer": Request.query_integer,
    "path-param": Request.path_param,
    "path-integer": Request.path_integer,
    "cookie": Request.cookie,
    "form": Request.form,
    "form-values": Request.form_values,
}

RESPONSES: dict[str, Callable[[Step], Response]] = {
    "respond": respond,
    "respond-directly": respond_directly,
    "fail-with-headers": fail_with_headers,
}
