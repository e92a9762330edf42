"""Sabotages of the template, but for the road of usage."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "the page for set-aside usage comes after five days",
        "template.yaml",
        "      Threshold: 43200\n",
        "      Threshold: 432000\n",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "the alarm for old settled usage rings after a day",
        "template.yaml",
        "      Threshold: 900\n",
        "      Threshold: 90000\n",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "settled usage shows again while it is counted",
        "template.yaml",
        "VisibilityTimeout: 361 # 6 x",
        "VisibilityTimeout: 30 # 6 x",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "the heartbeat is put once an hour",
        "template.yaml",
        "ScheduleExpression: rate(1 minute)",
        "ScheduleExpression: rate(60 minutes)",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "a failing authorizer is not rolled back",
        "template.yaml",
        (
            "        Alarms: [!Ref AuthorizerFailedAlarm, !Ref "
            "AuthorizerUnansweredAlarm, !Ref CounterStateUnknownAlarm]\n"
        ),
        "        Alarms: [!Ref CounterStateUnknownAlarm]\n",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "reconciliation may flush the counters",
        "template.yaml",
        "+@all -@admin -@dangerous",
        "+@all",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "the counters are open to the world",
        "template.yaml",
        (
            "          SourceSecurityGroupId: !If [CreateFunctionSecurityGroup, !Ref "
            "FunctionSecurityGroup, !Ref RedisSecurityGroupId]\n"
        ),
        "          CidrIp: 0.0.0.0/0\n",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "messages show again while a round moves them",
        "template.yaml",
        'CLAIM_SECONDS: "240"',
        'CLAIM_SECONDS: "60"',
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "the audit counts once an hour",
        "template.yaml",
        (
            "      Description: Compare the log's windows that are due with the "
            "ledger\n"
            "      ScheduleExpression: rate(5 minutes)"
        ),
        (
            "      Description: Compare the log's windows that are due with the "
            "ledger\n"
            "      ScheduleExpression: rate(1 hour)"
        ),
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "nobody compares what was served with what was read",
        "template.yaml",
        'Input: \'{"look": "served"}\'',
        'Input: \'{"look": "stages"}\'',
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
    Sabotage(
        "the ledger may be deleted",
        "template.yaml",
        "            Action: [s3:DeleteObject, s3:DeleteObjectVersion]",
        "            Action: [s3:DeleteObjectVersion]",
        ("tests/template/test_tables.py::test_a_change_of_it_is_seen_in_the_table",),
    ),
)
