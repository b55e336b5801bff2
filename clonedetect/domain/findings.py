"""What a comparison finds and a report shows. Reporters decide nothing: they only show these values."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

from clonedetect.domain.candidates import Ranking
from clonedetect.domain.channels import Findings
from clonedetect.domain.identity import EqualFile
from clonedetect.domain.strength import Direction, Relation, Strength
from clonedetect.domain.trees import Side, Skipped


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named piece of source: module, class, function, method, block or statement run."""

    side: Side
    path: str
    start_line: int
    end_line: int
    name: str  # dotted within the file, "" for a module or a run outside any definition
    kind: str  # module | class | function | method | block | run
    cell: int | None = None  # 1-based notebook cell; lines then count within the cell


@dataclass(frozen=True, slots=True)
class Region:
    """Lines of the left that stand opposite lines of the right, both inclusive."""

    left: tuple[int, int]
    right: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rename:
    """`left` stands where `right` stands; `count` places of the pair say so."""

    left: str
    right: str
    kind: str  # function | class | parameter | variable | attribute | module | keyword | name
    count: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A named difference between the two sides and how often it occurs (`inserted`, `literal-changed`, ...)."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Feature:
    """A shared feature that carries bits: what it is in words, its weight, and how many places share it."""

    text: str
    bits: float
    count: int


@dataclass(frozen=True, slots=True)
class ClonePair:
    """Two fragments that match. `similarity` and `containment` are in 0..1.

    type 1: equal up to layout and comments; 2: also up to names and literals; 3: with edits.
    bits: log-odds (base 2) of the matched features against the background, None where not computed.
    e_value: how many pairs this strong two unrelated repositories of these sizes would show.
    """

    id: str
    type: int
    similarity: float
    containment: float
    bits: float | None
    e_value: float | None
    explained_by: str | None
    left: Fragment
    right: Fragment
    regions: tuple[Region, ...] = ()
    renames: tuple[Rename, ...] = ()
    edits: tuple[Edit, ...] = ()
    conflicts: int = 0  # renames that contradict the pair's own majority
    features: tuple[Feature, ...] = ()  # rarest first


@dataclass(frozen=True, slots=True)
class CloneClass:
    """Fragments that are all copies of each other, on both sides."""

    id: str
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class FilePair:
    """Two files that share code. relation: identical (same bytes) | renamed (Type-1/2 throughout) | similar."""

    left: str
    right: str
    relation: str
    similarity: float  # share of the smaller file's lines that are matched in the other


@dataclass(frozen=True, slots=True)
class RenameEntry:
    """One line of the repository-wide rename map: `support` pairs agree, `conflicts` pairs say another name."""

    left: str
    right: str
    kind: str
    support: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim of one channel, with the statistic behind it, its null hypothesis and its limits."""

    channel: str
    claim: str
    strength: Strength
    statistic: str
    value: float | None
    null_hypothesis: str
    p_value: float | None = None
    e_value: float | None = None
    exhibits: tuple[str, ...] = ()  # ids of clone pairs, paths, names
    limits: str = ""
    follows: str | None = None  # the channel whose innocent explanations explain this too


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence comes to, in neutral words."""

    strength: Strength
    relation: Relation
    direction: Direction
    summary: str  # a line for each reason, the strongest first; the last one says what was examined
    best_revision: str | None = None


@dataclass(frozen=True, slots=True)
class SideSummary:
    """What was examined of one side."""

    origin: str
    revision: str | None
    dirty: bool
    files: int
    lines: int
    languages: tuple[tuple[str, int], ...]  # (language, files), sorted
    skipped: tuple[Skipped, ...]
    first_commit: str | None
    last_commit: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Files that both sides have. files: those whose content is identical in both examined revisions (git blob id or
    LFS object id); alike: the same and more, with how they are equal and where in the past. weight_share: of the bytes
    that a side has in weight files, the share in files that are equal, on the side where it is smaller."""

    files: tuple[tuple[str, str, str], ...]  # (left path, right path, content id)
    alike: tuple[EqualFile, ...] = ()
    weight_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Quote:
    """The text of a file that a report shows: whole lines, numbered from `start_line`."""

    side: Side
    path: str
    blob: str
    start_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a report says. Reporters decide nothing: they only show this."""

    version: str  # of the tool
    options: tuple[tuple[str, str | int | float | bool | None], ...]  # sorted by name
    left: SideSummary
    right: SideSummary
    ancestors: tuple[SideSummary, ...]
    clone_pairs: tuple[ClonePair, ...]
    clone_classes: tuple[CloneClass, ...]
    file_pairs: tuple[FilePair, ...]
    rename_map: tuple[RenameEntry, ...]
    identity: Identity
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    findings: Findings = field(default_factory=Findings)
    channels: tuple[tuple[str, str], ...] = ()  # channel not examined -> reason
    ranking: Ranking | None = None  # of several candidates, of which the right is the one that fits best
    quotes: tuple[Quote, ...] = field(default=(), repr=False)
    seconds: tuple[tuple[str, float], ...] = ()  # the run's own times by stage; left out by --reproducible

    def _repr_html_(self) -> str:
        """What a notebook shows. Looked up by name: values know no reporter, and only a notebook ever asks."""
        return import_module("clonedetect.report.html").to_notebook_html(self)


@dataclass(frozen=True, slots=True)
class Statement:
    """A canonical statement, from `start_line` to `end_line` of the original file (1-based, inclusive).

    tokens: names a copier may change are marked `name:x` (attribute chains of own objects are one such token,
    `name:self.config.x`); external names, attributes, keywords, operators and constants stand as they are.
    rewrites: the canonical rewrites that made it, each as often as it applied.
    """

    start_line: int
    end_line: int
    depth: int
    tokens: tuple[str, ...]
    rewrites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Statements of the left that stand opposite statements of the right.

    pairs: (left index, right index, score in 0..1), by left index; a statement that was joined or split has several.
    similarity: matched token mass over the mass of both sides together; containment: over the smaller side's mass.
    """

    pairs: tuple[tuple[int, int, float], ...]
    regions: tuple[Region, ...]
    edits: tuple[Edit, ...]
    renames: tuple[Rename, ...]
    conflicts: int
    similarity: float
    containment: float
