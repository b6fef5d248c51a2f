"""Posts outcomes to the platform's API, signed as AWS's own requests are."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from slipway.contracts.outcome import MAX_OUTCOMES
from slipway.domain.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slipway.contracts.outcome import OutcomeLine, OutcomesAnswer

    Post = Callable[[bytes], tuple[int, bytes]]


class OutcomesNotTakenError(SlipwayError):
    """The API refused a whole request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def report(project: str, model: str, lines: Sequence[OutcomeLine], post: Post) -> Iterator[OutcomesAnswer]:
    """
    Send outcomes, as many at a time as the API takes; the answer to each batch as it comes.

    Raises:
        OutcomesNotTakenError: A batch was refused; those before it were taken, and sending all again is safe.
    """
    for start in range(0, len(lines), MAX_OUTCOMES):
        body = {"project": project, "model": model, "outcomes": lines[start : start + MAX_OUTCOMES]}
        status, raw = post(json.dumps(body).encode())
        try:
            said = json.loads(raw)
        except ValueError:
            said = {"error": raw.decode("utf-8", "replace")}
        if status != 200:  # noqa: PLR2004 - HTTP's success
            raise OutcomesNotTakenError(status, said.get("error") or said.get("message") or f"HTTP {status}")
        yield said


def signed_post(client: Any, url: str) -> Post:
    """
    Sends a body to an HTTP API under the credentials of a boto3 client.

    Args:
        client: Of any service; its credentials and region sign.
        url: The route's.
    """
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - needed by this alone
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - likewise

    credentials = client._request_signer._credentials.get_frozen_credentials()  # noqa: SLF001 - no other way
    region = client.meta.region_name

    def post(body: bytes) -> tuple[int, bytes]:
        request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(url, data=body, headers=dict(prepared.headers.items()), method="POST")  # noqa: S310 - the platform's own address
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:  # noqa: S310 - likewise
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return post
