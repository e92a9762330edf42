"""What a cold start loads."""

import subprocess
import sys

# performance.md 6, G11; 246 when this was written.
MAX_MODULES = 310
_PROBE = """
import sys
import functions.authorizer.handler
print(len(sys.modules))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_only_what_a_decision_needs_is_imported() -> None:
    """With an empty environment; no AWS SDK, HTTP client, validation, tracer or redis-py."""
    found = subprocess.run(
        [sys.executable, "-c", _PROBE], env={}, capture_output=True, text=True, check=True
    )
    count, names = found.stdout.splitlines()
    assert int(count) <= MAX_MODULES
    assert not set(names.split()) & {
        "asyncio",
        "aws_lambda_powertools",
        "aws_xray_sdk",
        "boto3",
        "botocore",
        "httpx",
        "pydantic",
        "pydantic_core",
        "redis",
        "requests",
        "urllib3",
    }
