"""One HTTP exchange with a serving process, for threads that may wait for its answer."""

from __future__ import annotations

import contextlib
import http.client
import time
from typing import TYPE_CHECKING

from workbench.local.sagemaker.exchange import Answer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.local.sagemaker.serving_process import ServingProcess


def exchange(
    process: ServingProcess,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float,
) -> Answer:
    """
    Ask over a connection of its own.

    Args:
        process: Whom.
        method: GET or POST.
        path: Such as ``/invocations``.
        headers: As they are sent.
        body: None: without one.
        seconds: How long to wait for each part of the answer.

    Raises:
        TimeoutError: It does not answer in time.
        Unreachable: It takes no connection, or closed it before it had answered.
    """
    found = process.connect()
    if found is None:
        raise Unreachable(fresh=True)
    found.settimeout(seconds)
    connection = http.client.HTTPConnection("localhost", process.port)
    connection.sock = found
    started = time.monotonic()
    with contextlib.closing(connection):
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            answered = response.read()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() - started >= seconds:
                raise TimeoutError from error
            raise Unreachable(fresh=True) from error
        return Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, answered
        )
