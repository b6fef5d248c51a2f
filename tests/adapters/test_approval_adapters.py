"""The adapters of approval and notices against the embedded AWS."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from slipway.adapters.kms_signer import KmsSigner
from slipway.adapters.s3_reports import S3Reports
from slipway.adapters.sfn_task_tokens import StepFunctionsTaskTokens
from slipway.adapters.sns_mail import SnsMailer
from slipway.domain.approval_link import key_tag
from tests.fakes.waiting_execution import ended, waiting

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

pytestmark = pytest.mark.embedded


@pytest.fixture
def key_id(embedded_aws: EmbeddedAws) -> str:
    answer = embedded_aws.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return str(answer["KeyMetadata"]["KeyId"])


class TestKmsSigner:
    def test_what_was_signed_is_genuine(self, embedded_aws, key_id):
        """
        A MAC has 32 bytes and is the message's alone.
        """
        signer = KmsSigner(embedded_aws.client("kms"), key_id)
        mac = signer.sign(b"message")

        assert len(mac) == 32
        assert signer.verify(b"message", mac) is True
        assert signer.verify(b"another", mac) is False
        assert signer.verify(b"message", bytes(32)) is False
        assert signer.key == key_tag(key_id)

    def test_a_missing_key_is_an_error(self, embedded_aws):
        """
        Trouble with the key must not be taken for a forged link.
        """
        with pytest.raises(Exception, match="NotFoundException"):
            KmsSigner(embedded_aws.client("kms"), str(uuid.uuid4())).verify(b"message", bytes(32))


class TestSnsMailer:
    def test_only_the_named_recipient_gets_it(self, embedded_aws):
        """
        Subscriptions filter on the message attribute, so that nobody gets another's link.
        """
        sns, mark = embedded_aws.client("sns"), uuid.uuid4().hex[:8]
        topic = sns.create_topic(Name=f"notices-{mark}")["TopicArn"]
        for name in ("ana", "ben"):
            address = f"{name}-{mark}@example.com"
            sns.subscribe(
                TopicArn=topic,
                Protocol="email",
                Endpoint=address,
                Attributes={"FilterPolicy": json.dumps({"recipient": [address]})},
            )

        SnsMailer(sns, topic).send(f"ben-{mark}@example.com", "A subject", "The text\n")

        letters = [letter for letter in embedded_aws.inbox() if mark in letter["to"]]
        letters = [letter for letter in letters if letter["subject"] == "A subject"]
        assert [letter["to"] for letter in letters] == [f"ben-{mark}@example.com"]
        assert "The text" in letters[0]["body"]


class TestStepFunctionsTaskTokens:
    def test_a_token_works_once(self, embedded_aws):
        """
        The execution goes on with the output; afterwards nobody waits any more.
        """
        token, execution = waiting(embedded_aws)
        tokens = StepFunctionsTaskTokens(embedded_aws.client("stepfunctions"))

        assert tokens.succeed(token, {"decision": "approved"}) is True
        assert ended(embedded_aws, execution)["output"] == '{"decision":"approved"}'
        assert tokens.succeed(token, {"decision": "rejected"}) is False

    def test_a_token_of_nobody_is_no_error(self, embedded_aws):
        """
        An execution that was stopped, or a token that was lost, is an expected "no".
        """
        tokens = StepFunctionsTaskTokens(embedded_aws.client("stepfunctions"))

        assert tokens.succeed("", {}) is False
        assert tokens.succeed("AAAA" * 9, {}) is False


class TestS3Reports:
    def test_what_was_written_is_read(self, embedded_aws):
        """
        Text comes back as it was; what is not there is None.
        """
        s3, bucket = embedded_aws.client("s3"), f"reports-{uuid.uuid4().hex[:8]}"
        s3.create_bucket(Bucket=bucket)
        reports = S3Reports(s3)

        reports.write(f"s3://{bucket}/a b/r\u00e9port.json", '{"mae": "\u20ac"}')

        assert reports.read(f"s3://{bucket}/a b/r\u00e9port.json") == '{"mae": "\u20ac"}'
        assert reports.read(f"s3://{bucket}/none.json") is None
