"""Credentials, Regions, stacks and networks."""

from tests.errors.acts import KEYS, REGION, SIGNED_IN, command
from tests.errors.mistake import Mistake, Topic
from tests.fakes.http_answers import Answer

ASK = "ledger --stack aforo"
_HTML = {"content-type": "text/html"}
_IDENTITY = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>A</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_OTHER_STACK = """<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
<StackName>other</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
<StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>"""


def refusal(code: str, message: str, status: int = 403) -> Answer:
    """As CloudFormation refuses."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, {"content-type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>")


def xml(text: str) -> Answer:
    """An answer of AWS."""
    return Answer(200, {"content-type": "text/xml"}, text)


def _refused(
    did: str, *answers: Answer, field: str, cause: str, step: str, words: str = ASK
) -> Mistake:
    return Mistake(
        did=did,
        act=command(words, environment=SIGNED_IN, answers=answers),
        field=field,
        cause=cause,
        step=step,
    )


_CREDENTIALS = (
    Mistake(
        did="no Region",
        act=command(ASK, environment=KEYS),
        field="AWS_REGION",
        cause="no AWS Region is set",
        step="set AWS_REGION, or give the profile a region",
    ),
    Mistake(
        did="`AWS_REGION='eu central 1'`",
        act=command(ASK, environment=KEYS | {"AWS_REGION": "eu central 1"}),
        field="AWS_REGION",
        cause="'eu central 1' is no name of a Region",
        step="write it as eu-central-1",
    ),
    Mistake(
        did="no credentials",
        act=command(ASK, environment=REGION),
        field="AWS_PROFILE",
        cause="no AWS credentials are set",
        step="set AWS_PROFILE, or sign in (`aws sso login`, `aws configure`)",
    ),
    Mistake(
        did="a profile that does not exist: `AWS_PROFILE=prod`",
        act=command(ASK, environment=REGION | {"AWS_PROFILE": "prod"}),
        field="AWS_PROFILE",
        cause="there is no profile prod",
        step="`aws configure list-profiles` has all",
        advice="name one that `aws configure list-profiles` shows",
    ),
    Mistake(
        did="a broken file of profiles",
        act=command(
            ASK,
            {"config": "[profile prod\nregion"},
            environment=SIGNED_IN | {"AWS_CONFIG_FILE": "config"},
        ),
        field="AWS_CONFIG_FILE",
        cause="cannot be read as the aws CLI's file",
        step="correct it",
    ),
    _refused(
        "credentials of yesterday",
        refusal("ExpiredToken", "The security token included in the request is expired"),
        field="your AWS credentials",
        cause="have expired",
        step="sign in (`aws sso login`, `aws configure`)",
    ),
    _refused(
        "credentials that AWS does not know",
        refusal("InvalidClientTokenId", "The security token included in the request is invalid."),
        field="your credentials",
        cause="AWS does not know your credentials",
        step="set AWS_PROFILE, or sign in",
    ),
    _refused(
        "a secret key of another access key",
        refusal("SignatureDoesNotMatch", "The request signature we calculated does not match."),
        field="AWS_SECRET_ACCESS_KEY",
        cause="is not the one of AWS_ACCESS_KEY_ID",
        step="set AWS_PROFILE, or sign in",
    ),
    _refused(
        "a clock that is wrong",
        refusal("RequestTimeTooSkewed", "The difference between the times is too large."),
        field="the clock of this machine",
        cause="is not AWS's",
        step="set it (date -u), and try again",
    ),
    _refused(
        "a role without the right",
        refusal("AccessDenied", "User: ann is not authorized to perform: DescribeStacks"),
        field="DescribeStacks",
        cause="AWS does not let you call DescribeStacks",
        step="give that right to whom you sign in as, or set AWS_PROFILE to another",
    ),
    _refused(
        "more calls than AWS takes",
        refusal("Throttling", "Rate exceeded", 400),
        field="--stack aforo",
        cause="AWS asks to call less often",
        step="try again in a minute",
    ),
)
_STACKS = (
    _refused(
        "a stack that is not there: `--stack aforo`",
        refusal("ValidationError", "Stack with id aforo does not exist", 400),
        xml(_IDENTITY),
        field="--stack aforo",
        cause="Stack with id aforo does not exist in eu-central-1, account 123456789012",
        step="give the name of a stack there, or set AWS_PROFILE or AWS_REGION",
    ),
    _refused(
        "a stack's title: `--stack 'Aforo metering'`",
        refusal("ValidationError", "1 error: Value failed to satisfy constraint: ...", 400),
        xml(_IDENTITY),
        words="ledger --stack 'Aforo metering'",
        field="--stack Aforo metering",
        cause="no stack can have this name",
        step="give the name of a stack there",
    ),
    _refused(
        "another application's stack",
        xml(_OTHER_STACK),
        words="ledger --stack other",
        field="--stack other",
        cause="is not this application's",
        step="give the name of the stack that `make deploy` made",
    ),
    Mistake(
        did="no local cloud, and no `--stack`",
        act=command("ledger"),
        field=".local/endpoints.json",
        cause="is not there",
        step="start the local cloud with `make local`, or give --stack",
    ),
    Mistake(
        did="another file as `--endpoints`",
        act=command("ledger --endpoints package.json", {"package.json": "{}"}),
        field="--endpoints package.json",
        cause="is not what `make local` writes",
        step="start the local cloud with `make local`",
    ),
)
_NETWORKS = (
    Mistake(
        did="`AWS_ENDPOINT_URL` at a port that nobody listens at",
        act=command(ASK, environment=SIGNED_IN | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
        field="the local cloud at http://127.0.0.1:9",
        cause="does not answer",
        step="run `make local`",
    ),
    Mistake(
        did="a Region that does not exist, or no DNS",
        act=command(ASK, environment=KEYS | {"AWS_REGION": "eu-centrl-1"}),
        field="https://cloudformation.eu-centrl-1.amazonaws.com/",
        cause="does not answer",
        step="check the Region (AWS_REGION), HTTPS_PROXY and the network",
    ),
    _refused(
        "a sign-in page in AWS's place",
        Answer(200, _HTML, "<html><body>Sign in to this network</body></html>"),
        field="DescribeStacks",
        cause="a web page answers (HTTP 200), not AWS",
        step="check HTTPS_PROXY, AWS_ENDPOINT_URL and the network's sign-in page",
    ),
    _refused(
        "a proxy that does not reach AWS",
        Answer(502, _HTML, "<html><body>Bad gateway</body></html>"),
        field="DescribeStacks",
        cause="a web page answers (HTTP 502), not AWS",
        step="check HTTPS_PROXY, AWS_ENDPOINT_URL",
    ),
)

SURROUNDINGS = Topic(
    "Credentials, Region, stack and network",
    "The same words stand behind every command. Shown with `ledger --stack aforo`.",
    (*_CREDENTIALS, *_STACKS, *_NETWORKS),
)
