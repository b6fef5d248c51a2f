"""A model image of three short programs, pushed over the OCI protocol; variables vary what they do."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from tests.workbench.local.pushing import DOCKER, Pusher, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import EmbeddedAws

OCI = "application/vnd.oci.image.manifest.v1+json"

TRAIN = """#!/usr/bin/env python3
import json, os, pathlib, signal, sys, time
ml = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
hyper = json.loads((ml / "input/config/hyperparameters.json").read_text())
def term(*_):
    (ml / "model/stopped").write_text("SIGTERM")
    sys.exit(0)
signal.signal(signal.SIGTERM, term)
print("hyperparameters", json.dumps(hyper, sort_keys=True), flush=True)
print("args", sys.argv[1:], flush=True)
checkpoints = ml / "checkpoints"
if checkpoints.is_dir():
    seen = sorted(p.name for p in checkpoints.iterdir())
    (checkpoints / f"step-{len(seen) + 1}").write_text("x")
for epoch in range(3):
    print(f"epoch={epoch} validation mae={10.5 - epoch};", flush=True)
if hyper.get("fail") == "loudly":
    (ml / "output/failure").write_text("the data are wrong: " + "x" * 3000)
    sys.exit(3)
if hyper.get("fail") == "silently":
    print("last words", flush=True)
    sys.exit(7)
if "sleep" in hyper:
    time.sleep(float(hyper["sleep"]))
if "read" in hyper:
    import urllib.request
    try:
        urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/health", timeout=5).read()
        print("reached the embedded AWS", flush=True)
    except OSError as error:
        print("cannot reach:", error, flush=True)
files = sorted(str(p.relative_to(ml / "input/data")) for p in (ml / "input/data").rglob("*") if p.is_file())
(ml / "model/weights.json").write_text(json.dumps({"files": files, "scale": float(hyper.get("scale", "2"))}))
(ml / "output/data/notes.txt").write_text("kept")
"""

EVALUATE = """#!/usr/bin/env python3
import json, os, pathlib, sys, time
ml = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
config = json.loads((ml / "config/processingjobconfig.json").read_text())
out = ml / "processing/evaluation"
(out / "plots").mkdir(parents=True, exist_ok=True)
data = sorted(str(p.relative_to(ml / "processing")) for p in (ml / "processing").rglob("*") if p.is_file())
report = {"args": sys.argv[1:], "data": data, "job": config["ProcessingJobName"]}
(out / "evaluation.json").write_text(json.dumps(report))
(out / "plots/a.svg").write_text("<svg/>")
(ml / "output").mkdir(exist_ok=True)
(ml / "output/message").write_text("said at the end")
time.sleep(float(os.environ.get("SLEEP", "0")))
sys.exit(int(os.environ.get("EXIT", "0")))
"""

SERVE = """#!/usr/bin/env python3
import http.server, json, os, pathlib, socketserver, sys, time, uuid
instance = uuid.uuid4().hex
ml = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
weights = json.loads((ml / "model/weights.json").read_text())
if os.environ.get("NEVER"):
    time.sleep(3600)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args):
        pass
    def do_GET(self):
        if self.path == "/execution-parameters" and "PARAMETERS" in os.environ:
            return self.answer(os.environ["PARAMETERS"].encode(), "application/json")
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("invoked", flush=True)
        status = int(os.environ.get("STATUS", "200"))
        if body == b"crash":
            os._exit(9)
        time.sleep(float(os.environ.get("DELAY", "0")))
        if os.environ.get("SAGEMAKER_BATCH"):
            rows = [line.split(",") for line in body.decode().splitlines()]
            if [""] in rows or ["bad"] in rows:
                return self.send_error(400 if ["bad"] in rows else 500)
            counts = os.environ.get("COUNT")
            scaled = [str(len(rows)) if counts else str(weights["scale"] * float(row[-1])) for row in rows]
            return self.answer("\\n".join(scaled).encode(), "text/csv")
        answer = json.dumps({
            "tag": os.environ.get("TAG", ""),
            "instance": instance,
            "scaled": [weights["scale"] * x for x in json.loads(body)],
            "headers": {k.lower(): v for k, v in self.headers.items()},
        }).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        tag = os.environ.get("TAG", "")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", "model=tiny;version=" + tag)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64
Server(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""

PROGRAMS = {"train": TRAIN, "evaluate": EVALUATE, "serve": SERVE}


def layer(files: Mapping[str, str | bytes], *, executable: bool = True) -> bytes:
    """A tar+gzip layer of files by path; the same files give the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(raw), 0o755 if executable else 0o644
            archive.addfile(member, io.BytesIO(raw))
    return gzip.compress(plain.getvalue(), mtime=0)


def push(
    aws: EmbeddedAws,
    repository: str,
    tag: str,
    *layers: bytes,
    media_type: str = DOCKER,
    config: Mapping[str, Any] | None = None,
) -> str:
    """Push an image; its URI by digest."""
    ecr = aws.client("ecr")
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository)
    pusher = Pusher(aws)
    described = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": ["PATH=/opt/program:/usr/local/bin:/usr/bin:/bin", "PYTHONPATH=/opt/packages"],
            "WorkingDir": "/opt/program",
            **(config or {}),
        },
    }
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": pusher.blob(repository, json.dumps(described).encode())
        | {"mediaType": "application/vnd.docker.container.image.v1+json"},
        "layers": [
            pusher.blob(repository, each) | {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}
            for each in layers
        ],
    }
    status, told = pusher.manifest(repository, tag, document, media_type)
    assert status == 201, told
    return f"{aws.registry}/{repository}@{digest_of(json.dumps(document).encode())}"


def tiny(aws: EmbeddedAws, repository: str = "tests/tiny", tag: str = "1.0.0", **options: Any) -> str:
    """The image of the three programs."""
    return push(aws, repository, tag, layer({f"opt/program/{n}": t for n, t in PROGRAMS.items()}), **options)
