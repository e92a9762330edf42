"""The words of the operator's command line -> the fields of a command, named as in its JSON."""

import re
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe

from functions.reconciliation.commands import USUAL_LAG_SECONDS
from functions.reconciliation.key_set import fetch_key_set, read_key_set
from functions.usage.errors import Permanent
from functions.usage.moment import epoch_ms_from_iso

# Aforo's tokens live 15 minutes: after an hour a revoked one is refused for its age.
REVOCATION_HOURS = 1.0
# A key that somebody typed is a password: a short one can be guessed from its SHA-256.
SHORTEST_KEY = 20

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")

type Fields = Callable[[Namespace], dict[str, object]]


def parser(description: str) -> ArgumentParser:
    """The command line. Parsed options carry `fields`, which makes the command's fields of them."""
    whole = ArgumentParser(
        prog="python -m functions.operator.counter_commands.command",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
    )
    of = whole.add_subparsers(dest="subcommand", required=True, metavar="command")

    def add(name: str, text: str, fields: Fields) -> ArgumentParser:
        each = of.add_parser(name, help=text, description=text)
        each.add_argument("--stack", required=True, help="the deployed stack's name")
        each.set_defaults(fields=fields)
        if name not in {"revoke", "show"}:
            each.add_argument("--version", type=int, help="greatest wins; default: now, epoch ms")
        return each

    add("open", "declare the counters trustworthy", lambda _: {"kind": "open"})
    _add_grant(add("grant", "allow a customer so much of a meter", _grant))
    _add_api_key(add("api-key", "say whose an API key is", _credential))
    for name, status in (("suspend", "suspended"), ("resume", "active"), ("close", "closed")):
        each = add(name, f"the customer is {status}", _status(status))
        each.add_argument("--customer", required=True)
    _add_usage_plan(add("usage-plan", "name the usage plan of a customer", _usage_plan))
    _add_revoke(add("revoke", "refuse a token, or all tokens of a client", _revocation))
    _add_jwks(add("jwks", "replace the keys that sign tokens", _jwks))
    _add_show(add("show", "what the counters say of a customer", lambda _: {}))
    return whole


def _add_grant(each: ArgumentParser) -> None:
    each.add_argument("--customer", required=True)
    each.add_argument("--meter", default="api_calls")
    each.add_argument("--limit", type=int, required=True, help="units in a period, in all")
    each.add_argument("--period", choices=["month", "day", "hour"])
    each.add_argument("--anchor-day", type=int, help="day on which a month begins (UTC)")
    each.add_argument("--start", help="instead of a period: ISO time of a full hour")
    each.add_argument("--end", help="with --start")
    each.add_argument("--rate", type=float, required=True, help="requests per second")
    each.add_argument("--burst", type=int, required=True)
    each.add_argument("--lag-seconds", type=float, default=USUAL_LAG_SECONDS)
    each.add_argument("--when-unknown", choices=["allow", "deny"], help="the plan's policy")


def _add_api_key(each: ArgumentParser) -> None:
    each.add_argument("--customer", required=True)
    each.add_argument("--key-id", required=True, help="the key's name, as logs show it")
    each.add_argument("--environment", choices=["sandbox", "live"], required=True)
    each.add_argument("--tenant", help="checked against the stack's")
    each.add_argument("--scope", action="append", default=[])
    each.add_argument("--usage-identifier", help="the usage plan's API key that it counts for")
    each.add_argument("--revoked", action="store_true")
    key = each.add_mutually_exclusive_group()
    key.add_argument(
        "--generate", action="store_true", help="make a key and print it once (else: from stdin)"
    )
    key.add_argument("--sha256", metavar="DIGEST", help="of a key that you do not have: 64 hex")


def _add_usage_plan(each: ArgumentParser) -> None:
    each.add_argument("--customer", required=True)
    each.add_argument("--usage-identifier", help="the plan's API key; without it: none any more")


def _add_revoke(each: ArgumentParser) -> None:
    which = each.add_mutually_exclusive_group(required=True)
    which.add_argument("--jti", help="one token")
    which.add_argument("--key-id", help="every token of a client")
    each.add_argument("--until", help="ISO time")
    each.add_argument(
        "--hours", type=float, help="if no --until is given; one for a token (it expires by itself)"
    )


def _add_jwks(each: ArgumentParser) -> None:
    where = each.add_mutually_exclusive_group(required=True)
    where.add_argument("--url")
    where.add_argument("--file", type=Path)


def _add_show(each: ArgumentParser) -> None:
    each.add_argument("--customer", required=True)
    each.add_argument("--meter", default="api_calls")
    each.add_argument("--key", action="append", default=[], help="an event key: is it counted?")


def _grant(options: Namespace) -> dict[str, object]:
    return {
        "kind": "grant",
        "customerId": options.customer,
        "meter": options.meter,
        "limit": options.limit,
        "period": options.period,
        "anchorDay": options.anchor_day,
        "startMs": _moment("--start", options.start),
        "endMs": _moment("--end", options.end),
        "ratePerSecond": options.rate,
        "burst": options.burst,
        "lagSeconds": options.lag_seconds,
        "allowWhenUnknown": {"allow": True, "deny": False, None: None}[options.when_unknown],
    }


def _credential(options: Namespace) -> dict[str, object]:
    return {
        "kind": "credential",
        "apiKeySha256": _digest(options.sha256) or _api_key_sha256(is_generated=options.generate),
        "customerId": options.customer,
        "keyId": options.key_id,
        "tenantId": options.tenant,
        "scopes": options.scope,
        "environment": options.environment,
        "usageIdentifier": options.usage_identifier,
        "revoked": options.revoked,
    }


def _usage_plan(options: Namespace) -> dict[str, object]:
    return {
        "kind": "usage_plan",
        "customerId": options.customer,
        "usageIdentifier": options.usage_identifier,
    }


def _status(status: str) -> Fields:
    return lambda options: {"kind": "status", "customerId": options.customer, "status": status}


def _revocation(options: Namespace) -> dict[str, object]:
    until = _moment("--until", options.until)
    if until is None:
        if options.hours is None and options.key_id:
            raise Permanent(
                "--until or --hours: a client's API key works again after it; "
                "to end a key for good, register it again with api-key --revoked"
            )
        later = datetime.now(UTC) + timedelta(hours=options.hours or REVOCATION_HOURS)
        until = int(later.timestamp() * 1000)
    return {"kind": "revocation", "jti": options.jti, "keyId": options.key_id, "untilMs": until}


def _jwks(options: Namespace) -> dict[str, object]:
    keys = fetch_key_set(options.url) if options.url else read_key_set(options.file)
    return {"kind": "jwks", "keys": keys}


def _digest(text: str | None) -> str | None:
    if text is not None and not _DIGEST.fullmatch(text):
        # Not repeated: it may be the key itself.
        raise Permanent("--sha256: is no SHA-256: 64 hex digits, as `sha256sum` prints them")
    return text.lower() if text else None


def _api_key_sha256(*, is_generated: bool) -> str:
    if is_generated:
        key = f"ak_{token_urlsafe(32)}"
        print(f"API key, shown this once: {key}")
    else:
        key = sys.stdin.readline().strip()
    if len(key) < SHORTEST_KEY:
        raise Permanent(f"the API key on stdin: has fewer than {SHORTEST_KEY} characters")
    return sha256(key.encode()).hexdigest()


def _moment(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return epoch_ms_from_iso(text)
    except ValueError as error:
        raise Permanent(f"{option}: {error}") from None
