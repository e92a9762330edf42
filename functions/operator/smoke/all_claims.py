"""Every claim, in the order in which they are tried, and how one is tried."""

from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.operator.smoke.claim import Claim, DidNotHold, NotTried, Outcome
from functions.operator.smoke.deletion_claim import DELETION_CLAIM
from functions.operator.smoke.failure_claims import FAILURE_CLAIMS
from functions.operator.smoke.machine_claims import MACHINE_CLAIMS
from functions.operator.smoke.platform_claims import PLATFORM_CLAIMS
from functions.operator.smoke.request_claims import REQUEST_CLAIMS
from functions.operator.smoke.subject import Subject
from functions.usage.errors import Permanent, UsageError

CLAIMS = (*REQUEST_CLAIMS, *MACHINE_CLAIMS, *PLATFORM_CLAIMS, *FAILURE_CLAIMS, DELETION_CLAIM)


def chosen(names: Sequence[str]) -> list[Claim]:
    """All claims, or those named. Permanent names one that there is not."""
    known = [claim.name for claim in CLAIMS]
    for name in names:
        if name not in known:
            raise Permanent(f"--only {name}: there is no such claim: {', '.join(known)}")
    return [claim for claim in CLAIMS if not names or claim.name in names]


def tried(claim: Claim, subject: Subject) -> Outcome:
    """A fault of AWS or of ours is an outcome, too: the other claims are tried all the same."""
    try:
        seen = claim.run(subject)
    except NotTried as why:
        return Outcome(claim.name, "not tried", str(why), claim.text)
    except (DidNotHold, UsageError) as why:
        return Outcome(claim.name, "did not hold", str(why), claim.text)
    except (ClientError, BotoCoreError) as error:
        return Outcome(claim.name, "did not hold", in_plain_words(error), claim.text)
    return Outcome(claim.name, "held", seen, claim.text)
