"""What each side still says of the other, both ways, with what chance explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import Final

from clonedetect.domain.left_behind import (
    LeftBehindFinding,
    Mark,
    MarkCount,
    MarkKind,
    Place,
    TermCounts,
    Text,
    other,
)
from clonedetect.domain.trees import Side
from clonedetect.left_behind.chance import A_PLACE, NAMES, TEXTS, clustered, rare
from clonedetect.left_behind.old import Found, Wanted, look_back
from clonedetect.left_behind.places import place_of_import, place_of_name, place_of_text, place_of_word
from clonedetect.left_behind.references import dangling_imports, dangling_references, open_uses
from clonedetect.left_behind.spelling import misspelled
from clonedetect.left_behind.terms import Terms, python_terms
from clonedetect.left_behind.voice import Voice, distinctive, listen

LISTED: Final = 400  # marks of one kind
PROJECT_PACKAGES: Final = 10  # a project word that more packages use is a common word
_ORDER: Final[tuple[MarkKind, ...]] = (
    "dangling-reference", "dangling-import", "project", "name", "token", "text", "misspelling", "unused-import",
)  # fmt: skip


def left_behind(
    left: tuple[Iterable[Text], Iterable[Text]],
    right: tuple[Iterable[Text], Iterable[Text]],
    file_pairs: Sequence[tuple[str, str]],
    ancestors: Iterable[Text],
    counts: TermCounts,
    read: Callable[[bytes], Terms] = python_terms,
) -> LeftBehindFinding:
    """Compare what two sides say. Each is (present texts, texts of its history that are gone, oldest first).

    file_pairs: paths that share code. Whatever an ancestor says too is left out. read: terms of Python source.
    """
    return compare_voices(
        {"left": listen(left[0], read), "right": listen(right[0], read)},
        {"left": left[1], "right": right[1]},
        file_pairs,
        listen(ancestors, read),
        counts,
    )


def compare_voices(
    sides: dict[Side, Voice],
    gone: dict[Side, Iterable[Text]],
    file_pairs: Sequence[tuple[str, str]],
    known: Voice,
    counts: TermCounts,
) -> LeftBehindFinding:
    """The same from what was heard already; `known` is what ancestors say."""
    explained: list[str] = []
    found: dict[Side, Found] = {}
    marks: list[Mark] = []
    totals: list[MarkCount] = []
    for side, here in sides.items():
        there = sides[other(side)]
        names = _foreign_names(there, here, known, counts)
        words = _project_words(there, here, known, counts)
        phrases = frozenset(said for said in there.phrases if said not in here.phrases and said not in known.phrases)
        found[side] = look_back(gone[side], here, Wanted(names, words, phrases))
        uses = open_uses(here, there)
        if uses:
            explained.append(f"the {side} {uses}: names of it there are not counted")
        else:
            more, numbers = _one_sided(side, here, there, names, words, found[side], counts)
            marks += more
            totals += numbers
    both, numbers = _shared(sides, found, file_pairs, known, counts)
    marks += both
    totals += numbers
    order = {kind: n for n, kind in enumerate(_ORDER)}
    limits = [
        f"{each.left_out:,} texts of the {side} were left out: more than the bound" for side, each in sides.items()
        if each.left_out
    ]  # fmt: skip
    limits += [f"the history of the {side} was read in part: too many lines" for side in found if found[side].stopped]
    return LeftBehindFinding(
        marks=tuple(sorted(marks, key=lambda mark: (order[mark.kind], mark.packages, mark.term, _where(mark)))),
        counts=tuple(sorted(totals, key=lambda each: (order[each.kind], each.side))),
        explained=tuple(explained),
        looked=(len(sides["left"].texts) + found["left"].texts, len(sides["right"].texts) + found["right"].texts),
        limits=tuple(limits),
    )


def _where(mark: Mark) -> tuple[str, str, str]:
    return mark.side, mark.left.path if mark.left else "", mark.right.path if mark.right else ""


def _foreign_names(there: Voice, here: Voice, known: Voice, counts: TermCounts) -> frozenset[str]:
    """Composed names that one side defines, that the other's code does not have, and that public code hardly has."""
    defined = there.defined | {module for module in there.modules if "." not in module}
    mine = here.code | here.modules | known.code | known.loose.keys() | known.modules
    return frozenset(name for name in defined - mine if distinctive(name) and not counts.count("name", name))


def _project_words(there: Voice, here: Voice, known: Voice, counts: TermCounts) -> frozenset[str]:
    """Names of one side's packages that are rare as words and no package of the other."""
    out = set()
    for root in there.roots - here.roots - known.roots:
        word = root.lower()
        plain = not word.isalpha() or len(word) < 4 or word in counts.common
        if not plain and counts.count("word", word) <= PROJECT_PACKAGES and not counts.count("root", root):
            out.add(word)
    return frozenset(out)


def _one_sided(
    side: Side, here: Voice, there: Voice, names: frozenset[str], words: frozenset[str], old: Found, counts: TermCounts
) -> tuple[list[Mark], list[MarkCount]]:
    """What makes sense on the other side only: its names, its project, its tokens, references into it."""
    marks: list[Mark] = []
    totals: list[MarkCount] = []

    def add(kind: MarkKind, term: str, mine: Place, origin: Place | None, packages: int) -> None:
        left, right = (mine, origin) if side == "left" else (origin, mine)
        marks.append(Mark(kind, term, side, left, right, packages))

    def total(kind: MarkKind, count: int, expected: float, p: float) -> None:
        if count:
            totals.append(MarkCount(kind, side, count, expected, p))

    spots: Counter[str] = Counter()
    for name in sorted(names):
        place = _present_or_old(here, name, old)
        if place is not None:
            spots[place.path] += 1
            add("name", name, place, _definition(there, name), 0)
    counted = sum(min(count, A_PLACE) for count in spots.values())
    total("name", counted, *clustered(counted, len(there.code), len(here.code) + len(here.loose), NAMES))

    hits = []
    spots_of = here.spots(words)
    for word in sorted(words):
        place = _word_place(here, word, spots_of.get(word, ())) or old.words.get(word)
        if place is not None:
            hits.append(word)
            add("project", word, place, _definition(there, word), counts.count("word", word))
    total("project", len(hits), *rare(len(hits), [counts.chance("word", word) for word in words]))

    # Tokens that the side's own code never mentions and the other side's code does.
    orphans = {token: n for token, n in here.tokens.items() if token not in here.spoken}
    leftover = sorted(token for token in orphans if token in there.spoken)
    for token in leftover:
        origin = next(
            (place_of_name(text, token) for text in there.texts if text.python and token.encode() in text.data), None
        )
        add("token", token, place_of_name(here.texts[orphans[token]], token), origin, 0)
    total("token", len(leftover), *rare(len(leftover), [counts.chance("name", token) for token in orphans]))

    imports, asked = dangling_imports(here, there, counts)
    for module, number in imports:
        origin = _definition(there, module.lstrip(".").rpartition(".")[2])
        add("dangling-import", module, place_of_import(here.texts[number], module, ""), origin, 0)
    total("dangling-import", len(imports), *rare(len(imports), [counts.chance("root", "")] * max(asked, 1)))

    references, asked = dangling_references(here, there, counts)
    for reference, number in references:
        origin = _definition(there, reference.rpartition(".")[2])
        add("dangling-reference", reference, place_of_name(here.texts[number], reference), origin, 0)
    total("dangling-reference", len(references), *rare(len(references), [counts.chance("root", "")] * max(asked, 1)))
    return marks[: LISTED * 4], totals


def _present_or_old(here: Voice, name: str, old: Found) -> Place | None:
    numbers = [number for number in here.loose.get(name, ()) if not here.open_document(number)]
    if numbers:
        return place_of_name(here.texts[numbers[0]], name)
    return old.names.get(name)


def _word_place(here: Voice, word: str, numbers: Iterable[int]) -> Place | None:
    first = next((number for number in numbers if not here.open_document(number)), None)
    return None if first is None else place_of_word(here.texts[first], word)


def _definition(there: Voice, name: str) -> Place | None:
    """Where the other side defines a name, or at least uses it."""
    for text, terms in zip(there.texts, there.terms, strict=True):
        if name in terms.defined:
            return place_of_name(text, name)
    for text in there.texts:
        if text.path.rpartition("/")[2].removesuffix(".py") == name or f"/{name}/" in f"/{text.path}":
            return Place(text.path, 1, text.blob, text.commit, text.gone)
    return None


def _shared(
    sides: dict[Side, Voice],
    found: dict[Side, Found],
    file_pairs: Sequence[tuple[str, str]],
    known: Voice,
    counts: TermCounts,
) -> tuple[list[Mark], list[MarkCount]]:
    """What is odd and equal on both sides: rare comments and messages, misspellings, imports that nothing uses."""
    marks: list[Mark] = []
    totals: list[MarkCount] = []
    left, right = sides["left"], sides["right"]
    spots: Counter[tuple[str, str]] = Counter()
    gone = {said: (None, place) for said, place in found["right"].phrases.items()} | {
        said: (place, None) for said, place in found["left"].phrases.items()
    }
    paired = set(file_pairs)
    for said in sorted((left.phrases.keys() & right.phrases.keys()) | gone.keys()):
        if said in known.phrases or counts.count("text", said):
            continue
        old_left, old_right = gone.get(said, (None, None))
        a = old_left or place_of_text(left.texts[_best(left, right, said, paired, 0)], said)
        b = old_right or place_of_text(right.texts[_best(left, right, said, paired, 1)], said)
        if a.blob != b.blob:  # an equal file is one finding, of another channel
            spots[a.path, b.path] += 1
            marks.append(Mark("text", said, "both", a, b, 0))
    counted = sum(min(count, A_PLACE) for count in spots.values())
    if counted:
        totals.append(
            MarkCount("text", "both", counted, *clustered(counted, len(left.phrases), len(right.phrases), TEXTS))
        )
    for more, count in (_misspellings(left, right, paired, known, counts), _unused(left, right, paired, counts)):
        marks += more
        totals += count
    return marks, totals


def _best(left: Voice, right: Voice, said: str, paired: set[tuple[str, str]], side: int) -> int:
    """The text of one side that says something, rather one whose file shares code with one that says it too."""
    for a in left.phrases.get(said, ()):
        for b in right.phrases.get(said, ()):
            if (left.texts[a].path, right.texts[b].path) in paired:
                return (a, b)[side]
    return (left, right)[side].phrases[said][0]


def _misspellings(
    left: Voice, right: Voice, paired: set[tuple[str, str]], known: Voice, counts: TermCounts
) -> tuple[list[Mark], list[MarkCount]]:
    """Words that both sides misspell alike."""
    heard = [misspelled(voice.words(), counts) for voice in (left, right)]
    where = [voice.spots(wrong) for voice, wrong in zip((left, right), heard, strict=True)]
    shared = sorted((where[0].keys() & where[1].keys()) - known.words())
    marks = []
    for word in shared:
        packages = counts.count("word", word)
        pairs = [
            (a, b)
            for a in where[0][word]
            for b in where[1][word]
            if (left.texts[a].path, right.texts[b].path) in paired
        ]
        for a, b in pairs or [(where[0][word][0], where[1][word][0])]:
            if left.texts[a].blob != right.texts[b].blob:
                places = place_of_word(left.texts[a], word), place_of_word(right.texts[b], word)
                marks.append(Mark("misspelling", word, "both", *places, packages))
    count = len({mark.term for mark in marks})
    if not count:
        return [], []
    # Each side's misspellings may meet by chance on the other: the larger expectation is the stricter.
    chances = max(([counts.chance("word", word) for word in found] for found in where), key=fsum)
    return marks, [MarkCount("misspelling", "both", count, *rare(count, chances))]


def _unused(
    left: Voice, right: Voice, paired: set[tuple[str, str]], counts: TermCounts
) -> tuple[list[Mark], list[MarkCount]]:
    """Imports that neither of two files that share code uses."""
    files = [{text.path: n for n, text in enumerate(voice.texts)} for voice in (left, right)]
    marks: list[Mark] = []
    chances: list[list[float]] = [[], []]
    for a, b in sorted(paired):
        if a not in files[0] or b not in files[1] or a.endswith("__init__.py") or b.endswith("__init__.py"):
            continue
        numbers = files[0][a], files[1][b]
        if left.texts[numbers[0]].blob == right.texts[numbers[1]].blob:
            continue
        unused = [
            {each.text: each for each in voice.terms[number].unused if not each.module.startswith(".")}
            for voice, number in zip((left, right), numbers, strict=True)
        ]
        for side in (0, 1):
            chances[side] += [counts.chance("unused", term) for term in unused[side]]
        for term in sorted(unused[0].keys() & unused[1].keys()):
            each = unused[0][term]
            places = [
                place_of_import(voice.texts[number], each.module, each.name)
                for voice, number in zip((left, right), numbers, strict=True)
            ]
            marks.append(Mark("unused-import", term, "both", *places, counts.count("unused", term)))
    if not marks:
        return [], []
    return marks, [MarkCount("unused-import", "both", len(marks), *rare(len(marks), max(chances, key=fsum)))]
