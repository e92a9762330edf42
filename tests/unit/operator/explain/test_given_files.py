"""Files, folders and places in S3: one log, whatever stands where."""

import gzip
import subprocess
import sys
from itertools import batched
from pathlib import Path

import pytest

from functions.operator.explain.bad_input import NOTHING
from tests.fakes.access_log_lines import access_line, distinct_line
from tests.fakes.execution_log_lines import prefixed, request_texts
from tests.fakes.printed_logs import exported, printed
from tests.fakes.s3_objects import FakeObjects
from tests.unit.operator.explain.explaining import Answer, explain_place

ROOT = Path(__file__).parents[4]
HEARTBEAT = '2026-07-20T01:50:15.218Z {"aforoHeartbeatMs":1784512215218}\n'
EXECUTION = exported(printed(prefixed(request_texts()))).encode()
CUT = EXECUTION.index(b"\n", len(EXECUTION) // 2) + 1
# As an export task writes them: a folder for each stream, several files in it.
EXPORT = {
    "task/aws-logs-write-test": b"Permission Check Successful",
    "task/a1/000000.gz": gzip.compress(exported(printed([distinct_line(1)])).encode()),
    "task/a1/000001.gz": gzip.compress(exported(printed([distinct_line(2)])).encode()),
    "task/a2/000000": exported(printed([access_line(status="401")])).encode(),
    "task/aforo-heartbeat/000000.gz": gzip.compress(HEARTBEAT.encode()),
    "task/b1/000000.gz": gzip.compress(EXECUTION[:CUT]),
    "task/b1/000001.gz": gzip.compress(EXECUTION[CUT:]),
    "task/b2/000000.gz": b"",
}
FOUND = ["event", "event", "excluded", "event"]
SUMMARY = "4 requests: 3 event, 1 excluded (unauthorized), 1 lines of no request (heartbeat)"


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def in_s3(place: str, objects: dict[str, bytes]) -> Answer:
    pieces = {
        name: [bytes(part) for part in batched(body, 7, strict=False)]
        for name, body in objects.items()
    }
    return explain_place(place, s3=lambda: FakeObjects(pieces))


def test_a_folder_is_read_through(tmp_path: Path) -> None:
    """Packed files and plain ones; a request in two files of a stream is one request."""
    laid_out(tmp_path, EXPORT | {".DS_Store": b"\x00\x01", ".git/logs/HEAD": b"x"})
    code, requests, summary = explain_place(str(tmp_path))
    assert (code, [one["outcome"] for one in requests]) == (0, FOUND)
    assert summary.splitlines()[0] == SUMMARY


def test_a_place_in_s3_is_streamed_object_by_object() -> None:
    """The same log; what another prefix holds is not read."""
    objects = EXPORT | {"other/000000": b"\xff\xff"}
    code, requests, summary = in_s3("s3://logs/task", objects)
    assert (code, [one["outcome"] for one in requests]) == (0, FOUND)
    assert summary.splitlines()[0] == SUMMARY


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://", "explain: s3://: name the bucket, s3://bucket/prefix\n"),
        (
            "s3://logs/nothing",
            "explain: s3://logs/nothing: no object is there: check bucket and prefix\n",
        ),
        ("s3://logs/task/b2", f"explain: {NOTHING}\n"),
    ],
)
def test_a_place_in_s3_without_a_log_is_one_clear_line(place: str, said: str) -> None:
    """Exit status 2."""
    assert in_s3(place, EXPORT) == (2, [], said)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (gzip.compress(exported(printed([access_line()])).encode())[:-9], "is cut short"),
        (b"\x1f\x8b\x08" + bytes(20), "is broken"),
    ],
)
def test_a_broken_file_of_many_is_named(content: bytes, why: str, tmp_path: Path) -> None:
    """What stands before it was explained."""
    laid_out(tmp_path, {"a/1.gz": EXPORT["task/a1/000000.gz"], "b/1.gz": content})
    code, requests, said = explain_place(str(tmp_path))
    fault = f"the gzip data {why}: download it again"
    assert (code, said) == (2, f"explain: {tmp_path}/b/1.gz: {fault}\n")
    assert [one["outcome"] for one in requests][:1] == ["event"]


def test_an_empty_folder_is_an_empty_input(tmp_path: Path) -> None:
    """Exit status 2."""
    assert explain_place(str(tmp_path)) == (2, [], f"explain: {NOTHING}\n")


def test_a_file_needs_no_boto3(tmp_path: Path) -> None:
    """It takes half a second to import: only who reads S3 waits."""
    file = laid_out(tmp_path, {"log": access_line().encode()}) / "log"
    program = (
        "import sys; from functions.operator.command_line import main;"
        " code = main(sys.argv[1:]); sys.exit(code or 'boto3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "explain", str(file)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
