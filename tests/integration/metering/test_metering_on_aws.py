"""Metering against real S3 and SQS: the handler whole, and its two adapters at their edges."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from functions.adapters.telemetry import Telemetry
from functions.metering import handler as metering
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.document_reading import ConfigurationError, read_configuration
from functions.metering.configuration.stored import FRESH_SECONDS, ConfigurationSource
from functions.metering.configuration.stored_versions import VERSIONS
from functions.metering.quarantine import QuarantineBucket, QuarantineObject
from functions.operator.command_line import main
from functions.usage.errors import Retryable
from tests.fakes.access_log_lines import REGION, access_line, distinct_line, subscription_payload
from tests.fakes.lambda_context import lambda_context
from tests.fakes.queue_contents import take_all
from tests.fakes.settable_clock import SettableClock
from tests.fakes.told import ALWAYS, Told
from tests.local.metric_series import read_series

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEY = "configuration/metering.json"


def document(name: str) -> bytes:
    meter = {"id": "api_calls", "metricName": name}
    return json.dumps(
        {"versions": [{"effectiveFrom": "2020-01-01T00:00:00Z", "meters": [meter]}]}
    ).encode()


@pytest.fixture
def bucket(s3: "S3Client", bucket: str) -> str:
    """As the template makes it: every configuration that ever billed is kept."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def source(
    s3: "S3Client", bucket: str, clock: SettableClock, request: pytest.FixtureRequest
) -> ConfigurationSource:
    telemetry = Telemetry(request.node.name)
    return ConfigurationSource(s3, bucket, KEY, telemetry=telemetry, clock=clock)


def metric_name(source: ConfigurationSource) -> str:
    return source.current().versions[0].meters[0].metric_name


@pytest.fixture
def publish(s3: "S3Client", bucket: str) -> Callable[[bytes | None], None]:
    def put(content: bytes | None) -> None:
        if content is None:
            s3.delete_object(Bucket=bucket, Key=KEY)
        else:
            s3.put_object(Bucket=bucket, Key=KEY, Body=content)

    return put


def test_without_a_document_the_default_is_used(source: ConfigurationSource) -> None:
    """A deployment meters before anybody has configured it."""
    assert metric_name(source) == "API Calls"


def test_a_new_document_is_used_within_a_minute(
    source: ConfigurationSource, clock: SettableClock, publish: Callable[[bytes | None], None]
) -> None:
    """Also the first one, where there was none; until then no call is made."""
    assert metric_name(source) == "API Calls"
    for name in ("First", "Second"):
        before = source.current()
        publish(document(name))
        assert source.current() is before
        clock.advance(FRESH_SECONDS)
        assert metric_name(source) == name
    unchanged = source.current()
    clock.advance(FRESH_SECONDS)
    assert source.current() is unchanged


@pytest.mark.parametrize("fault", [b"{", b'{"versions": []}', None])
def test_a_bad_new_document_does_not_replace_a_good_one(
    source: ConfigurationSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
    fault: bytes | None,
) -> None:
    """Nor does one that vanished; the next good one does."""
    publish(document("Good"))
    assert metric_name(source) == "Good"
    publish(fault)
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == "Good"
    publish(document("Better"))
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == "Better"


def test_a_document_that_contradicts_the_parameters_does_not_replace_a_good_one(
    s3: "S3Client", bucket: str, publish: Callable[[bytes | None], None], clock: SettableClock
) -> None:
    """The sources of the stack's parameters stand beside those of whichever document is used."""
    reader = ConfigurationReader(read_deployed("deployed=access:/mine"))
    source = ConfigurationSource(
        s3, bucket, KEY, telemetry=Telemetry("metering"), clock=clock, reader=reader
    )
    assert [one.name for one in source.current().sources] == ["deployed"]
    orders = {"name": "orders", "logGroup": "/orders", "kind": "access"}
    wrong = {"name": "mine", "logGroup": "/mine", "kind": "execution"}
    for listed in ([orders], [orders, wrong]):
        publish(json.dumps({"sources": listed, **json.loads(document("Good"))}).encode())
        clock.advance(FRESH_SECONDS)
        assert [one.name for one in source.current().sources] == ["orders", "deployed"]


def test_a_fault_is_said_in_the_same_words_everywhere(
    source: ConfigurationSource,
    publish: Callable[[bytes | None], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In metering's log line, by `configuration check` and by `explain --config`."""
    meter = {"id": "Calls", "metricname": "Calls"}
    bad = json.dumps({"versions": [{"effectiveFrom": "soon", "meters": [meter]}]}).encode()
    file, log = tmp_path / "metering.json", tmp_path / "log"
    file.write_bytes(bad)
    log.write_text(access_line())
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(bad)
    faults = refused.value.faults
    assert len(faults) == 4
    assert "versions.0.meters.0.metricname: is no field here: did you mean metricName?" in faults

    publish(bad)
    with pytest.raises(Retryable):
        source.current()
    (logged,) = [vars(one)["fault"] for one in caplog.records if "fault" in vars(one)]
    capsys.readouterr()
    assert logged.endswith("; ".join(faults))

    assert main(["configuration", "check", str(file), "--against", str(file)]) == 2
    checked = capsys.readouterr().err
    assert [line.partition(": ")[2] for line in checked.splitlines()] == list(faults)

    assert main(["explain", "--config", str(file), str(log)]) == 2
    assert capsys.readouterr().err.strip().endswith("; ".join(faults))


type MakeSource = Callable[[], ConfigurationSource]


@pytest.fixture
def started(
    s3: "S3Client", bucket: str, clock: SettableClock, request: pytest.FixtureRequest
) -> MakeSource:
    """A process that starts now, beside `source`, which runs."""
    telemetry = Telemetry(request.node.name)
    return lambda: ConfigurationSource(s3, bucket, KEY, telemetry=telemetry, clock=clock)


def test_with_only_bad_documents_no_process_bills(
    source: ConfigurationSource,
    started: MakeSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
) -> None:
    """Neither one that starts nor one that ran by the default: it would be a guess."""
    assert metric_name(source) == "API Calls"
    for fault in (b"{", b"[]", b"{}"):
        publish(fault)
        clock.advance(FRESH_SECONDS)
        for process in (source, started()):
            with pytest.raises(Retryable, match="no configuration to meter by"):
                process.current()
    publish(document("Mended"))
    assert metric_name(source) == metric_name(started()) == "Mended"


def test_deleting_documents_of_which_none_was_usable_brings_the_default_back(
    source: ConfigurationSource,
    started: MakeSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As before the first upload, in every process, which says so each minute until mended."""
    assert metric_name(source) == "API Calls"
    assert not caplog.records
    for content in (b"{", None, b"{}", None):
        publish(content)
    for _ in range(2):
        clock.advance(FRESH_SECONDS)
        caplog.clear()
        assert metric_name(source) == metric_name(started()) == "API Calls"
        assert [record.message for record in caplog.records] == ["configuration.refused"] * 2
    publish(document("Mended"))
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == metric_name(started()) == "Mended"


def test_a_running_process_uses_the_good_version_that_it_never_saw_on_top(
    source: ConfigurationSource,
    started: MakeSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
) -> None:
    """It came and was hidden by a bad one within a minute; a process that starts uses it too."""
    publish(document("Old"))
    assert metric_name(source) == "Old"
    for content in (document("Between"), b"{"):
        publish(content)
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == metric_name(started()) == "Between"


def test_documents_older_than_what_is_looked_at_may_have_been_usable(
    source: ConfigurationSource, publish: Callable[[bytes | None], None]
) -> None:
    """So the default is none to bill by, though the newest was deleted."""
    publish(document("Long ago"))
    for number in range(VERSIONS):
        publish(b"{" * (number + 1))
    publish(None)
    with pytest.raises(Retryable, match="no configuration to meter by"):
        source.current()


def test_a_running_process_goes_on_where_s3_does_not_list(
    source: ConfigurationSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it has is good until S3 says otherwise."""

    def away(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3")

    publish(document("Good"))
    assert metric_name(source) == "Good"
    publish(b"{")
    clock.advance(FRESH_SECONDS)
    monkeypatch.setattr(s3, "list_object_versions", away)
    assert metric_name(source) == "Good"


@pytest.mark.parametrize("faults", [[b"{"], [b"{", b'{"versions": []}', b""], [None], [b"{", None]])
def test_a_cold_start_uses_the_newest_version_that_is_usable(
    source: ConfigurationSource,
    clock: SettableClock,
    publish: Callable[[bytes | None], None],
    faults: list[bytes | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A process that starts bills as the running ones do; each try counts, until it is mended."""
    for content in (document("Old"), document("Good"), *faults):
        publish(content)
    assert metric_name(source) == "Good"
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == "Good"
    records = [vars(record) for record in caplog.records]
    assert [record["message"] for record in records] == ["configuration.refused"] * 2
    assert records[0]["uses_version"] is not None
    assert len({record["uses_version"] for record in records}) == 1
    publish(document("Mended"))
    clock.advance(FRESH_SECONDS)
    assert metric_name(source) == "Mended"


def test_a_cold_start_looks_at_no_other_object(
    source: ConfigurationSource, s3: "S3Client", bucket: str, publish: Callable[[bytes], None]
) -> None:
    """Whose name only begins alike."""
    s3.put_object(Bucket=bucket, Key=f"{KEY}.bak", Body=document("Backup"))
    assert metric_name(source) == "API Calls"


def test_a_cold_start_looks_back_a_bounded_number_of_versions(
    source: ConfigurationSource, publish: Callable[[bytes], None]
) -> None:
    """A document that nobody mends does not make cold starts ever slower."""
    publish(document("Long ago"))
    for number in range(VERSIONS):
        publish(b"{" * (number + 1))
    with pytest.raises(Retryable):
        source.current()


def test_a_bucket_that_is_not_there_is_no_missing_document(s3: "S3Client") -> None:
    """Only NoSuchKey means that nobody has configured anything."""
    source = ConfigurationSource(
        s3, f"no-{uuid4()}", KEY, telemetry=Telemetry("metering"), clock=SettableClock()
    )
    with pytest.raises(Retryable, match="NoSuchBucket"):
        source.current()


def test_what_is_quarantined_again_stays_as_old_as_it_is(s3: "S3Client", bucket: str) -> None:
    """Replay's filter and the bucket's expiry go by it; taken out, it is kept anew."""
    entry = QuarantineObject("quarantine/x/undated/0.json", b"{}")
    keeper = QuarantineBucket(s3, bucket)
    versions = []
    for _ in range(2):
        assert keeper.keep([entry]) == 1
        versions.append(s3.head_object(Bucket=bucket, Key=entry.key)["VersionId"])
    assert versions[0] == versions[1]
    s3.delete_object(Bucket=bucket, Key=entry.key)
    assert keeper.keep([entry]) == 1
    assert s3.head_object(Bucket=bucket, Key=entry.key)["VersionId"] != versions[0]


def test_a_quarantine_that_cannot_be_written_is_tried_again(s3: "S3Client") -> None:
    """Whether S3 answers or not."""
    entry = QuarantineObject("quarantine/x/undated/0.json", b"{}")
    with pytest.raises(Retryable, match="NoSuchBucket"):
        QuarantineBucket(s3, f"no-{uuid4()}").keep([entry])
    silent = boto3.client(
        "s3", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1})
    )
    with pytest.raises(Retryable, match="was not written"):
        QuarantineBucket(silent, "bucket").keep([entry])


@pytest.fixture
def deployed(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The function's environment; reads the usage events that are on its queue."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"usage-{uuid4()}")["QueueUrl"]
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("USAGE_QUEUE_URL", url)
    monkeypatch.setenv("QUARANTINE_BUCKET", bucket)
    monkeypatch.setenv("CONFIGURATION_BUCKET", bucket)

    def received() -> list[dict[str, Any]]:
        return [event for body in take_all(sqs, url) for event in json.loads(body)["events"]]

    metering._wired.cache_clear()
    yield received
    metering._wired.cache_clear()


def invoke(payload: object) -> dict[str, object]:
    return metering.handler(payload, lambda_context("metering"))


@pytest.mark.usefixtures("deployed")
def test_it_says_which_sources_there_are(
    s3: "S3Client", bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the machine that puts heartbeats: those of the document and those of the parameters."""
    monkeypatch.setenv("DEPLOYED_SOURCES", "deployed=execution:/mine,")
    orders = {"name": "orders", "logGroup": "/orders", "kind": "access"}
    body = json.dumps({"sources": [orders], **json.loads(document("Good"))}).encode()
    s3.put_object(Bucket=bucket, Key=KEY, Body=body)
    put = s3.head_object(Bucket=bucket, Key=KEY)["LastModified"]
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"{")  # refused: what is in use is the one before
    told = invoke({"listSources": True})
    assert told["sources"] == [
        orders,
        {"name": "deployed", "logGroup": "/mine", "kind": "execution"},
    ]
    assert datetime.fromisoformat(str(told["configuredAt"])).replace(microsecond=0) == put


@pytest.mark.usefixtures("deployed")
def test_where_nobody_put_a_configuration_there_is_no_time_of_it() -> None:
    """The default has always been in use."""
    assert invoke({"listSources": True}) == {"sources": [], "configuredAt": None}


@pytest.mark.usefixtures("deployed")
def test_where_there_is_nothing_to_meter_by_nobody_is_told_of_sources(
    s3: "S3Client", bucket: str
) -> None:
    """Usage waits for a configuration, and so must every heartbeat."""
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"{")
    with pytest.raises(Retryable):
        invoke({"listSources": True})


def test_a_delivery_walks_to_the_queue_and_the_quarantine(
    deployed: Callable[[], list[dict[str, Any]]], s3: "S3Client", bucket: str
) -> None:
    """A delivery that comes twice gives each key as often as it came, and one quarantine object."""
    payload = subscription_payload(
        [*(distinct_line(number) for number in range(150)), distinct_line(150, customerId="-")]
    )
    invoke(payload)
    once = {event["idempotencyKey"]: event for event in deployed()}
    assert len(once) == 150
    invoke(payload)
    again = deployed()
    assert len(again) == 150
    assert all(once[event["idempotencyKey"]] == event for event in again)
    (kept,) = s3.list_objects_v2(Bucket=bucket, Prefix="quarantine/")["Contents"]
    assert kept["Key"].startswith("quarantine/no_customer/2026-07-20/01/")


def test_an_audit_is_told_and_nothing_else_happens(
    deployed: Callable[[], list[dict[str, Any]]],
    s3: "S3Client",
    bucket: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No message, no quarantine object, no metric; then a delivery of the same lines gives the keys
    that were told.
    """
    payload = subscription_payload(
        [distinct_line(1), distinct_line(2, status="401"), distinct_line(3, customerId="-")]
    )
    told = Told.of(invoke({**payload, "audit": ALWAYS}))
    assert told.counts() == {
        "billed": 1,
        "excluded unauthorized": 1,
        "quarantined no_customer": 1,
    }
    assert Told.of(invoke({"awslogs": {"data": "?"}, "audit": ALWAYS})).quarantined_whole
    with pytest.raises(ValueError, match="audit"):
        invoke({**payload, "audit": ALWAYS, "replay": {"id": "x", "dryRun": True}})
    assert deployed() == []
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert read_series(capsys.readouterr().out.splitlines()) == {}
    invoke(payload)
    assert [event["idempotencyKey"] for event in deployed()] == told.event_keys()


def test_an_undecodable_delivery_is_acknowledged(
    deployed: Callable[[], list[dict[str, Any]]], s3: "S3Client", bucket: str
) -> None:
    """It is in S3, and nothing is on the queue."""
    invoke({"awslogs": {"data": "%%%"}})
    (kept,) = s3.list_objects_v2(Bucket=bucket, Prefix="quarantine/delivery/")["Contents"]
    body = s3.get_object(Bucket=bucket, Key=kept["Key"])["Body"].read()
    assert json.loads(body)["payload"] == "%%%"
    assert deployed() == []


def test_a_queue_that_is_away_raises(
    deployed: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda then tries again, and OnFailure keeps the delivery after the last try."""
    monkeypatch.setenv("USAGE_QUEUE_URL", "http://127.0.0.1/000000000000/none")
    with pytest.raises(Exception, match=r"QueueDoesNotExist|NonExistentQueue"):
        invoke(subscription_payload([distinct_line(0)]))
