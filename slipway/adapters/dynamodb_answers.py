"""
DynamoDB's answers as the JSON that they are.

botocore walks every attribute value of an answer by the service's model, to copy it as it stands: of the time
that a page of 3,000 items takes, two thirds. Only binary values would come out otherwise, and the ledger has
none.
"""

from __future__ import annotations

import json
from typing import Any, Final

_OK: Final = 200


def read_as_json(client: Any) -> None:
    """Let this client's queries and batches skip the walk; errors are parsed as ever."""
    events = getattr(getattr(client, "meta", None), "events", None)
    if events is None:  # no client of botocore: it has no walk to skip
        return
    for operation in ("Query", "BatchGetItem", "GetItem"):
        events.register_first(
            f"before-parse.dynamodb.{operation}", _take_body, unique_id=f"slipway-json-{operation}"
        )


def _take_body(*, response_dict: Any, customized_response_dict: Any, **_rest: Any) -> None:
    if response_dict["status_code"] == _OK:
        customized_response_dict.update(json.loads(response_dict["body"]))
        response_dict["body"] = b"{}"
