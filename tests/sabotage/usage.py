"""Sabotages of `functions/usage`: the identity of a request, doubt, stalls, heartbeats."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "an event's key is cut shorter",
        "functions/usage/event.py",
        "KEY_DIGITS = 40",
        "KEY_DIGITS = 39",
        ("tests/unit/usage/test_event.py",),
    ),
)
