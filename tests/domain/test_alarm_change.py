"""What people are told when an alarm that stands beside a model changes."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.contracts.events import ENDPOINT_ALARM
from slipway.domain.alarm_change import alarm_change
from slipway.domain.notices import notice_of

ENDPOINT = "slipway-dev-pricing-hotel-rates"


def changed(state: str, before: str = "OK", **more: Any) -> dict[str, Any]:
    """CloudWatch's event."""
    described = (
        "pricing/hotel-rates 1.1.0: too many requests end in a server error. "
        "What to do: https://example.com/operations.md#an-endpoints-alarm"
    )
    return {
        "alarmName": f"watching/{ENDPOINT}/5xx",
        "state": {"value": state, "reason": "Threshold Crossed"},
        "previousState": {"value": before},
        "configuration": {"description": described},
        **more,
    }


class TestAlarmChange:
    def test_rings(self) -> None:
        """
        The model's people read which model, what is wrong, and what to do.
        """
        change = alarm_change(changed("ALARM"))

        assert change is not None
        assert (change["project"], change["model"], change["version"]) == ("pricing", "hotel-rates", "1.1.0")
        notice = notice_of(ENDPOINT_ALARM, change | {"environment": "dev"}, region="eu-west-1")
        assert notice is not None
        assert (
            notice.headline
            == "[dev] pricing/hotel-rates 1.1.0: alarm, too many requests end in a server error"
        )
        assert notice.link == "https://example.com/operations.md#an-endpoints-alarm"
        assert notice.commands[0] == ("Look at it", "slipway dashboard pricing/hotel-rates")

    def test_is_over(self) -> None:
        """
        Who was told of an alarm is told of its end.
        """
        change = alarm_change(changed("OK", "ALARM"))

        assert change is not None
        notice = notice_of(ENDPOINT_ALARM, change, region="eu-west-1")
        assert notice is not None
        assert notice.tone == "good"

    @pytest.mark.parametrize(
        "detail",
        [
            changed("OK", "INSUFFICIENT_DATA"),
            changed("INSUFFICIENT_DATA", "ALARM"),
            changed("ALARM", alarmName=f"{ENDPOINT}/c-1/5xx"),
            changed("ALARM", configuration={"description": "somebody's own"}),
            changed("ALARM", configuration={}),
        ],
    )
    def test_is_no_news(self, detail: dict[str, Any]) -> None:
        """
        A model without data yet, a promotion's own alarm (its outcome is told), somebody else's alarm.
        """
        assert alarm_change(detail) is None
