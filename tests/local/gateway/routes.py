"""Which method answers a request: a path and a verb come in, a route or nothing leaves. Pure.

The most specific method wins, segment by segment: a literal before `{name}` before `{name+}`, then
the verb itself before ANY. A resource without that verb does not hide a less specific one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from tests.local.gateway.deployment import Method, Resource

_LITERAL, _NAMED, _GREEDY = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Route:
    """The method that answers, with the decoded values of the path's parameters."""

    resource: Resource
    method: Method
    parameters: Mapping[str, str]


def find_route(resources: Iterable[Resource], path: str, verb: str) -> Route | None:
    """The route for a path as it came (still percent-encoded, without the stage)."""
    segments = _segments(path)
    candidates = []
    for resource in resources:
        method = resource.methods.get(verb) or resource.methods.get("ANY")
        match = _match(_segments(resource.path), segments) if method else None
        if method and match:
            rank, parameters = match
            candidates.append(
                (rank, Route(resource=resource, method=method, parameters=parameters))
            )
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _segments(path: str) -> list[str]:
    # API Gateway takes `/items/` for `/items`.
    return path.strip("/").split("/") if path.strip("/") else []


def _match(template: list[str], segments: list[str]) -> tuple[list[int], dict[str, str]] | None:
    rank: list[int] = []
    parameters: dict[str, str] = {}
    for position, part in enumerate(template):
        if part.endswith("+}"):
            rest = segments[position:]
            parameters[part[1:-2]] = unquote("/".join(rest))
            return ([*rank, _GREEDY], parameters) if rest else None
        if position >= len(segments) or not _fits(part, segments[position]):
            return None
        if part.startswith("{"):
            parameters[part[1:-1]] = unquote(segments[position])
        rank.append(_NAMED if part.startswith("{") else _LITERAL)
    return (rank, parameters) if len(template) == len(segments) else None


def _fits(part: str, segment: str) -> bool:
    return bool(segment) if part.startswith("{") else part == unquote(segment)
