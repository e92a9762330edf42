"""The authorizer's event (REQUEST, version 1), read with suspicion: everything in it but the
methodArn and the request context is the caller's.
"""

from collections.abc import Mapping

AUTHORIZATION = "authorization"
API_KEY = "x-api-key"
TENANT = "x-tenant-id"
TRACEPARENT = "traceparent"
_READ = frozenset({AUTHORIZATION, API_KEY, TENANT, TRACEPARENT})
# Most headers are none of these, and their length says so for the least.
_LENGTHS = frozenset(map(len, _READ))

type Event = Mapping[str, object]


class Headers:
    """The headers that are read: every distinct value, in any spelling, once or many times.

    An underscore counts as a hyphen: backends that read CGI-style variables cannot tell them
    apart.
    """

    def __init__(self, event: Event) -> None:
        self._values: dict[str, set[str]] = {}
        for source in ("headers", "multiValueHeaders"):
            found = event.get(source)
            if isinstance(found, dict):
                self._read(found)

    def values(self, name: str) -> set[str]:
        return self._values.get(name, set())

    def only(self, name: str) -> str | None:
        """A header's value, when the request leaves no doubt about it."""
        values = self.values(name)
        return next(iter(values)) if len(values) == 1 else None

    def _read(self, headers: Mapping[object, object]) -> None:
        for key, values in headers.items():
            name = str(key).strip()
            if len(name) in _LENGTHS and (name := name.lower().replace("_", "-")) in _READ:
                sent = values if isinstance(values, list) else [values]
                known = self._values.setdefault(name, set())
                known.update([str(value) for value in sent if value is not None])


def request_ids(event: Event) -> dict[str, str]:
    """What a log line needs to be found again. `requestId` may be of the caller's choice."""
    context = event.get("requestContext")
    found = context if isinstance(context, dict) else {}
    names = ("extendedRequestId", "requestId", "apiId", "stage")
    return {name: str(found[name])[:64] for name in names if found.get(name)}
