"""`python -m functions.operator.ledger.command`: what the ledger has, each key once.

    make ledger HOUR=2026-10-02T08
    make ledger STACK=aforo-metering LEDGER_OPTIONS='--from 2026-10-01 --format summary'

Rows go to stdout as they are read, all else to stderr. It reads only. Exit status: 0 the answer is
whole (it may have no rows), 1 it is not, 2 the question was not understood.
"""

import os
import sys
from collections.abc import Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.ledger import Ledger
from functions.operator.ledger.forms import FORMS
from functions.operator.ledger.options import find_bucket, parser, question_of
from functions.operator.ledger.reading_progress import ReadingProgress
from functions.operator.verify.target import TargetError


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser(__doc__ or "").parse_args(arguments)
    progress = ReadingProgress(sys.stderr)
    try:
        question = question_of(options)
        region, bucket = find_bucket(options)
        ledger = _open(region, bucket)
        if question.is_wide:
            _say("neither --hour nor --from: all of its hours are looked through")
        FORMS[options.format](question.answer(ledger, progress), sys.stdout)
        sys.stdout.flush()
    except TargetError as error:
        _say(str(error))
        return 2
    except BrokenPipeError:
        # Whoever reads us (`| head`) has enough; Python would complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (BotoCoreError, ClientError) as error:
        _say(f"S3 does not give it, and what was shown is not all: {error}")
        return 1
    except UnreadableObject as error:
        _say(f"{error.name} is not of this ledger, and what was shown is not all: {error}")
        return 1
    _say(f"{progress.events} events, from {progress.objects} objects of {bucket}")
    return 0


def _open(region: str | None, bucket: str) -> Ledger:
    """TargetError for a bucket that is not there, or not ours to read."""
    try:
        client = boto3.client("s3", region_name=region)
        client.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"the bucket {bucket} cannot be read: {error}") from None
    return Ledger(client, bucket)


def _say(text: str) -> None:
    """One line, whatever the text is."""
    sys.stderr.write(f"ledger: {' '.join(text.split())}\n")


if __name__ == "__main__":
    sys.exit(main())
