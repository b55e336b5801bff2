"""The words of a judgement."""

from __future__ import annotations

from typing import Literal

Strength = Literal["none", "weak", "moderate", "strong", "decisive"]
Relation = Literal["unrelated", "common-ancestor", "derived"]
Direction = Literal["left-from-right", "right-from-left", "unknown"]

STRENGTHS: tuple[Strength, ...] = ("none", "weak", "moderate", "strong", "decisive")
"""Weakest first."""
