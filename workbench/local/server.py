"""
The embedded AWS: ministack and our additions in one process on 127.0.0.1.

``python -m workbench.local.server --port 4566 --home .slipway``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.local.context import ACCOUNT, REGION, ServerContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.local.gateway import Gateway

logger = logging.getLogger("slipway.server")


def configure_environment(server: ServerContext) -> None:
    """Set what ministack reads from the environment at import; must come before any of its modules."""
    home = server.home
    for folder in ("state", "s3"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    os.environ.update(
        GATEWAY_PORT=str(server.port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=server.region,
        MINISTACK_ACCOUNT_ID=server.account,
        AWS_ENDPOINT_URL=server.endpoint_url,
        AWS_DEFAULT_REGION=server.region,
        AUTH="true",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        PERSIST_STATE="1",
        STATE_DIR=str(home / "state"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(home / "s3"),
    )
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("MINISTACK_MAX_BODY_BYTES", str(8 << 30))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)


async def serve(server: ServerContext, gateway: Gateway) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    from hypercorn.asyncio import serve as serve_http  # noqa: PLC0415 - costs start-up time of every importer
    from hypercorn.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    config.bind = [f"127.0.0.1:{server.port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 2
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    started = asyncio.create_task(_run_hooks(server))
    await serve_http(gateway, config, shutdown_trigger=ended.wait)
    started.cancel()
    (server.home / "server.json").unlink(missing_ok=True)
    for hook in reversed(server.on_stop):
        with contextlib.suppress(Exception):
            await asyncio.to_thread(hook)
    logging.shutdown()
    # All that is to be kept is on disk. Leaving in the ordinary way would wait for every thread that
    # still waits for an answer, a minute for an endpoint that never gives one.
    os._exit(0)


async def _run_hooks(server: ServerContext) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.close()
            break
        await asyncio.sleep(0.01)
    write_description(server)
    for hook in server.on_start:
        try:
            await asyncio.to_thread(hook)
        except Exception:
            logger.exception("start hook %r", hook)


def write_description(server: ServerContext) -> None:
    """Say in ``server.json`` where this server is, once it answers."""
    description = {
        "pid": os.getpid(),
        "port": server.port,
        "endpoint_url": server.endpoint_url,
        "registry": server.registry,
        "region": server.region,
        "account": server.account,
        "access_key_id": "test",
        "secret_access_key": "test",
        "started_at": time.time(),
    }
    path = server.home / "server.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(description, indent=2) + "\n")
    temporary.replace(path)


def follow_parent() -> None:
    """End this process when the process that started it has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m workbench.local.server")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--home", type=Path, default=Path(".slipway"))
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    options = parser.parse_args(arguments)
    if options.with_parent:
        follow_parent()
    server = ServerContext(
        home=options.home.resolve(), port=options.port, account=ACCOUNT, region=options.region
    )
    configure_environment(server)
    from workbench.local.parts import install  # noqa: PLC0415 - after configure_environment

    gateway = install(server)
    run: Any = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - not on every platform

        run = uvloop.run
    run(serve(server, gateway))


if __name__ == "__main__":
    main()
