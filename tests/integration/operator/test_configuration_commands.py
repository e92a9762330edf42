"""The configuration is checked, put, looked at and rolled back, on a real versioned bucket."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.adapters.telemetry import Telemetry
from functions.metering.configuration.deployed_sources import ConfigurationReader
from functions.metering.configuration.stored import ConfigurationSource
from functions.operator.command_line import main
from functions.operator.configuration_commands import putting_commands
from functions.operator.configuration_commands.configuration_store import (
    KEY,
    ConfigurationStore,
)
from functions.usage.errors import Retryable
from tests.fakes.access_log_lines import distinct_line
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.settable_clock import SettableClock
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

FIRST, SECOND = "First", "Second"


def document(name: str, **changes: object) -> bytes:
    """Of one version, since ever."""
    meters = [{"id": "api_calls", "metricName": name}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, **changes}
    return json.dumps({"versions": [version]}).encode()


class Cloud(NamedTuple):
    """A local cloud of one bucket and one log group."""

    s3: "S3Client"
    bucket: str
    log_group: str
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        """Status, stdout and stderr."""
        endpoints = str(self.folder / "endpoints.json")
        status = main(["configuration", *words, "--endpoints", endpoints])
        return (status, *self.capsys.readouterr())

    def file(self, content: bytes) -> str:
        path = self.folder / "metering.json"
        path.write_bytes(content)
        return str(path)

    def put(self, content: bytes | None) -> str:
        """As somebody without the command does it: the version's id."""
        if content is None:
            return self.s3.delete_object(Bucket=self.bucket, Key=KEY)["VersionId"]
        return self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=content)["VersionId"]

    def stands(self) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=KEY)["Body"].read()

    def ids(self) -> list[str]:
        found = self.s3.list_object_versions(Bucket=self.bucket, Prefix=KEY)
        return [one["VersionId"] for one in found.get("Versions", [])]

    def history(self) -> list[dict[str, Any]]:
        status, out, _ = self.run("history", "--format", "json")
        assert status == 0
        return [json.loads(line) for line in out.splitlines()]

    def metered_by(self) -> str | None:
        """The metric that a process which starts now bills by; None where it bills nothing."""
        clock = SettableClock()
        telemetry = Telemetry("configuration-commands")
        source = ConfigurationSource(self.s3, self.bucket, KEY, telemetry=telemetry, clock=clock)
        try:
            return source.current().versions[0].meters[0].metric_name
        except Retryable:
            return None


@pytest.fixture
def cloud(
    s3: "S3Client",
    bucket: str,
    on_ministack: Ministack,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Cloud:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    boto3.client("logs").create_log_group(logGroupName=bucket)
    write_endpoints(
        tmp_path,
        on_ministack.env,
        configuration_bucket=bucket,
        deployed_sources=f"log=access:{bucket}",
    )
    return Cloud(s3, bucket, bucket, tmp_path, capsys)


def test_what_is_put_is_what_metering_bills_by(cloud: Cloud) -> None:
    """Its version is named, and who put it is known from then on."""
    status, out, _ = cloud.run("put", cloud.file(document(FIRST)), "--yes")
    assert status == 0
    (version,) = cloud.ids()
    assert "before: the default" in out
    assert f"after: version {version} of s3://{cloud.bucket}/{KEY}" in out
    assert cloud.metered_by() == FIRST
    (row,) = cloud.history()
    assert (row["version"], row["what"], row["in_use"]) == (version, "usable", True)
    assert row["put_by"].startswith("arn:aws:")


def test_without_yes_nothing_is_put(cloud: Cloud) -> None:
    """What would change is said all the same."""
    status, out, err = cloud.run("put", cloud.file(document(FIRST)))
    assert status == 0
    assert "meter api_calls: metricName API Calls -> First" in out
    assert "nothing was put; with --yes it is" in err
    assert cloud.ids() == []


@pytest.mark.parametrize("command", ["check", "put"])
def test_a_document_that_is_not_usable_is_not_put(cloud: Cloud, command: str) -> None:
    """Every fault is a line on stderr, with the file and the field; status 2."""
    faulty = document(FIRST, customer={}, excludedStatuses=["401"])
    words = [command, cloud.file(faulty), *(["--yes"] if command == "put" else [])]
    status, out, err = cloud.run(*words)
    assert (status, out) == (2, "")
    lines = [line.partition("metering.json: ")[2] for line in err.splitlines()]
    assert "versions.0.customer: is no field here: did you mean customers?" in lines
    assert any(line.startswith("versions.0.excludedStatuses.0: must be a whole") for line in lines)
    assert cloud.ids() == []


@pytest.mark.parametrize("before", [document(SECOND), None, b"{"], ids=["good", "none", "bad"])
def test_nobody_overwrites_what_another_has_put_meanwhile(
    cloud: Cloud, before: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the comparison and the put: over a good version, over none, over a bad one."""
    if before is not None:
        cloud.put(before)
    theirs = document("Theirs")

    def meanwhile(_: object) -> None:
        cloud.put(theirs)

    monkeypatch.setattr(putting_commands, "who_puts", meanwhile)
    status, _, err = cloud.run("put", cloud.file(document(FIRST)), "--yes")
    assert status == 2
    assert "somebody has changed s3://" in err
    assert cloud.stands() == theirs


def test_a_put_over_a_deletion_is_a_first_one(cloud: Cloud) -> None:
    """S3 takes a delete marker for no object; what is compared with is what metering uses."""
    cloud.put(document(FIRST))
    cloud.put(None)
    status, out, _ = cloud.run("put", cloud.file(document(SECOND)), "--yes")
    assert status == 0
    assert "the newest is a deletion" in out
    assert "metricName First -> Second" in out
    assert cloud.metered_by() == SECOND


def test_the_history_says_which_versions_are_usable_and_which_is_in_use(cloud: Cloud) -> None:
    """Deletions stand among them, the newest first."""
    contents = [b"{}", document(FIRST), None, document(SECOND), b'{"version": []}', None]
    put = [cloud.put(content) for content in contents]
    rows = cloud.history()
    assert [row["version"] for row in rows] == put[::-1]
    assert [row["what"] for row in rows] == [
        "deleted",
        "not usable",
        "usable",
        "deleted",
        "usable",
        "not usable",
    ]
    assert [row["version"] for row in rows if row["in_use"]] == [put[3]]
    assert rows[-1]["why"] == "versions: is needed"
    assert cloud.metered_by() == SECOND
    assert cloud.run("show")[1].encode().strip() == document(SECOND)
    status, out, err = cloud.run("history", "--last", "2")
    assert (status, len(out.splitlines())) == (0, 3)
    assert "there are older ones" in err


@pytest.mark.parametrize(
    ("contents", "is_bad"),
    [
        ([], False),
        ([b"{}"], True),
        ([document(FIRST)], False),
        ([document(FIRST), b"{}"], True),
        ([document(FIRST), None], False),
    ],
)
def test_whether_the_newest_can_be_billed_by_is_known(
    cloud: Cloud, contents: list[bytes | None], *, is_bad: bool
) -> None:
    """A deletion is not bad: somebody took back what stood there."""
    for content in contents:
        cloud.put(content)
    store = ConfigurationStore(cloud.s3, cloud.bucket, ConfigurationReader())
    assert store.in_force().is_newest_bad is is_bad


def test_show_prints_the_default_where_nothing_was_ever_put(cloud: Cloud) -> None:
    """It can be put as it is."""
    status, out, err = cloud.run("show")
    assert status == 0
    assert "the default" in err
    assert cloud.run("put", cloud.file(out.encode()), "--yes")[0] == 0
    assert cloud.metered_by() == "API Calls"


def test_show_prints_any_version_even_one_that_is_not_usable(cloud: Cloud) -> None:
    """Somebody wants to mend it; a version that is not there is said in a line."""
    bad = cloud.put(b"{ ")
    assert cloud.run("show", "--version", bad)[:2] == (0, "{ \n")
    status, out, err = cloud.run("show", "--version", "3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY")
    assert (status, out) == (2, "")
    assert "is no version of" in err


def test_a_rollback_puts_the_old_content_as_a_new_version(cloud: Cloud) -> None:
    """Nothing is taken out of the history."""
    old, new = cloud.put(document(FIRST)), cloud.put(document(SECOND))
    assert cloud.run("rollback", "--to", old)[0] == 0
    assert cloud.stands() == document(SECOND)
    status, out, _ = cloud.run("rollback", "--to", old, "--yes")
    assert status == 0
    assert f"before: version {new}" in out
    assert cloud.stands() == document(FIRST)
    assert len(cloud.ids()) == 3
    assert f"after: version {cloud.ids()[0]}" in out


def test_a_rollback_to_what_is_not_usable_changes_nothing(cloud: Cloud) -> None:
    """It would be refused, and the alarm would ring."""
    bad = cloud.put(b"{}")
    cloud.put(document(SECOND))
    status, _, err = cloud.run("rollback", "--to", bad, "--yes")
    assert status == 2
    assert f"version {bad}: versions: is needed" in err
    assert cloud.stands() == document(SECOND)


def test_a_configuration_that_mends_a_bad_first_one_is_put(cloud: Cloud) -> None:
    """Until then metering bills nothing, and the command says so."""
    cloud.put(b"{")
    assert cloud.metered_by() is None
    status, out, _ = cloud.run("put", cloud.file(document(FIRST)), "--yes")
    assert status == 0
    assert "metering bills nothing" in out
    assert cloud.metered_by() == FIRST


@pytest.mark.parametrize("source", ["file", "cloudwatch"])
def test_both_configurations_are_tried_on_a_log(cloud: Cloud, source: str, now_ms: int) -> None:
    """A file, or the metered log's last minutes: what differs is counted, with examples."""
    lines = [
        distinct_line(1, requestTimeEpoch=str(now_ms), status="500"),
        distinct_line(2, requestTimeEpoch=str(now_ms)),
    ]
    if source == "file":
        (cloud.folder / "log").write_text("\n".join(lines))
        sample = ["--log", str(cloud.folder / "log")]
    else:
        logs = boto3.client("logs")
        logs.create_log_stream(logGroupName=cloud.log_group, logStreamName="s")
        events = [{"timestamp": now_ms, "message": line} for line in lines]
        logs.put_log_events(
            logGroupName=cloud.log_group,
            logStreamName="s",
            logEvents=events,  # type: ignore[arg-type]
        )
        sample = ["--from-log", "5"]
    candidate = cloud.file(document("API Calls", billServerErrors=False))
    status, out, _ = cloud.run("check", candidate, *sample)
    assert status == 0
    assert "sample: 2 requests, 1 of them otherwise" in out
    assert "1: billed (api_calls) -> excluded (server_error)" in out
    assert "GET /pets/{id} 500: API Calls 1, cus_7Qm2 -> excluded (server_error)" in out


@pytest.fixture
def now_ms() -> int:
    return time.time_ns() // 1_000_000


def listening(*sources: dict[str, str]) -> bytes:
    """The first document, with sources."""
    return json.dumps({"sources": sources, **json.loads(document(FIRST))}).encode()


def test_sources_that_are_added_and_taken_away_are_told(cloud: Cloud) -> None:
    """Before the file is put, and beside those that stand in the stack's parameters."""
    orders = {"name": "orders", "logGroup": "/orders", "kind": "access"}
    status, out, _ = cloud.run("check", cloud.file(listening(orders)))
    assert (status, "source orders: new, access log /orders" in out) == (0, True)
    assert "source log" not in out
    cloud.put(listening(orders))
    status, out, _ = cloud.run("check", cloud.file(document(FIRST)))
    assert (status, "source orders: no more, /orders" in out) == (0, True)
    _, out, err = cloud.run("show")
    assert [one["name"] for one in json.loads(out)["sources"]] == ["orders"]
    assert f"sources of the stack's parameters: log (access log {cloud.log_group})" in err


def test_a_source_that_contradicts_the_stack_s_parameters_is_not_put(cloud: Cloud) -> None:
    """Metering would refuse the document; `history` says so of one that was put without us."""
    wrong = listening({"name": "a", "logGroup": cloud.log_group, "kind": "execution"})
    for command in (["check"], ["put", "--yes"]):
        status, _, err = cloud.run(*command, cloud.file(wrong))
        assert (status, f"a declares {cloud.log_group} as execution" in err) == (2, True)
    assert cloud.ids() == []
    cloud.put(wrong)
    (row,) = cloud.history()
    assert (row["what"], row["in_use"]) == ("not usable", False)


def test_a_store_without_a_bucket_is_said(cloud: Cloud) -> None:
    """Not taken for a deployment that nobody has configured."""
    store = ConfigurationStore(cloud.s3, "no-such-bucket-of-ours", ConfigurationReader())
    with pytest.raises(ClientError, match="NoSuchBucket"):
        store.in_force()
