"""Sabotages of the state machines."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "two replays do not see each other",
        "statemachine/replay.asl.yaml",
        "    Seconds: 2\n",
        "    Seconds: 0\n",
        ("tests/statemachine/test_quick_replay.py::test_it_waits_as_long_as_each_round_says",),
    ),
    Sabotage(
        "a replay begins beside another one",
        "statemachine/replay.asl.yaml",
        (
            "        Condition: \"{% $started.outcome = 'another_replay_is_running' "
            '%}"\n'
            "        Next: Another replay is running"
        ),
        (
            "        Condition: \"{% $started.outcome = 'another_replay_is_running' "
            '%}"\n'
            "        Next: Run a round"
        ),
        ("tests/statemachine/test_quick_replay.py::test_it_takes_the_path_of",),
    ),
    Sabotage(
        "a round that waits ends the replay",
        "statemachine/replay.asl.yaml",
        (
            "        Condition: \"{% $answer.outcome = 'wait' %}\"\n"
            "        Next: Wait for the next round"
        ),
        ("        Condition: \"{% $answer.outcome = 'wait' %}\"\n        Next: Write the report"),
        ("tests/statemachine/test_quick_replay.py::test_it_takes_the_path_of",),
    ),
    Sabotage(
        "a round does not know how far the last one came",
        "statemachine/replay.asl.yaml",
        ('      progress: "{% $states.result.Payload.progress %}"\n      trouble'),
        ('      progress: "{% $progress %}"\n      trouble'),
        (
            "tests/statemachine/test_quick_replay.py::test_each_function_is_asked_with_what_it_needs",
        ),
    ),
    Sabotage(
        "the quarantine's round takes from the queues",
        "statemachine/replay.asl.yaml",
        "$order.source = 'quarantine' ? '${ReplayQuarantineRoundFunctionArn}'",
        "$order.source != 'quarantine' ? '${ReplayQuarantineRoundFunctionArn}'",
        (
            "tests/statemachine/test_quick_replay.py::test_each_function_is_asked_with_what_it_needs",
        ),
    ),
    Sabotage(
        "a state gives up before its function ends",
        "statemachine/replay.asl.yaml",
        (
            "    TimeoutSeconds: 310 # the longer of the two functions' own 300 s, "
            "and its cold start"
        ),
        "    TimeoutSeconds: 60",
        (
            "tests/statemachine/test_quick_replay.py::test_a_state_waits_longer_than_its_function_may_take",
        ),
    ),
    Sabotage(
        "a report does not say what went wrong",
        "statemachine/replay.asl.yaml",
        '        trouble: "{% $trouble %}"\n',
        "        trouble: \"{% '' %}\"\n",
        (
            "tests/statemachine/test_quick_replay.py::test_a_report_after_a_lost_round_is_of_the_last_that_answered",
        ),
    ),
    Sabotage(
        "a replay that stopped early ends well",
        "statemachine/replay.asl.yaml",
        "    Default: Replay stopped early",
        "    Default: Replay finished",
        ("tests/statemachine/test_quick_replay.py::test_it_takes_the_path_of",),
    ),
    Sabotage(
        "an audit's round begins anew",
        "statemachine/audit.asl.yaml",
        ('      progress: "{% $states.result.Payload.progress %}"\n      trouble'),
        ('      progress: "{% $progress %}"\n      trouble'),
        (
            "tests/statemachine/test_quick_audit.py::test_the_function_is_asked_with_what_each_step_needs",
        ),
    ),
    Sabotage(
        "a step of the audit is given up too early",
        "statemachine/audit.asl.yaml",
        ('        progress: "{% $progress %}"\n    TimeoutSeconds: 910'),
        ('        progress: "{% $progress %}"\n    TimeoutSeconds: 91'),
        (
            "tests/statemachine/test_audit_definition.py::test_every_task_has_a_timeout_and_a_patient_retry",
        ),
    ),
    Sabotage(
        "sources that nobody could list are forgotten",
        "statemachine/reconcile.asl.yaml",
        ("          sources: []\n          areSourcesKnown: false"),
        ("          sources: []\n          areSourcesKnown: true"),
        (
            "tests/statemachine/test_quick_reconcile.py::test_sources_that_metering_cannot_list_get_no_heartbeat",
        ),
    ),
    Sabotage(
        "all heartbeats go into one log group",
        "statemachine/reconcile.asl.yaml",
        (
            '            LogGroupName: "{% $states.input.logGroup %}"\n'
            "            LogStreamName: aforo-heartbeat\n"
            "            LogEvents"
        ),
        (
            '            LogGroupName: "{% $sources[0].logGroup %}"\n'
            "            LogStreamName: aforo-heartbeat\n"
            "            LogEvents"
        ),
        (
            "tests/statemachine/test_quick_reconcile.py::test_every_metered_group_gets_a_heartbeat_of_now",
        ),
    ),
    Sabotage(
        "one customer is no list",
        "statemachine/reconcile.asl.yaml",
        "[$due.customers]",
        "$due.customers",
        ("tests/statemachine/test_quick_reconcile.py::test_what_may_be_one_thing_is_in_brackets",),
    ),
    Sabotage(
        "a bug of the fetch passes for silence",
        "statemachine/reconcile.asl.yaml",
        (
            "'Ask Aforo: ' & $states.errorOutput.Error & ' ' & "
            '$substring($states.errorOutput.Cause, 0, 500) %}"\n'
            "        Next: Reconcile failed"
        ),
        (
            "'Ask Aforo: ' & $states.errorOutput.Error & ' ' & "
            '$substring($states.errorOutput.Cause, 0, 500) %}"\n'
            "        Next: Nothing answered"
        ),
        ("tests/statemachine/test_quick_reconcile.py::test_a_bug_in_a_step_fails_it",),
    ),
)
