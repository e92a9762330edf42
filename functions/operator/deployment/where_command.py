"""`aforo-metering where NAME`: what the template's name is in AWS, for a command that wants it.

Exit status: 0 it is printed, 2 there is nothing of that name.
"""

from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place
from functions.operator.deployment.stack_place import place_named


def where(
    name: Annotated[str, Parameter(help="an output, such as LedgerBucketName, or a resource")],
    /,
    *,
    place: Place = HERE,
) -> int:
    """As the template spells it."""
    print(place_named(place, name))
    return 0
