"""What decides money, part by part: its modules, and the tests that must kill their mutants."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """`modules` are files from the repository's root; `tests` what pytest is asked for."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = (
    Part(
        "identity",
        (
            "functions/usage/event.py",
            "functions/metering/billing/request_identity.py",
            "functions/metering/billing/payer.py",
        ),
        (
            "tests/unit/usage/test_event.py",
            "tests/unit/metering/billing",
            "tests/unit/metering/test_who_pays.py",
        ),
    ),
    Part(
        "answers",
        (
            "functions/forwarder/answer.py",
            "functions/forwarder/blame.py",
            "functions/forwarder/problem.py",
        ),
        (
            "tests/unit/forwarder/test_answer.py",
            "tests/unit/forwarder/test_blame.py",
            "tests/unit/forwarder/test_ingest_api.py",
            "tests/unit/forwarder/test_asked_again.py",
        ),
    ),
    Part(
        "doubt",
        (
            "functions/usage/doubt.py",
            "functions/forwarder/screening.py",
            "functions/forwarder/tries.py",
        ),
        (
            "tests/unit/usage/test_doubt.py",
            "tests/unit/forwarder/test_screening.py",
            "tests/unit/forwarder/test_looking_up.py",
            "tests/unit/forwarder/test_asked_again.py",
            "tests/unit/forwarder/test_inbox.py",
        ),
    ),
    Part(
        "periods",
        ("functions/usage/period.py", "functions/usage/quota.py"),
        (
            "tests/unit/usage/test_period.py",
            "tests/unit/usage/test_quota.py",
            "tests/unit/usage/test_quota_page.py",
        ),
    ),
    Part(
        "bisect",
        ("functions/forwarder/delivery.py",),
        ("tests/unit/forwarder/test_delivery.py", "tests/unit/forwarder/test_posting.py"),
    ),
    Part(
        "figures",
        ("functions/metering/billing/figure.py", "functions/metering/billing/listed.py"),
        ("tests/unit/metering/billing/test_figure.py",),
    ),
    Part(
        "measuring",
        ("functions/metering/billing/measuring.py",),
        (
            "tests/unit/metering/billing/test_measuring.py",
            "tests/unit/metering/billing/test_meters.py",
        ),
    ),
    Part(
        "holding",
        (
            "functions/forwarder/holding.py",
            "functions/forwarder/returning.py",
            "functions/forwarder/putting_back.py",
        ),
        (
            "tests/unit/forwarder/test_holding.py",
            "tests/unit/forwarder/test_returning.py",
            "tests/unit/forwarder/test_asked_again.py",
            "tests/unit/forwarder/test_putting_back.py",
        ),
    ),
    Part(
        "decision",
        (
            "functions/authorizer/decision.py",
            "functions/authorizer/lag.py",
            "functions/authorizer/counter_read.py",
        ),
        (
            "tests/unit/authorizer/test_decision.py",
            "tests/unit/authorizer/test_lag.py",
            "tests/unit/authorizer/test_authorize.py",
            "tests/unit/authorizer/test_hostile_counters.py",
            "tests/unit/authorizer/test_counter_read.py",
            "tests/unit/authorizer/test_redis_breaker.py",
        ),
    ),
    Part(
        "replay",
        (
            "functions/replay/selection.py",
            "functions/replay/usage_move.py",
            "functions/replay/round_decision.py",
        ),
        (
            "tests/unit/replay/test_selection.py",
            "tests/unit/replay/test_usage_move.py",
            "tests/unit/replay/test_round_decision.py",
            "tests/unit/replay/test_round.py",
            "tests/unit/replay/test_move_records.py",
            "tests/unit/replay/test_order_of_effects.py",
            "tests/unit/replay/test_single_decisions.py",
        ),
    ),
    Part(
        "audit",
        (
            "functions/audit/comparison/settled.py",
            "functions/audit/comparison/road_state.py",
            "functions/audit/window.py",
            "functions/audit/equation.py",
        ),
        (
            "tests/unit/audit/test_settled.py",
            "tests/unit/audit/test_road_state.py",
            "tests/unit/audit/test_window.py",
            "tests/unit/audit/test_equation.py",
        ),
    ),
    Part(
        "comparison",
        ("functions/audit/comparison/comparing.py",),
        ("tests/unit/audit/test_comparing.py",),
    ),
    Part(
        "expected",
        ("functions/audit/comparison/expected.py",),
        ("tests/unit/audit/test_expected.py",),
    ),
    Part(
        "counters",
        (
            "functions/reconciliation/counters/usage_counters.py",
            "functions/reconciliation/counters/closed_hours.py",
            "functions/reconciliation/settling.py",
        ),
        (
            "tests/unit/reconciliation/test_settling.py",
            "tests/unit/reconciliation/test_scripts_called.py",
            "tests/integration/reconciliation/test_closed_hours.py",
            "tests/integration/reconciliation/test_settling_counters.py",
            "tests/integration/reconciliation/test_limits.py",
            "tests/integration/reconciliation/test_watermark.py",
            "tests/integration/reconciliation/test_rollback.py",
        ),
    ),
)
