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
)
