"""Sabotages of `functions/reconciliation`: the counters, their Lua, and what becomes of a batch."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "usage is added to an hour that the ledger closed",
        "functions/reconciliation/counters/scripts/settle.lua",
        "if not is_closed then mark_cell",
        "if true then mark_cell",
        (
            "tests/integration/reconciliation/test_closed_hours.py::test_a_settlement_into_a_closed_hour_changes_nothing_and_is_done",
        ),
    ),
    Sabotage(
        "marks expire after an hour",
        "functions/reconciliation/counters/scripts/settle.lua",
        "redis.call('EXPIRE', set, seconds)",
        "redis.call('EXPIRE', set, 3600)",
        (
            "tests/integration/reconciliation/test_settling_counters.py::test_marks_expire_a_day_after_the_horizon",
        ),
    ),
    Sabotage(
        "an event is counted although its mark is set",
        "functions/reconciliation/counters/scripts/settle.lua",
        "local unknown = unknown_in(first_set, places)",
        "local unknown = places",
        (
            "tests/integration/reconciliation/test_settling_counters.py::test_an_event_counts_once_however_it_comes_again",
        ),
    ),
    Sabotage(
        "an event that is twice in one call counts twice",
        "functions/reconciliation/counters/scripts/settle.lua",
        "if known[i] == 0 and not seen[marks[i]] then",
        "if known[i] == 0 then",
        (
            "tests/integration/reconciliation/test_settling_counters.py::test_an_event_counts_once_however_it_comes_again",
        ),
    ),
    Sabotage(
        "marks of a busy hour are not set",
        "functions/reconciliation/counters/scripts/settle.lua",
        "    add(cell_set, for_cell, seconds)\n",
        "",
        (
            "tests/integration/reconciliation/test_settling_counters.py::test_many_events_of_an_hour_stay_exact_and_small",
        ),
    ),
    Sabotage(
        "the hour after a period counts in it",
        "functions/reconciliation/counters/scripts/settle.lua",
        "hour_ms < grant.end_ms then",
        "hour_ms <= grant.end_ms then",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_each_hour_counts_in_the_window_that_it_lies_in",
        ),
    ),
    Sabotage(
        "the first hour of a period is left out",
        "functions/reconciliation/counters/scripts/settle.lua",
        "hour_ms >= grant.start_ms and",
        "hour_ms > grant.start_ms and",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_each_hour_counts_in_the_window_that_it_lies_in",
        ),
    ),
    Sabotage(
        "the hour after the next period counts in it",
        "functions/reconciliation/counters/scripts/settle.lua",
        "hour_ms < grant.next_end_ms then",
        "hour_ms <= grant.next_end_ms then",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_each_hour_counts_in_the_window_that_it_lies_in",
        ),
    ),
    Sabotage(
        "what is fresh is added twice",
        "functions/reconciliation/counters/scripts/settle.lua",
        "grant.used = grant.used + sum",
        "grant.used = grant.used + sum + sum",
        ("tests/integration/reconciliation/test_settling_counters.py::test_quantities_add_up",),
    ),
    Sabotage(
        "a grant finds the hour after its period",
        "functions/reconciliation/counters/scripts/grant_state.lua",
        "local last = end_ms / HOUR_MS - 1",
        "local last = end_ms / HOUR_MS",
        ("tests/integration/reconciliation/test_period_edges.py",),
    ),
    Sabotage(
        "an hour is found by two readings of the hours",
        "functions/reconciliation/counters/scripts/grant_state.lua",
        "math.min(from + FIELDS_PER_READ - 1, last)",
        "math.min(from + FIELDS_PER_READ, last)",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_a_grant_finds_each_hour_of_a_month_once",
        ),
    ),
    Sabotage(
        "the next window begins a millisecond late",
        "functions/reconciliation/counters/scripts/grant_state.lua",
        "if grant.next_start_ms and now >= grant.next_start_ms then",
        "if grant.next_start_ms and now > grant.next_start_ms then",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_what_remains_is_of_the_window_of_now",
        ),
    ),
    Sabotage(
        "windows of another anchor day are opened",
        "functions/reconciliation/counters/scripts/grant_state.lua",
        "ARGV[first] ~= grant.period or ARGV[first + 1] ~= grant.anchor_day",
        "ARGV[first] ~= grant.period",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_a_period_that_is_over_is_opened_by_the_anchor_that_stands",
        ),
    ),
    Sabotage(
        "closed hours are kept for ever",
        "functions/reconciliation/counters/scripts/grant_state.lua",
        "      redis.call('HDEL', closed, hour)\n",
        "",
        (
            "tests/integration/reconciliation/test_period_edges.py::test_an_hour_that_is_dropped_is_no_closed_hour_any_more",
        ),
    ),
    Sabotage(
        "an older closing wins",
        "functions/reconciliation/counters/scripts/close.lua",
        "if version > (known or 0) then",
        "if version < (known or math.huge) then",
        (
            "tests/integration/reconciliation/test_closed_hours.py::test_the_greatest_version_stands_in_any_order",
        ),
    ),
    Sabotage(
        "a closing adds the ledger's sum to the hour",
        "functions/reconciliation/counters/scripts/close.lua",
        "redis.call('HSET', hours, hour, whole(sum))",
        "redis.call('HINCRBY', hours, hour, whole(sum))",
        (
            "tests/integration/reconciliation/test_closed_hours.py::test_a_closed_hour_counts_what_the_ledger_says",
        ),
    ),
    Sabotage(
        "marks of an hour that is open again are forgotten",
        "functions/reconciliation/counters/scripts/forget.lua",
        "if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end\n",
        "",
        (
            "tests/integration/reconciliation/test_closed_hours.py::test_an_hour_that_is_open_again_keeps_its_marks",
        ),
    ),
    Sabotage(
        "a late grant replaces the limit that Aforo stated since",
        "functions/reconciliation/counters/scripts/grant.lua",
        "  limit, next_limit = tonumber(aforo[2]), tonumber(aforo[2])\n",
        "",
        (
            "tests/integration/reconciliation/test_limits.py::test_a_grant_that_comes_late_keeps_the_limit_that_aforo_stated_since",
        ),
    ),
    Sabotage(
        "a top-up does not replace Aforo's limit",
        "functions/reconciliation/counters/scripts/grant.lua",
        "granted_ms < (tonumber(aforo[1]) or 0)",
        "granted_ms <= (tonumber(aforo[1]) or math.huge)",
        ("tests/integration/reconciliation/test_limits.py::test_a_top_up_is_in_force_at_once",),
    ),
    Sabotage(
        "a heartbeat is heard though the usage beside it failed",
        "functions/reconciliation/reconciling.py",
        "is_settled=not unsettled)",
        "is_settled=True)",
        ("tests/integration/reconciliation/test_watermark.py",),
    ),
    Sabotage(
        "usage that could not be counted is acknowledged",
        "functions/reconciliation/reconciling.py",
        "        failed |= unsettled\n",
        "",
        ("tests/unit/reconciliation/test_reconciling.py",),
    ),
    Sabotage(
        "the youngest uncounted request holds the watermark",
        "functions/reconciliation/reconciling.py",
        "return min((minute * MINUTE_MS for",
        "return max((minute * MINUTE_MS for",
        ("tests/unit/reconciliation/test_reconciling.py",),
    ),
    Sabotage(
        "counters that are away are asked for each command",
        "functions/reconciliation/reconciling.py",
        "                is_reachable = False\n",
        "",
        ("tests/unit/reconciliation/test_reconciling.py",),
    ),
    Sabotage(
        "an event beyond the horizon is counted",
        "functions/reconciliation/settling.py",
        "elif minute < self.oldest_minute:",
        "elif minute < 0:",
        ("tests/unit/reconciliation/test_settling.py",),
    ),
    Sabotage(
        "half a unit is free",
        "functions/reconciliation/settling.py",
        "return math.ceil(quantity)",
        "return math.floor(quantity)",
        ("tests/unit/reconciliation/test_settling.py",),
    ),
    Sabotage(
        "two copies of a ledger row are two requests",
        "functions/reconciliation/hour_sums.py",
        "if place % 2 == is_set_aside and mark not in known:",
        "if place % 2 == is_set_aside:",
        ("tests/unit/reconciliation/test_hour_sums.py",),
    ),
    Sabotage(
        "an hour is closed while its usage is expected",
        "functions/reconciliation/due_hours.py",
        "return now_ms >= (hour + 1) * HOUR_MS + LATENESS_MS",
        "return now_ms >= hour * HOUR_MS + LATENESS_MS",
        ("tests/unit/reconciliation/test_due_hours.py",),
    ),
    Sabotage(
        "Aforo's limit is rounded up",
        "functions/reconciliation/fetch_answer.py",
        "int(answer.limit)",
        "-int(-answer.limit // 1)",
        ("tests/unit/reconciliation/test_fetch_answer.py",),
    ),
    Sabotage(
        "a long step of the sequence is not kept",
        "functions/reconciliation/counters/scripts/rollback.lua",
        "if found > 0 and tonumber(moved) - found > tolerance then",
        "if found > 0 and tonumber(moved) - found < tolerance then",
        ("tests/integration/reconciliation/test_rollback.py",),
    ),
    Sabotage(
        "an old copy is believed where somebody else went on",
        "functions/reconciliation/counters/scripts/rollback.lua",
        "return {found, withdrawn(lost)}",
        "return {found, lost}",
        ("tests/integration/reconciliation/test_rollback.py",),
    ),
)
