"""A claim of the documentation that only a deployed stack can show, and how it came out."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from functions.operator.smoke.subject import Subject

type Verdict = Literal["held", "did not hold", "not tried"]


class DidNotHold(Exception):  # noqa: N818 - a verdict, not a failure of ours
    """The claim was tried, and something else was seen: the message says what."""


class NotTried(Exception):  # noqa: N818 - a verdict
    """The claim cannot be tried here: the message says why, and how it could be."""


class Claim(NamedTuple):
    """`run` says what it saw where the claim holds; it undoes what it did."""

    name: str
    text: str
    run: Callable[[Subject], str]


class Outcome(NamedTuple):
    """One row of the table."""

    claim: str
    verdict: Verdict
    seen: str
    text: str
