"""How a registry is told who asks (https://distribution.github.io/distribution/spec/auth/token/)."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from workbench.images.registry_errors import RegistryError

TIMEOUT_SECONDS: Final = 30.0
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password."""

    user: str
    password: str

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def is_local(host: str) -> bool:
    """
    Whether a registry is on this machine, and therefore spoken to by plain HTTP.

    >>> is_local("127.0.0.1:4566"), is_local("127.0.0.1.example.com")
    (True, False)
    """
    return host.split(":", maxsplit=1)[0] in {"127.0.0.1", "localhost"}


def of_ecr(ecr: Any) -> Credentials:
    """From ``ecr:GetAuthorizationToken``; good for 12 hours."""
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    return Credentials(user, password)


def answer(registry: str, challenge: str, credentials: Credentials | None, scope: str) -> str | None:
    """
    The Authorization header that a ``WWW-Authenticate`` challenge asks for; None: there are no credentials.

    Raises:
        RegistryError: The token service refuses.
    """
    scheme = challenge.partition(" ")[0].lower()
    if scheme == "bearer":
        return _bearer(registry, challenge, credentials, scope)
    return credentials.basic if credentials else None


def _bearer(registry: str, challenge: str, credentials: Credentials | None, scope: str) -> str:
    asked = dict(_PARAMETER.findall(challenge))
    query = {"service": asked.get("service", ""), "scope": asked.get("scope") or scope}
    realm = asked.get("realm", "")
    # A password goes to a token service in the clear on this machine only.
    allowed = ("https://", "http://") if is_local(registry) else ("https://",)
    if not realm.startswith(allowed):
        raise RegistryError(registry, "to name a token service that can be trusted", 401, challenge)
    request = urllib.request.Request(f"{realm}?{urllib.parse.urlencode(query)}")  # noqa: S310 - http(s) as checked
    if credentials:
        request.add_header("Authorization", credentials.basic)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - likewise
            document = json.load(response)
    except urllib.error.HTTPError as error:
        raise RegistryError(registry, "a token", error.code, error.reason) from error
    return f"Bearer {document.get('token') or document['access_token']}"
