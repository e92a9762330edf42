"""The records of the demo's windows, added up."""

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AuditWindow, windows_between
from functions.usage.moment import iso_from_epoch_ms
from tests.local.demo.auditing import Audited

SECONDS = 5
COUNTS = st.integers(0, 9)
EQUATIONS = st.builds(Equation, confirmed=COUNTS, held=COUNTS, unaccounted=COUNTS)
WINDOWS = [
    window
    for source in ("demo-access", "demo-execution")
    for window in windows_between(source, 0, 40_000, seconds=SECONDS)
]


def record(window: AuditWindow, equation: Equation) -> WindowRecord:
    return WindowRecord(
        source=window.source,
        logGroup=f"/{window.source}",
        start=iso_from_epoch_ms(window.from_ms),
        end=iso_from_epoch_ms(window.to_ms),
        auditedAt=iso_from_epoch_ms(window.to_ms),
        lines=equation.served,
        equation=equation,
    )


@given(st.dictionaries(st.sampled_from(WINDOWS), EQUATIONS))
def test_a_window_is_open_until_an_audit_has_closed_it(known: dict[AuditWindow, Equation]) -> None:
    """One that nobody has looked at, too; what is known is added up."""
    records = {window: record(window, equation) for window, equation in known.items()}
    found = Audited.of(WINDOWS, records)
    closed = [equation for equation in known.values() if equation.is_closed]
    assert (found.windows, found.open_) == (len(WINDOWS), len(WINDOWS) - len(closed))
    assert found.equation == Equation.sum_of(known.values())


@given(st.dictionaries(st.sampled_from(WINDOWS), EQUATIONS))
def test_what_is_outside_of_the_demo_is_not_in_its_sum(known: dict[AuditWindow, Equation]) -> None:
    """Of the windows that were asked for, and of no other."""
    records = {window: record(window, equation) for window, equation in known.items()}
    found = Audited.of(WINDOWS[:1], records)
    assert found.equation.served == known.get(WINDOWS[0], Equation()).served
