from __future__ import annotations

import re

import pytest

from slipway.domain.approval_style import STYLE

READABLE = 4.5
"""Contrast that WCAG 2.2 asks for at level AA."""

LIGHT, DARK = re.findall(r":root\{(.*?)\}", STYLE, re.DOTALL)[:2]

PAIRS = [
    ("ink", "page"), ("ink", "card"), ("ink", "tint"), ("soft", "page"), ("soft", "card"), ("soft", "tint"),
    ("accent", "card"), ("accent", "page"), ("accent-ink", "accent"), ("good", "good-tint"),
    ("bad", "bad-tint"), ("bad", "card"), ("warn", "warn-tint"),
]  # fmt: skip


def colours(theme: str) -> dict[str, tuple[float, ...]]:
    found = {}
    for name, value in re.findall(r"--([a-z-]+):#([0-9a-f]{3,6})\b", theme):
        digits = value if len(value) == 6 else "".join(2 * digit for digit in value)
        found[name] = tuple(int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4))
    return found


def luminance(colour: tuple[float, ...]) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestStyle:
    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    @pytest.mark.parametrize(("text", "ground"), PAIRS)
    def test_text_can_be_read_on_its_ground(self, theme, text, ground):
        """
        Every pair of colours that the page uses has enough contrast, by day and by night.
        """
        known = colours(theme)
        lighter, darker = sorted((luminance(known[text]), luminance(known[ground])), reverse=True)

        assert (lighter + 0.05) / (darker + 0.05) >= READABLE

    def test_nothing_comes_from_elsewhere(self):
        """
        No font, image or other style is loaded.
        """
        assert "url(" not in STYLE
        assert "@import" not in STYLE
