"""What a REDIS_URL may be: an endpoint, and nothing that signs in.

Standard library only: the authorizer reads it too. The template's parameter RedisUrl has the same
pattern, so that what one of its readers would refuse is not deployed.
"""

import re

# No query either: redis-py would take a password, or leave to check certificates, from there.
REDIS_URL = r"rediss?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[0-9]*)?"


def fault_of(url: str) -> str:
    """What is wrong with it, without quoting it; empty when nothing is."""
    if "@" in url:
        return (
            "must not hold a user or a password: give RedisSecretArn, whose value holds them, "
            "or leave RedisUrl empty for ElastiCache with IAM"
        )
    if not re.fullmatch(REDIS_URL, url):
        return "write redis://host:port/0, or rediss:// for TLS, with a database number or none"
    return ""
