"""Approval links are vouched for by a KMS HMAC key: nobody can read it, and every use of it is logged."""

from __future__ import annotations

from typing import Any, Final

from slipway.domain.approval_link import key_tag

_ALGORITHM: Final = "HMAC_SHA_256"
_NOT_GENUINE: Final = "KMSInvalidMacException"


class KmsSigner:
    """Port ``LinkSigner``; verification happens inside KMS, so no MAC is ever compared here."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    @property
    def key(self) -> str:
        return key_tag(self._key_id)

    def sign(self, message: bytes) -> bytes:
        answer = self._client.generate_mac(KeyId=self._key_id, MacAlgorithm=_ALGORITHM, Message=message)
        return bytes(answer["Mac"])

    def verify(self, message: bytes, mac: bytes) -> bool:
        try:
            answer = self._client.verify_mac(
                KeyId=self._key_id, MacAlgorithm=_ALGORITHM, Message=message, Mac=mac
            )
        except Exception as error:
            # botocore is not imported here: the error's shape tells enough
            response: Any = getattr(error, "response", {})
            if response.get("Error", {}).get("Code") == _NOT_GENUINE:
                return False
            raise
        return bool(answer["MacValid"])
