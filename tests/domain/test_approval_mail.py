from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.approval_mail import approval_subject, approval_text
from slipway.domain.evidence import Evidence, evidence_of_document
from tests.fakes.approval_room import ANA, BEN, DIGEST, PACKAGE, RELEASE, plan, report

URL = "https://example.com/approvals/9f2c41d07b3a55e1?a=ana%40example.com&e=1&k=12345678&s=" + "x" * 43


def record(**changes: Any) -> Any:
    return {
        "release_id": RELEASE,
        "environment": "prod",
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "image_digest": DIGEST,
        "report_uri": "s3://artifacts/report.json",
        "package_arn": PACKAGE,
        "status": "pending",
        "approvers": {ANA: "0" * 64, BEN: "1" * 64},
        "requested_at": "2026-11-22T14:00:00.000Z",
        "expires_at_epoch": 1_795_615_170,
        "told": {},
        "redrive": 0,
        "delivered": False,
        "settled": False,
        **changes,
    }


class TestApprovalSubject:
    @given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.floats())
    def test_every_name_gives_a_subject_that_sns_takes(self, model, version, metric, value):
        """
        ASCII, 1 to 99 characters, no control character, whatever a model calls itself and its metrics.
        """
        evidence = Evidence({"primary_metric": metric, "challenger": {"metrics": {metric: value}}})
        line = approval_subject(record(model=model, version=version), evidence, ANA)

        assert 1 <= len(line) < 100
        assert all(" " <= sign <= "~" for sign in line)


class TestApprovalText:
    @given(st.text(max_size=500), st.text(max_size=100), st.text(max_size=100))
    def test_the_text_is_plain_and_the_link_stays_whole(self, summary, metric, data_set):
        """
        ASCII in lines, and the link on a line of its own, once: nothing that a model says can add another.
        """
        document = report(summary=f"{summary} https://evil.example/approvals")
        document["challenger"]["metrics"][metric] = 1.0
        document["training_data"][0]["data_set"] = data_set
        text = approval_text(record(), Evidence(document), ANA, URL)

        assert all(sign == "\n" or " " <= sign <= "~" for sign in text)
        assert text.splitlines().count(URL) == 1
        assert [line for line in text.splitlines() if line.startswith("http")] == [URL]

    def test_a_first_release_says_that_there_is_no_champion(self):
        """
        Nothing to compare with is worth a sentence.
        """
        text = approval_text(record(), Evidence(report(champion=None)), ANA, URL)

        assert "there is no champion yet" in text
        assert "difference         there is no champion yet" in text

    def test_the_document_alone_is_evidence_as_well(self):
        """
        Without a report, numbers and data come from the release document.
        """
        verdict = {
            "summary": "good",
            "primary_metric": "mae",
            "challenger": {"mae": 31.2},
            "champion": {"mae": 33.0},
            "gates": report()["gates"],
        }
        evidence = evidence_of_document({"plan": plan(), "verdict": verdict, "training": {"seconds": 5.0}})
        text = approval_text(record(), evidence, ANA, URL)

        for part in ("31.20 EUR, champion 1.0.0 33.00", "(better)", "hotel-rates 1.1.0", "5.0 s"):
            assert part in text, part

    def test_five_numbers_and_no_more(self):
        """
        A short text: the page has tables, gates and plots.
        """
        text = approval_text(record(), Evidence(report()), ANA, URL)

        numbers = text.partition("FIVE NUMBERS\n")[2].partition("\n\n")[0].splitlines()
        assert [line.strip().partition("  ")[0] for line in numbers] == [
            "mae",
            "difference",
            "worst slice",
            "latency p99",
            "1,000 predictions",
        ]
        assert len(text.splitlines()) < 40
