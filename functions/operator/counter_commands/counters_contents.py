"""The subcommands of `aforo-metering counters`."""

from functions.operator.subcommand import Subcommand

COUNTERS = (
    Subcommand(
        "counters open",
        "counter_commands.standing_commands:open_counters",
        """Declare the counters trustworthy: last, when grants and keys are in. Never after a loss.

        Counters that were lost are empty: opened, they say that nobody has used anything. Then use
        `aforo-metering rebuild`.

            aforo-metering counters open --stack aforo-metering""",
    ),
    Subcommand(
        "counters grant",
        "counter_commands.grant_command:grant",
        """Set how much of a meter a customer may use, and how fast.

            aforo-metering counters grant --customer cus_acme --limit 1000 --period month --rate 10 --burst 20""",  # noqa: E501 - one line, to be copied
    ),
    Subcommand(
        "counters api-key",
        "counter_commands.credential_commands:api_key",
        """Assign an API key to a customer. The key is read from stdin; only its SHA-256 is sent.

            aforo-metering counters api-key --customer cus_acme --key-id key_1 --environment live --generate""",  # noqa: E501 - as above
    ),
    Subcommand(
        "counters suspend",
        "counter_commands.standing_commands:suspend",
        """Suspend a customer: its calls are refused.

            aforo-metering counters suspend --customer cus_acme""",
    ),
    Subcommand(
        "counters resume",
        "counter_commands.standing_commands:resume",
        """Resume a customer that was suspended or closed.

            aforo-metering counters resume --customer cus_acme""",
    ),
    Subcommand(
        "counters close",
        "counter_commands.standing_commands:close",
        """Close a customer: its calls are refused.

            aforo-metering counters close --customer cus_acme""",
    ),
    Subcommand(
        "counters shadow",
        "counter_commands.standing_commands:shadow",
        """Let a customer's calls pass and tell which would be refused: the shadow mode, for one.

            aforo-metering counters shadow --customer cus_acme""",
    ),
    Subcommand(
        "counters enforce",
        "counter_commands.standing_commands:enforce",
        """Refuse a customer's calls where its quota says so, whatever the stage's or stack's mode.

        With --as-deployed the customer has no mode of its own any more.

            aforo-metering counters enforce --customer cus_acme""",
    ),
    Subcommand(
        "counters usage-plan",
        "counter_commands.standing_commands:usage_plan",
        """Name the usage plan that enforces a customer's rate and burst.

            aforo-metering counters usage-plan --customer cus_acme --usage-identifier key-of-the-plan""",  # noqa: E501 - as above
    ),
    Subcommand(
        "counters revoke",
        "counter_commands.credential_commands:revoke",
        """Refuse a token, or all tokens of a client, for a time.

            aforo-metering counters revoke --key-id key_1 --hours 2""",
    ),
    Subcommand(
        "counters jwks",
        "counter_commands.credential_commands:jwks",
        """Replace the keys that sign tokens.

            aforo-metering counters jwks --file jwks.json""",
    ),
    Subcommand(
        "counters show",
        "counter_commands.standing_commands:show",
        """Show what the counters say of a customer, as JSON.

            aforo-metering counters show --customer cus_acme""",
    ),
)
