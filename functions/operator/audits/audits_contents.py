"""The subcommands of `aforo-metering audit`."""

from functions.operator.subcommand import Subcommand

AUDITS = (
    Subcommand(
        "audit show",
        "audits.audit_show:show",
        """Show where the requests of each source are: the audit's equation, and what is open.

        served = confirmed + setAside + needsDecision + excluded + quarantined + held + unaccounted.
        It reads only. Exit status 1 where something is held, unaccounted or was not looked at.

            aforo-metering audit show --day 2026-11-28""",
    ),
    Subcommand(
        "audit start",
        "audits.audit_commands:start",
        """Compare logs with the ledger, and have metered again what is missing; follow it.

        Without times: the last window that is due. How far back it goes: as long as the log is
        kept (or its --export), and 90 days, which is all that Aforo takes; what is older than Aforo
        remembers keys (24 h by default) is only told, unless --include-old. What begins more than a
        day ago needs --yes. With an option `audit` alone is `audit start`, as in `audit --dry-run`.

            aforo-metering audit start --from 2026-11-28 --to 2026-11-29 --dry-run""",
    ),
    Subcommand(
        "audit follow",
        "audits.audit_commands:follow_one",
        """Follow an audit to its end, or read the report of one that has ended.

            aforo-metering audit follow --format json""",
    ),
    Subcommand(
        "audit stop",
        "audits.audit_commands:stop",
        """Stop an audit. Nothing is lost or doubled; the next one does the rest.

            aforo-metering audit stop november-1 --why 'wrong range'""",
    ),
    Subcommand(
        "audit list",
        "audits.audit_commands:list_them",
        """List the last audits, with their status.

            aforo-metering audit list --last 5""",
    ),
)
