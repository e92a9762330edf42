"""What crosses from `Ask Aforo`, outside the VPC, to `Apply`, inside: validated on both sides.

Every answer carries the moment at which its question was asked: what Aforo says was true then at
the earliest, so a statement made later by somebody else outranks it.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from functions.reconciliation.commands import Count, Id, MeterId, Version
from functions.reconciliation.public_key import PublicKey, told_apart
from functions.usage.quota import GuardLevel

# Two questions each, ten a second, take 30 s: the fetch has 35 (fetch.ROOM_SECONDS). Answers
# are 300 bytes a customer, and a state of the machine holds 256 KiB.
MOST_CUSTOMERS = 150


class _AnswerShape(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Question(_AnswerShape):
    """About whom to ask, and about which meter."""

    meter: MeterId
    customers: Annotated[tuple[Id, ...], Field(max_length=MOST_CUSTOMERS)]


class Quota(_AnswerShape):
    """Of a billing month. `limit` None: Aforo sets none."""

    limit: Count | None = None
    current_usage: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Guard(_AnswerShape):
    """Aforo's margin guard (aforo-contract.md 1.4). `allow_percent` is the share to let pass."""

    level: GuardLevel
    allow_percent: Annotated[int, Field(ge=0, le=100)]
    retry_seconds: Annotated[int, Field(ge=0, le=86_400)]


class CustomerAnswer(_AnswerShape):
    """What Aforo said of a customer; None: it was not asked, or said nothing that can be used."""

    customer_id: Id
    asked_at_ms: Version
    quota: Quota | None = None
    guard: Guard | None = None


class KeysAnswer(_AnswerShape):
    """The keys that sign tokens, all that Aforo publishes."""

    asked_at_ms: Version
    keys: Annotated[tuple[PublicKey, ...], Field(min_length=1, max_length=50)]

    @field_validator("keys")
    @classmethod
    def _are_told_apart(cls, keys: tuple[PublicKey, ...]) -> tuple[PublicKey, ...]:
        return told_apart(keys)


class Answers(_AnswerShape):
    """All of one reconcile."""

    meter: MeterId
    customers: tuple[CustomerAnswer, ...] = ()
    keys: KeysAnswer | None = None

    @property
    def is_empty(self) -> bool:
        return not self.customers and self.keys is None
