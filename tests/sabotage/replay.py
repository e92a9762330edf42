"""Sabotages of `functions/replay`: what moves, what stays, what is waited for."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "messages are deleted before they are sent",
        "functions/replay/usage_move.py",
        (
            "        self._usage.send(to_body(take.back) for _, take in takes)\n"
            "        # 4. Gone from UsageDeadLetterQueue. A delete that is refused "
            "is a case of 3.\n"
            "        self._waiting.delete(one.receipt_handle for one, _ in takes)"
        ),
        (
            "        self._waiting.delete(one.receipt_handle for one, _ in takes)\n"
            "        self._usage.send(to_body(take.back) for _, take in takes)"
        ),
        ("tests/unit/replay/test_order_of_effects.py::test_usage_is_deleted_last",),
    ),
    Sabotage(
        "what is sent is not written down",
        "functions/replay/usage_move.py",
        (
            "        self._manifests.put_sent(name, [row for _, take in takes for "
            "row in sent_rows(take)])\n"
            "        # 2."
        ),
        "        # 2.",
        ("tests/unit/replay/test_order_of_effects.py::test_usage_is_deleted_last",),
    ),
    Sabotage(
        "a dry run's plan passes for what was sent",
        "functions/replay/usage_move.py",
        "self._manifests.put_sent(name, rows, dry_run=True)",
        "self._manifests.put_sent(name, rows)",
        (
            "tests/unit/replay/test_order_of_effects.py::test_a_dry_run_only_writes_down_what_it_would_send",
        ),
    ),
    Sabotage(
        "what failed again counts as seen",
        "functions/replay/usage_move.py",
        "return self.repeated + sum(keep.why == OWN for keep in self.fresh)",
        "return self.repeated",
        (
            "tests/unit/replay/test_order_of_effects.py::test_what_failed_again_is_no_message_of_the_start",
        ),
    ),
    Sabotage(
        "settled usage is deleted before it is sent",
        "functions/replay/transfer.py",
        (
            "        self._settled.send(one.body for one in takes)\n"
            "        # 3. Gone from CounterDeadLetterQueue. A delete that is refused "
            "is a case of 2.\n"
            "        self._waiting.delete(one.receipt_handle for one in takes)"
        ),
        (
            "        self._waiting.delete(one.receipt_handle for one in takes)\n"
            "        self._settled.send(one.body for one in takes)"
        ),
        ("tests/unit/replay/test_order_of_effects.py::test_settled_usage_is_deleted_last",),
    ),
    Sabotage(
        "what the replay sent itself goes back twice",
        "functions/replay/transfer.py",
        "if one.sent_at_ms >= task.started_at_ms:",
        "if one.sent_at_ms > task.started_at_ms + 10**12:",
        ("tests/unit/replay/test_order_of_effects.py::test_settled_usage_that_stays_is_hidden",),
    ),
    Sabotage(
        "a dry run moves settled usage",
        "functions/replay/transfer.py",
        ("        if task.order.dry_run:\n            keeps"),
        ("        if not takes:\n            keeps"),
        ("tests/unit/replay/test_order_of_effects.py::test_settled_usage_that_stays_is_hidden",),
    ),
    Sabotage(
        "a replay takes what it sent itself",
        "functions/replay/selection.py",
        'if replay_id in {record.get("replayId"), message.get("replayId")}:',
        'if replay_id == "":',
        ("tests/unit/replay/test_selection.py",),
    ),
    Sabotage(
        "every class is replayed",
        "functions/replay/selection.py",
        'if not chosen or record["setAsideClass"] not in wanted.classes:',
        "if not chosen:",
        ("tests/unit/replay/test_selection.py",),
    ),
    Sabotage(
        "a replay of one customer takes others' usage",
        "functions/replay/selection.py",
        'is_theirs = wanted.customer_id in {None, event["customerId"]}',
        "is_theirs = True",
        ("tests/unit/replay/test_selection.py",),
    ),
    Sabotage(
        "every replay counts as a person's decision",
        "functions/replay/selection.py",
        'return {**back, "decided": True} if decided else back',
        'return {**back, "decided": True}',
        ("tests/unit/replay/test_selection.py",),
    ),
    Sabotage(
        "a decision about something else is taken",
        "functions/replay/person_decision.py",
        "if _order_of(decision.body) != order.model_copy",
        "if _order_of(decision.body) is None and order.model_copy",
        ("tests/unit/replay/test_person_decision.py",),
    ),
    Sabotage(
        "the pace is not held",
        "functions/replay/limits.py",
        "return ceil(events / pace) if pace and not order.dry_run else 0",
        "return 0",
        (
            "tests/unit/replay/test_single_decisions.py::test_what_was_moved_counts_and_the_pace_is_held",
        ),
    ),
    Sabotage(
        "a round does not wait for the ledger",
        "functions/replay/round_decision.py",
        ("    if not outstanding:\n        return go_on"),
        ("    if outstanding:\n        return go_on"),
        (
            "tests/unit/replay/test_single_decisions.py::test_a_move_that_is_settled_is_waited_for_no_more",
        ),
    ),
    Sabotage(
        "a stop does not end a replay of several executions",
        "functions/replay/chain.py",
        'if found["status"] != "SUCCEEDED":',
        'if found["status"] == "TIMED_OUT":',
        ("tests/unit/replay/test_chain.py",),
    ),
    Sabotage(
        "an execution goes on beside the one before it",
        "functions/replay/chain.py",
        'if found["status"] == "RUNNING":',
        'if found["status"] == "PENDING":',
        ("tests/unit/replay/test_chain.py",),
    ),
    Sabotage(
        "a replay that goes on is younger than one that began meanwhile",
        "functions/replay/other_replays.py",
        "if arn in older.may_go_on and not asked.goes_on:",
        "if arn in older.may_go_on:",
        ("tests/unit/replay/test_other_replays.py",),
    ),
    Sabotage(
        "an execution that sees nothing hands on for ever",
        "functions/replay/progress.py",
        "return self.seen + self.messages > self.done_before",
        "return self.seen + self.messages >= self.done_before",
        ("tests/unit/replay/test_single_decisions.py",),
    ),
    Sabotage(
        "an event of a large replay counts in two parts of the report",
        "functions/replay/report_part.py",
        "crc32(name) % self.parts == self.number",
        "crc32(name) % self.parts >= self.number",
        ("tests/unit/replay/test_report_parts.py",),
    ),
    Sabotage(
        "what a replay holds is forgotten where its ids were put together",
        "functions/replay/held_index.py",
        "{from_json(line) for line in self._lines([index])} if index else",
        "set[str]() if index else",
        ("tests/unit/replay/test_held_index.py",),
    ),
)
