"""Things, verbs and clauses of Chinese in the order of English: what has them asked for is `chinese_order`'s."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from shanghai_qa.glossary import ACTS, NOMINAL, VERBS, Word

# --- Things ----------------------------------------------------------------------------------------------------------


def phrase(words: Sequence[Word]) -> str:
    """Words without a verb of their own: a thing before what it belongs to, or what is said of it."""
    found = list(words)
    while found and found[0].kind in {"of", "and"}:
        found = found[1:]
    while found and found[-1].kind in {"of", "and"}:
        found = found[:-1]
    at = max((at for at, word in enumerate(found) if word.kind == "of"), default=None)
    if at is None:
        return run(found)
    whole, thing = found[:at], found[at + 1 :]
    end = next((n for n, word in enumerate(thing) if word.kind not in NOMINAL | ACTS), len(thing))
    last = max((n for n, word in enumerate(thing[:end]) if word.kind != "adjective"), default=end - 1)
    return f"{_of(whole, run(thing[: last + 1]))} {run(thing[last + 1 :])}".strip()


def _of(whole: Sequence[Word], name: str) -> str:
    """The thing of that name with what stands before its 的."""
    nouns = max((n for n, word in enumerate(whole) if word.kind not in _DESCRIBING), default=-1) + 1
    if 0 <= nouns < len(whole):
        described = f"{run(whole[nouns:])} {name}"
        return _of(whole[:nouns], described) if nouns else described
    if len(whole) == 1 and whole[0].kind == "pronoun":
        owner = whole[0].english
        return f"{_OWN.get(owner, f'{owner}’s')} {name}"
    if has_verb(whole):
        return f"{name} that {_described(whole)}"
    return f"{name} {phrase(whole)}" if whole[0].kind == "before" else f"the {name} of {phrase(whole)}"


_DESCRIBING = frozenset({"adjective", "number", "adverb"})
_OWN = {"it": "its", "he": "his", "she": "her", "they": "their", "there": "there"}


def _described(words: Sequence[Word]) -> str:
    """A clause that describes a thing, behind "that"."""
    first = next(at for at, word in enumerate(words) if word.kind in VERBS)
    if words[first].kind not in ACTS:
        return run(words)
    last = max(at for at, word in enumerate(words) if word.kind in VERBS)
    parts = Parts.of(words, first if _nominal(words[first + 1 :]) or words[last].kind not in ACTS else last)
    passive = parts.agent or not (parts.subject or parts.object)
    return f"{parts.subject} {'are ' if passive else ''}{parts.done} {parts.object} {parts.around}"


def run(words: Sequence[Word]) -> str:
    """Words one behind the other, with what stands behind a noun in Chinese, such as 附近, before it."""
    said: list[str] = []
    opened = 0  # where the noun begins that such a word belongs to
    for at, word in enumerate(words):
        before = words[at - 1] if at else Word("", "")
        behind = words[at + 1] if at + 1 < len(words) else Word("", "")
        if word.kind == "before" or before.kind in {"and", *VERBS}:
            opened = len(said)
        if word.kind == "after":
            if said[opened : opened + 1] in (["in"], ["on"]):
                said[opened] = word.english
            else:
                said.insert(opened, word.english)
        elif word.kind == "number" and word.noun and behind.kind not in NOMINAL:
            said.append(f"{word.english} {word.noun}")
        elif word.english == "China" and behind.kind in {"noun", "adjective"}:
            said.append("Chinese")
        elif before.kind == "place" and word.kind in {"name", "place"} and said:
            said[-1:] = [word.english, "in", said[-1]]
        elif before.kind == "name" and word.kind in {"name", "place"}:
            said[-1:] = [f"{said[-1]}'s", word.english]
        else:
            said.append(word.english)
    return " ".join(filter(None, said))


# --- Verbs -----------------------------------------------------------------------------------------------------------

LEADING = frozenset(
    """
    plan begin start want aim expect prepare decide promise need allow apply stop help continue forecast
    """.split()
)
"""Verbs that another follows: "plan to build"."""
_HEADS = frozenset(
    """
    agreement agreements amount base capacity centre companies company cost costs department departments equipment
    institutions line list measures model period plan platform platforms policies policy project projects rules staff
    system
    """.split()
)
"""Things that a verb before them describes: "operations centre"."""


def has_act(words: Iterable[Word]) -> bool:
    return any(word.kind in ACTS for word in words)


def with_nouns(words: Sequence[Word]) -> list[Word]:
    """The words with verbs that stand where nouns do as nouns, and without the 到 that only ends a verb."""
    found = [word for at, word in enumerate(words) if not _only_ends_a_verb(words, at)]
    for at, word in enumerate(found):
        if word.kind in ACTS and word.noun and _is_noun(found, at):
            found[at] = replace(word, kind="noun", english=word.noun)
    return found


def _only_ends_a_verb(words: Sequence[Word], at: int) -> bool:
    after_verb = words[at].chinese == "到" and at > 0 and words[at - 1].kind == "verb"
    return after_verb and at + 1 < len(words) and words[at + 1].kind not in {"place", "name"}


def _is_noun(words: Sequence[Word], at: int) -> bool:
    before = words[at - 1] if at else Word("", "")
    behind = words[at + 1] if at + 1 < len(words) else Word("", "")
    if behind.kind == "noun" and behind.english.split()[-1] in _HEADS:
        return True
    leads = before.english.split()[:1]
    if before.kind == "verb" and leads[0] not in LEADING and all(w.kind in ACTS and w.noun for w in words[at:]):
        return True
    if before.kind == "of" and behind.kind in {"", "is", "has", "and", "whether", "many"}:
        return True
    if before.kind == "noun" and behind.kind in {"noun", "after"} and has_verb([*words[:at], *words[at + 1 :]]):
        return True
    if before.kind == "noun" and behind.kind in ACTS and words[at].english.split()[0] not in LEADING:
        return True
    return behind.kind in {"is", "has"} and not has_act(words[at + 1 :])


def predicate(words: Sequence[Word]) -> int | None:
    """Where the verb of the clause stands, None if none: not one that only describes a thing, before its 的."""
    last = max((at for at, word in enumerate(words[:-1]) if word.kind == "of"), default=-1)
    verbs = [at for at, word in enumerate(words) if word.kind in VERBS]
    own = [at for at in verbs if words[at + 1 : at + 2] and words[at + 1].kind != "of" and _nominal(words[:at])]
    return next((at for at in verbs if at > last), next(iter(own), None))


def _nominal(words: Iterable[Word]) -> bool:
    return any(word.kind in NOMINAL for word in words)


@dataclass(frozen=True)
class Parts:
    """A clause around its verbs, which stand one behind the other: "plan to make"; `agent` says that "by" is there."""

    subject: str
    verbs: tuple[Word, ...]
    object: str
    around: str
    agent: bool

    @classmethod
    def of(cls, words: Sequence[Word], at: int) -> Self:
        verbs, between, end = _group(words, at)
        first = next((n for n in range(at) if words[n].kind == "before" and not has_verb(words[n:at])), at)
        around = list(words[first:at])
        agent = any(word.english == "by" for word in around)
        while around and around[-1].kind == "before":
            around.pop()
        taken = any(word.chinese == "把" for word in around)
        rest = phrase([*around, *between])
        objects = f"{rest if taken else ''} {phrase(words[end:])}".strip()
        return cls(phrase(words[:first]), verbs, objects, "" if taken else rest, agent)

    def is_passive(self, asked_object: bool = False) -> bool:
        """Whether what stands before the verb suffers it: "SMIC was founded"; not if its object is asked for."""
        if self.agent:
            return True
        if len(self.verbs) > 1 or self.verbs[0].kind == "stays" or asked_object:
            return False
        return not self.object or not self.subject or self.object.split()[0] in _PREPOSITIONS

    @property
    def base(self) -> str:
        return self._led(self.verbs[0].english)

    @property
    def done(self) -> str:
        return self._led(self.verbs[0].done)

    def _led(self, first: str) -> str:
        last = self.verbs[-1]
        if len(self.verbs) == 2 and not self.object and first in {"begin", "begun"} and last.kind == "verb":
            return f"{first} {last.noun or f'to be {last.done}'}"
        return " to ".join([first, *(word.english for word in self.verbs[1:])])


_PREPOSITIONS = frozenset({"in", "to", "by", "from", "on", "with"})


def has_verb(words: Iterable[Word]) -> bool:
    return any(word.kind in VERBS for word in words)


def _group(words: Sequence[Word], at: int) -> tuple[tuple[Word, ...], list[Word], int]:
    """The verbs from `at` on, one led by the other, what stands with a preposition between them, and where they end."""
    verbs: list[Word] = []
    between: list[Word] = []
    end = at
    while end < len(words) and words[end].kind in {*ACTS, "adverb", "before"}:
        if words[end].kind == "before":
            behind = next((n for n in range(end, len(words)) if words[n].kind in VERBS), None)
            if behind is None or words[behind].kind not in ACTS:
                break
            between += words[end:behind]
            end = behind
        if words[end].kind in ACTS:
            verbs.append(words[end])
        end += 1
    return tuple(verbs), between, end


def finite(words: Sequence[Word], ask: str = "") -> str:
    """A verb behind its subject, with what follows it. A subject asked for by `ask` may suffer it, too."""
    modal = next((word.english for word in words if word.kind == "modal"), "")
    words = [word for word in words if word.kind != "modal"]
    at = predicate(words)
    if at is None or words[at].kind not in ACTS:
        return f"{modal} {phrase(words)}"
    parts = Parts.of(words, at)
    rest = f"{parts.object} {parts.subject} {parts.around}"
    if modal:
        return f"{modal} {parts.base} {rest}"
    alone = parts.is_passive() and not (parts.subject or parts.object)
    if parts.agent or (alone and ask.startswith(("which", "how many"))):
        return f"are {parts.done} {rest}"
    return f"{'have ' if ask.startswith('how many') else ''}{parts.done} {rest}"


def told(words: Sequence[Word], base: bool = False) -> str:
    """What someone did, as a clause that asks nothing."""
    at = 0 if words and words[0].kind in ACTS else predicate(words)
    if at is None or words[at].kind not in ACTS:
        return phrase(words)
    parts = Parts.of(words, at)
    return f"{parts.subject} {parts.base if base else parts.done} {parts.object} {parts.around}"
