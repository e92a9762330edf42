"""What `make local` prints: what runs where, and what to try next, to be copied and pasted."""

from collections.abc import Mapping
from pathlib import Path

from tests.local.endpoints import Endpoints


def greeting(endpoints: Endpoints, file: Path) -> str:
    """The text; every command in it works as it stands, from the project's folder."""
    token, api_key, small = endpoints.customers
    aws = (
        f"AWS_CA_BUNDLE={endpoints.aws_environment['AWS_CA_BUNDLE']} "
        "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
        f"aws --region {endpoints.region} --endpoint-url {endpoints.aws_endpoint_url}"
    )
    return f"""
The local cloud is up. Look at it, and try it: {endpoints.page_url}

It stays up until `make local-stop`. All of this is in {file}.

  demo API          {endpoints.api_url}/pets   by its access log
  the same          {endpoints.zero_touch_url}/pets   untouched stage, by its execution log
  another's API     {endpoints.second_api.url}/orders   x-api-key; not metered: `adopt` it
  Aforo stand-in    {endpoints.aforo_url}
  AWS (ministack)   {endpoints.aws_endpoint_url}   stack {endpoints.stack_name}
  counters          {endpoints.redis_url}

A call that is billed (200), one without a credential (401), one over its quota (429):

  curl -i {endpoints.api_url}/pets -H '{_header(token.headers)}'
  curl -i {endpoints.api_url}/pets
  for i in $(seq {small.quota + 40}); do curl -s -o /dev/null -w '%{{http_code}}\\n' \\
    {endpoints.api_url}/pets -H '{_header(small.headers)}'; done | sort | uniq -c

What Aforo has been billed, and one request followed hop by hop:

  curl -s {endpoints.aforo_url}/_ledger
  make verify CUSTOMER={api_key.customer_id}
  make verify STAGE={endpoints.zero_touch_url.rpartition("/")[2]}

An outage: take Aforo down, call the API, wait for usage to be set aside, bring Aforo back, replay:

  curl -s {endpoints.aforo_url}/_faults -d '{{"faults": [{{"kind": "status", "status": 503}}]}}'
  curl -s -X DELETE {endpoints.aforo_url}/_faults
  make replay

Where each request of the last minute is, by the audit; a minute is audited 20 s after its end:

  .venv/bin/aforo-metering audit start

The same through AWS's own tools:

  {aws} sqs get-queue-attributes --attribute-names All \\
    --queue-url {endpoints.queues["usage_dead_letter"]}
  {aws} logs filter-log-events --limit 40 \\
    --log-group-name {endpoints.execution_log_group}
  {aws} stepfunctions start-execution --state-machine-arn {endpoints.state_machines["replay"]}
  {aws} stepfunctions list-executions --state-machine-arn {endpoints.state_machines["replay"]}
"""


def _header(headers: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in headers.items())
