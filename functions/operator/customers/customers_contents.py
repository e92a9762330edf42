"""The subcommands of `aforo-metering customers`."""

from functions.operator.subcommand import Subcommand

CUSTOMERS = (
    Subcommand(
        "customers plan",
        "customers.customers_commands:plan",
        """Say what `apply` would change: added, changed from what to what, closed.

        Reads the file, the register and the counters; changes nothing. Every fault of the file is
        told at once, with its line. Who is not in the file stays as he is, unless `--all`.

            aforo-metering customers plan customers.yaml""",
    ),
    Subcommand(
        "customers apply",
        "customers.customers_commands:apply",
        """Make customers, grants, API keys and standing as a file states them, and wait until it is so.

        What takes calls away (a limit below what is used, a customer suspended or closed, a key
        ended) wants `--yes`. Applied again, nothing is sent.

            aforo-metering customers apply customers.yaml --yes
            aforo-metering customers apply customers.csv --plans plans.yaml""",  # noqa: E501 - one line of a list
    ),
    Subcommand(
        "customers export",
        "customers.customers_commands:export",
        """Write what is stated of every customer, as a file that can be applied.

        Of API keys it has the SHA-256.

            aforo-metering customers export --to exported.yaml""",
    ),
    Subcommand(
        "customers import",
        "customers.import_command:import_customers",
        """Propose customers from API Gateway's usage plans and API keys; nobody's key changes.

        The customer is the key's customerId, its tag `customerId`, or its name; the quota and the
        throttle of its plan become a grant. Edit the file, then apply it. `--map` writes whose each
        key is for configuration/metering.json: clients that stay with x-api-key are billed by it.

            aforo-metering customers import --from-usage-plan --to imported.yaml --map map.json""",
    ),
)
