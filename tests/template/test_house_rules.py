"""What no linter knows: the rules by which this template loses nothing."""

import importlib
import json
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from functions.adapters.redis_secret import PATIENCE_SECONDS
from functions.adapters.settings import Settings
from functions.audit.source_check import Look
from functions.authorizer.read_time import FIRST_SECONDS
from functions.authorizer.redis_link import ANSWER_SECONDS, SIGN_IN_SECONDS, TLS_CONNECT_SECONDS
from functions.reconciliation.answers import MOST_CUSTOMERS
from functions.replay.metering_call import ANSWER_SECONDS as METERING_ANSWER_SECONDS
from functions.replay.order import Order, read_order
from functions.replay.quarantine_round import LAST_CLAIM_MS
from functions.replay.waiting_messages import CLAIM_SECONDS, HOLD_SECONDS
from tests.local.endpoints import ROOT
from tests.statemachine.definition import functions_of, states
from tests.template.stack import (
    STOPS,
    functions,
    most,
    resources,
    statements,
    template,
    timeout,
    variables,
)

QUEUES = resources("AWS::SQS::Queue")
FUNCTIONS = functions()
ALARMS = resources("AWS::CloudWatch::Alarm")
FROM_THE_RUNTIME = {"AWS_REGION"}
SETTINGS = {
    "MeteringFunction": "functions.metering.settings.MeteringSettings",
    "ForwarderFunction": "functions.forwarder.settings.ForwarderSettings",
    "ReconciliationFunction": "functions.reconciliation.settings.ReconciliationSettings",
    "ReconciliationFetchFunction": "functions.reconciliation.fetch_settings.FetchSettings",
    "ReconciliationRepairFunction": "functions.reconciliation.settings.RepairSettings",
    "AuthorizerFunction": "functions.authorizer.settings.AuthorizerSettings",
    "ReplayStartFunction": "functions.replay.settings.StartSettings",
    "ReplayQueueRoundFunction": "functions.replay.queue_round_settings.QueueRoundSettings",
    "ReplayQuarantineRoundFunction": "functions.replay.settings.QuarantineRoundSettings",
    "ReplayReportFunction": "functions.replay.settings.ReportSettings",
    "AuditCountFunction": "functions.audit.settings.CountSettings",
    "AuditSourceCheckFunction": "functions.audit.source_check.SourceCheckSettings",
    "AuditStepFunction": "functions.audit.settings.AuditSettings",
}


def _dead_letter_queues() -> set[str]:
    return {
        queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"].split(".")[0]
        for queue in QUEUES.values()
        if "RedrivePolicy" in queue["Properties"]
    }


def _queue_sources() -> list[tuple[str, dict[str, Any]]]:
    return [
        (source["Properties"]["FunctionName"]["Ref"], source["Properties"])
        for source in resources("AWS::Lambda::EventSourceMapping").values()
    ]


def test_every_queue_leads_to_a_dead_letter_queue_or_is_one() -> None:
    """No message is dropped by a queue."""
    for name, queue in QUEUES.items():
        assert "RedrivePolicy" in queue["Properties"] or name in _dead_letter_queues()


def test_every_dead_letter_queue_has_a_depth_alarm_that_somebody_hears() -> None:
    """One message is enough to raise it."""
    heard = {
        alarm["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"].split(".")[0]
        for alarm in ALARMS.values()
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        and alarm["Properties"]["Threshold"] == 0
        and alarm["Properties"]["AlarmActions"]
    }
    assert heard == _dead_letter_queues()


def test_what_a_replay_hides_for_a_moment_is_no_end_of_an_alarm() -> None:
    """An OK in the middle of a replay would say that nothing waits."""
    depth = [
        alarm["Properties"]
        for alarm in ALARMS.values()
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
    ]
    assert len(depth) == 3
    for alarm in depth:
        assert alarm["Statistic"] == "Maximum"
        hours = alarm["Period"] == 3600
        assert hours or alarm["DatapointsToAlarm"] == 1
        assert alarm["Period"] * alarm["EvaluationPeriods"] > HOLD_SECONDS


def test_who_sends_to_the_queue_that_invokes_it_is_no_loop_to_lambda() -> None:
    """Lambda stops what it takes for a loop after about 16 rounds; held usage goes round far more
    often, and its end is the hold.
    """
    for name, event in _queue_sources():
        queue = event["EventSourceArn"]["Fn::GetAtt"].split(".")[0]
        properties = FUNCTIONS[name]["Properties"]
        sends = json.dumps(
            [
                statement["Resource"]
                for statement in statements(FUNCTIONS[name])
                if "sqs:SendMessage" in json.dumps(statement["Action"])
            ]
        )
        assert (properties.get("RecursiveLoop") == "Allow") is (f"{queue}.Arn" in sends), name


def test_no_arn_names_a_partition() -> None:
    """In China and in GovCloud it is another one, and an execution fails there."""
    machines = sorted((ROOT / "statemachine").glob("*.yaml"))
    for file in (ROOT / "template.yaml", *machines):
        assert "arn:aws:" not in file.read_text(), file.name


def test_every_queue_keeps_messages_as_long_as_sqs_can() -> None:
    """14 days: a long weekend, a freeze, a holiday."""
    assert {queue["Properties"]["MessageRetentionPeriod"] for queue in QUEUES.values()} == {1209600}


def test_redrive_is_only_for_crashes() -> None:
    """Outages wait by the hold, so receives must not run out first (architecture.md 2)."""
    for queue in QUEUES.values():
        policy = queue["Properties"].get("RedrivePolicy")
        assert policy is None or policy["maxReceiveCount"] == 100


@pytest.mark.parametrize(("name", "event"), _queue_sources())
def test_visibility_covers_six_timeouts_and_the_batch_window(
    name: str, event: dict[str, Any]
) -> None:
    """AWS's rule for SQS event sources: else a message is received again while it is worked on."""
    queue = QUEUES[event["EventSourceArn"]["Fn::GetAtt"].split(".")[0]]["Properties"]
    window = most(event["MaximumBatchingWindowInSeconds"])
    assert queue["VisibilityTimeout"] >= 6 * timeout(FUNCTIONS[name]) + window


@pytest.mark.parametrize(("name", "event"), _queue_sources())
def test_sqs_sources_report_partial_failures_and_filter_nothing(
    name: str, event: dict[str, Any]
) -> None:
    """Without the first one bad message sinks its batch; a filter deletes what does not match."""
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "FilterCriteria" not in event
    assert event["ScalingConfig"]["MaximumConcurrency"]


def test_no_function_is_let_into_every_queue_by_sam() -> None:
    """SAM gives a function with an SQS event a managed policy on all queues of the account."""
    assert [name for name, one in FUNCTIONS.items() if "Events" in one["Properties"]] == []
    assert {name for name, _ in _queue_sources()} == {"ForwarderFunction", "ReconciliationFunction"}


def test_a_dead_letter_queue_names_its_sources_or_nobody() -> None:
    """RedriveAllowPolicy takes whole ARNs (SQS: at most 10), a pattern is not one."""
    assert "sqs:${AWS::Region}:${AWS::AccountId}:*" not in json.dumps(QUEUES)


def test_a_failed_log_delivery_is_kept_whole() -> None:
    """Metering is the one function invoked asynchronously."""
    config = FUNCTIONS["MeteringFunction"]["Properties"]["EventInvokeConfig"]
    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "S3Bucket",
        "Destination": {"Fn::GetAtt": "QuarantineBucket.Arn"},
    }


def test_log_subscriptions_take_every_line() -> None:
    """A filter pattern would decide out of sight what is billable."""
    subscriptions = resources("AWS::Logs::SubscriptionFilter")
    assert {one["Properties"]["FilterPattern"] for one in subscriptions.values()} == {""}


def test_a_demo_stage_has_one_log_and_metering_knows_which() -> None:
    """Metered by both, each request would be billed twice; undeclared, by none."""
    declared = json.dumps(variables(FUNCTIONS["MeteringFunction"])["DEPLOYED_SOURCES"])
    assert "demo-execution=execution:${DemoExecutionLogGroup}" in declared
    assert "demo-access=access:${DemoAccessLogGroup}" in declared
    stage = template()["Resources"]["DemoZeroTouchStage"]
    assert "AccessLogSetting" not in stage["Properties"]
    # API Gateway makes the group when it finds none, and then CloudFormation cannot.
    assert stage["DependsOn"] == "DemoExecutionLogGroup"
    (settings,) = stage["Properties"]["MethodSettings"]
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("INFO", True)
    group = template()["Resources"]["DemoExecutionLogGroup"]["Properties"]["LogGroupName"]
    name = stage["Properties"]["StageName"]
    assert group["Fn::Sub"] == f"API-Gateway-Execution-Logs_${{DemoApiGateway}}/{name}"


def test_every_subscribed_log_group_is_a_source_and_named_in_the_outputs() -> None:
    """Metering reads each as what it is, and `make verify` looks for a request's line in them."""
    subscribed = {
        one["Properties"]["LogGroupName"]["Ref"]
        for one in resources("AWS::Logs::SubscriptionFilter").values()
    }
    declared = variables(FUNCTIONS["MeteringFunction"])["DEPLOYED_SOURCES"]
    assert template()["Outputs"]["DeployedSources"]["Value"] == declared
    named = json.dumps(declared)
    assert [group for group in subscribed if f":${{{group}}}" not in named] == []


LOG_GROUPS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"


def test_only_this_accounts_logs_may_invoke_metering() -> None:
    """A permission without an account is anybody's; any group of ours may be a source."""
    permission = template()["Resources"]["MeteringLogsPermission"]["Properties"]
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["SourceArn"] == {"Fn::Sub": LOG_GROUPS}


def test_a_replay_reads_any_source_and_changes_none() -> None:
    """An incomplete request stands whole in whichever group it came from."""
    role = resources("AWS::IAM::Role")["ReplayQuarantineRoundRole"]["Properties"]
    (policy,) = role["Policies"]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if "Action" in one]
    on_logs = [one for one in statements if "logs:Filter" in json.dumps(one["Action"])]
    assert on_logs == [
        {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": {"Fn::Sub": LOG_GROUPS}}
    ]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_its_log_group_with_a_retention(name: str) -> None:
    """Logs that never expire cost for ever; logs without a group of their own are nobody's."""
    group = FUNCTIONS[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert resources("AWS::Logs::LogGroup")[group]["Properties"]["RetentionInDays"]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_given_exactly_the_variables_that_it_reads(name: str) -> None:
    """A variable that nobody reads misleads; one that nobody sets fails on the first call."""
    module, _, kind = SETTINGS[name].rpartition(".")
    settings = getattr(importlib.import_module(module), kind)
    fields = (
        settings.model_fields if issubclass(settings, Settings) else settings.__dataclass_fields__
    )
    read = {field.upper() for field in fields} - FROM_THE_RUNTIME
    assert set(variables(FUNCTIONS[name])) == read


def test_no_environment_holds_a_secret() -> None:
    """The Aforo key is read from Secrets Manager, by the functions that send it."""
    for function in FUNCTIONS.values():
        text = json.dumps(variables(function))
        assert not re.search(r"sk_(live|test)_|resolve:secretsmanager", text)


def test_handlers_are_named_after_their_stop() -> None:
    """Logical id, folder and build recipe line up."""
    recipe = Path(ROOT / "Makefile").read_text()
    for name, function in FUNCTIONS.items():
        stop = function["Properties"]["Handler"].split(".")[1]
        assert stop in STOPS
        assert name.lower().startswith(stop)
        assert re.search(
            rf"^(build-\w+ )*build-{name}( build-\w+)*: \$\(UV\)$", recipe, re.MULTILINE
        )


def _called_by_states() -> dict[str, set[str]]:
    """The states of the replay by the functions that they call."""
    found: dict[str, set[str]] = {}
    for name, state in states().items():
        for function in functions_of(state):
            found.setdefault(function, set()).add(name)
    return found


def test_a_function_of_the_replay_serves_one_state_and_says_which() -> None:
    """From a state in the console to its code: `ReplayQueueRoundFunction` is queue_round.py, whose
    docstring begins with the name of the state; and the state's time is the function's, and more.
    """
    called = _called_by_states()
    assert set(called) == {name for name in FUNCTIONS if name.startswith("Replay")}
    for name, of_states in called.items():
        (state,) = of_states
        module = FUNCTIONS[name]["Properties"]["Handler"].removesuffix(".handler")
        words = re.findall("[A-Z][a-z]+", name.removeprefix("Replay").removesuffix("Function"))
        assert module == f"functions.replay.{'_'.join(words).lower()}"
        said = importlib.import_module(module).__doc__ or ""
        assert re.match(rf"Serves the state `{re.escape(state)}`[ .]", said), module
        assert words[-1].lower() in state.lower()
        assert states()[state]["TimeoutSeconds"] > timeout(FUNCTIONS[name])


def _beside_its_log(name: str) -> list[dict[str, Any]]:
    """A function's rights, but for that to write into its own log group."""
    own = FUNCTIONS[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    log = {"Fn::GetAtt": f"{own}.Arn"}
    return [one for one in statements(FUNCTIONS[name]) if one["Resource"] != log]


def test_the_rounds_of_a_replay_do_not_have_each_others_rights() -> None:
    """That is why they are two functions (docs/explanation/decisions/0006-replay-rounds.md)."""
    rights = {
        name: json.dumps(_beside_its_log(name)) for name in FUNCTIONS if name.startswith("Replay")
    }
    queues, quarantine = rights["ReplayQueueRoundFunction"], rights["ReplayQuarantineRoundFunction"]
    assert "sqs:" not in quarantine
    assert "AforoSecret" not in quarantine
    for right in ("lambda:InvokeFunction", "QuarantineBucket", "logs:"):
        assert right not in queues
    for name in ("ReplayStartFunction", "ReplayReportFunction"):
        assert not re.search("Delete|SendMessage|secretsmanager|InvokeFunction", rights[name]), name


def test_the_authorizer_of_the_demo_decides_every_request() -> None:
    """A cached decision is overshoot, and its function must know the stage's TTL."""
    auth = template()["Resources"]["DemoApiGateway"]["Properties"]["Auth"]
    identity = auth["Authorizers"]["UsageAuthorizer"]["Identity"]
    assert identity["ReauthorizeEvery"] == 0
    # API Gateway would refuse by itself who does not send one, whatever CredentialHeader says.
    assert identity == {"ReauthorizeEvery": 0, "Context": ["identity.sourceIp"]}
    assert variables(FUNCTIONS["AuthorizerFunction"])["RESULT_TTL_SECONDS"] == "0"


def test_the_authorizer_may_wait_for_a_sign_in_without_running_out_of_time() -> None:
    """Connected, signed in and asked, with every limit used up, in a process that just started."""
    connected = max(FIRST_SECONDS, TLS_CONNECT_SECONDS)
    longest = connected + SIGN_IN_SECONDS + 2 * ANSWER_SECONDS
    assert longest < timeout(FUNCTIONS["AuthorizerFunction"]) / 4
    # With a password that was changed: read, refused, read again, and all of that once more.
    assert 2 * (PATIENCE_SECONDS + longest) < timeout(FUNCTIONS["AuthorizerFunction"])


def test_denied_calls_answer_429_with_the_decision_in_the_body() -> None:
    """Headers are static on API Gateway, so the details stand in the body (contract 1.4)."""
    answers = template()["Resources"]["DemoApiGateway"]["Properties"]["GatewayResponses"]
    denied = answers["ACCESS_DENIED"]
    assert denied["StatusCode"] == 429
    body = denied["ResponseTemplates"]["application/json"]
    for field in ("code", "message", "retryAfterSeconds"):
        assert f"$context.authorizer.{field}" in body
    assert answers["UNAUTHORIZED"]["StatusCode"] == 401


def test_the_access_log_holds_no_text_that_a_client_wrote() -> None:
    """A client that can write into the billing line can write a customer into it (contract 1.2)."""
    api = template()["Resources"]["DemoApiGateway"]["Properties"]
    line = json.loads(api["AccessLogSetting"]["Format"])
    forbidden = {
        "path",
        "identity.userAgent",
        "error.messageString",
        "identity.apiKey",
        "requestTime",
    }
    assert not {value.removeprefix("$context.") for value in line.values()} & forbidden
    assert line["v"] == "1"
    assert line["extendedRequestId"] == "$context.extendedRequestId"
    assert len(api["AccessLogSetting"]["Format"]) <= 3 * 1024  # API Gateway's limit


def test_what_holds_usage_survives_the_stack() -> None:
    """`sam delete` must not delete revenue; a first deploy that fails need not leave orphans."""
    holds = {"LedgerBucket", "QuarantineBucket", "ConfigurationBucket", "DataKey", "AforoSecret"}
    for name in holds | set(QUEUES) | {"LedgerBucketTlsOnly"}:
        resource = template()["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


def test_nobody_but_the_lifecycle_ends_what_is_in_the_ledger() -> None:
    """It is the only memory past Aforo's dedup window, which takes usage of the last 90 days."""
    bucket = template()["Resources"]["LedgerBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    days = [rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]]
    assert min(days) >= 100
    document = template()["Resources"]["LedgerBucketTlsOnly"]["Properties"]["PolicyDocument"]
    denied = {one["Sid"]: one for one in document["Statement"] if "Sid" in one}
    objects = [{"Fn::Sub": f"${{LedgerBucket.Arn}}/{name}/*"} for name in ("ledger", "statements")]
    whole = {"Fn::GetAtt": "LedgerBucket.Arn"}
    assert all(one["Effect"] == "Deny" and one["Principal"] == "*" for one in denied.values())
    deletes = denied["NobodyDeletesTheLedger"]
    assert set(deletes["Action"]) == {"s3:DeleteObject", "s3:DeleteObjectVersion"}
    shortens = denied["NobodyShortensTheLedger"]
    assert shortens["Action"] == "s3:PutLifecycleConfiguration"
    writes_over = denied["NobodyWritesOverTheLedger"]
    assert writes_over["Action"] == "s3:PutObject"
    assert writes_over["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    assert deletes["Resource"] == writes_over["Resource"] == objects
    assert shortens["Resource"] == whole
    assert not {"Condition"} & (deletes.keys() | shortens.keys())


def test_a_stack_that_is_made_again_adopts_the_old_ledger_and_the_old_register() -> None:
    """Every function is given the adopted bucket, with the right to it and to its key; nothing of
    the stack names the bucket that it did not make.
    """
    for kind, makes in (("Ledger", "MakesLedger"), ("Configuration", "MakesConfiguration")):
        bucket, name = f"{kind}Bucket", f"{kind}BucketName"
        one_of = {"Fn::If": [makes, {"Ref": bucket}, {"Ref": name}]}
        assert template()["Conditions"][makes] == {"Fn::Equals": [{"Ref": name}, ""]}
        own = {bucket, f"{bucket}TlsOnly"}
        assert all(template()["Resources"][one]["Condition"] == makes for one in own)
        used = {k: v for k, v in template()["Resources"].items() if k not in own}
        text = json.dumps([used, template()["Outputs"]])
        assert f'"{bucket}"' not in text.replace(json.dumps(one_of), "")
        assert f"${{{bucket}" not in text
        assert text.count(json.dumps(one_of)) > 3
    key = {"Fn::If": ["MakesLedger", {"Ref": "AWS::NoValue"}, {"Ref": "LedgerKeyArn"}]}
    readers = [one for one in FUNCTIONS.values() if "LEDGER_BUCKET" in variables(one)]
    assert len(readers) == 9
    roles = [one["Properties"]["Role"]["Fn::GetAtt"].split(".")[0] for one in readers]
    for who in (*roles, "SendAmbiguousPolicy"):
        assert json.dumps(key) in json.dumps(template()["Resources"][who])


def test_the_logs_of_other_apis_survive_the_stack() -> None:
    """The account's logging role is every API's of the region, and a stage waits for it."""
    for name in ("ApiGatewayAccount", "ApiGatewayLogsRole"):
        resource = template()["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    for name in ("DemoApiGateway", "DemoZeroTouchStage"):
        assert '"ApiGatewayAccount"' in json.dumps(template()["Resources"][name])


def test_a_queue_policy_names_no_other_queue() -> None:
    """SQS refuses a policy with the resource of another queue, and the stack with it."""
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {statement["Resource"] for statement in statements} == {"*"}


def test_no_stage_is_made_that_nobody_meters() -> None:
    """Without an OpenApiVersion SAM adds one called Stage."""
    assert template()["Resources"]["DemoApiGateway"]["Properties"]["OpenApiVersion"] == "2.0"


def test_the_failure_path_does_not_depend_on_the_key_of_the_road() -> None:
    """A disabled KMS key must not take the dead-letter queues and the quarantine with it."""
    for name in _dead_letter_queues():
        assert "KmsMasterKeyId" not in QUEUES[name]["Properties"]
    bucket = json.dumps(
        template()["Resources"]["QuarantineBucket"]["Properties"]["BucketEncryption"]
    )
    assert "kms" not in bucket


@pytest.mark.parametrize("name", sorted(resources("AWS::Serverless::StateMachine")))
def test_substitutions_are_exactly_those_of_the_state_machine(name: str) -> None:
    """A placeholder without a value fails only when the state runs."""
    machine = template()["Resources"][name]["Properties"]
    text = (ROOT / machine["DefinitionUri"]).read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])


def test_no_more_customers_are_asked_about_than_a_fetch_takes() -> None:
    """The parameter and the function that refuses more are two places."""
    parameter = template()["Parameters"]["CustomersPerReconcile"]
    assert parameter["Default"] <= parameter["MaxValue"] == MOST_CUSTOMERS


def test_a_claim_outlasts_the_round_that_made_it() -> None:
    """Shown again while the round is still at work, a message would be moved twice each time."""
    mover = FUNCTIONS["ReplayQueueRoundFunction"]
    assert int(variables(mover)["CLAIM_SECONDS"]) == CLAIM_SECONDS >= 2 * timeout(mover)


def test_the_quarantine_waits_for_metering_as_long_as_it_may_take() -> None:
    """One object more is begun only while metering could still answer."""
    metering, again = FUNCTIONS["MeteringFunction"], FUNCTIONS["ReplayQuarantineRoundFunction"]
    assert timeout(metering) < METERING_ANSWER_SECONDS
    assert timeout(again) * 1000 > 2 * LAST_CLAIM_MS


def test_schedules_start_what_the_replay_understands() -> None:
    """A schedule that is refused fails every time, at night."""
    schedules = {
        name: schedule["Properties"]["Target"]
        for name, schedule in resources("AWS::Scheduler::Schedule").items()
        if schedule["Properties"]["Target"]["Arn"] == {"Ref": "ReplayStateMachine"}
    }
    orders = {name: read_order(json.loads(one["Input"])) for name, one in schedules.items()}
    incomplete, outages = orders["IncompleteSchedule"], orders["AutomaticReplaySchedule"]
    assert isinstance(incomplete, Order)
    assert (incomplete.source, incomplete.filter.reason) == ("quarantine", ["incomplete"])
    assert isinstance(outages, Order)
    assert set(outages.filter.classes) == {"exhausted", "auth"}
    automatic = template()["Resources"]["AutomaticReplaySchedule"]
    assert automatic["Condition"] == "ReplaysOutages"
    assert template()["Parameters"]["AutomaticReplay"]["Default"] == "false"


def test_schedules_ask_what_the_source_check_answers() -> None:
    """Each of its questions at a pace of its own."""
    asked = [
        json.loads(schedule["Properties"]["Target"]["Input"])["look"]
        for schedule in resources("AWS::Scheduler::Schedule").values()
        if schedule["Properties"]["Target"]["Arn"] == {"Fn::GetAtt": "AuditSourceCheckFunction.Arn"}
    ]
    assert sorted(asked) == sorted(get_args(get_type_hints(Look)["look"]))
