"""Parameters of a deploy, and make."""

from tests.errors.acts import SIGNED_IN, command, finding, make
from tests.errors.mistake import Mistake, Topic

GOOD = "AforoTenantId=tenant_1 RedisUrl=redis://redis:6379/0"


def _refused(did: str, words: str, *, field: str, cause: str, step: str) -> Mistake:
    return Mistake(
        did=did, act=finding(words, field), field=field, cause=cause, step=step, status=1
    )


_VALUES = (
    _refused(
        "a name where the tenant's id is asked: `AforoTenantId='Acme Corp'`",
        "AforoTenantId='Acme Corp' RedisUrl=redis://redis:6379/0",
        field="AforoTenantId",
        cause="the template does not take 'Acme Corp'",
        step="give the tenant as Aforo names it: letters, digits and . _ -",
    ),
    _refused(
        "no tenant",
        "RedisUrl=redis://redis:6379/0",
        field="AforoTenantId",
        cause="not given",
        step="AforoTenantId=<your tenant at Aforo>",
    ),
    _refused(
        "a length in words: `HoldSeconds=14h`",
        f"{GOOD} HoldSeconds=14h",
        field="HoldSeconds",
        cause="the template does not take '14h'",
        step="give a number, at least 5 and at most 1123200",
    ),
    _refused(
        "a value that is none of a list: `LogSource=json`",
        f"{GOOD} LogSource=json",
        field="LogSource",
        cause="the template does not take 'json'",
        step="give one of access, execution",
    ),
    _refused(
        "a Redis URL with its password",
        "AforoTenantId=tenant_1 RedisUrl=redis://me:secret@redis:6379/0",
        field="RedisUrl",
        cause="the template does not take",
        step="give redis://host:port/0, or rediss:// for TLS, without a user or a password",
    ),
    _refused(
        "an ingest host with a path",
        f"{GOOD} AforoBaseUrl=https://ingest.aforo.ai/v1",
        field="AforoBaseUrl",
        cause="the template does not take 'https://ingest.aforo.ai/v1'",
        step="give an https address without a path",
    ),
    _refused(
        "a host that no key may go to: `AforoBaseUrl=https://ingest.example`",
        f"{GOOD} AforoBaseUrl=https://ingest.example",
        field="AforoBaseUrl",
        cause="its host ingest.example is not in AforoAllowedHosts",
        step="AforoAllowedHosts=ingest-sandbox.aforo.ai,ingest.aforo.ai,ingest.example",
    ),
    _refused(
        "no place for the counters",
        "AforoTenantId=tenant_1",
        field="RedisUrl",
        cause="neither it nor VpcId is given",
        step="RedisUrl=redis://host:6379/0, or VpcId=vpc-... SubnetIds=subnet-...,subnet-...",
    ),
    _refused(
        "a VPC without subnets",
        "AforoTenantId=tenant_1 VpcId=vpc-1",
        field="SubnetIds",
        cause="VpcId is given without them",
        step="SubnetIds=subnet-...,subnet-...",
    ),
    Mistake(
        did="a misspelt parameter: RestApiID",
        act=command("preflight --stack new RestApiID=a1b2c3", environment=SIGNED_IN),
        field="RestApiID",
        cause="the template has no such parameter",
        step="did you mean RestApiId?",
    ),
    Mistake(
        did="a parameter without a value: `RestApiId`",
        act=command("preflight --stack new RestApiId", environment=SIGNED_IN),
        field="'RestApiId'",
        cause="write a parameter as NAME=VALUE",
        step="write a parameter as NAME=VALUE, as for sam deploy",
    ),
)
_MAKE = (
    Mistake(
        did="a target that does not exist: `demos`",
        act=make("demos"),
        field="demos",
        cause="there is no target demos",
        step="`make help` lists them",
        advice="look at `make help`",
    ),
    Mistake(
        did="`make deploy` without a Region",
        act=make("deploy"),
        field="AWS_REGION",
        cause="no AWS Region is set",
        step="set AWS_REGION, or give the profile a region",
    ),
    Mistake(
        did="an environment that samconfig.toml does not have: `make deploy ENVIRONMENT=staging`",
        act=make("deploy ENVIRONMENT=staging"),
        field="ENVIRONMENT=staging",
        cause="samconfig.toml has default, local, prod",
        step="give one of them, or add [staging.deploy.parameters]",
    ),
    Mistake(
        did="an architecture that Lambda does not have: `make build ARCHITECTURE=arm`",
        act=make("build ARCHITECTURE=arm"),
        field="ARCHITECTURE=arm",
        cause="Lambda has no such architecture",
        step="give arm64 or x86_64",
    ),
    Mistake(
        did="an hour in words: `make ledger HOUR=yesterday`",
        act=make("ledger HOUR=yesterday"),
        field="--hour",
        cause="yesterday is no UTC time",
        step="write 2026-10-02, 2026-10-02T08",
    ),
    Mistake(
        did="seconds in words: `make local HOLD_SECONDS=soon`",
        act=make("local HOLD_SECONDS=soon"),
        field="HOLD_SECONDS=soon",
        cause="is no number of seconds",
        step="write HOLD_SECONDS=60",
    ),
)

DEPLOYS = Topic(
    "Parameters of a deploy",
    "`aforo-metering preflight` says them before AWS does; CloudFormation quotes the same words.",
    _VALUES,
)
MAKE = Topic("make", "Exit status 2, before anything is built.", _MAKE)
