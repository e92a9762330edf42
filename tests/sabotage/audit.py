"""Sabotages of `functions/audit`: the equation of a window, and what is metered again."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "a window is clear when its beginning is",
        "functions/audit/comparison/comparing.py",
        "return _epoch_ms(self.clear_until()) >= window.to_ms",
        "return _epoch_ms(self.clear_until()) >= window.from_ms",
        ("tests/unit/audit/test_comparing.py::test_the_equation_is_exact",),
    ),
    Sabotage(
        "what is missing counts as held for ever",
        "functions/audit/comparison/comparing.py",
        "                absent = Term.UNACCOUNTED",
        "                absent = Term.HELD",
        ("tests/unit/audit/test_comparing.py::test_the_equation_is_exact",),
    ),
    Sabotage(
        "usage that was set aside counts as confirmed",
        "functions/audit/comparison/comparing.py",
        "KeyState.SET_ASIDE: Term.SET_ASIDE,",
        "KeyState.SET_ASIDE: Term.CONFIRMED,",
        ("tests/unit/audit/test_comparing.py::test_the_equation_is_exact",),
    ),
    Sabotage(
        "what arrives meanwhile counts as missing",
        "functions/audit/comparison/comparing.py",
        (
            "            if absent == Term.UNACCOUNTED or with_lines:\n"
            "                self.settled.strike_out(found.expected, window.from_ms, "
            "now)"
        ),
        "            if absent == Term.UNACCOUNTED or with_lines:",
        ("tests/unit/audit/test_comparing.py::test_what_arrives_while_it_is_compared_is_seen",),
    ),
    Sabotage(
        "a log that is gone is an empty log",
        "functions/audit/comparison/comparing.py",
        "            raise LogGone(source.log_group)",
        "            return",
        ("tests/unit/audit/test_comparing.py::test_a_log_that_is_gone_is_no_empty_log",),
    ),
    Sabotage(
        "a window with unaccounted requests is closed",
        "functions/audit/equation.py",
        "return not self.held and not self.unaccounted",
        "return not self.held",
        ("tests/unit/audit/test_equation.py",),
    ),
    Sabotage(
        "a window is repaired without end",
        "functions/audit/counting/repairs_begun.py",
        "or record.repairs >= MOST_REPAIRS:",
        "or record.repairs >= MOST_REPAIRS * 10:",
        ("tests/unit/audit/test_counting.py",),
    ),
    Sabotage(
        "a window is looked at before its deliveries came",
        "functions/audit/counting/due_windows.py",
        "ended_ms = now_ms - self.delay_seconds * 1000",
        "ended_ms = now_ms",
        ("tests/unit/audit/test_due_windows.py",),
    ),
    Sabotage(
        "what Aforo may have forgotten is metered again",
        "functions/audit/repair/repair_limits.py",
        "if age_ms > self.dedup_window_ms - spare_ms and not self.include_old:",
        "if age_ms > self.dedup_window_ms * 10 and not self.include_old:",
        ("tests/unit/audit/test_repair_limits.py",),
    ),
    Sabotage(
        "metered again, a doubt is no doubt",
        "functions/audit/repair/metering_again.py",
        '"maybeBilled": not self.is_decided,',
        '"maybeBilled": self.is_decided,',
        ("tests/unit/audit/test_metering_again.py",),
    ),
)
