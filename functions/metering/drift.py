"""Schema drift: the sorted requests of a delivery come in, how many lines do not fit leaves.

A console edit of a stage's log format is the most likely way to lose revenue silently
(aforo-contract.md 1.2). A line that nobody may be billed for is no drift, nor is a forged one.
"""

from functions.metering.sorting import Sorted

# The line is not of the declared source, or lacks what every line of it says.
UNFIT_REASONS = frozenset(
    {
        "bad_status",
        "bad_time",
        "invalid_json",
        "no_message",
        "no_quantity",
        "no_request_identity",
        "no_status",
        "no_time",
        "undeclared_customer",  # somebody added a client's text to the format
        "unknown_format",
        "unknown_wrapper",
    }
)


def unfit_lines(found: Sorted) -> int:
    """Log events of `found` that do not fit the declared source."""
    return sum(
        len(log_events) for why, log_events in found.quarantined if why.reason in UNFIT_REASONS
    )
