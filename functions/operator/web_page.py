"""An answer of AWS comes in before botocore reads it; a web page in its place is refused: a proxy
or a sign-in page answers, and botocore would stumble over it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from botocore.model import OperationModel


class NotAwsError(Permanent):
    """The message says what answered, and where to look."""


def refuse_web_page(
    operation_model: "OperationModel", response_dict: Mapping[str, Any], **_: object
) -> None:
    """Not of an object that is downloaded: it may be a page."""
    kind = str(response_dict["headers"].get("content-type", ""))
    if kind.startswith("text/html") and not operation_model.has_streaming_output:
        raise NotAwsError(
            f"{operation_model.name}: a web page answers (HTTP {response_dict['status_code']}), "
            "not AWS: check HTTPS_PROXY, AWS_ENDPOINT_URL and the network's sign-in page"
        )
