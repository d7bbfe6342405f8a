"""Services that send HTTP requests and read the plugin's settings."""

import asyncio
from typing import Any

from hostel_sdk import HttpError, Response, config, http, service

Fields = dict[str, Any]


@service
def http_send(requests: list[Fields]) -> list[Fields]:
    """Sends one request, or several requests concurrently."""
    made = [request_of(request) for request in requests]
    return [shown(result) for result in (map(sent, made) if len(made) == 1 else many(made))]


@service
async def http_at_once(urls: list[str]) -> list[int]:
    """Fetches each URL in a task of its own."""
    responses = await asyncio.gather(*(http.async_get(url) for url in urls))
    return [response.status for response in responses]


@service
def config_get(name: str) -> Response:
    """Returns the value of a setting, or null."""
    return Response.json(config.get(name))


@service
def config_names() -> list[str]:
    """Returns the names of all settings."""
    return config.names()


Made = http.Request | HttpError


def request_of(fields: Fields) -> Made:
    """Creates the SDK's request from its fields in the payload, or returns the error."""
    timeout = fields.get("timeout")
    try:
        return http.Request(
            fields["method"],
            fields["url"],
            headers=fields.get("headers", []),
            body=fields.get("body", ""),
            timeout=timeout / 1_000 if timeout is not None else None,
            redirects=fields.get("redirects", 0),
        )
    except HttpError as error:
        return error


def sent(request: Made) -> http.Response | HttpError:
    """Sends one request and returns the response or the error. A request that the SDK refused is
    already an error, which is returned unchanged."""
    try:
        return request if isinstance(request, HttpError) else http.send(request)
    except HttpError as error:
        return error


def many(requests: list[Made]) -> list[http.Response | HttpError]:
    """Sends several requests and returns their results. Requests that the SDK refuses are not
    sent."""
    results = iter(http.send_many(it for it in requests if isinstance(it, http.Request)))
    return [it if isinstance(it, HttpError) else next(results) for it in requests]


def shown(result: http.Response | HttpError) -> Fields:
    """Converts a response or an error to the form of the payload."""
    if isinstance(result, HttpError):
        return {"error": result.kind, "message": result.message}
    headers = [[name, value.decode()] for name, value in result.headers]
    return {
        "status": result.status,
        "url": result.url,
        "headers": headers,
        "body": result.text(),
    }
