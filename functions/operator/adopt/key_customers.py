"""The words KEY_ID=CUSTOMER of a command line come in; whose each API key is leaves."""

from collections.abc import Mapping, Sequence

from functions.usage.errors import Permanent
from functions.usage.quota import CUSTOMER_ID


def customers_of_keys(words: Sequence[str]) -> Mapping[str, str]:
    """Permanent names a word that is none."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, customer = word.partition("=")
        if not equals or not key:
            raise Permanent(
                f"--customer {word!r}: write KEY_ID=CUSTOMER, the key's id at AWS first"
            )
        if not CUSTOMER_ID.fullmatch(customer):
            raise Permanent(f"--customer {word!r}: {customer!r} is no customer id of Aforo's")
        if found.get(key, customer) != customer:
            raise Permanent(f"--customer {key}: one key has one customer, not two")
        found[key] = customer
    return found
