"""What the counters say of a customer: asked before a command changes it, and until it has."""

import json
from collections.abc import Mapping

from pydantic import ConfigDict

from functions.operator.counter_commands.stack import Stack
from functions.usage.from_outside import FromOutside


class KnownKey(FromOutside):
    """Whose an API key is."""

    model_config = ConfigDict(extra="ignore")

    customer_id: str = ""
    key_id: str = ""
    revoked: str = ""


class CustomerNow(FromOutside):
    """The answer of an inspection. Without a `status` nobody knows the customer."""

    model_config = ConfigDict(extra="ignore")

    status: str | None = None
    similar: tuple[str, ...] = ()
    limit: int | None = None
    used: int | None = None
    rate_per_second: float = 0
    burst: int = 0
    period: str | None = None
    anchor_day: int | None = None
    usage_identifier: str | None = None
    mode: str | None = None
    api_key: KnownKey | None = None

    @property
    def is_known(self) -> bool:
        return self.status is not None

    @property
    def similar_words(self) -> str:
        """Behind a sentence that says whom nobody knows; empty where no id is like it."""
        return f"; similar: {', '.join(self.similar)}" if self.similar else ""


def customer_now(stack: Stack, fields: Mapping[str, object]) -> CustomerNow:
    """Of the customer that a command's fields name. Permanent when the counters do not answer."""
    question = {
        "customerId": fields["customerId"],
        "meter": fields.get("meter", "api_calls"),
        "apiKeySha256": fields.get("apiKeySha256", ""),
    }
    return CustomerNow.model_validate(json.loads(stack.inspect(question)))
