"""The subcommands of `aforo-metering`: names, purposes with examples, what runs.

A subcommand's module is imported when it runs or shows its own help: the list of all is quick.
"""

from functions.operator.audits.audits_contents import AUDITS
from functions.operator.configuration_commands.configuration_contents import CONFIGURATION
from functions.operator.counter_commands.counters_contents import COUNTERS
from functions.operator.customers.customers_contents import CUSTOMERS
from functions.operator.subcommand import Subcommand

GROUPS = {
    "configuration": "Change what is metered, and see first what that changes.",
    "audit": "See that each request of the logs is accounted for, and repair what is not.",
    "replay": "Put what was set aside or quarantined back on its way to Aforo.",
    "message": "Deal with one message that waits for a person.",
    "customers": "Keep customers, their quotas and their API keys in a file.",
    "counters": "Say who may call, how much and how fast, and see what the counters say.",
}
# `aforo-metering audit --dry-run` is `aforo-metering audit start --dry-run`.
IMPLIED = {"audit": "start"}


CONTENTS = (
    Subcommand(
        "preflight",
        "preflight.preflight_command:preflight",
        """Look at what a deploy would stumble over: log group, API, network, account, rights.

        Reads only. Give the parameters as you will give them to sam deploy; `--stack` is the name
        that the stack will have. Exit status 1 where something stands in the way.

            aforo-metering preflight --stack new AforoTenantId=tenant_1 RedisUrl=redis://redis""",
    ),
    Subcommand(
        "explain",
        "explain.explain_command:explain",
        """Say what metering would make of a log, request by request.

        Nothing is sent; AWS is called only for a log in S3. It reads raw lines and what the AWS
        CLI, the consoles and the exports of CloudWatch Logs write.

            aforo-metering explain --config metering.json access.log""",
    ),
    Subcommand(
        "compare",
        "migration.compare_command:compare",
        """Compare what was billed elsewhere with what this bills, by customer, meter and day.

        Ours is a log, metered as `explain` does it, or a deployment's ledger. Where the other side
        names its requests, those that only one side bills are listed, with the likely reason. Exit
        status: 0 alike, 1 not alike.

            aforo-metering compare billed.csv access.log --config metering.json""",
    ),
    Subcommand(
        "verify",
        "verify.verify_command:verify",
        """Call the API once and follow the request, hop by hop, to the ledger and the counter.

        It costs the customer one billed request. A deployed stack needs the customer's credential
        in VERIFY_AUTHORIZATION, or in VERIFY_API_KEY where the API takes x-api-key. Where it stops,
        it says why and which command fits.

            aforo-metering verify --customer cus_acme --path /pets""",
    ),
    Subcommand(
        "status",
        "status.status_command:status",
        """Show how a deployment is, on one screen, and which command fits what is wrong.

        Depths and ages of the queues, alarms, what the forwarder says, what is quarantined and set
        aside, the lag, the last replay and audit. It changes nothing.

            aforo-metering status --stack aforo-metering""",
    ),
    Subcommand(
        "trace",
        "trace.trace_command:trace",
        """Tell all that is known of one request, from its log line to its bill: for a dispute.

        Log, metering, configuration, quarantine, queues, ledger, audit and counter. A customer's
        requests around a time are listed. It reads only; exit status 1 where nothing is found.

            aforo-metering trace --request-id abe23b51-3a85-4167-851d-9ab66fc506b3""",
    ),
    Subcommand(
        "smoke",
        "smoke.smoke_command:smoke",
        """Try on a demo stack what only a deployed stack can show: walk, machines, keys, alarms.

        It makes customers of its own, calls the demo API, breaks metering once and puts it right.
        At most 30 minutes and less than a dollar. It refuses a stack without the demo API.

            aforo-metering smoke --only credential --only walk""",
    ),
    Subcommand(
        "ledger",
        "ledger.ledger_command:ledger",
        """Read what was billed and what was not, each key once.

        Times are UTC and of the request: 2026-10-02 or 2026-10-02T08. It reads only.

            aforo-metering ledger --from 2026-10-01 --format summary""",
    ),
    Subcommand(
        "logs",
        "logs.logs_command:logs",
        """Show what a function, or a state machine and its functions, said last.

        Starts, reports, metrics and lines of no work are left out. It reads only.

            aforo-metering logs forwarder --since 2h --faults""",
    ),
    Subcommand(
        "where",
        "deployment.where_command:where",
        """Print an output or a resource of the stack, by its name in the template.

            aforo-metering where LedgerBucketName""",
    ),
    *AUDITS,
    Subcommand(
        "statement",
        "statement.statement_command:statement",
        """Say what a customer used in a month and what became of it; close the month; check it.

        A closed month never changes: what is settled later stands in the next statement. `verify`
        reads the closed months and the ledger again, and says what was changed since.

            aforo-metering statement --customer cus_acme --month 2026-11
            aforo-metering statement verify --customer cus_acme""",
    ),
    Subcommand(
        "replay start",
        "replays.replay_commands:start",
        """Start a replay, and follow it to its report.

        Without options it replays all that was set aside, but `poison`. Stopping the command does
        not stop the replay.

            aforo-metering replay start --class config --customer cus_acme --dry-run""",
    ),
    Subcommand(
        "replay follow",
        "replays.replay_commands:follow_one",
        """Follow a replay to its end, or read the report of one that has ended.

            aforo-metering replay follow --format json""",
    ),
    Subcommand(
        "replay stop",
        "replays.replay_commands:stop",
        """Stop a replay. Nothing is lost or doubled; what it had hidden shows again in 15 minutes.

            aforo-metering replay stop outage-2026-11-23 --why 'wrong filter'""",
    ),
    Subcommand(
        "replay list",
        "replays.replay_commands:list_them",
        """List the last replays, with their status.

            aforo-metering replay list --last 5""",
    ),
    Subcommand(
        "message list",
        "messages.looking:list_messages",
        """List what waits in a dead-letter queue: class, reason, tries, events, customers.

        It receives the messages and shows them again at once.

            aforo-metering message list --class ambiguous --format json""",
    ),
    Subcommand(
        "message show",
        "messages.looking:show",
        """Show one message whole: why it waits, its events, its history.

            aforo-metering message show 1b2c3d4e""",
    ),
    Subcommand(
        "message take",
        "messages.change_commands:take",
        """Take a message out of its queue, into a file and a record beside the ledger.

        Without `--yes` nothing is changed.

            aforo-metering message take 1b2c3d4e --to kept.json --why 'imported by hand'""",
    ),
    Subcommand(
        "message decide",
        "messages.change_commands:decide_one",
        """Decide about an `ambiguous` message: send the events that Aforo lacks, record the rest.

        Ask Aforo about every key first. What is sent though Aforo has it is billed twice. Without
        `--yes` nothing is changed.

            aforo-metering message decide 1b2c3d4e --aforo-has all --why 'ticket 4711'""",
    ),
    Subcommand(
        "message repair",
        "messages.change_commands:repair_one",
        """Mend a message that cannot be read, and send it.

        Keys, customers, quantities and instants stay. Without `--yes` nothing is changed.

            aforo-metering message repair 1b2c3d4e --times-in-utc --why 'written by hand'""",
    ),
    Subcommand(
        "rebuild",
        "rebuild.rebuild_command:rebuild",
        """Build lost counters again, from the register and the ledger.

        Without `--yes` it says what it would do. It may be stopped and started again.

            aforo-metering rebuild --stack aforo-metering --yes""",
    ),
    Subcommand(
        "remove",
        "removal.remove_command:remove",
        """Say what removing a stack takes, so that no caller sees an error and no usage is lost.

        With `--apply` it takes the subscriptions off and waits until all usage is billed, if no API
        points at our authorizer any more. It deletes no data, and not the stack: it says how.

            aforo-metering remove --stack aforo-metering""",
    ),
    Subcommand(
        "adopt",
        "adopt.adopt_command:adopt",
        """Meter and guard an API that is there already: says what would change, then changes it.

        Three phases: `meter` changes nothing for callers, `shadow` lets the authorizer decide and
        refuses nobody, `enforce` refuses. Without `--apply` it reads only; `--undo` takes the last
        one back. Exit status 1 where something stands in the way.

            aforo-metering adopt --api f6g7h8i9j0 --stage prod --stack aforo-metering""",
    ),
    *CONFIGURATION,
    *CUSTOMERS,
    *COUNTERS,
)
