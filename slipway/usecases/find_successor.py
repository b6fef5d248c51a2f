"""Which version came to serve while a release waited for its approval?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.contracts.names import CHAMPION
from slipway.domain.succession import serves_instead

if TYPE_CHECKING:
    from slipway.contracts.ledger import ApprovalRecord
    from slipway.usecases.ports import Versions


def find_successor(record: ApprovalRecord, versions: Versions) -> str:
    """The version that makes an approval pointless; empty: it may still be approved, or it was decided."""
    if record["status"] != "pending":
        return ""
    champion = versions.alias(record["project"], record["model"], CHAMPION)
    return serves_instead(
        champion["version"] if champion is not None else "",
        version=record["version"],
        judged_against=record.get("judged_against"),
        tried="trial" in record,
    )
