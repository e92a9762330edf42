"""What Redis says of a customer, an API key and the key set, each in one round trip.

Guaranteed: an answer by the deadline; whatever is not a complete, believable answer is `Unknown`.
A missing sentinel (`generation`) means that the counters were lost: UNKNOWN, never zero
(aws-and-counters.md 4d). Commands have one key each, so a cluster behind one endpoint
(ElastiCache Serverless) may answer them; a node-based cluster in cluster mode answers MOVED,
which is Unknown: use cluster mode disabled there. After three failures in a row Redis is left alone
for a second: a decision then costs nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from functions.authorizer.bounded_cache import CAPACITY
from functions.authorizer.identity import Identity
from functions.authorizer.lag import lag_by
from functions.authorizer.read_time import ReadTime
from functions.authorizer.redis_connection import Command
from functions.authorizer.redis_link import LinkError, Reply
from functions.usage.quota import (
    QuotaState,
    identity_key,
    read_values,
    revocation_keys,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
)

FAILURES = 3
OPEN_SECONDS = 1.0


class RedisBreaker:
    """One per process. After the pause a single failure opens it again."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at = 0.0

    def is_open(self, now: float) -> bool:
        return self._failures >= FAILURES and 0 <= now - self._opened_at < OPEN_SECONDS

    def failed(self, now: float) -> None:
        self._failures += 1
        self._opened_at = now

    def succeeded(self) -> None:
        self._failures = 0


IDENTITY_FIELDS = (
    "customer_id",
    "tenant_id",
    "key_id",
    "environment",
    "scopes",
    "revoked",
    "usage_identifier",
)


class KnownState(NamedTuple):
    """A believable state; `revoked_by` are the revocations of the credential that exist.

    Its lag is the measured one, else the grant's: where no heartbeat ever arrived, and where the
    watermark cannot be read (`has_watermark_fault`), which decides nothing else.
    """

    state: QuotaState
    revoked_by: tuple[str, ...]
    has_watermark_fault: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say now; the reason is a slug."""

    reason: str


class Link(Protocol):
    """See `RedisLink`."""

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]: ...


class CounterRead:
    """The authorizer's questions. Deadlines are of time.monotonic, `clock` gives epoch seconds."""

    def __init__(self, link: Link, *, tenant: str, meter: str, clock: Callable[[], float]) -> None:
        self._link = link
        self._tenant = tenant
        self._clock = clock
        self._breaker = RedisBreaker()
        self._time = ReadTime()
        self._fields = state_fields(meter)
        self._ask_generation: Command = ("GET", tenant_key(tenant, "generation"))
        self._ask_watermark: Command = ("HVALS", watermark_key(tenant))
        self._generation = 0
        # A customer's questions are the same for each of its calls.
        self._questions = lru_cache(maxsize=CAPACITY)(self._questions_of)

    def begin(self) -> float:
        """The deadline of all that is read for a decision that begins now."""
        return self._time.begin()

    def state(self, identity: Identity, deadline: float) -> KnownState | Unknown:
        """A customer's state, and whether this credential of theirs is revoked."""
        commands, revocations = self._questions(identity.customer_id, identity.jti, identity.key_id)
        replies = self._ask(commands, deadline, forgiven=1)
        if isinstance(replies, Unknown):
            return replies
        _, values, *exist, heartbeats = replies
        lag, is_fault = self._lag(heartbeats)
        self._time.knows()
        try:
            state = read_values(values if isinstance(values, list) else (), lag)
        except ValueError:
            return Unknown("malformed_state")
        if any(exist):
            found = zip(revocations, exist, strict=True)
            return KnownState(state, tuple(key for key, reply in found if reply), is_fault)
        return KnownState(state, (), is_fault)

    def _questions_of(
        self, customer_id: str, jti: str, key_id: str
    ) -> tuple[Sequence[Command], Sequence[str]]:
        """What is asked for a decision, and the revocations among it."""
        named = zip(revocation_keys(jti, key_id), (jti, key_id), strict=True)
        revocations = [key for key, id_ in named if id_]
        commands: Sequence[Command] = (
            self._ask_generation,
            ("HMGET", state_key(self._tenant, customer_id), *self._fields),
            *(("EXISTS", key) for key in revocations),
            self._ask_watermark,
        )
        return commands, revocations

    def _lag(self, heartbeats: Reply) -> tuple[float | None, bool]:
        if not isinstance(heartbeats, list):
            return None, True
        try:
            return lag_by(heartbeats, self._clock()), False
        except ValueError:
            return None, True

    def identity(self, digest: str, deadline: float) -> Mapping[str, str] | Unknown:
        """The identity that belongs to an API key's digest; empty when there is none."""
        key = identity_key(self._tenant, digest)
        commands = (self._ask_generation, ("HMGET", key, *IDENTITY_FIELDS))
        replies = self._ask(commands, deadline)
        return replies if isinstance(replies, Unknown) else _found(IDENTITY_FIELDS, replies[1])

    def key_set(self, deadline: float) -> str | Unknown | None:
        """The JWKS, as JSON; None when the tenant has none."""
        commands = (self._ask_generation, ("GET", tenant_key(self._tenant, "jwks")))
        replies = self._ask(commands, deadline)
        if isinstance(replies, Unknown):
            return replies
        return replies[1] if isinstance(replies[1], str) else None

    def _ask(
        self, commands: Sequence[Command], deadline: float, forgiven: int = 0
    ) -> list[Reply] | Unknown:
        """The replies to commands of which the first asks for the generation."""
        now = self._clock()
        if self._breaker.is_open(now):
            return Unknown("breaker_open")
        try:
            replies = self._link.exchange(commands, deadline, forgiven=forgiven)
        except LinkError as error:
            self._breaker.failed(self._clock())
            return Unknown(error.reason)
        finally:
            self._time.asked()
        self._breaker.succeeded()
        return self._distrust(replies[0]) or replies

    def _distrust(self, generation: Reply) -> Unknown | None:
        """Each rebuild raises the generation: a lower one is an older snapshot, restored."""
        if generation is None:
            return Unknown("no_generation")
        try:
            number = int(str(generation))
        except ValueError:
            return Unknown("malformed_generation")
        if number < self._generation:
            return Unknown("generation_went_back")
        self._generation = number
        return None


def _found(names: Sequence[str], reply: Reply) -> dict[str, str]:
    values = reply if isinstance(reply, list) else []
    return {name: value for name, value in zip(names, values, strict=False) if value is not None}
