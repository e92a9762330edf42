"""The words KEY_ID=CUSTOMER of a command line come in; whose each API key is leaves, and what of it
would send somebody another's bill.
"""

from collections.abc import Iterator, Mapping, Sequence

from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import AdoptingStack, AdoptionOrder
from functions.operator.adopt.stop_line import StopLine
from functions.usage.errors import Permanent
from functions.usage.quota import is_customer_id


def customers_of_keys(words: Sequence[str]) -> Mapping[str, str]:
    """Permanent names a word that is none."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, customer = word.partition("=")
        if not equals or not key:
            raise Permanent(
                f"--customer {word!r}: write KEY_ID=CUSTOMER, the key's id at AWS first"
            )
        if not is_customer_id(customer):
            raise Permanent(f"--customer {word!r}: {customer!r} is no customer id of Aforo's")
        if found.get(key, customer) != customer:
            raise Permanent(f"--customer {key}: one key has one customer, not two")
        found[key] = customer
    return found


def stops_of_keys(
    stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder
) -> Iterator[StopLine]:
    """A key that is no key of the stage is not repeated: it may be the secret itself."""
    foreign = order.customers.keys() - set(stage.key_ids)
    if foreign:
        yield StopLine(
            f"--customer: {len(foreign)} of the keys are no ids in a usage plan of the stage",
            "give the id that AWS has for the key (`aws apigateway get-usage-plan-keys`), not its"
            " value",
        )
    version = ours.configuration.in_force(order.now_ms)
    known = version.customers if version else {}
    for key, customer in order.customers.items():
        if key not in foreign and known.get(key, customer) != customer:
            yield StopLine(
                f"--customer {key}: it is {known[key]}'s, and {customer} would pay from now on",
                "if it moves, say so in metering.json: aforo-metering configuration put",
            )
