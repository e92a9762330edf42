"""The operator's side of a running stand-in: orders faults, turns knobs, reads the book.

For tests and the demo; it speaks the `/_...` routes of README.md and raises for a bad order.
"""

import ssl
from typing import Any, Self

import httpx

TIMEOUT_SECONDS = 30


class Console:
    def __init__(self, url: str) -> None:
        # Plain HTTP: an empty context saves loading the machine's certificates, some 30 ms.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "verify": context}
        self._client = httpx.Client(base_url=url, trust_env=False, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ledger(self) -> dict[str, Any]:
        return self._call("GET", "/_ledger")

    def events(self, customer_id: str | None = None) -> list[dict[str, Any]]:
        """Accepted events in the order accepted, each as it was posted."""
        chosen = f"?customer_id={customer_id}" if customer_id else ""
        events: list[dict[str, Any]] = self._call("GET", f"/_ledger/events{chosen}")["events"]
        return events

    def posts(self) -> list[dict[str, Any]]:
        posts: list[dict[str, Any]] = self._call("GET", "/_posts")["posts"]
        return posts

    def order_faults(self, *faults: dict[str, Any]) -> None:
        self._call("POST", "/_faults", {"faults": list(faults)})

    def faults(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = self._call("GET", "/_faults")["faults"]
        return faults

    def clear_faults(self) -> None:
        self._call("DELETE", "/_faults")

    def turn(self, **knobs: Any) -> None:
        self._call("PATCH", "/_settings", knobs)

    def advance_clock(self, seconds: float) -> float:
        """The stand-in's time after it, in seconds since the epoch."""
        now: float = self._call("POST", "/_clock", {"advance_seconds": seconds})["now"]
        return now

    def now(self) -> float:
        return self.advance_clock(0)

    def put(self, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        """`put("_customers/cus_1", {"limit": 10})`, and so on for every register."""
        return self._call("PUT", f"/{path}", order or {})

    def delete(self, path: str) -> dict[str, Any]:
        return self._call("DELETE", f"/{path}")

    def reset(self) -> None:
        self._call("POST", "/_reset")

    def _call(self, method: str, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self._client.request(method, path, json=order)
        if response.is_error:
            raise ValueError(response.json()["detail"])
        answer: dict[str, Any] = response.json()
        return answer
