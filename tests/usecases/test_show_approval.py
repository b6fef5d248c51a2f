from __future__ import annotations

import re
import string
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.domain.web_page import unknown_answer
from tests.fakes.approval_room import (
    ANA,
    BASE,
    BEN,
    FOLDER,
    RELEASE,
    SVG,
    ApprovalRoom,
    FakeSigner,
    image_of,
    report,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def room() -> ApprovalRoom:
    asked = ApprovalRoom()
    asked.ask()
    return asked


class Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


class TestShowApproval:
    def test_fifty_looks_change_nothing(self, room):
        """
        Mail scanners follow links: however often a page is fetched, nothing anywhere changes.
        """
        before = room.state()

        answers = [room.get(room.link(approver)) for approver in (ANA, BEN) for _ in range(25)]

        assert {answer.status for answer in answers} == {200}
        assert room.state() == before

    def test_the_page_shows_what_a_decision_rests_on(self, room):
        """
        Metrics beside the champion's, verdict, gates, data versions, digest, cost, and who else may decide.
        """
        page = Tags(room.get(room.link()).html).text

        for shown in (
            "Put hotel-rates 1.1.0 into production?",
            "1.84 better than the champion",
            "31.20", "33.04", "-1.84", "-5.6 %",
            "r2 is 0.7612, meets >= 0.6",
            "City Hotel", "Resort Hotel",
            "hotel-rates-holdout 1.0.0", "24,610",
            "sha256:abababab",
            "2 min 4 s (97 s billed)",
            "about 84 USD a month",
            "learning_rate",
            "ben@example.com",
            "2026-11-25 13:59 UTC",
        ):  # fmt: skip
            assert shown in page, shown

    def test_plots_are_images_in_which_nothing_runs(self, room):
        """
        An SVG from the model's program stands as a data URI in an ``img``; it is never part of the page.
        """
        answer = room.get(room.link())
        images = Tags(answer.html).of("img")

        assert [image["alt"] for image in images] == [
            "Residuals, challenger 1.1.0",
            "Residuals, champion 1.0.0",
            "Predicted by month, challenger 1.1.0",
            "Predicted by month, champion 1.0.0",
        ]
        assert image_of(answer.html) == SVG

    def test_only_the_releases_own_files_are_read(self, room):
        """
        The list of plots comes from the model's program: what lies outside the release's folder stays closed.
        """
        evil = ["s3://other/secret.svg", f"{FOLDER}/../../secret.txt", f"{FOLDER}/evaluation/x.html"]
        document = report()
        document["challenger"]["plots"] = evil
        document["champion"] = None
        room.write_report(document)
        room.reports.asked.clear()

        assert room.get(room.link()).status == 200
        assert room.reports.asked == [f"{FOLDER}/report.json"]

    def test_plots_of_an_evaluation_that_was_taken(self, room):
        """
        They lie where the release that measured put them; the page says which one that was.
        """
        document, other = report(), FOLDER.rpartition("/")[0] + "/" + "1" * 16
        document["cached_from"] = {"training": "1" * 16, "challenger": "1" * 16}
        document["challenger"]["plots"] = [f"{other}/evaluation/challenger/plots/residuals.svg"]
        document["champion"] = None
        room.reports.files[document["challenger"]["plots"][0]] = SVG
        room.write_report(document)

        page = Tags(room.get(room.link()).html)

        assert [image["alt"] for image in page.of("img")] == ["Residuals, challenger 1.1.0"]
        assert f"training: same as release {'1' * 16}; evaluation: same as release {'1' * 16}" in page.text

    @pytest.mark.parametrize("taken", ["../secrets", "", "1" * 17])
    def test_only_a_releases_folder_is_another_place(self, room, taken):
        """
        What does not look like a release's id opens no folder.
        """
        document = report()
        document["cached_from"] = {"challenger": taken}
        document["challenger"]["plots"] = [f"{FOLDER.rpartition('/')[0]}/{taken}/x.svg"]
        document["champion"] = None
        room.write_report(document)
        room.reports.asked.clear()

        assert room.get(room.link()).status == 200
        assert room.reports.asked == [f"{FOLDER}/report.json"]

    def test_a_plot_that_is_too_large_is_not_read(self, room):
        """
        It is left out with a note, and the others are shown.
        """
        uri = report()["challenger"]["plots"][0]
        room.reports.files[uri] = SVG + " " * 2_097_152

        page = Tags(room.get(room.link()).html)

        assert len(page.of("img")) == 3
        assert f"it has {2_097_152 + len(SVG):,} bytes, and at most 2,097,152 are read" in page.text

    def test_plots_that_are_too_large_are_left_out(self, room):
        """
        An answer of a function may have 6 MB: what goes beyond is named, and the page still comes.
        """
        for uri in report()["challenger"]["plots"]:
            room.reports.files[uri] = f"<svg>{'x' * 1_900_000}</svg>"

        answer = room.get(room.link())

        assert answer.status == 200
        assert len(answer.html) < 5_500_000
        assert "Predicted by month, challenger 1.1.0 could not be shown: the plots before it" in answer.html

    def test_hostile_text_is_text(self, room):
        """
        Nothing that comes from a model, a data set or a person becomes markup.
        """
        document = report(summary=HOSTILE, training_job=HOSTILE, hyperparameters={HOSTILE: HOSTILE})
        document["challenger"]["slices"] = {HOSTILE: {HOSTILE: {"rows": 3, "mae": 1.0}}}
        document["challenger"]["metrics"][HOSTILE] = 1.0
        document["challenger"]["problem"] = HOSTILE
        document["gates"] = [{"gate": HOSTILE, "passed": False, "reason": HOSTILE}]
        document["training_data"][0]["data_set"] = HOSTILE
        document["metric_declarations"]["mae"]["unit"] = HOSTILE
        document["cost"]["instance_type"] = HOSTILE
        room.write_report(document)
        room.ledger.approvals[RELEASE]["approvers"][HOSTILE] = "0" * 64

        page = Tags(room.get(room.link()).html)

        assert not page.of("script")
        assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
        assert all(str(image["src"]).startswith("data:image/svg+xml;base64,") for image in page.of("img"))
        assert page.text.count("alert(1)") >= 10

    def test_the_page_needs_nothing_from_outside(self, room):
        """
        No script, no style attribute, no address of another place: the policy would refuse it.
        """
        html = room.get(room.link()).html
        page = Tags(html)

        assert not [name for name, _ in page.tags if name in {"script", "link", "iframe", "object", "base"}]
        assert not [attributes for _, attributes in page.tags if "style" in attributes]
        assert "http" not in re.sub(r"<style>.*?</style>", "", html).replace("http-equiv", "")

    def test_the_page_can_be_used_without_seeing_it(self, room):
        """
        A language, one first heading, a label for each field, a scope for each column and row heading.
        """
        page = Tags(room.get(room.link()).html)
        ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
        labelled = {attributes.get("for") for attributes in page.of("label")}

        assert page.of("html")[0]["lang"] == "en"
        assert len(page.of("h1")) == len(page.of("main")) == 1
        assert {"reason", "version"} <= labelled & ids
        assert all(heading.get("scope") for heading in page.of("th"))
        assert all(image.get("alt") for image in page.of("img"))
        for _, attributes in page.tags:
            wanted = f"{attributes.get('aria-labelledby') or ''} {attributes.get('aria-describedby') or ''}"
            assert set(wanted.split()) <= ids

    def test_a_first_release_has_no_champion_beside_it(self, room):
        """
        The page says so, and shows no empty columns.
        """
        room.write_report(report(champion=None, summary="1.1.0 is accepted: all gates are met."))

        html = room.get(room.link()).html

        assert "There is no champion yet" in html
        assert ">Difference</th>" not in html

    @pytest.mark.parametrize("text", [None, "", "not json", "[]", '{"challenger": 5, "gates": null}'])
    def test_a_lost_report_is_said_aloud(self, room, text):
        """
        Evidence that can't be read must not look like evidence that is good.
        """
        if text is None:
            del room.reports.files[f"{FOLDER}/report.json"]
        else:
            room.reports.files[f"{FOLDER}/report.json"] = text

        answer = room.get(room.link())

        assert answer.status == 200
        assert "could not be read" in answer.html

    def test_after_a_decision_the_page_says_who_decided(self, room):
        """
        A link that is opened again shows the decision instead of the form.
        """
        room.post(room.link(ANA), reason="good <b>work</b>")

        html = room.get(room.link(BEN)).html

        assert "ana@example.com approved this release on 2026-11-22 14:00 UTC." in html
        assert "good &lt;b&gt;work&lt;/b&gt;" in html
        assert "<form" not in html


class TestRefusals:
    @given(st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
    def test_a_link_with_any_one_character_changed_is_unknown(self, room, data):
        """
        Wherever a character of a link is changed, the answer is the same 404.
        """
        link = room.link()
        place = data.draw(st.integers(len(BASE), len(link) - 1))
        sign = data.draw(st.sampled_from(string.printable).filter(lambda sign: sign != link[place]))

        answer = room.get(link[:place] + sign + link[place + 1 :])

        assert answer == unknown_answer()

    def test_all_foreign_links_get_the_same_answer(self, room):
        """
        Nothing can be learned by trying: unknown release, other approver, other key, other image, no link.
        """
        genuine = room.link()
        eve = genuine.replace("ana%40", "eve%40")
        theirs = genuine.replace("ana%40", "ben%40")
        other_release = genuine.replace(RELEASE, "0" * 16)
        answers = [room.get(link) for link in (eve, theirs, other_release, genuine.partition("?")[0])]
        room.ledger.approvals[RELEASE]["image_digest"] = "sha256:" + "cd" * 32
        answers.append(room.get(genuine))
        room.signer.secret, room.signer = b"another", FakeSigner(b"another")
        answers.append(room.get(genuine))

        assert answers == [unknown_answer()] * 6
        assert unknown_answer().status == 404

    def test_a_refusal_asks_the_key_whichever_part_is_wrong(self, room):
        """
        How long an answer takes doesn't tell whether a release or an approver exists.
        """
        genuine = room.link()
        for wrong in (genuine.replace("ana%40", "eve%40"), genuine.replace(RELEASE, "0" * 16)):
            before = room.signer.verified
            room.get(wrong)
            assert room.signer.verified == before + 1

    def test_who_is_no_approver_any_more_has_no_link(self, room):
        """
        The settings of today count, not those of the day on which approval was asked for.
        """
        link = room.link(ANA)
        room.approvers = {"*": [ANA], "pricing": [BEN]}

        assert room.get(link).html == unknown_answer().html
        assert room.get(room.link(BEN)).status == 200

    def test_an_expired_link_is_gone(self, room):
        """
        From the second of its expiry on the answer is 410, decided or not.
        """
        link = room.link()
        room.later(days=3, seconds=-31)
        assert room.get(link).status == 200
        room.later(seconds=1)

        answer = room.get(link)

        assert answer.status == 410
        assert "expired" in answer.html
