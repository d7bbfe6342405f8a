"""Takes notes, at most five a minute from each client."""

from dataclasses import dataclass

from hostel_sdk import Request, Response, TooManyRequests, cache, service

NOTES_A_MINUTE = 5


@dataclass
class Note:
    text: str


@service
def take_note(note: Note, request: Request) -> Response:
    """Stores a note for an hour."""
    left = notes_left(request)
    number = cache.increment("notes")
    cache.set(f"note:{number}", note, expiry=3600)
    headers = [("X-Notes-Left", str(left))]
    return Response.json({"number": number, "text": note.text}, status=201, headers=headers)


def notes_left(request: Request) -> int:
    """Counts a note, and returns how many more the client may send in this minute.

    Raises `TooManyRequests` if the client has sent too many.
    """
    key = f"notes-of:{request.client_address()}"
    count = cache.increment(key, expiry=60)
    if count > NOTES_A_MINUTE:
        # `ttl` returns None if the minute has just ended.
        seconds = cache.ttl(key) or 1
        failure = TooManyRequests(f"at most {NOTES_A_MINUTE} notes a minute")
        raise failure.with_header("Retry-After", str(seconds))
    return NOTES_A_MINUTE - count
