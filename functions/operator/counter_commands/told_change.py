"""A command and what the counters said before it come in; what changes leaves, as a line. Pure."""

from collections.abc import Mapping

from functions.operator.counter_commands.customer_now import CustomerNow

type Fields = Mapping[str, object]
NONE = "none"
AS_DEPLOYED = "the stack's"


def told_change(fields: Fields, now: CustomerNow) -> str:
    """`cus_acme api_calls: limit 100000 -> 100, rate 50 as before; used 3`."""
    before, after = _before(fields, now), _after(fields)
    parts = [_part(name, before[name], value) for name, value in after.items()]
    newcomer = "" if now.is_known else " (new customer)"
    used = f"; used {now.used} of this period" if _is_grant(fields) and now.used is not None else ""
    return f"{_subject(fields)}{newcomer}: {', '.join(parts)}{used}"


def told_shadow(fields: Fields, now: CustomerNow) -> str:
    """Empty unless what ends a customer's calls does not end them: its own mode lets all pass."""
    if fields["kind"] != "status" or fields["status"] == "active" or now.mode != "shadow":
        return ""
    customer = fields["customerId"]
    return (
        f"its calls pass all the same: it is in shadow; "
        f"`aforo-metering counters enforce --customer {customer}` ends that"
    )


def is_in_force(fields: Fields, now: CustomerNow) -> bool:
    """Whether the counters say what the command states."""
    # Whose a key is stands with the key: it makes no customer known.
    is_there = now.is_known or fields["kind"] == "credential"
    return is_there and _before(fields, now) == _after(fields)


def _subject(fields: Fields) -> str:
    return (
        f"{fields['customerId']} {fields['meter']}"
        if _is_grant(fields)
        else str(fields["customerId"])
    )


def _is_grant(fields: Fields) -> bool:
    return fields["kind"] == "grant"


def _part(name: str, before: str, after: str) -> str:
    return f"{name} {after} as before" if before == after else f"{name} {before} -> {after}"


def _before(fields: Fields, now: CustomerNow) -> dict[str, str]:
    match fields["kind"]:
        case "grant":
            return _grant_before(fields, now)
        case "usage_plan":
            return {"usage plan's key": now.usage_identifier or NONE}
        case "mode":
            return {"mode": now.mode or AS_DEPLOYED}
        case "credential":
            return {_key_name(fields): _owner(now)}
        case _:
            return {"status": now.status or NONE}


def _after(fields: Fields) -> dict[str, str]:
    match fields["kind"]:
        case "grant":
            return _grant_after(fields)
        case "usage_plan":
            return {"usage plan's key": str(fields.get("usageIdentifier") or NONE)}
        case "mode":
            return {"mode": str(fields.get("mode") or AS_DEPLOYED)}
        case "credential":
            owner = f"{fields['customerId']} ({fields['keyId']})"
            return {_key_name(fields): f"{owner}, revoked" if fields["revoked"] else owner}
        case _:
            return {"status": str(fields["status"])}


def _grant_before(fields: Fields, now: CustomerNow) -> dict[str, str]:
    if now.limit is None:
        return dict.fromkeys(_grant_after(fields), NONE)
    found = {
        "limit": str(now.limit),
        "rate": f"{now.rate_per_second:g}",
        "burst": str(now.burst),
        "period": _period(now.period, now.anchor_day),
    }
    return {name: found[name] for name in _grant_after(fields)}


def _grant_after(fields: Fields) -> dict[str, str]:
    """Explicit windows are not told: which of two stands depends on the moment."""
    after = {
        "limit": str(fields["limit"]),
        "rate": f"{float(str(fields['ratePerSecond'])):g}",
        "burst": str(fields["burst"]),
    }
    if fields.get("period"):
        after["period"] = _period(fields["period"], fields.get("anchorDay"))
    return after


def _period(period: object, anchor_day: object) -> str:
    if period == "month" and anchor_day not in {None, 1}:
        return f"month from day {anchor_day}"
    return str(period or "a window")


def _key_name(fields: Fields) -> str:
    return f"API key {str(fields['apiKeySha256'])[:8]}"


def _owner(now: CustomerNow) -> str:
    found = now.api_key
    if found is None or not found.customer_id:
        return "nobody's"
    owner = f"{found.customer_id} ({found.key_id})"
    return f"{owner}, revoked" if found.revoked in {"1", "true"} else owner
