"""Every metric of the project: what is counted, never what is logged.

Guaranteed: a name is written here and nowhere else, and counts things unless a unit stands beside
it. Standard library only: the authorizer counts, too.
"""

import os
from enum import StrEnum
from typing import Literal, Self

NAMESPACE = "AforoMetering"

type Unit = Literal["Count", "Percent", "Seconds"]


def namespace() -> str:
    """CloudWatch's namespace of this stack, `AforoMetering/<stack>`: two stacks of an account would
    else fill one series, and the living one's figures hide that the other is dead.
    """
    return os.environ.get("METRICS_NAMESPACE", NAMESPACE)


class Metric(StrEnum):
    """A name as CloudWatch shows it. The reasons of each stand in docs/reference/metrics.md."""

    unit: Unit

    def __new__(cls, name: str, unit: Unit = "Count") -> Self:
        self = str.__new__(cls, name)
        self._value_ = name
        self.unit = unit
        return self

    # metering
    REQUESTS_BILLED = "RequestsBilled"  # requests that became usage
    EVENTS_METERED = "EventsMetered"  # sent to UsageQueue, one per request and meter
    REQUESTS_EXCLUDED = "RequestsExcluded"  # understood, not billable
    EVENTS_OMITTED = "EventsOmitted"  # one meter of a billed request counted nothing
    REQUESTS_QUARANTINED = "RequestsQuarantined"  # kept, not billed
    REQUESTS_INCOMPLETE = "RequestsIncomplete"  # cut by a delivery's end, read again by replay
    DELIVERIES_QUARANTINED = "DeliveriesQuarantined"  # kept as a whole
    DELIVERIES_EXCLUDED = "DeliveriesExcluded"  # no usage at all
    LINES_READ = "LinesRead"
    LINES_UNFIT = "LinesUnfit"  # they do not fit the declared source
    UNFIT_SHARE = "UnfitShare", "Percent"  # of the lines read
    LATE_REQUESTS = "LateRequests"  # metered more than 24 h after the request; billed
    HEARTBEATS_REFUSED = "HeartbeatsRefused"  # no heartbeat, or none that says anything of now
    CONFIGURATION_REFUSED = "ConfigurationRefused"  # tries to read one that is not usable
    # forwarder
    EVENTS_CONFIRMED = "EventsConfirmed"  # Aforo answered accepted or duplicate
    REQUEST_TO_BILLED = "RequestToBilled", "Seconds"  # from a request to its confirmation
    EVENTS_UNVERIFIED = "EventsUnverified"  # confirmed by two empty 2xx only
    EVENTS_SET_ASIDE = "EventsSetAside"  # put into UsageDeadLetterQueue
    EVENTS_HELD = "EventsHeld"  # tries after which an event waits
    HOLD_SHORTENED = "HoldShortened"  # processes whose hold is shorter than HoldSeconds
    OLDEST_HELD_AGE = "OldestHeldAge", "Seconds"  # since the oldest message just held was sent
    MESSAGES_UNREADABLE = "MessagesUnreadable"  # no usage message
    KEY_CONFLICTS = "KeyConflicts"  # one key with different content in one invocation
    POSTS = "Posts"  # to Aforo
    HEARTBEATS_HELD = "HeartbeatsHeld"  # they waited because usage did
    HEARTBEATS_DROPPED = "HeartbeatsDropped"  # too old to say anything
    SETTLING_FAILED = "SettlingFailed"  # outcomes that could not be made durable; done again
    # reconciliation
    EVENTS_COUNTED = "EventsCounted"  # against a quota
    REQUEST_TO_COUNTED = "RequestToCounted", "Seconds"  # from a request to the counter
    EVENTS_NOT_COUNTED = "EventsNotCounted"  # changed nothing
    EVENTS_ROUNDED_UP = "EventsRoundedUp"  # a fraction counted as a whole unit
    HOURS_CLOSED = "HoursClosed"  # of a customer and meter, again or for the first time
    UNITS_COUNTED_LATE = "UnitsCountedLate"  # added by closing an hour again
    COUNTER_DRIFT = "CounterDrift"  # units that a first closing put right
    COUNTERS_WENT_BACK = "CountersWentBack"  # Redis holds less than it did
    COMMANDS_APPLIED = "CommandsApplied"
    COMMANDS_REFUSED = "CommandsRefused"  # will never fit; at each try
    MESSAGES_REFUSED = "MessagesRefused"  # neither usage nor a command; at each try
    LAG = "Lag", "Seconds"  # from the put of a heartbeat to the counter
    HEARTBEAT_AGE = "HeartbeatAge", "Seconds"  # of the newest, of the group furthest behind
    QUESTIONS_ANSWERED = "QuestionsAnswered"  # by Aforo
    QUESTIONS_UNANSWERED = "QuestionsUnanswered"  # a customer's old state stands
    RECONCILE_TROUBLE = "ReconcileTrouble"  # minutes in which somebody did not answer
    DRIFT = "Drift"  # units: the largest gap between Aforo's usage and a counter
    CUSTOMER_DRIFTS = "CustomerDrifts"  # gaps beyond what can be on its way
    HOURS_NOT_REPAIRED = "HoursNotRepaired"  # left out by a repair
    # authorizer
    REQUESTS_ALLOWED = "RequestsAllowed"
    REQUESTS_DENIED = "RequestsDenied"  # 429
    REQUESTS_UNAUTHORIZED = "RequestsUnauthorized"  # 401
    REQUESTS_WOULD_BE_DENIED = "RequestsWouldBeDenied"  # in shadow: served, and told
    STATE_UNKNOWN = "StateUnknown"  # requests whose customer's state could not be read
    UNKNOWN_SHARE = "UnknownShare", "Percent"  # of the requests that asked for a state
    DECIDED_BY_LAST_KNOWN = "DecidedByLastKnown"  # by a state of at most 30 s ago
    WATERMARK_MALFORMED = "WatermarkMalformed"  # the grant's lag was used
    AUTHORIZER_FAILED = "AuthorizerFailed"  # a bug, or a deployment that is not usable
    # replay
    EVENTS_REPLAYED = "EventsReplayed"  # put back on UsageQueue
    REQUESTS_NEVER_ENDED = "RequestsNeverEnded"  # incomplete requests that were given up
    # source check
    SOURCES_CHANGED = "SourcesChanged"  # sources whose stage, log or filter is not as it must be
    SOURCES_SILENT = "SourcesSilent"  # their stage served, and no line of it arrived
    DELIVERIES_FAILED = "DeliveriesFailed"  # of subscriptions: given up, or throttled
    REQUESTS_NOT_LOGGED = "RequestsNotLogged"  # CloudWatch counted them, no log has them
    # audit: of each window of a source, when it is looked at
    REQUESTS_SERVED = "RequestsServed"  # its log tells of them; the six below are their sum
    REQUESTS_CONFIRMED = "RequestsConfirmed"
    REQUESTS_SET_ASIDE = "RequestsSetAside"
    REQUESTS_UNDECIDED = "RequestsUndecided"  # a person decides
    REQUESTS_NOT_BILLABLE = "RequestsNotBillable"  # excluded
    REQUESTS_KEPT = "RequestsKept"  # quarantined
    REQUESTS_HELD = "RequestsHeld"  # now, in the windows of a day that are open
    REQUESTS_UNACCOUNTED = "RequestsUnaccounted"  # likewise, and nothing as old is under way
    WINDOWS_BEHIND = "WindowsBehind"  # due, and not looked at
    REQUESTS_METERED_AGAIN = "RequestsMeteredAgain"  # missing, and given to metering once more
