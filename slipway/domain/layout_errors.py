"""Why an endpoint can't be made to look as wanted; all of it is refused before anything is touched."""

from __future__ import annotations

from slipway.domain.errors import SlipwayError


class LayoutError(SlipwayError):
    """The endpoint can't be made to look as wanted."""


class KindChangeError(LayoutError):
    """The version asks for another kind of endpoint than the one that is in service."""

    def __init__(self, endpoint: str, model: str, version: str, serving: str, wanted: str) -> None:
        super().__init__(
            f"endpoint {endpoint} is {serving}, and version {version} asks for {wanted}: SageMaker "
            "changes no "
            f"endpoint from one into the other. Stop it with `slipway endpoint stop {model}` (nothing "
            "answers "
            f'from then on), then promote {version}; or say kind = "{serving}" under [serving]'
        )
        self.endpoint, self.version, self.serving, self.wanted = endpoint, version, serving, wanted


class NothingServesError(LayoutError):
    """Something is to happen beside a champion, and there is none."""

    def __init__(self, endpoint: str, action: str) -> None:
        super().__init__(
            f"endpoint {endpoint} has no champion in service, so that nothing can be done beside it "
            f"({action}); "
            "promote a version first"
        )
        self.endpoint, self.action = endpoint, action


class NotOnEndpointError(LayoutError):
    """A version is to leave an endpoint on which it does not stand."""

    def __init__(self, endpoint: str, version: str, standing: list[str]) -> None:
        beside = ", ".join(standing) or "none"
        super().__init__(
            f"version {version} does not stand beside the champion of endpoint {endpoint} (there: {beside}); "
            "name one of those"
        )
        self.endpoint, self.version, self.standing = endpoint, version, standing


class ChampionLeavesError(LayoutError):
    """The champion is to stand beside itself, or to leave."""

    def __init__(self, endpoint: str, version: str, action: str) -> None:
        super().__init__(
            f"version {version} is the champion of endpoint {endpoint}, so that {action!r} makes no "
            "sense of it: "
            "promote another version in its place, or stop the endpoint"
        )
        self.endpoint, self.version, self.action = endpoint, version, action


class NoRoomError(LayoutError):
    """The endpoint holds no such further version, or not with this share."""

    def __init__(self, endpoint: str, version: str, problem: str) -> None:
        super().__init__(f"version {version} can't stand on endpoint {endpoint}: {problem}")
        self.endpoint, self.version, self.problem = endpoint, version, problem


class TrialRunsError(LayoutError):
    """A trial of another version is on the endpoint, and the environment lets it end first."""

    def __init__(self, endpoint: str, version: str, trial_id: str, environment: str) -> None:
        super().__init__(
            f"version {version} is approved, but trial {trial_id} of another one runs on endpoint "
            f"{endpoint}, "
            f'and environments/{environment}.toml says newer_version = "waits"; retry the release when '
            "the trial "
            "has ended, or promote the version by hand, which ends it"
        )
        self.endpoint, self.version, self.trial_id = endpoint, version, trial_id


class StrategyNotPossibleError(LayoutError):
    """A strategy was asked for in place of the manifest's that this version can't have here."""

    def __init__(self, version: str, problem: str) -> None:
        super().__init__(
            f"version {version} can't be promoted as asked for in place of its manifest's strategy: "
            f"{problem}; "
            "promote it by hand with another strategy, or with its own"
        )
        self.version, self.problem = version, problem
