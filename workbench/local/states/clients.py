"""boto3 clients that sign as a state machine's role."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import boto3
from botocore.config import Config

from workbench.local.services import role_credentials

READ_TIMEOUT_SECONDS = 920
"""A little above the longest a function may run."""


class Clients:
    """One client for each service, region and role; made once, used by many threads."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str, str, str], Any] = {}
        self._lock = threading.Lock()
        self._session = boto3.session.Session()  # the default one belongs to whoever else is in this process
        self._config = Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            read_timeout=READ_TIMEOUT_SECONDS,
            max_pool_connections=256,
            inject_host_prefix=False,
        )

    def client(self, service: str, region: str, role_arn: str, session: str) -> Any:
        """
        A client under the role; ``session`` names it in the audit.

        Raises:
            botocore.exceptions.UnknownServiceError: boto3 has no such service.
        """
        key = (service, region, role_arn, session)
        found = self._clients.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, region, role_arn, session)
            return self._clients[key]

    def _make(self, service: str, region: str, role_arn: str, session: str) -> Any:
        credentials = role_credentials(role_arn, session)
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
            config=self._config,
        )
        client.meta.events.register("after-call", _name_request)
        return client


def _name_request(parsed: dict[str, Any], **_: Any) -> None:
    """Refusals by the gateway carry no request id, and every cause shows one."""
    parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", str(uuid.uuid4()))
