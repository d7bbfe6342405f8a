"""Writes profiles, which `changer.js` reads and changes in the same cache."""

from dataclasses import dataclass, field

from hostel_sdk import Request, cache, service


@dataclass
class Profile:
    name: str
    height: float
    points: int = 0
    tags: list[str] = field(default_factory=list)


@service
def write(profile: Profile, request: Request) -> None:
    """Stores a profile for a day."""
    cache.set(f"profile:{request.path_integer('id')}", profile, expiry=86_400)
