"""OTLP over HTTP, in JSON; see docs/adr/0011 for why no exporter's library is used."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMEOUT_SECONDS: Final = 10
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 10.0
_AGAIN: Final = (429, 502, 503, 504)
"""What the protocol lets a client try again."""
_COMPRESSED_BYTES: Final = 1024


class TelemetryNotReachedError(SlipwayError):
    """The collector did not take what it was sent; its headers are secrets and are never told."""

    def __init__(self, address: str, status: int, answer: str) -> None:
        super().__init__(
            f"the OpenTelemetry collector at {address} answered {status or 'nothing'} ({answer[:200]}); the "
            "function is tried again; check telemetry.otlp_endpoint and the secret that holds its headers"
        )
        self.address, self.status, self.answer = address, status, answer


class OtlpCollector:
    """
    Port ``TelemetrySink``.

    Args:
        endpoint: The collector's base URL, as ``OTEL_EXPORTER_OTLP_ENDPOINT`` has it.
        headers: Gives its headers, as ``OTEL_EXPORTER_OTLP_HEADERS`` has them: ``name=value,name=value``,
            percent-encoded; asked when something is first sent.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, endpoint: str, headers: Callable[[], str], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = urlsplit(endpoint.rstrip("/"))
        self._read_headers = headers
        self._headers: dict[str, str] | None = None
        self._sleep = sleep

    def send_traces(self, document: Mapping[str, Any]) -> None:
        self._send("/v1/traces", document, "rejectedSpans")

    def send_metrics(self, document: Mapping[str, Any]) -> None:
        self._send("/v1/metrics", document, "rejectedDataPoints")

    def _send(self, path: str, document: Mapping[str, Any], rejected: str) -> None:
        if self._headers is None:
            self._headers = headers_of(self._read_headers())
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {**self._headers, "content-type": "application/json", "user-agent": "slipway"}
        if len(body) > _COMPRESSED_BYTES:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        for attempt in range(_ATTEMPTS):
            status, answer, retry_after = self._post(path, body, headers)
            if 200 <= status < 300:  # noqa: PLR2004 - HTTP's successes
                self._check(path, status, answer, rejected)
                return
            if (status and status not in _AGAIN) or attempt == _ATTEMPTS - 1:
                break
            self._sleep(min(retry_after or _PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))
        raise TelemetryNotReachedError(self._address(path), status, answer)

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, float]:
        """Status (0: no answer), answer, and the seconds it asks to wait."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", f"{self._url.path}{path}", body, dict(headers))
            answer = connection.getresponse()
            text = answer.read(65536).decode("utf-8", errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return 0, type(error).__name__, 0.0
        finally:
            connection.close()
        wait = answer.getheader("retry-after") or ""
        return answer.status, text, float(wait) if wait.isdigit() else 0.0

    def _check(self, path: str, status: int, answer: str, rejected: str) -> None:
        """A collector may answer 200 and have refused a part, which no further try would mend."""
        try:
            partial = json.loads(answer or "{}").get("partialSuccess") or {}
        except (ValueError, AttributeError):
            return
        if int(partial.get(rejected) or 0):
            raise TelemetryNotReachedError(self._address(path), status, str(partial.get("errorMessage", "")))

    def _address(self, path: str) -> str:
        return f"{self._url.scheme}://{self._url.hostname}{self._url.path}{path}"


def headers_of(text: str) -> dict[str, str]:
    """
    Headers as ``OTEL_EXPORTER_OTLP_HEADERS`` writes them.

    >>> headers_of("api-key=ab%20c, x-tenant = prod")
    {'api-key': 'ab c', 'x-tenant': 'prod'}
    """
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}
