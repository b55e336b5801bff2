"""The table of channels."""

from __future__ import annotations

from clonedetect.domain import Findings
from clonedetect.pipeline.channels import CHANNELS


def test_every_finding_has_the_channel_that_makes_it() -> None:
    assert sorted(channel.name for channel in CHANNELS) == sorted(Findings.__dataclass_fields__)
