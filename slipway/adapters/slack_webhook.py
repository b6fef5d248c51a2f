"""Slack's incoming webhook, whose URL is the secret."""

from __future__ import annotations

import http.client
import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log: Final = logging.getLogger(__name__)
_TIMEOUT_SECONDS: Final = 5
_LONGEST_PAUSE_SECONDS: Final = 10
"""A longer pause is left to Lambda's own retries: they cost nothing while they wait."""
_SECRET_SECONDS: Final = 300
_NO_SECRET: Final = ("ResourceNotFoundException",)
_TOO_MANY: Final = 429
_REPLIES_AT: Final = "hooks.slack.com"


class ChatNotReachedError(SlipwayError):
    """Slack did not take a message; the webhook's URL is a secret and is never told."""

    def __init__(self, status: int, answer: str, *, retry_after: float | None = None) -> None:
        wait = f"; it asks to wait {retry_after:g} s" if retry_after is not None else ""
        super().__init__(
            f"Slack's incoming webhook answered {status or 'nothing'} ({answer[:200]}){wait}; it is tried "
            "again, but if this stays so make a new webhook and put its URL into the Slack secret"
        )
        self.status, self.answer, self.retry_after = status, answer, retry_after


class SlackWebhook:
    """
    Port ``ChatChannel``.

    Without a secret, or with one that holds no URL, nothing is sent: Slack is optional.
    """

    def __init__(
        self,
        secrets: Any,
        secret_arn: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret = SlackSecret(secrets, secret_arn, clock=clock)
        self._sleep = sleep

    def post(self, message: Mapping[str, Any]) -> bool:
        url = self._url()
        if url is None:
            _log.warning("no Slack webhook is configured; the notice is not sent to chat")
            return False
        body = json.dumps(message).encode()
        try:
            _send(url, body)
        except ChatNotReachedError as error:
            if error.retry_after is None or error.retry_after > _LONGEST_PAUSE_SECONDS:
                raise
            self._sleep(error.retry_after)
            _send(url, body)
        return True

    def _url(self) -> SplitResult | None:
        parts = urlsplit(self._secret.text())
        local = parts.hostname in {"127.0.0.1", "localhost"}
        return parts if parts.hostname and (parts.scheme == "https" or local) else None


class SlackReplies:
    """Port ``ChatReplies``: answers the one person who clicked, at the URL that came with the click."""

    def reply(self, url: str, text: str) -> bool:
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "localhost"}
        if not local and (parts.scheme, parts.hostname) != ("https", _REPLIES_AT):
            return False
        message = {"response_type": "ephemeral", "replace_original": False, "text": text}
        _send(parts, json.dumps(message).encode())
        return True


class SlackSecret:
    """A secret's string, read again after five minutes; empty where there is none."""

    def __init__(self, secrets: Any, secret_arn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._secrets = secrets
        self._secret_arn = secret_arn
        self._clock = clock
        self._known: tuple[float, str] | None = None

    def text(self) -> str:
        now = self._clock()
        if self._known is None or now - self._known[0] > _SECRET_SECONDS:
            self._known = (now, self._read())
        return self._known[1]

    def _read(self) -> str:
        if not self._secret_arn:
            return ""
        try:
            answer = self._secrets.get_secret_value(SecretId=self._secret_arn)
        except Exception as error:
            # botocore is not imported here: the error's shape tells enough
            response: Any = getattr(error, "response", {})
            if response.get("Error", {}).get("Code") in _NO_SECRET:
                return ""
            raise
        return str(answer.get("SecretString", "")).strip()


def _send(url: SplitResult, body: bytes) -> None:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=_TIMEOUT_SECONDS)
    path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    try:
        connection.request("POST", path, body, {"content-type": "application/json; charset=utf-8"})
        answer = connection.getresponse()
        text = answer.read(4096).decode("utf-8", errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        raise ChatNotReachedError(0, type(error).__name__) from error
    finally:
        connection.close()
    if answer.status == _TOO_MANY:
        raise ChatNotReachedError(answer.status, text, retry_after=_seconds(answer.getheader("retry-after")))
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's successes
        raise ChatNotReachedError(answer.status, text)


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return 1.0
