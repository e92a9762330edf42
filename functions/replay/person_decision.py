"""A replay that sends ambiguous usage comes in; whether a person decided just that leaves.

The decision is an object that only those may put who may decide: IAM cannot look into an
execution's input (docs/explanation/decisions/0009-a-decision-is-an-object.md).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from functions.replay.decision_name import decision_key
from functions.replay.order import Order, read_order
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object

# Step Functions takes a name again after 90 days: what was decided then was about other events.
GOOD_FOR = timedelta(days=1)


class PutDecision(NamedTuple):
    """What stands under the replay's name."""

    body: bytes
    put_at: datetime


def undecided(
    order: Order, replay_id: str, started_at: datetime, find: Callable[[str], PutDecision | None]
) -> str:
    """What is missing for this order; empty: nothing. `find` reads an object of the bucket."""
    if order.dry_run or not order.send_ambiguous:
        return ""
    key = decision_key(replay_id)
    decision = find(key)
    if decision is None:
        return f"sendAmbiguous: nobody has decided it: {key} of the ledger's bucket is not there"
    if started_at - decision.put_at > GOOD_FOR:
        return f"sendAmbiguous: {key} is older than a day: decide again, under another name"
    if _order_of(decision.body) != order.model_copy(update={"comment": None}):
        return f"sendAmbiguous: {key} decides something else: it has to be the same input"
    return ""


def _order_of(body: bytes) -> object:
    said = read_object(body)
    if isinstance(said, Quarantined):  # a name that stands twice may decide one thing and its other
        return None
    found = read_order(said)
    return found.model_copy(update={"comment": None}) if isinstance(found, Order) else found
