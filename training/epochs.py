"""What is read in one epoch: every answerable question with its paragraph, and hard negatives beside them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shanghai_qa.values import Span
from training.config import Config
from training.data import Asked, Collection
from training.exchange import Exchanger
from training.inputs import Example, Reading


@dataclass(frozen=True)
class Item:
    """A question against a paragraph. `kind` is "answerable", or says why not: "unanswerable", "near", "exchanged"."""

    kind: str
    asked: Asked
    question: str
    paragraph: str
    gold: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    titled: bool = True


class Items:
    """Makes items of `asked`, which are all from one part of the collection."""

    def __init__(self, collection: Collection, asked: Sequence[Asked], near: Mapping[str, Sequence[str]]) -> None:
        self._collection = collection
        self._near = near
        self._exchanger = Exchanger(asked, collection.paragraphs)
        self.answerable = [a for a in asked if a.gold]
        self.unanswerable = [a for a in asked if not a.gold]

    def epoch(self, config: Config, number: int) -> list[Item]:
        """The items of epoch `number`, in an order that it fixes; the shares are those of `config`."""
        chance = random.Random(f"{config.seed}:{number}")
        whole = len(self.answerable) / config.answerable_share
        items = [
            *map(plain, self.answerable),
            *map(plain, _some(self.unanswerable, whole * config.unanswerable_share, chance)),
            *self.negatives("near", whole * config.near_share, chance),
            *self.negatives("exchanged", whole * config.exchanged_share, chance),
        ]
        chance.shuffle(items)
        return [replace(item, titled=chance.random() >= config.untitled) for item in items]

    def negatives(self, kind: str, count: float, chance: random.Random) -> list[Item]:
        """About `count` answerable questions with a near passage or something exchanged, or fewer if they run out."""
        made = list[Item]()
        for asked in _some(self.answerable, len(self.answerable), chance):
            if len(made) >= count:
                break
            if item := self.negative(kind, asked, chance):
                made.append(item)
        return made

    def negative(self, kind: str, asked: Asked, chance: random.Random) -> Item | None:
        """`asked` with a near passage, or with something exchanged; None where that cannot be made of it."""
        return self._with_near(asked, chance) if kind == "near" else self._exchanged(asked, chance)

    def _with_near(self, asked: Asked, chance: random.Random) -> Item | None:
        found = self._near.get(asked.key)
        return Item("near", asked, asked.text, chance.choice(found)) if found else None

    def _exchanged(self, asked: Asked, chance: random.Random) -> Item | None:
        question = self._exchanger.exchanged(asked, self._collection.paragraphs[asked.paragraph], chance)
        return Item("exchanged", asked, question, asked.paragraph) if question else None


def plain(asked: Asked) -> Item:
    """The question as it was asked."""
    kind = "answerable" if asked.gold else "unanswerable"
    return Item(kind, asked, asked.text, asked.paragraph, asked.gold, asked.spans)


def example(item: Item, collection: Collection, reading: Reading) -> Example:
    paragraph = collection.paragraphs[item.paragraph]
    return reading.example(item.question, paragraph, item.gold, item.spans, item.titled)


def batches(examples: Sequence[Example], size: int, seed: str) -> list[list[Example]]:
    """Batches of like length, in an order that `seed` fixes; those of one question stay together. A short rest is
    left out.

    A batch has `size` examples, or the few more that its last question takes.
    """
    chance = random.Random(seed)
    longest = [(max(len(e.pieces) for e in group), group) for group in _groups(examples)]
    longest.sort(key=lambda one: one[0] + chance.randrange(12))
    made = _packed([group for _, group in longest], size)
    made = [batch for batch in made if len(batch) >= size] or made
    chance.shuffle(made)
    return made


def parts(examples: Sequence[Example], size: int) -> list[list[Example]]:
    """`examples` in their order, in parts of `size` or the few more that keep a question's together."""
    return _packed(_groups(examples), size)


def _packed(groups: Sequence[Sequence[Example]], size: int) -> list[list[Example]]:
    made: list[list[Example]] = [[]]
    for group in groups:
        if len(made[-1]) >= size:
            made.append([])
        made[-1] += group
    return made


def _groups(examples: Sequence[Example]) -> list[list[Example]]:
    """The examples by question."""
    groups: dict[tuple[int, ...], list[Example]] = {}
    for e in examples:
        groups.setdefault(e.asked, []).append(e)
    return list(groups.values())


def _some(asked: Sequence[Asked], count: float, chance: random.Random) -> list[Asked]:
    return chance.sample(asked, min(len(asked), round(count)))
