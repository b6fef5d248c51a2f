from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.slack_signature import MAX_AGE_SECONDS, is_from_slack, signature

# the example of Slack's documentation of request verification
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SENT = 1_531_420_618
SIGNED = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def genuine(**changes: Any) -> bool:
    request = {"timestamp": str(SENT), "signed": SIGNED, "body": BODY, "now": SENT + 1.0}
    return is_from_slack(changes.pop("secret", SECRET), **{**request, **changes})


class TestSignature:
    def test_is_slack_s_own(self) -> None:
        """The documented example comes out as documented."""
        assert signature(SECRET, str(SENT), BODY) == SIGNED
        assert genuine()

    @pytest.mark.parametrize("late", [MAX_AGE_SECONDS + 1, -MAX_AGE_SECONDS - 1])
    def test_old_request_is_refused(self, late: int) -> None:
        """A recording of a genuine click must not decide tomorrow; nor one from the future."""
        assert not genuine(now=SENT + late)

    def test_without_a_secret_nothing_is_genuine(self) -> None:
        """Also what is signed with no secret at all."""
        assert not genuine(secret="", signed=signature("", str(SENT), BODY))

    @given(st.binary(max_size=50), st.text(max_size=20), st.text(max_size=80))
    def test_anything_else_is_refused(self, body: bytes, timestamp: str, signed: str) -> None:
        """Another body, another time, another signature: whatever is sent, the answer is no."""
        if body != BODY:
            assert not genuine(body=body)
        if timestamp != str(SENT):
            assert not genuine(timestamp=timestamp)
        if signed != SIGNED:
            assert not genuine(signed=signed)
