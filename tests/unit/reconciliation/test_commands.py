"""What a command to the counters may say of whom."""

import pytest
from pydantic import ValidationError

from functions.reconciliation.commands import GrantCommand
from functions.usage.period import Period


def grant(customer_id: str) -> GrantCommand:
    return GrantCommand(
        customer_id=customer_id,
        meter="api_calls",
        limit=1,
        period=Period.MONTH,
        rate_per_second=1,
        burst=1,
        version=1,
    )


@pytest.mark.parametrize("word", ["null", "Undefined", "NONE", "true", "False", "", " "])
def test_nobody_is_granted_anything(word: str) -> None:
    """A grant to a program's word for none would serve everybody whose id was lost."""
    with pytest.raises(ValidationError, match="customer_id"):
        grant(word)
    assert grant("cus_null").customer_id == "cus_null"
