"""What people found on the ground: recording it, what stands of it, and which fire points were made public.

``standings`` and ``publications`` read, ``verify``, ``verify_table`` and ``publicise`` write (DESIGN section 3,
"Verification").
"""

from service.verification.closed import CONFIRMATIONS, DENIALS, FINDINGS, LEVELS, SOURCE_KINDS, UNREACHABLE
from service.verification.publicise import publications, publicise
from service.verification.record import verify
from service.verification.review import own_finding, review_of, statuses
from service.verification.standing import Record, Standing, standings
from service.verification.table import verify_table

__all__ = [
    "CONFIRMATIONS",
    "DENIALS",
    "FINDINGS",
    "LEVELS",
    "SOURCE_KINDS",
    "UNREACHABLE",
    "Record",
    "Standing",
    "own_finding",
    "publications",
    "publicise",
    "review_of",
    "standings",
    "statuses",
    "verify",
    "verify_table",
]
