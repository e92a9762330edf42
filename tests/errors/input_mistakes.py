"""Logs, bills, key sets and the inputs of executions."""

from functions.audit.repair.audit_input import read_input
from functions.replay.order import NotUnderstood, read_order
from tests.errors.acts import SHOWN_URL, command, told
from tests.errors.mistake import Mistake, Topic
from tests.fakes.http_answers import Answer

PAGE = Answer(200, {"content-type": "text/html"}, "<html><body>Sign in</body></html>")


def replay_says(given: object) -> str:
    """As the execution fails with InputRefused."""
    found = read_order(given)
    assert isinstance(found, NotUnderstood)
    return found.problem


def audit_says(given: object) -> str:
    """As the execution fails with InputRefused."""
    return "; ".join(read_input(given).faults)


def _replay(
    given: object, *, did: str, field: str, cause: str, step: str, advice: str = ""
) -> Mistake:
    return Mistake(
        did=did,
        act=told(lambda: replay_says(given)),
        field=field,
        cause=cause,
        step=step,
        status=None,
        advice=advice,
    )


_REPLAYS = (
    _replay(
        {"dryrun": True},
        did='`{"dryrun": true}`',
        field="dryrun",
        cause="is not a field of a replay",
        step="did you mean dryRun?",
    ),
    _replay(
        {"dryRun": "yes"},
        did='`{"dryRun": "yes"}`',
        field="dryRun",
        cause="(not 'yes')",
        step="must be true or false, without quotes",
    ),
    _replay(
        {"source": "dlq"},
        did='`{"source": "dlq"}`',
        field="source",
        cause="(not 'dlq')",
        step="is none of usage, quarantine, counters",
        advice="give one of them",
    ),
    _replay(
        {"maxMessages": 0},
        did='`{"maxMessages": 0}`',
        field="maxMessages",
        cause="(not 0)",
        step="must be at least 1",
    ),
    _replay(
        {"filter": {"class": "config"}},
        did='`{"filter": {"class": "config"}}`',
        field="filter.class",
        cause="(not 'config')",
        step="must be a list, in square brackets",
    ),
    _replay(
        {"filter": {"olderThan": "2026-11-29 08:00"}},
        did='`{"filter": {"olderThan": "2026-11-29 08:00"}}`',
        field="filter.olderThan",
        cause="a time with its offset",
        step='give a time with its offset, as in "2026-10-02T08:00:00Z"',
    ),
    _replay(
        {"filter": {"customerId": None}},
        did='`{"filter": {"customerId": null}}`',
        field="customerId",
        cause="is null",
        step="give a value, or leave it out",
    ),
    _replay(
        {"filter": {"reason": ["tamper"]}},
        did='`{"filter": {"reason": ["tamper"]}}`, which is of the quarantine',
        field="filter.reason",
        cause="means nothing for source usage",
        step="leave it out",
        advice='add "source": "quarantine", or leave it out',
    ),
    _replay(
        {"sendAmbiguous": True},
        did='`{"sendAmbiguous": true}` for all that there is',
        field="sendAmbiguous",
        cause="is your word that Aforo has nothing of what is chosen",
        step="choose it by a filter",
    ),
    Mistake(
        did="`replay start --input '{dryRun: true}'`",
        act=command("replay start --input '{dryRun: true}'"),
        field="--input",
        cause="is no JSON: line 1, column 2: a name is expected here, in double quotes",
        step="""write it as '{"dryRun": true}'""",
    ),
    Mistake(
        did="`replay start --input '{}' --dry-run`",
        act=command("replay start --input '{}' --dry-run"),
        field="--input",
        cause="stands beside other options",
        step="give it alone, or only the options",
    ),
    Mistake(
        did='an audit of `{"form": "2026-11-28T00:00:00Z"}`',
        act=told(lambda: audit_says({"form": "2026-11-28T00:00:00Z"})),
        field="form",
        cause="is not a field of an audit",
        step="did you mean from?",
        status=None,
    ),
    Mistake(
        did='an audit of `{"windowSeconds": 99999}`',
        act=told(lambda: audit_says({"windowSeconds": 99999})),
        field="windowSeconds",
        cause="(not 99999)",
        step="must be at most 3600",
        status=None,
    ),
    Mistake(
        did='an audit of `{"export": {"prefix": "logs"}}`',
        act=told(lambda: audit_says({"export": {"prefix": "logs"}})),
        field="export.bucket",
        cause="is needed",
        step="is needed",
        status=None,
        advice="name the bucket of the export task",
    ),
)
_LOGS = (
    Mistake(
        did="`explain` of a log that is not there",
        act=command("explain access.log"),
        field="access.log",
        cause="there is no such file",
        step="check the path",
    ),
    Mistake(
        did="`explain` of an empty log",
        act=command("explain access.log", {"access.log": ""}),
        field="the input",
        cause="is empty",
        step="give a log with lines",
    ),
    Mistake(
        did="`explain` of something else",
        act=command("explain access.log", {"access.log": "hello\nworld\n"}),
        field="the input",
        cause="nothing in the input looks like a line of an API Gateway log",
        step="explain takes: raw lines; `aws logs tail`",
        advice="give a log in one of these forms",
    ),
    Mistake(
        did="`explain` of half of an answer of the AWS CLI",
        act=command("explain events.json", {"events.json": '{"events": [{"mess'}),
        field="events.json",
        cause="the input begins as JSON, but is not: is it cut?",
        step="Save all of it",
    ),
    Mistake(
        did="`explain` of a broken download",
        act=command("explain log.gz", {"log.gz": b"\x1f\x8b\x08\x00abcdefgh"}),
        field="log.gz",
        cause="the gzip data is broken",
        step="download it again",
    ),
    Mistake(
        did="`explain` of a CSV of Logs Insights without the lines",
        act=command("explain rows.csv", {"rows.csv": "@timestamp,@ptr\n1,2\n"}),
        field="@message",
        cause="the CSV has no @message",
        step="add it to the query's fields",
    ),
    Mistake(
        did="`explain --config` of a file that is no configuration",
        act=command("explain --config m.json a.log", {"m.json": "{", "a.log": "x"}),
        field="--config m.json",
        cause="it ends in the middle",
        step="is it cut?",
        advice="save all of it",
    ),
    Mistake(
        did="`explain --account 123`",
        act=command("explain --account 123 a.log", {"a.log": "x"}),
        field="--account",
        cause="'123' is no account id",
        step="write its 12 digits",
    ),
    Mistake(
        did="`compare` of a bill that is not there",
        act=command("compare billed.csv access.log", {"access.log": "x"}),
        field="billed.csv",
        cause="there is no such file",
        step="check the path",
    ),
    Mistake(
        did="`compare` of a CSV with other columns",
        act=command("compare billed.csv a.log", {"billed.csv": "who,what\n1,2\n", "a.log": "x"}),
        field="billed.csv: line 2: occurredAt",
        cause="missing",
        step="name a field occurredAt; it has what, who",
    ),
    Mistake(
        did="`compare --metric calls` without ours",
        act=command("compare b.csv a.log --metric calls", {"b.csv": "x", "a.log": "x"}),
        field="--metric",
        cause="calls",
        step="write THEIRS=OURS, as api_calls=api_calls",
    ),
    Mistake(
        did="`compare --from 2026-11-02 --to 2026-11-01`",
        act=command("compare b.csv a.log --from 2026-11-02 --to 2026-11-01"),
        field="--to 2026-11-01",
        cause="it must be later than --from",
        step="it must be later than --from",
        advice="exchange the two",
    ),
)
_KEY_SETS = (
    Mistake(
        did="signing keys over plain HTTP",
        act=command("counters jwks --url http://aforo.example/jwks"),
        field="--url http://aforo.example/jwks",
        cause="the keys would come from anybody",
        step="give an https:// address",
    ),
    Mistake(
        did="a key set that is not there",
        act=command("counters jwks --file jwks.json"),
        field="--file jwks.json",
        cause="No such file or directory",
        step="check the path",
    ),
    Mistake(
        did="a file that is no key set",
        act=command("counters jwks --file jwks.json", {"jwks.json": "{}"}),
        field="--file jwks.json",
        cause="is no key set",
        step='expected {"keys": [...]}',
    ),
    Mistake(
        did="a key set without an RSA key",
        act=command("counters jwks --file k.json", {"k.json": '{"keys": [{"kty": "EC"}]}'}),
        field="--file k.json",
        cause="has no RSA key",
        step="tokens are signed with RS256, give its keys",
        advice="give the keys that sign with RS256",
    ),
    Mistake(
        did="an RSA key without its id",
        act=command(
            "counters jwks --file k.json",
            {"k.json": '{"keys": [{"kty": "RSA", "n": "%s", "e": "AQAB"}]}' % ("A" * 342)},
        ),
        field="keys.0.kid",
        cause="is needed",
        step="is needed",
        advice="give every key its kid",
    ),
    Mistake(
        did="a sign-in page in place of the key set",
        act=command(f"counters jwks --url {SHOWN_URL}/jwks", answers=(PAGE,)),
        field=f"--url {SHOWN_URL}/jwks",
        cause="is no key set but a web page, of a proxy or a sign-in",
        step='expected {"keys": [...]}',
        advice="give the address of the JWKS, and look whether a proxy answers",
    ),
    Mistake(
        did="an address without a key set",
        act=command(
            f"counters jwks --url {SHOWN_URL}/keys", answers=(Answer(404, {}, "not found"),)
        ),
        field=f"--url {SHOWN_URL}/keys",
        cause="it answers 404, not 200",
        step="check the address",
    ),
    Mistake(
        did="a port that nobody listens at",
        act=command("counters jwks --url http://127.0.0.1:9/jwks"),
        field="--url http://127.0.0.1:9/jwks",
        cause="it does not take connections",
        step="check host and port, and HTTPS_PROXY",
    ),
    Mistake(
        did="a host that does not exist",
        act=command("counters jwks --url https://jwks.invalid/jwks"),
        field="--url https://jwks.invalid/jwks",
        cause="no server has this name",
        step="check the address, and the DNS of this network",
    ),
)

REPLAYS = Topic(
    "Inputs of a replay and of an audit",
    "The execution fails with `InputRefused` and this cause;"
    " `replay start` and `audit start` print it.",
    _REPLAYS,
)
FILES = Topic("Logs, bills and key sets", "Nothing was sent.", (*_LOGS, *_KEY_SETS))
