"""Every mistake of the table, by topic."""

from tests.errors.cloud_mistakes import CLOUD, CUSTOMERS
from tests.errors.deploy_mistakes import DEPLOYS, MAKE
from tests.errors.document_mistakes import DOCUMENTS
from tests.errors.function_mistakes import FUNCTIONS
from tests.errors.input_mistakes import FILES, REPLAYS
from tests.errors.mistake import Mistake, Seen
from tests.errors.option_mistakes import OPTIONS
from tests.errors.surroundings_mistakes import SURROUNDINGS
from tests.errors.workplace import workplace
from tests.local.ministack import Ministack

TOPICS = (
    OPTIONS,
    DOCUMENTS,
    CUSTOMERS,
    REPLAYS,
    FILES,
    SURROUNDINGS,
    CLOUD,
    DEPLOYS,
    MAKE,
    FUNCTIONS,
)
MISTAKES = tuple(mistake for topic in TOPICS for mistake in topic.mistakes)


def made(mistake: Mistake, cloud: Ministack) -> Seen:
    """What somebody sees who makes it."""
    with workplace(cloud) as place:
        return mistake.act(place)
