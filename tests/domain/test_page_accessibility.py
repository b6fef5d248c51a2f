"""Pages that people decide by, held to axe-core's rules in a real browser: no serious finding."""

from __future__ import annotations

import functools
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.domain.evidence import Evidence
from slipway.domain.report_page import report_page
from tests.domain.test_headline_numbers import full
from tests.fakes.approval_room import BEN, ApprovalRoom

if TYPE_CHECKING:
    from collections.abc import Callable

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(function (found) {
  var out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify(found.violations);
  document.body.appendChild(out);
});
"""
SERIOUS = ("serious", "critical")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (set CHROMIUM to its path)"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core: `npm ci` installs it"),
]


def evidence() -> dict[str, Any]:
    """A report with everything that a page can show."""
    curve = [[0.0, 0.0], [0.4, 0.8], [1.0, 1.0]]
    series = [{"side": side, "points": curve} for side in ("challenger", "champion")]
    matrix = [{"side": "challenger", "points": [[5, 1], [2, 7]]}]
    document = full(
        plots=[
            {"kind": "roc", "series": series},
            {"kind": "confusion", "series": matrix, "classes": ["no", "yes"]},
        ]
    )
    document["training_curves"] = {"loss": [[0, 3.0], [5, 1.0]]}
    document["source"] = {"python": "3.13.1", "libraries": {"numpy": "2.3.5"}}
    document["challenger"]["serving"] |= {"measured_on": "ml.m5.large", "priced_for": "ml.m5.large"}
    return document


def room() -> ApprovalRoom:
    room = ApprovalRoom(rules={"*": {"persons": 2}}, policy={"max_share": 0.2})
    room.write_report(evidence())
    room.ask()
    return room


def pending() -> str:
    """With a first approval under conditions, so that the fields are unfolded."""
    waiting = room()
    waiting.post(waiting.link(), strategy="canary", share="10")
    return str(waiting.get(waiting.link(BEN)).html)


def refused() -> str:
    waiting = room()
    return str(waiting.post(waiting.link(), "rejected", "", "1.0", strategy="x").html)


def decided() -> str:
    waiting = room()
    waiting.post(waiting.link(), "rejected", "too slow")
    return str(waiting.get(waiting.link()).html)


def recorded() -> str:
    waiting = room()
    return str(waiting.post(waiting.link(), "rejected", "too slow").html)


def report() -> str:
    return report_page(Evidence(evidence()), [])


PAGES: dict[str, Callable[[], str]] = {
    "asks": pending, "asks again": refused, "is decided": decided, "has recorded": recorded, "reports": report
}  # fmt: skip


@functools.cache
def script() -> str:
    # a page must not end where the script speaks of its end tag
    return AXE.read_text().replace("</script", "<\\/script")


def findings(page: str, folder: Path, *, width: int, dark: bool) -> list[dict[str, Any]]:
    """What axe-core says of a page at a width, by day or by night."""
    if dark:
        page = page.replace("@media (prefers-color-scheme:dark)", "@media all")
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"<script>{script()}</script><script>{RUN}</script></body>"))
    dumped = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
            f"--window-size={width},2000", "--virtual-time-budget=20000", "--dump-dom", file.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = re.search(r'<pre id="found">(.*?)</pre>', dumped, re.DOTALL)
    assert found, "axe-core did not run"
    violations: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    return violations


@pytest.mark.parametrize(
    ("width", "dark"), [(390, False), (1280, True)], ids=["phone by day", "desk by night"]
)
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_finding(name: str, width: int, dark: Any, tmp_path: Path) -> None:
    """Names, roles, contrast, order of headings: on a phone by day, and on a desk by night."""
    found = findings(PAGES[name](), tmp_path, width=width, dark=dark)

    told = [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
    assert told == []


LAY = """
var wrong = [];
document.querySelectorAll("tbody td.n, .facts dd, .num").forEach(function (cell) {
  var card = cell.closest(".card").getBoundingClientRect();
  var range = document.createRange();
  range.selectNodeContents(cell);
  var text = range.getBoundingClientRect();
  if (text.width && text.right > card.right - 8) wrong.push("over the card: " + cell.textContent);
  if (cell.matches(".num") && range.getClientRects().length > 1) wrong.push("broken: " + cell.textContent);
});
document.querySelectorAll("tbody tr").forEach(function (row) {
  var boxes = Array.from(row.querySelectorAll("td.n")).map(function (cell) {
    var range = document.createRange();
    range.selectNodeContents(cell);
    return [range.getBoundingClientRect(), cell.textContent];
  }).filter(function (one) { return one[0].width; });
  boxes.slice(1).forEach(function (one, index) {
    var before = boxes[index][0];
    if (one[0].top < before.bottom && one[0].left < before.right + 4)
      wrong.push("run together: " + boxes[index][1] + one[1]);
  });
});
var out = document.createElement("pre");
out.id = "laid";
out.textContent = JSON.stringify(wrong);
document.body.appendChild(out);
"""


def close_call() -> str:
    """Sides of many digits, very small differences, slices with intervals."""
    document = evidence()
    for side, value in (("challenger", 87.23487), ("champion", 87.235)):
        document[side]["metrics"] = dict.fromkeys(document[side]["metrics"], value)
    tiny = {"difference": -4.47e-07, "lower": -4.47e-07, "upper": 3.2e-07, "confidence": 0.95}
    found = {"rows": 12345, "challenger": 87.23487, "champion": 87.235, "gain": -4.47e-07}
    document["rows"] = {
        "comparisons": {document["primary_metric"]: tiny},
        "slices": [{"column": "carrier", "value": "UA", **found, "lower": -4.47e-07, "upper": 3.1e-07}],
    }
    return report_page(Evidence(document), [])


@pytest.mark.parametrize("width", [390, 640, 1280])
def test_numbers_stand_apart_and_whole(width: int, tmp_path: Path) -> None:
    """No number runs into the next, over its card, or on into another line, at any width."""
    # Chromium's windows are no narrower than 500: a phone is a frame
    (tmp_path / "page.html").write_text(close_call().replace("</body>", f"<script>{LAY}</script></body>"))
    frame = tmp_path / "frame.html"
    take = "var d=this.contentDocument;document.body.append(d.getElementById('laid'))"
    frame.write_text(f'<body><iframe src="page.html" width="{width}" height="4000" onload="{take}"></iframe>')
    dumped = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=20000", "--dump-dom",
            frame.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = re.search(r'<pre id="laid">(.*?)</pre>', dumped, re.DOTALL)
    assert found, "the page was not laid out"
    assert json.loads(html.unescape(found[1])) == []


def test_a_bad_page_is_found_out(tmp_path: Path) -> None:
    """The check can fail: text of too little contrast, and a picture without words."""
    pale = "<p style='color:#ddd'>pale</p><img src='data:,'>"
    page = f"<!doctype html><html lang=en><title>x</title><body>{pale}</body>"

    found = {one["id"] for one in findings(page, tmp_path, width=390, dark=False)}
    assert {"color-contrast", "image-alt"} <= found
