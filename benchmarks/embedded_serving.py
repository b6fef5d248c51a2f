"""What InvokeEndpoint of the embedded AWS adds to a request: latency and throughput beside direct calls."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

SERVE: Final = """#!/usr/bin/env python3
import asyncio, os
ANSWER = (b'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 20\\r\\n\\r\\n'
    b'{"predictions": [1]}')
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.pending = transport, b""
    def data_received(self, data):
        self.pending += data
        while (end := self.pending.find(b"\\r\\n\\r\\n")) >= 0:
            length = 0
            for line in self.pending[:end].split(b"\\r\\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if len(self.pending) < end + 4 + length:
                return
            self.pending = self.pending[end + 4 + length:]
            self.transport.write(ANSWER)
async def main():
    port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", port)
    await server.serve_forever()
asyncio.run(main())
"""
BODY: Final = b'{"instances": [[1.0, 2.0, 3.0]]}'
REQUESTS: Final = 2000
CLIENTS: Final = 16
TIMEOUT_SECONDS: Final = 20
REQUESTS_PER_CONNECTION: Final = 500
"""Below the 1,000 after which an HTTP server may close it."""


class _Client(asyncio.Protocol):
    """One kept-alive connection that sends the same bytes again and again."""

    def __init__(self) -> None:
        self._got = b""
        self._done: asyncio.Future[int] | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    async def ask(self, message: bytes) -> int:
        self._got, self._done = b"", asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._done

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, rest = self._got.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if len(rest) >= length and self._done is not None and not self._done.done():
            self._done.set_result(int(head[9:12]))


async def _measure(port: int, message: bytes, requests: int, clients: int) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def work() -> None:
        for number in range(requests // clients):
            if number % REQUESTS_PER_CONNECTION == 0:
                _, client = await loop.create_connection(_Client, "127.0.0.1", port)
            started = time.perf_counter()
            status = await asyncio.wait_for(client.ask(message), TIMEOUT_SECONDS)
            times.append(time.perf_counter() - started)
            assert status == 200, status  # noqa: PLR2004 - OK

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(clients)))
    seconds = time.perf_counter() - started
    times.sort()
    return {
        "p50_ms": round(statistics.median(times) * 1000, 3),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 3),
        "requests_per_second": round(len(times) / seconds, 1),
    }


def _signed(endpoint_url: str, name: str) -> bytes:
    """One signed request, good for every repetition within its 15 minutes."""
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - only this benchmark needs it
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - likewise
    from botocore.credentials import Credentials  # noqa: PLC0415 - likewise

    host = urlsplit(endpoint_url).netloc
    request = AWSRequest(
        "POST",
        f"{endpoint_url}/endpoints/{name}/invocations",
        data=BODY,
        headers={"Content-Type": "application/json", "Host": host},
    )
    SigV4Auth(Credentials("test", "test"), "sagemaker", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    headers["Content-Length"] = str(len(BODY))
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    return f"POST /endpoints/{name}/invocations HTTP/1.1\r\n{lines}\r\n".encode() + BODY


def _push(endpoint_url: str, clients: Any) -> str:
    """The image of one program, through ECR's own API and the OCI protocol."""
    ecr = clients("ecr")
    ecr.create_repository(repositoryName="benchmarks/serving")
    authorization = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]

    def send(method: str, path: str, body: bytes, kind: str = "application/octet-stream") -> Any:
        url = path if path.startswith("http") else endpoint_url + path
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 - our own server
        request.add_header("Authorization", f"Basic {authorization}")
        request.add_header("Content-Type", kind)
        return urllib.request.urlopen(request, timeout=30)  # noqa: S310 - likewise

    def blob(content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        location = send("POST", "/v2/benchmarks/serving/blobs/uploads/", b"").headers["Location"]
        send("PUT", f"{location}?digest={digest}", content)
        return {"digest": digest, "size": len(content)}

    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("opt/program/serve")
        member.size, member.mode = len(SERVE.encode()), 0o755
        archive.addfile(member, io.BytesIO(SERVE.encode()))
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/opt/program:/usr/bin:/bin"]}}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": blob(json.dumps(config).encode())
        | {"mediaType": "application/vnd.docker.container.image.v1+json"},
        "layers": [
            blob(gzip.compress(plain.getvalue()))
            | {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}
        ],
    }
    send("PUT", "/v2/benchmarks/serving/manifests/1.0.0", json.dumps(manifest).encode(), kind)
    return f"{urlsplit(endpoint_url).netloc}/benchmarks/serving:1.0.0"


def _endpoint(clients: Any, image: str, home: Path) -> float:
    """Create the endpoint, and one that captures and mirrors; the seconds until the first was in service."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    assert home.exists()
    iam, sagemaker = clients("iam"), clients("sagemaker")
    arn = iam.create_role(RoleName="serving", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="serving", PolicyName="capture", PolicyDocument=policy)
    clients("s3").create_bucket(Bucket="bench-capture")
    sagemaker.create_model(ModelName="bench", PrimaryContainer={"Image": image}, ExecutionRoleArn=arn)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "bench",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    watched = {
        "ShadowProductionVariants": [variant | {"VariantName": "Shadow"}],
        "DataCaptureConfig": {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://bench-capture/kept",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    }
    seconds = []
    for name, more in (("bench", {}), ("watched", watched)):
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **more)
        started = time.perf_counter()
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        while (status := sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]) != "InService":
            assert status == "Creating", status
            time.sleep(0.02)
        seconds.append(time.perf_counter() - started)
    return seconds[0]


def run() -> dict[str, Any]:
    """
    Start an embedded AWS with one endpoint, measure it and the same program directly, in turns.

    Returns:
        ``direct``, ``endpoint`` and ``captured_and_mirrored`` (the same with data capture of all requests and
        a shadow variant) with ``one_client`` and ``sixteen_clients`` (p50_ms, p99_ms, requests_per_second),
        ``overhead_p50_ms`` of one client, ``create_seconds``.
    """
    import boto3  # noqa: PLC0415 - only when it runs

    from workbench.local.runner.launch import free_port  # noqa: PLC0415 - likewise

    port, direct_port = free_port(), free_port()
    endpoint_url = f"http://127.0.0.1:{port}"

    def clients(service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the embedded account's root
        )

    with tempfile.TemporaryDirectory(prefix="slipway-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        log = (home / "log").open("wb")
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "workbench.local.server",
                "--with-parent",
                "--port",
                str(port),
                "--home",
                folder,
            ],
            stdout=log,
            stderr=log,
        )
        program = home / "serve"
        program.write_text(SERVE, encoding="utf-8")
        direct = subprocess.Popen(
            [sys.executable, str(program)], env=os.environ | {"SAGEMAKER_BIND_TO_PORT": str(direct_port)}
        )
        try:
            while not (home / "server.json").exists():
                assert server.poll() is None, (home / "log").read_text(encoding="utf-8")
                time.sleep(0.05)
            create_seconds = _endpoint(clients, _push(endpoint_url, clients), home)
            plain = (
                f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
                + BODY
            )
            results: dict[str, Any] = {"direct": {}, "endpoint": {}, "captured_and_mirrored": {}}
            asked = (
                ("direct", direct_port, plain),
                ("endpoint", port, _signed(endpoint_url, "bench")),
                ("captured_and_mirrored", port, _signed(endpoint_url, "watched")),
            )
            for name, count in (("warm_up", 1), ("one_client", 1), ("sixteen_clients", CLIENTS)):
                for whom, where, message in asked:
                    results[whom][name] = asyncio.run(_measure(where, message, REQUESTS, count))
            for found in results.values():
                del found["warm_up"]
        finally:
            direct.kill()
            server.send_signal(signal.SIGTERM)
            server.wait(30)
            direct.wait()
            log.close()
    overhead = results["endpoint"]["one_client"]["p50_ms"] - results["direct"]["one_client"]["p50_ms"]
    return results | {"overhead_p50_ms": round(overhead, 3), "create_seconds": round(create_seconds, 3)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
