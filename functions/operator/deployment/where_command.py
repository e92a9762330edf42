"""`aforo-metering where NAME`: what the template's name is in AWS, for a command that wants it.

Exit status: 0 it is printed, 2 there is nothing of that name.
"""

from functions.operator.deployment.place import HERE, Place
from functions.operator.deployment.stack_place import place_named


def where(name: str, /, *, place: Place = HERE) -> int:
    """NAME as the template has it: an output, such as LedgerBucketName, or a resource."""
    print(place_named(place, name))
    return 0
