"""Whose work a repository says it is and under which terms, and what another repository has of that."""

from clonedetect.attribution.compare import compare_attribution
from clonedetect.attribution.credit import credit_of
from clonedetect.attribution.holders import notices_of
from clonedetect.attribution.licences import licence_of
from clonedetect.attribution.names import names_of

__all__ = ["compare_attribution", "credit_of", "licence_of", "names_of", "notices_of"]
