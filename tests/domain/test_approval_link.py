from __future__ import annotations

import hashlib
import hmac
import string

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.approval_link import ApprovalLink, LinkClaims, is_approver, key_tag, nonce_hash
from tests.fakes.approval_room import BASE, DIGEST, RELEASE, taken_apart

KEY = key_tag("1234abcd-12ab-34cd-56ef-1234567890ab")
NONCE = nonce_hash(b"a nonce")


def link(approver: str = "ana@example.com", expires_at: int = 1_795_356_191) -> ApprovalLink:
    claims = LinkClaims(RELEASE, approver, expires_at, KEY)
    message = claims.canonical(image_digest=DIGEST, nonce=NONCE)
    return ApprovalLink(claims, hmac.digest(b"secret", message, hashlib.sha256))


LOCAL = st.text(string.ascii_letters + string.digits + "._-+'", min_size=1, max_size=64)
ADDRESSES = st.builds(
    "{}@{}.example.com".format, LOCAL, st.text(string.ascii_lowercase, min_size=1, max_size=20)
)


class TestApprovalLink:
    def test_a_link_fits_into_two_hundred_characters(self):
        """
        Mail readers wrap long lines; a link with an execute-api host and a usual address stays below 200.
        """
        assert len(link("christina.van-der-meer@research.example.com").url(BASE)) < 200

    @given(ADDRESSES, st.integers(1, 99_999_999_999), st.binary(min_size=32, max_size=32))
    def test_what_is_written_is_read_back(self, approver, expires_at, mac):
        """
        A link that was made parses to itself, whatever the address and the signature.
        """
        made = ApprovalLink(LinkClaims(RELEASE, approver, expires_at, KEY), mac)

        assert ApprovalLink.parse(*taken_apart(made.url(BASE))) == made

    @given(st.data())
    def test_no_other_spelling_means_the_same(self, data):
        """
        Changing any one character of path or query gives no link, or one with other claims or signature.
        """
        url = link().url(BASE)
        place = data.draw(st.integers(len(BASE), len(url) - 1))
        sign = data.draw(st.sampled_from(string.printable).filter(lambda sign: sign != url[place]))
        changed = url[:place] + sign + url[place + 1 :]

        assert ApprovalLink.parse(*taken_apart(changed)) != link()

    @given(st.text(max_size=40), st.text(max_size=300))
    def test_any_text_is_a_link_or_none(self, release_id, query):
        """
        Whatever arrives is answered, never an error.
        """
        parsed = ApprovalLink.parse(release_id, query)

        assert parsed is None or len(parsed.mac) == 32

    def test_parameters_that_are_missing_doubled_or_foreign_are_refused(self):
        """
        A link has its four parameters, each once, and no other.
        """
        release_id, query = taken_apart(link().url(BASE))
        pairs = query.split("&")

        assert ApprovalLink.parse(release_id, "&".join(reversed(pairs))) == link()
        for other in (pairs[1:], [*pairs, pairs[0]], [*pairs, "utm=1"], [*pairs, ""], []):
            assert ApprovalLink.parse(release_id, "&".join(other)) is None

    def test_nothing_long_is_looked_at(self):
        """
        A query that no link of ours can have is refused by its length alone.
        """
        assert ApprovalLink.parse(RELEASE, "a=" + "x" * 100_000) is None


class TestLinkClaims:
    @given(st.data())
    def test_every_part_is_signed(self, data):
        """
        Two different sets of claims, digest and nonce never give the same text to sign.
        """
        parts = [RELEASE, "ana@example.com", 1_795_356_191, KEY, DIGEST, NONCE]
        other = list(parts)
        index = data.draw(st.integers(0, len(parts) - 1))
        other[index] = (
            1_795_356_192 if index == 2 else data.draw(LOCAL.filter(lambda text: text != parts[index]))
        )

        def canonical(values):
            return LinkClaims(*values[:4]).canonical(image_digest=values[4], nonce=values[5])

        assert canonical(parts) != canonical(other)

    def test_the_form_names_its_version(self):
        """
        A later form of the text can be told from this one.
        """
        assert (
            link().claims.canonical(image_digest=DIGEST, nonce=NONCE).startswith(b"slipway-approval-link/1\n")
        )


class TestIsApprover:
    def test_addresses_that_could_change_the_signed_text_are_refused(self):
        """
        Line feeds, spaces and a second at sign have no place in an approver's address.
        """
        assert is_approver("ana+ml@example.com")
        for address in ("ana", "@example.com", "ana@", "a b@example.com", "ana@example.com\n", "a@b@c", ""):
            assert not is_approver(address)
