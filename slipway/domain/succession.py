"""Whether an approved version may still follow what serves: time goes by between evidence and approval."""

from __future__ import annotations

from slipway.domain.errors import SlipwayError
from slipway.domain.semver import Version


class SupersededError(SlipwayError):
    """Another version serves than the one that the approved version was compared with."""

    def __init__(
        self, version: str, serving: str, judged_against: str | None, *, tried: bool = False
    ) -> None:
        anew = (
            f"Try it beside {serving}"
            if tried
            else f"Push it under a version above both, so that it is compared with {serving}"
        )
        super().__init__(
            f"version {version!r} was approved, but {sentence_of(serving, judged_against)} {anew}; or, to "
            "have it serve as it is, promote it by hand"
        )
        self.version, self.serving, self.judged_against = version, serving, judged_against


def serves_instead(serving: str, *, version: str, judged_against: str | None, tried: bool = False) -> str:
    """
    The version in whose place an approved one must not be put; empty: it may serve.

    Args:
        serving: The champion's version now; empty: none.
        version: The approved one.
        judged_against: The champion's version when the release was planned; empty: there was none; None:
            nobody knows any more. Of a trial: the one that the version was tried beside.
        tried: By a trial: as in a rollback, it may be older than what serves, but only than what it was tried
            beside.

    >>> serves_instead("1.2.0", version="1.1.0", judged_against="1.0.0")
    '1.2.0'
    >>> serves_instead("1.0.0", version="1.1.0", judged_against="1.0.0")
    ''
    >>> serves_instead("1.1.0", version="1.0.0", judged_against="1.1.0", tried=True)
    ''
    """
    # it serves already when its own promotion is tried again
    if serving in ("", version):
        return ""
    older = not tried and Version.parse(serving).follows(Version.parse(version))
    changed = judged_against is not None and judged_against != serving
    return serving if older or changed else ""


def sentence_of(serving: str, judged_against: str | None) -> str:
    """
    What serves, and what the evidence compared with.

    >>> sentence_of("1.2.0", "1.0.0")
    '1.2.0 serves by now, and its evidence compares it with 1.0.0.'
    """
    if judged_against is None or judged_against == serving:
        return f"{serving} serves by now."
    compared = f"compares it with {judged_against}" if judged_against else "compares it with nothing"
    return f"{serving} serves by now, and its evidence {compared}."
