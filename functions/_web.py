"""Between API Gateway's HTTP API (payload format 2.0) and the use cases of the approval page."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from slipway.domain.approval import DecisionForm
from slipway.domain.web_page import HEADERS, WebAnswer, plain_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MAX_BODY: Final = 32_768
"""Characters; a form with the longest reason, every sign of it percent-encoded, stays below."""


def release_id_of(event: Mapping[str, Any]) -> str:
    """The path's parameter."""
    return str((event.get("pathParameters") or {}).get("release_id", ""))


def query_of(event: Mapping[str, Any]) -> str:
    """The query string as it arrived."""
    return str(event.get("rawQueryString") or "")


def caller_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Source address and user agent."""
    http = (event.get("requestContext") or {}).get("http") or {}
    return str(http.get("sourceIp", "")), str(http.get("userAgent", ""))


def form_of(event: Mapping[str, Any]) -> DecisionForm | WebAnswer:
    """
    The form in the body.

    Returns:
        A form, or 415 for another content type, 413 for a body that no form of
        ours can have, 400 for one that can't be read.
    """
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return plain_answer(415, "Only the form on the page decides", "Open the link and send the form.")
    body = str(event.get("body") or "")
    if len(body) > MAX_BODY:
        return plain_answer(413, "That is too long", "Shorten the reason and send the form again.")
    try:
        text = base64.b64decode(body, validate=True).decode() if event.get("isBase64Encoded") else body
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=16, errors="replace")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return plain_answer(400, "The form could not be read", "Open the link and send the form again.")
    names = ("decision", "reason", "version", "strategy", "share")
    return DecisionForm(**{name: fields.get(name, [""])[-1] for name in names})


def response_of(answer: WebAnswer) -> dict[str, Any]:
    """The answer in API Gateway's words."""
    return {
        "statusCode": answer.status,
        "headers": dict(HEADERS),
        "body": answer.html,
        "isBase64Encoded": False,
    }


def trouble() -> WebAnswer:
    """What is said when we fail: nothing was decided, and it may be tried again."""
    return plain_answer(
        503,
        "This can't be shown just now",
        "Nothing is lost. Please open the link again in a minute; if this stays so, tell the platform team.",
    )
