r"""
What every answer says of the model behind it.

The header's value is ``project=…;model=…;version=…;image=sha256:…;data=…``: visible ASCII, at most 1,024
characters (SageMaker's limit for custom attributes). Any other character of a value, and ``%``, ``;`` and
``=``, stands as ``%XX``. What a server adds itself follows behind a ``;``; a reader takes each key's first
value.
"""

from __future__ import annotations

import json
import os
from typing import Mapping
from urllib.parse import quote, unquote

VARIABLE = "SLIPWAY_IDENTITY"
HEADER = "X-Amzn-SageMaker-Custom-Attributes"
MAX_CHARACTERS = 1024

_MAX_VALUE_CHARACTERS = 240  # four of them, the digest and the keys stay below 1,024
_KEYS = (
    ("project", "project"),
    ("model", "model"),
    ("version", "version"),
    ("image", "image_digest"),
    ("data", "data_version"),
)
_PLAIN = "!\"#$&'()*+,/:<>?@[\\]^`{|}~"


def from_environment() -> dict[str, str]:
    """The identity that the platform gave this container; empty outside of it."""
    try:
        identity = json.loads(os.environ.get(VARIABLE) or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in identity.items()} if isinstance(identity, dict) else {}


def format_header(identity: Mapping[str, str]) -> str:
    """
    The header's value for an identity; missing parts are left out.

    >>> format_header({"project": "pricing", "version": "1.0.0", "data_version": "a;b"})
    'project=pricing;version=1.0.0;data=a%3Bb'
    """
    parts = ((short, identity.get(name) or "") for short, name in _KEYS)
    return ";".join(f"{short}={_escaped(value)}" for short, value in parts if value)


def parse_header(value: str) -> dict[str, str]:
    """
    The identity that a header's value stands for; keys that are not ours are left out.

    >>> parse_header("project=pricing;version=1.0.0;data=a%3Bb;trace=7")
    {'project': 'pricing', 'version': '1.0.0', 'data_version': 'a;b'}
    """
    names = dict(_KEYS)
    identity: dict[str, str] = {}
    for part in value.split(";"):
        short, _, text = part.partition("=")
        name = names.get(short.strip())
        if name is not None:
            identity.setdefault(name, unquote(text))
    return identity


def with_attributes(identity_value: str, attributes: str) -> str:
    """The identity, followed by a server's own custom attributes if both fit into the header."""
    if not attributes or attributes == identity_value:
        return identity_value
    both = f"{identity_value};{attributes}" if identity_value else attributes
    return both if len(both) <= MAX_CHARACTERS else identity_value


def _escaped(value: str) -> str:
    escaped = quote(value, safe=_PLAIN)
    if len(escaped) <= _MAX_VALUE_CHARACTERS:
        return escaped
    cut = escaped[:_MAX_VALUE_CHARACTERS]
    return cut[: cut.rindex("%")] if "%" in cut[-2:] else cut  # no half escape at the end
