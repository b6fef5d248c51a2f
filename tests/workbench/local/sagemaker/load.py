"""Requests to an endpoint from several threads, every answer counted."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from types import TracebackType

    from tests.workbench.local.sagemaker.conftest import Account


class Load:
    """Asks from ``with`` to its end; ``tags`` holds the answering model's tag, ``failed`` what failed."""

    def __init__(self, account: Account, endpoint: str, threads: int = 2) -> None:
        self._runtime, self._endpoint = account.aws.client("sagemaker-runtime"), endpoint
        self.tags: list[str] = []
        self.failed: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                answer = self._runtime.invoke_endpoint(
                    EndpointName=self._endpoint, Body=b"[1]", ContentType="application/json"
                )
                self.tags.append(json.loads(answer["Body"].read())["tag"])
            except (ClientError, BotoCoreError) as error:
                self.failed.append(str(error))
            time.sleep(0.002)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        until(lambda: self.tags, bool)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def next(self, count: int) -> Counter[str]:
        """Who answers the next requests."""
        seen = len(self.tags) + len(self._threads)  # those in flight may have been sent earlier
        until(lambda: len(self.tags) >= seen + count or bool(self.failed), bool)
        return Counter(self.tags[seen : seen + count])
