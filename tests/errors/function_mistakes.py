"""What a deploy, a secret or a network gets wrong, as the functions' logs say it."""

from functions.adapters.aforo_credential import check_key_fits_host
from functions.adapters.aforo_http import aforo_client
from functions.adapters.redis_secret import RedisSecret
from functions.adapters.secret_text import read_secret_text
from functions.adapters.settings import read_settings
from functions.authorizer.settings import read_settings as read_authorizer_settings
from functions.forwarder.settings import ForwarderSettings
from functions.reconciliation.inbox import RefusedBody, read_body
from functions.reconciliation.settings import ReconciliationSettings
from tests.errors.acts import KEYS, SHOWN_URL, told
from tests.errors.mistake import Act, Mistake, Seen, Topic
from tests.errors.workplace import Workplace
from tests.fakes.http_answers import Answer, answering

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:redis"
HOSTS = ("ingest.aforo.ai",)
FORWARDER = {
    "USAGE_QUEUE_URL": "https://sqs/usage",
    "USAGE_DEAD_LETTER_QUEUE_URL": "https://sqs/set-aside",
    "SETTLED_USAGE_QUEUE_URL": "https://sqs/settled",
    "LEDGER_BUCKET": "ledger",
    "AFORO_BASE_URL": "https://ingest.aforo.ai",
    "AFORO_ALLOWED_HOSTS": "ingest.aforo.ai",
    "AFORO_TENANT_ID": "tenant_1",
    "AFORO_SECRET_ARN": SECRET,
}
AUTHORIZER = {
    "REDIS_URL": "redis://redis:6379/0",
    "AFORO_TENANT_ID": "tenant_1",
    "AFORO_ENVIRONMENT": "live",
    "QUOTA_METER": "api_calls",
    "UNKNOWN_POLICY": "deny",
    "NO_GRANT_POLICY": "deny",
    "RESULT_TTL_SECONDS": "0",
    "HEADROOM_CAP_PERCENT": "10",
    "TENANT_HEADER": "tenant",
}


def body_says(body: str) -> str:
    """Why a body of the counters' queue is refused."""
    found = read_body(body)
    assert isinstance(found, RefusedBody)
    return found.fault


def secret_answers(answer: Answer) -> Act:
    """Secrets Manager's place is taken by a server with one answer."""

    def act(place: Workplace) -> Seen:
        with answering(answer) as server:
            place.names[server.url] = SHOWN_URL
            environment = KEYS | {"AWS_ENDPOINT_URL": server.url}
            return told(lambda: read_secret_text(SECRET, environment))(place)

    return act


def _settings(did: str, change: dict[str, str], *, field: str, cause: str) -> Mistake:
    return Mistake(
        did=did,
        act=told(lambda: read_settings(ForwarderSettings, FORWARDER | change)),
        field=field,
        cause=cause,
        step="Deploy the stack again: its template sets these variables",
        status=None,
    )


_SETTINGS = (
    _settings(
        "a variable of the forwarder taken away",
        {"LEDGER_BUCKET": ""},
        field="LEDGER_BUCKET",
        cause="is not set",
    ),
    _settings(
        "a variable of the forwarder changed by hand: `HOLD_SECONDS=14h`",
        {"HOLD_SECONDS": "14h"},
        field="HOLD_SECONDS",
        cause="must be a whole number",
    ),
    Mistake(
        did="`UNKNOWN_POLICY=yes` of the authorizer",
        act=told(lambda: read_authorizer_settings(AUTHORIZER | {"UNKNOWN_POLICY": "yes"})),
        field="UNKNOWN_POLICY",
        cause="must be one of allow, deny",
        step="Deploy the stack again: its template sets these variables",
        status=None,
    ),
    Mistake(
        did="a Redis URL without its scheme: `localhost:6379`",
        act=told(
            lambda: read_settings(
                ReconciliationSettings, {"REDIS_URL": "localhost:6379", "AFORO_TENANT_ID": "t"}
            )
        ),
        field="REDIS_URL",
        cause="the function's environment is not usable",
        step="write redis://host:port/0, or rediss:// for TLS",
        status=None,
    ),
    Mistake(
        did="a Redis URL with its password",
        act=told(lambda: read_authorizer_settings(AUTHORIZER | {"REDIS_URL": "redis://me:pw@r"})),
        field="REDIS_URL",
        cause="must not hold a user or a password",
        step="give RedisSecretArn, whose value holds them",
        status=None,
    ),
)
_SECRETS = (
    Mistake(
        did="a name in place of the secret's ARN",
        act=told(lambda: read_secret_text("redis-password", {})),
        field="REDIS_SECRET_ARN",
        cause="is no ARN of a secret",
        step="deploy with RedisSecretArn=arn:aws:secretsmanager:...",
        status=None,
    ),
    Mistake(
        did="a secret without a password in it",
        act=told(lambda: RedisSecret(SECRET, lambda _: '{"user": "me"}').get_credentials()),
        field=f"secret {SECRET}",
        cause="names no user and password",
        step='store {"username": "...", "password": "..."}, or the password alone',
        status=None,
    ),
    Mistake(
        did="a role that may not read the secret",
        act=secret_answers(Answer(400, {}, {"__type": "AccessDeniedException"})),
        field=f"secret {SECRET}",
        cause="cannot be read: 400 AccessDeniedException",
        step="is it there, and may the function's role read it?",
        status=None,
        advice="give the role the right, or correct the ARN",
    ),
    Mistake(
        did="a VPC without a way to Secrets Manager",
        act=told(
            lambda: read_secret_text(SECRET, KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        ),
        field="secret",
        cause="no connection (ConnectionRefusedError)",
        step="does the VPC lead to Secrets Manager, by a NAT or an endpoint?",
        status=None,
        advice="give the subnets a NAT or an endpoint for Secrets Manager",
    ),
    Mistake(
        did="something else as Aforo's key",
        act=told(lambda: check_key_fits_host("abc", "https://ingest.aforo.ai")),
        field="apiKey",
        cause="starts neither with sk_live_ nor with sk_test_",
        step="store Aforo's key in the secret, as docs/how-to/rotate-the-key.md says",
        status=None,
    ),
    Mistake(
        did="a test key for the live host",
        act=told(lambda: check_key_fits_host("sk_test_x", "https://ingest.aforo.ai")),
        field="apiKey does not fit AFORO_BASE_URL",
        cause="ingest.aforo.ai takes keys that start with sk_live_",
        step="store such a key, or deploy with the AforoBaseUrl of this one",
        status=None,
    ),
)
_HOSTS = (
    Mistake(
        did="Aforo's host without https",
        act=told(lambda: aforo_client("http://ingest.aforo.ai", HOSTS)),
        field="AFORO_BASE_URL",
        cause="http://ingest.aforo.ai is not https",
        step="write https://ingest.aforo.ai",
        status=None,
    ),
    Mistake(
        did="a host that no key may go to",
        act=told(lambda: aforo_client("https://ingest.example", HOSTS)),
        field="AFORO_BASE_URL",
        cause="ingest.example is not one of AFORO_ALLOWED_HOSTS",
        step="deploy with it in AforoAllowedHosts",
        status=None,
    ),
    Mistake(
        did="a command written by hand onto the counters' queue",
        act=told(
            lambda: body_says(
                '{"kind": "status", "customerId": "c", "status": "off", "version": 1}'
            )
        ),
        field="status.status",
        cause="is none of active, suspended, closed",
        step="active, suspended, closed",
        status=None,
        advice="send it with `aforo-metering counters`, which looks at it first",
    ),
)

FUNCTIONS = Topic(
    "The functions' logs",
    "What a deployed function says of its environment, its secrets and its neighbours.",
    (*_SETTINGS, *_SECRETS, *_HOSTS),
)
