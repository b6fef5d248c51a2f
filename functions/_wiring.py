"""
What a function works with, made from its environment variables when it is first asked for.

Adapters are imported inside, one by one: a cold start pays for what the function uses.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from slipway.contracts import environment as variables
from slipway.domain.errors import MissingSettingError

if TYPE_CHECKING:
    from slipway.usecases import ports


def setting(variable: str) -> str:
    """The value of an environment variable; MissingSettingError when it is not set."""
    value = os.environ.get(variable)
    if value is None:
        raise MissingSettingError(variable)
    return value


@cache
def ledger() -> ports.Ledger:
    from slipway.adapters.clients import client
    from slipway.adapters.dynamodb_ledger import DynamoDbLedger

    return DynamoDbLedger(client("dynamodb"), setting(variables.LEDGER_TABLE))


@cache
def events() -> ports.EventBus:
    from slipway.adapters.clients import client
    from slipway.adapters.eventbridge_events import EventBridgeEvents

    return EventBridgeEvents(client("events"), setting(variables.ENVIRONMENT))
