"""The subcommands of `aforo-metering configuration`."""

from functions.operator.subcommand import Subcommand

CONFIGURATION = (
    Subcommand(
        "configuration check",
        "configuration_commands.check_command:check",
        """Say whether a configuration is usable, and what it would change. Nothing is put.

        It is compared with what is in force, or with a file (`--against`). With a log, both are
        tried on it: what is billed otherwise is counted, by outcome, customer and meter.

            aforo-metering configuration check metering.json --log access.log""",
    ),
    Subcommand(
        "configuration put",
        "configuration_commands.putting_commands:put",
        """Put a configuration, checked first. Metering reads it within a minute.

        Without `--yes` nothing is changed. What somebody else has put meanwhile stays.

            aforo-metering configuration put metering.json --from-log 10 --yes""",
    ),
    Subcommand(
        "configuration show",
        "configuration_commands.looking_commands:show",
        """Print the configuration that metering bills by, or a version of it.

            aforo-metering configuration show""",
    ),
    Subcommand(
        "configuration history",
        "configuration_commands.looking_commands:history",
        """List the versions that were put, and the deletions: when, by whom, usable or why not.

        Who put a version is known of those that `configuration put` has put.

            aforo-metering configuration history --last 10""",
    ),
    Subcommand(
        "configuration rollback",
        "configuration_commands.putting_commands:rollback",
        """Put the content of an old version again, checked first, as a new version.

        Without `--yes` nothing is changed. What the old content bills otherwise is billed so from
        now on; what was billed stays billed.

            aforo-metering configuration rollback --to 3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY --yes""",
    ),
)
