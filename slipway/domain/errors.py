"""
The errors of use cases and adapters; those of one concept stand beside it in this room.

A class's name is what ``ErrorEquals`` matches in the state machines: renaming one
is a change of contract. An expected "no" is a value, not an error.

    SlipwayError
    ├── MissingSettingError         a function lacks an environment variable
    ├── RegistryAnswerError         the image registry's answer can't be believed
    ├── VersionNotRegisteredError   the ledger holds no such version
    ├── PackageNotApprovedError     nobody approved the version that is to serve
    ├── ArtifactRemovedError        retention, or somebody, removed what the version serves
    ├── PackageNotReadyError        the model package did not become usable
    ├── VersionTakenError           another release registered the version first
    ├── AliasMovedError             somebody else moved the alias meanwhile
    ├── LeaseLostError              another promotion has taken the endpoint over
    ├── SmokeTestFailedError        the endpoint did not answer its sample request
    ├── IdentityMismatchError       the endpoint answered as another version
    ├── EventNotAcceptedError       the event bus refused an event
    └── DashboardRefusedError       CloudWatch does not take a dashboard
"""

from __future__ import annotations


class SlipwayError(Exception):
    """Base of all; the message says what, where, and what to do next."""


class MissingSettingError(SlipwayError):
    """A function was deployed without an environment variable that it reads."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"the environment variable {variable} is not set; the stack that deploys this function sets it"
        )
        self.variable = variable


class RegistryAnswerError(SlipwayError):
    """The image registry answered with something that contradicts its own digest or format."""

    def __init__(self, repository: str, digest: str, problem: str) -> None:
        super().__init__(f"{repository}@{digest}: {problem}; push the image again under a new version")
        self.repository, self.digest, self.problem = repository, digest, problem


class VersionNotRegisteredError(SlipwayError):
    """A version is to serve that no release registered."""

    def __init__(self, project: str, model: str, version: str, registered: list[str]) -> None:
        known = ", ".join(registered) or "none"
        super().__init__(
            f"version {version!r} of {project}/{model} is not registered (registered: {known}); release "
            "it first: push its image, or name a registered version"
        )
        self.project, self.model, self.version, self.registered = project, model, version, registered


class PackageNotApprovedError(SlipwayError):
    """A version is to serve whose model package is not approved."""

    def __init__(self, package_arn: str, version: str, status: str) -> None:
        super().__init__(
            f"version {version!r} can't serve: model package {package_arn} is {status!r}, not "
            "'Approved'; let an approver decide its release, or push a newer version"
        )
        self.package_arn, self.version, self.status = package_arn, version, status


class ArtifactRemovedError(SlipwayError):
    """A version is to serve whose model artifact was removed."""

    def __init__(self, project: str, model: str, version: str, removed_at: str) -> None:
        super().__init__(
            f"version {version!r} of {project}/{model} can't serve: its artifact was removed {removed_at}; "
            "promote another version, or push the image under a newer one, which trains it again"
        )
        self.project, self.model, self.version, self.removed_at = project, model, version, removed_at


class PackageNotReadyError(SlipwayError):
    """A model package did not reach the status Completed."""

    def __init__(self, package_arn: str, status: str) -> None:
        super().__init__(
            f"model package {package_arn} is {status!r} instead of 'Completed'; look at its details in "
            "SageMaker, then retry the release"
        )
        self.package_arn, self.status = package_arn, status


class VersionTakenError(SlipwayError):
    """Another release registered the same version, and it still counts."""

    def __init__(self, project: str, model: str, version: str, holder: str) -> None:
        super().__init__(
            f"version {version!r} of {project}/{model} is already registered by release {holder}; push "
            "the image under a newer version"
        )
        self.project, self.model, self.version, self.holder = project, model, version, holder


class AliasMovedError(SlipwayError):
    """The alias no longer points to where it did when the promotion was planned."""

    def __init__(self, alias: str, expected: str, actual: str) -> None:
        super().__init__(
            f"alias {alias!r} was to move from {expected}, but it points to {actual}: another promotion "
            "came between; start the promotion again if it is still wanted"
        )
        self.alias, self.expected, self.actual = alias, expected, actual


class LeaseLostError(SlipwayError):
    """The lease on an endpoint ran out, and another execution took it: this one may write no more."""

    def __init__(self, endpoint: str, fence: int) -> None:
        super().__init__(
            f"another promotion has taken endpoint {endpoint} over (its lease was no longer that of fence "
            f"{fence}), so that nothing was recorded; start the promotion again if it is still wanted"
        )
        self.endpoint, self.fence = endpoint, fence


class SmokeTestFailedError(SlipwayError):
    """The endpoint is in service and does not answer the manifest's sample request."""

    def __init__(self, endpoint: str, problem: str) -> None:
        super().__init__(
            f"endpoint {endpoint} did not answer the sample request of [serving.sample]: {problem}; send "
            "the same request to the image with `slipway model check`, and look at the endpoint's log"
        )
        self.endpoint, self.problem = endpoint, problem


class IdentityMismatchError(SlipwayError):
    """The endpoint answered, but not as the version that was deployed."""

    def __init__(self, endpoint: str, wanted: str, answered: str) -> None:
        said = f"said {answered!r}" if answered else "did not say which version made it"
        super().__init__(
            f"endpoint {endpoint} was to answer as version {wanted!r}, but its answer {said}; "
            'set identity = "proxy" under [serving] in slipway.toml, or let the server add the header '
            "X-Amzn-SageMaker-Custom-Attributes from $SLIPWAY_IDENTITY"
        )
        self.endpoint, self.wanted, self.answered = endpoint, wanted, answered


class EventNotAcceptedError(SlipwayError):
    """The event bus refused an event, so nobody would be told."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(
            f"the event bus refused the event {kind!r}: {code}: {message}; the function retries by itself"
        )
        self.kind, self.code, self.message = kind, code, message


class DashboardRefusedError(SlipwayError):
    """CloudWatch does not take a dashboard as it is."""

    def __init__(self, name: str, messages: list[str]) -> None:
        super().__init__(
            f"CloudWatch does not take dashboard {name!r}: {'; '.join(messages)}; "
            "its body is made by slipway/domain/dashboard.py"
        )
        self.name, self.messages = name, messages
