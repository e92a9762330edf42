"""One place on a request's road, and what is known there: rows, or why there are none."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.usage.errors import UsageError

type PlaceRow = Mapping[str, object]


class Waypoint(NamedTuple):
    """`absent` says what was searched where there are no rows; `not_told` why nobody could say."""

    place: str
    rows: tuple[PlaceRow, ...] = ()
    absent: str = ""
    not_told: str = ""

    def as_json(self) -> object:
        """The rows, or the words."""
        if self.not_told:
            return {"notTold": self.not_told, **({"rows": self.rows} if self.rows else {})}
        return list(self.rows) or {"notThere": self.absent}


def looked(place: str, absent: str, look: Callable[[], Iterable[PlaceRow]]) -> Waypoint:
    """What `look` finds. What one place refuses hides no other; rows that came before stay."""
    rows: list[PlaceRow] = []
    try:
        rows.extend(look())
    except (BotoCoreError, ClientError) as error:
        return Waypoint(place, tuple(rows), not_told=in_plain_words(error))
    except UsageError as error:
        return Waypoint(place, tuple(rows), not_told=" ".join(str(error).split()))
    return Waypoint(place, tuple(rows), absent)
