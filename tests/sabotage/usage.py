"""Sabotages of `functions/usage`: the identity of a request, doubt, stalls, periods."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "the key does not tell stages apart",
        "functions/usage/event.py",
        "return to_json([*self, meter, sequence])",
        "return to_json([*self[:3], self[4], meter, sequence])",
        ("tests/unit/usage/test_event.py",),
    ),
    Sabotage(
        "a second try that nobody wrote down is no doubt",
        "functions/usage/doubt.py",
        'record["setAsideClass"] in _DOUBTFUL or record["tries"] > 1',
        'record["setAsideClass"] in _DOUBTFUL and record["tries"] > 1',
        ("tests/unit/usage/test_doubt.py",),
    ),
    Sabotage(
        "a decision ends doubts of later tries",
        "functions/usage/doubt.py",
        'epoch_ms_from_iso(row["settledAt"]) <= decided_until_ms',
        "epoch_ms_from_iso(since) <= decided_until_ms",
        ("tests/unit/usage/test_doubt.py",),
    ),
    Sabotage(
        "what was given up untold is certain",
        "functions/usage/outcome.py",
        "    replayed_by_default=True,\n    replayed_by_schedule=True,\n    doubtful_if_unsaid=True,",
        "    replayed_by_default=True,\n    replayed_by_schedule=True,\n    doubtful_if_unsaid=False,",
        ("tests/unit/usage/test_doubt.py",),
    ),
    Sabotage(
        "a line that holds a heartbeat is one",
        "functions/usage/heartbeat.py",
        "_LINE.fullmatch(line.strip())",
        "_LINE.search(line)",
        ("tests/unit/usage/test_heartbeat.py",),
    ),
    Sabotage(
        "a body is not ASCII",
        "functions/usage/message.py",
        "return (text if text.isascii() else to_json(message, ensure_ascii=True)).decode()",
        "return text.decode()",
        ("tests/unit/usage/test_message.py",),
    ),
    Sabotage(
        "a time without an offset is local",
        "functions/usage/moment.py",
        "if moment.tzinfo is None:",
        "if moment.tzinfo is None and not text:",
        ("tests/unit/usage/test_moment.py",),
    ),
    Sabotage(
        "a month that begins now has not begun",
        "functions/usage/period.py",
        "if start > moment:",
        "if start >= moment:",
        ("tests/unit/usage/test_period.py",),
    ),
    Sabotage(
        "the word NULL is a customer",
        "functions/usage/quota.py",
        "and text.lower() not in NO_CUSTOMER_IDS",
        "and text not in NO_CUSTOMER_IDS",
        ("tests/unit/usage/test_quota.py",),
    ),
    Sabotage(
        "a period covers its end",
        "functions/usage/quota.py",
        "return self.start_ms <= epoch_ms < self.end_ms",
        "return self.start_ms <= epoch_ms <= self.end_ms",
        ("tests/unit/usage/test_quota.py",),
    ),
    Sabotage(
        "a mark does not fit into 64 bits",
        "functions/usage/mark.py",
        "signed=True",
        "signed=False",
        ("tests/unit/usage/test_mark.py",),
    ),
    Sabotage(
        "a stall is as young as its youngest usage",
        "functions/usage/stall.py",
        "max(min(moments_ms, default=arrived_ms), arrived_ms - LATE_ARRIVAL_MS)",
        "max(max(moments_ms, default=arrived_ms), arrived_ms - LATE_ARRIVAL_MS)",
        ("tests/unit/usage/test_stall.py",),
    ),
    Sabotage(
        "the last of two equal names wins",
        "functions/usage/strict_json.py",
        "return found if line.count('\"') == 4 * len(found) else None",
        "return found",
        ("tests/unit/usage/test_strict_json.py",),
    ),
    Sabotage(
        "a misspelt name is dropped",
        "functions/usage/from_outside.py",
        'extra="forbid"',
        'extra="ignore"',
        ("tests/unit/usage/test_from_outside.py",),
    ),
)
