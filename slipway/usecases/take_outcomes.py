"""
Takes in what came of an endpoint's answers: from the API, the command line, or a dropped file.

Nothing is counted here: outcomes are kept as they come, a batch in a file, and a trial reads each file once.
Reporting an outcome again changes nothing, because the first one for an inference id counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import CHAMPION
from slipway.contracts.outcome import DROP, MAX_OUTCOMES, REFUSED
from slipway.domain.texts import TooLarge
from slipway.domain.trials.kept_outcomes import kept_key, kept_text
from slipway.domain.trials.outcome import documents_of, take

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slipway.contracts.outcome import OutcomeLine, OutcomesAnswer
    from slipway.usecases.ports import Clock, KeptFiles, Versions

AT_ONCE: Final = 50_000
"""Outcomes in one kept file."""
MAX_FILE_BYTES: Final = 100_000_000
SHOWN: Final = 1000
"""Refused outcomes of a file that are listed."""


@dataclass(frozen=True, slots=True)
class OutcomesRefused:
    """Nothing of a request was taken; ``status`` is HTTP's."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeIntake:
    """What it works with."""

    versions: Versions
    files: KeptFiles
    clock: Clock

    def take_batch(self, body: Any) -> OutcomesAnswer | OutcomesRefused:
        """
        Take ``{"project", "model", "outcomes": […]}``.

        Returns:
            How many were taken, and why others were not; or why none was: 400 for what is no such document,
            404 where nothing of that model ever served, 413 for too many.
        """
        if not isinstance(body, dict) or not isinstance(body.get("outcomes"), list):
            return OutcomesRefused(400, 'send {"project": "…", "model": "…", "outcomes": [{"inference_id": "…", "value": 1}]}')  # fmt: skip  # noqa: E501 - one example
        project, model, outcomes = str(body.get("project")), str(body.get("model")), body["outcomes"]
        if len(outcomes) > MAX_OUTCOMES:
            return OutcomesRefused(413, f"{len(outcomes)} outcomes at once; send {MAX_OUTCOMES} at most")
        if problem := self._unknown(project, model):
            return OutcomesRefused(404, problem)
        taken = take(enumerate(outcomes))
        self._keep(project, model, taken.lines, self.clock())
        return {"accepted": len(taken.lines), "refused": taken.problems}

    def take_file(self, key: str, moment: datetime) -> OutcomesAnswer | OutcomesRefused:
        """
        Take a file that was dropped as ``outcomes/<project>/<model>/…``; as often as one likes.

        What is refused is listed in ``outcomes-refused/…`` under the same name.

        Args:
            key: The file's.
            moment: When it was dropped, as its event says: told again, the same files are kept again.
        """
        _, project, model, name = [*key.split("/", 3), "", "", ""][:4]
        problem = self._unknown(project, model) if name else f"drop files as {DROP}/PROJECT/MODEL/NAME"
        text = None if problem else self.files.read(key, limit=MAX_FILE_BYTES)
        if isinstance(text, TooLarge):
            problem = f"{text}; drop it in parts"
        elif text is None and not problem:
            problem = "the file is gone"
        if problem or not isinstance(text, str):
            self._list_refused(key, {"accepted": 0, "refused": [], "problem": problem})
            return OutcomesRefused(400, problem)
        taken = take(documents_of(name, text))
        for start in range(0, len(taken.lines), AT_ONCE):
            self._keep(project, model, taken.lines[start : start + AT_ONCE], moment)
        answer: OutcomesAnswer = {"accepted": len(taken.lines), "refused": taken.problems}
        if taken.problems:
            self._list_refused(
                key, {**answer, "refused": taken.problems[:SHOWN], "count": len(taken.problems)}
            )
        return answer

    def _unknown(self, project: str, model: str) -> str:
        if self.versions.alias_tip(project, model, CHAMPION) is not None:
            return ""
        return f"no version of {project}/{model} ever served; `slipway endpoint list` shows what does"

    def _keep(self, project: str, model: str, lines: Sequence[OutcomeLine], moment: datetime) -> None:
        if lines:
            text = kept_text(lines)
            self.files.write(kept_key(project, model, moment, text), text)

    def _list_refused(self, key: str, document: dict[str, Any]) -> None:
        name = f"{REFUSED}/{key.removeprefix(f'{DROP}/')}.json"
        self.files.write(name, json.dumps(document, indent=2) + "\n")
