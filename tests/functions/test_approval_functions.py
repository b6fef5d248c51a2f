"""The approval page's functions on the embedded AWS, called as API Gateway calls them."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from functions import (
    _ports,
    _wiring,
    decide_approval,
    mail_notice,
    request_approval,
    show_approval,
    sweep_approvals,
)
from slipway.adapters import clients
from slipway.contracts import environment as variables
from slipway.contracts import events
from slipway.domain.approval_style import STYLE_SOURCE
from slipway.usecases.tell_approvers import approval_url
from tests.adapters.test_approvals import create_table
from tests.fakes.approval_room import ANA, BASE, BEN, FOLDER, RELEASE, SVG, plan, report, taken_apart
from tests.fakes.waiting_execution import ended, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws

pytestmark = pytest.mark.embedded


class Context:
    """What Lambda hands to a handler."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:test"
    aws_request_id = "00000000-0000-0000-0000-000000000000"


@dataclass
class Page:
    """One deployed approval page, with one release that waits."""

    aws: EmbeddedAws
    mark: str
    execution: str
    table: str

    @property
    def ana(self) -> str:
        return ANA.replace("ana", f"ana-{self.mark}")

    def link(self) -> str:
        [letter, *_] = [
            one for one in self.aws.inbox() if one["to"] == self.ana and "decide here" in one["body"]
        ]
        return next(line for line in letter["body"].splitlines() if line.startswith("http"))

    def get(self, link: str) -> dict[str, Any]:
        return show_approval.handler(event("GET", link), Context())

    def post(self, link: str, *, encoded: bool = False, **fields: str) -> dict[str, Any]:
        body = urlencode({"decision": "approved", "reason": "", "version": "1.1.0"} | fields)
        sent = event("POST", link)
        sent["headers"] = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        sent["body"] = base64.b64encode(body.encode()).decode() if encoded else body
        sent["isBase64Encoded"] = encoded
        return decide_approval.handler(sent, Context())

    def items(self) -> Any:
        return self.aws.client("dynamodb").scan(TableName=self.table)["Items"]


def event(method: str, link: str) -> dict[str, Any]:
    """Payload format 2.0."""
    release_id, query = taken_apart(link)
    return {
        "version": "2.0",
        "routeKey": f"{method} /approvals/{{release_id}}",
        "rawPath": f"/approvals/{release_id}",
        "rawQueryString": query,
        "headers": {},
        "pathParameters": {"release_id": release_id},
        "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.7", "userAgent": "a browser"}},
        "isBase64Encoded": False,
    }


def forget() -> None:
    """A cold start: nothing that was made from other settings stays."""
    clients.client.cache_clear()
    for made in (*vars(_ports).values(), *vars(_wiring).values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.fixture
def page(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    aws, mark = embedded_aws, uuid.uuid4().hex[:8]
    table, bucket = f"ledger-{mark}", f"artifacts-{mark}"
    token, execution = waiting(aws)
    made = Page(aws, mark, execution, table)
    create_table(aws.client("dynamodb"), table)
    aws.client("s3").create_bucket(Bucket=bucket)
    folder = FOLDER.replace("s3://artifacts", f"s3://{bucket}")
    text = json.dumps(report()).replace(FOLDER, folder)
    for uri in report()["challenger"]["plots"] + report()["champion"]["plots"]:
        aws.client("s3").put_object(Bucket=bucket, Key=uri.removeprefix("s3://artifacts/"), Body=SVG.encode())
    aws.client("s3").put_object(
        Bucket=bucket, Key=f"{folder.removeprefix(f's3://{bucket}/')}/report.json", Body=text.encode()
    )
    key = aws.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    topic = aws.client("sns").create_topic(Name=f"notices-{mark}")["TopicArn"]
    aws.client("sns").subscribe(
        TopicArn=topic,
        Protocol="email",
        Endpoint=made.ana,
        Attributes={"FilterPolicy": json.dumps({"recipient": [made.ana]})},
    )
    policy = {"approvers": {"*": [made.ana, BEN]}, "recipients": {"*": [made.ana]}}
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "slipway",
        variables.ENVIRONMENT: "prod",
        variables.LEDGER_TABLE: table,
        variables.ARTIFACT_BUCKET: bucket,
        variables.APPROVAL_KEY_ID: key["KeyMetadata"]["KeyId"],
        variables.APPROVAL_URL: BASE,
        variables.NOTICE_TOPIC_ARN: topic,
        variables.POLICY: json.dumps(policy),
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    verdict = {"summary": "good", "primary_metric": "mae", "report_uri": f"{folder}/report.json"}
    request_approval.handler(
        {"document": {"plan": plan(), "verdict": verdict}, "task_token": token}, Context()
    )
    yield made
    forget()


class TestApprovalFunctions:
    def test_a_release_is_approved_by_the_page(self, page):
        """
        Mail, link, page, form, execution: the whole way, and the second form is told.
        """
        link = page.link()
        shown = page.get(link)
        assert (shown["statusCode"], shown["isBase64Encoded"]) == (200, False)
        assert "Put hotel-rates 1.1.0 into production?" in shown["body"]
        assert "data:image/svg+xml;base64," in shown["body"]

        first = page.post(link, reason="better, s\u00ed", encoded=True)

        assert first["statusCode"] == 200
        output = json.loads(ended(page.aws, page.execution)["output"])
        assert (output["decision"], output["approver"], output["reason"]) == (
            "approved",
            page.ana,
            "better, s\u00ed",
        )
        assert page.post(link)["statusCode"] == 409
        assert sweep_approvals.handler({}, Context()) == dict.fromkeys(
            ("pending", "delivered", "undeliverable", "expired", "later"), 0
        )

    def test_fifty_looks_change_nothing(self, page):
        """
        The table holds the same items after fifty fetches as before.
        """
        link, before = page.link(), page.items()

        assert {page.get(link)["statusCode"] for _ in range(50)} == {200}
        assert page.items() == before

    def test_every_answer_carries_the_headers(self, page, monkeypatch):
        """
        Page, refusal, mistake and failure alike: not kept, not framed, not sniffed, no referrer, no script.
        """
        link = page.link()
        answers = {
            200: page.get(link),
            404: page.get(link.replace(RELEASE, "0" * 16)),
            422: page.post(link, version="1.0.0"),
            415: decide_approval.handler(event("POST", link), Context()),
        }
        record = _ports.ledger().get_approval(RELEASE)
        past: Any = {**record, "expires_at_epoch": 1_700_000_000}
        answers[410] = page.get(approval_url(past, page.ana, signer=_ports.signer(), base_url=BASE))
        monkeypatch.setenv(variables.LEDGER_TABLE, "no-such-table")
        forget()
        answers[503] = page.get(link)

        assert {status: answer["statusCode"] for status, answer in answers.items()} == {
            status: status for status in answers
        }
        for answer in answers.values():
            headers = answer["headers"]
            assert headers["content-type"] == "text/html; charset=utf-8"
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["strict-transport-security"].startswith("max-age=63072000")
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; ")
            for part in (f"style-src {STYLE_SOURCE}", "form-action 'self'", "frame-ancestors 'none'"):
                assert part in policy
            assert "unsafe" not in policy
            assert "script-src" not in policy

    def test_bodies_that_are_no_form_decide_nothing(self, page):
        """
        JSON, oversized and broken bodies are refused before anything is looked up.
        """
        link, before = page.link(), page.items()
        form = {"content-type": "application/x-www-form-urlencoded"}
        sent = event("POST", link)

        def status(**changes: Any) -> int:
            return int(decide_approval.handler(sent | changes, Context())["statusCode"])

        assert status(headers={"content-type": "application/json"}, body="{}") == 415
        assert status(headers=form, body="x" * 40_000) == 413
        assert status(headers=form, body="%%%", isBase64Encoded=True) == 400
        assert status(headers=form, body="&".join("a=1" for _ in range(50))) == 400
        assert status(headers=form, body=None) == 422
        assert page.items() == before

    def test_neither_link_nor_token_is_logged(self, page, caplog):
        """
        Who reads the log must not be able to decide.
        """
        link = page.link()
        token = _ports.ledger().approval_token(RELEASE)
        page.get(link)
        page.get(link.replace("ana", "eve"))
        page.post(link)

        logged = "".join(str(vars(record)) for record in caplog.records)
        assert "approval page" in logged
        assert token
        assert token not in logged
        assert link.rpartition("s=")[2] not in logged


class TestMailNotice:
    def test_an_event_becomes_mail(self, page):
        """
        EventBridge's event is told to the project's people.
        """
        detail = plan() | {"decision": "approved", "approver": page.ana, "reason": "good"}
        sent = {"detail-type": events.APPROVAL_DECIDED, "detail": detail, "region": "us-east-1"}

        told = mail_notice.handler(sent, Context())

        assert told == {"told": [page.ana, BEN]}
        subjects = [letter["subject"] for letter in page.aws.inbox() if letter["to"] == page.ana]
        assert f"[prod] pricing/hotel-rates 1.1.0: approved by {page.ana}" in subjects
