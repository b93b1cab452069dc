"""A made-up corpus of any size: documents of distinct sentences with names, figures and dates, and questions on them.

The same seed and number give the same document, whatever the size of the corpus, so that a larger one holds a smaller.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

from shanghai_qa.values import TOPICS, Tier

_PASSAGES = range(4, 17)  # of a document
_SENTENCES = range(2, 5)  # of a passage
_FILE = 2000  # documents

_PLACES = (
    "Pudong", "Xuhui", "Minhang", "Jiading", "Lingang", "Songjiang", "Baoshan", "Yangpu", "Changning", "Qingpu",
    "Fengxian", "Jinshan", "Hongkou", "Putuo", "Zhangjiang", "Caohejing", "Zizhu", "Waigaoqiao",
)  # fmt: skip
_SYLLABLES = (
    "an bao chen da dong fei guang hai heng hong hua jia jin jun kai lan li ling long ming nan ping qi qing rui shan "
    "sheng shi tai tian wei wen xin xing yang yi ying yu yuan yun ze zhen zhi zhong zhuo zi"
).split()
_FAMILIES = "Chen Fang Gao Guo He Huang Li Lin Liu Luo Ma Qian Shen Song Sun Tang Wang Wu Xu Yang Zhang Zhao".split()
_TRADES = (
    "Semiconductor", "Robotics", "Biosciences", "Photonics", "Quantum", "Aerospace", "Mobility", "Materials", "Data",
    "Intelligence", "Instruments", "Energy", "Networks", "Capital", "Diagnostics", "Optics",
)  # fmt: skip
_THINGS = (
    "etching tools", "silicon wafers", "lidar sensors", "antibody drugs", "battery cells", "antennas", "servers",
    "humanoid robots", "quantum processors", "language models", "surgical robots", "power modules", "optical chips",
    "charging stations", "gene sequencers", "flight controllers", "industrial lasers", "memory controllers",
)  # fmt: skip
_ADJECTIVES = "first second largest new joint northern southern automated pilot shared municipal private".split()
_BUILDINGS = ("plant", "laboratory", "campus", "data centre", "clean room", "test track", "foundry", "incubator")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_VERBS = "make test design repair certify assemble package recycle".split()
_HEADINGS = (
    "Revenue and costs", "People", "Plants and capacity", "Research", "Funding", "Customers and orders", "Patents",
    "Partners", "Products", "Plans", "Regulation", "Exports", "Suppliers", "Sites", "Tests", "Training",
)  # fmt: skip
_TOLD = (
    ("On {date}, {company} opened its {adjective} {building} for {things} in {place}, at a cost of {money}.",
     "How much did the {adjective} {building} of {company} cost?"),
    ("{company} employed {number} people in {place} at the end of {year}, {percent} more than a year before.",
     "How many people did {company} employ at the end of {year}?"),
    ("In {year} the revenue of {company} reached {money}, of which {percent} came from {things}.",
     "What was the revenue of {company} in {year}?"),
    ("{person} has led the {building} of {company} since {date}, after {small} years at {other}.",
     "Who has led the {building} of {company}?"),
    ("{company} and {other} agreed on {date} to {verb} {things} together at the {building} in {place}.",
     "With whom did {company} agree to {verb} {things}?"),
    ("The {code} of {company} can {verb} {number} {things} a month, according to {person}.",
     "How many {things} can the {code} of {company} {verb} a month?"),
    ("{company} holds {number} patents on {things}, {small} of which it bought from {other} in {year}.",
     "How many patents on {things} does {company} hold?"),
    ("On {date}, {other} invested {money} in {company} for a share of {percent}.",
     "How much did {other} invest in {company}?"),
    ("The {adjective} {building} of {number} square metres in {place} will let {company} {verb} {things} from {year}.",
     "How large is the {adjective} {building} of {company} in {place}?"),
    ("{person} of {company} said that {percent} of its {things} were exported through {place} in {year}.",
     "What share of its {things} did {company} export in {year}?"),
    ("The city granted {company} {money} on {date} to train {number} engineers who {verb} {things}.",
     "How much did the city grant {company}?"),
    ("In a test near {place}, the {code} ran {number} hours without a fault, {percent} more than that of {other}.",
     "How many hours did the {code} run without a fault near {place}?"),
    ("{other} ordered {number} {things} from {company} on {date}, to be delivered to {place} by {year}.",
     "How many {things} did {other} order from {company}?"),
    ("Of the {number} suppliers of {company}, {percent} lie within {small} kilometres of its {building} in {place}.",
     "How many suppliers does {company} have?"),
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What a sentence of the corpus answers; `document` is that document's id."""

    text: str
    document: str


def write(folder: Path, passages: int, seed: int = 7) -> list[Question]:
    """Write a corpus of so many passages to `folder`, as JSON Lines; returns a question on each document."""
    questions: list[Question] = []
    documents = _documents(passages, seed)
    while some := list(islice(documents, _FILE)):
        name = f"part-{len(questions) // _FILE:03}"
        lines = (json.dumps(record) + "\n" for record, _ in some)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        questions += [Question(question, f"{name}/{record['id']}") for record, question in some]
    return questions


def records(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was written to `folder`, in order: the ids of the documents, and their fields."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for record in map(json.loads, file):
                yield f"{path.stem}/{record['id']}", record


def _documents(passages: int, seed: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Documents with so many passages in all, each with a question on its first sentence."""
    left = passages
    for number in count():
        if not left:
            return
        chance = Random(f"{seed} {number}")
        sections = min(chance.choice(_PASSAGES), left)
        left -= sections
        yield _document(chance, number, sections)


def _document(chance: Random, number: int, sections: int) -> tuple[dict[str, Any], str]:
    company, place = _company(chance), chance.choice(_PLACES)
    title = f"{company} in {place}, report {number}"
    told = [[_told(chance, company) for _ in range(chance.choice(_SENTENCES))] for _ in range(sections)]
    headings = chance.sample(_HEADINGS, sections)
    bodies = (f"## {head}\n" + " ".join(told for told, _ in some) for head, some in zip(headings, told, strict=True))
    record = {
        "id": f"{number:07}",
        "title": title,
        "publisher": f"{_name(chance, 2)} {chance.choice(['News', 'Review', 'Office', 'Exchange'])}",
        "url": f"https://www.example.org/{number}",
        "published": f"{chance.randint(2010, 2025)}-{chance.randint(1, 12):02}",
        "tier": chance.choice(list(Tier)),
        "topics": [chance.choice(TOPICS)],
        "places": [place],
        "text": "\n\n".join([f"# {title}", *bodies]),
    }
    return record, told[0][0][1]


def _told(chance: Random, company: str) -> tuple[str, str]:
    """A sentence on a company, and the question that it answers."""
    sentence, question = chance.choice(_TOLD)
    slots = {
        "company": company,
        "other": _company(chance),
        "person": f"{chance.choice(_FAMILIES)} {_name(chance, 2)}",
        "place": chance.choice(_PLACES),
        "date": f"{chance.randint(1, 28)} {chance.choice(_MONTHS)} {chance.randint(2010, 2025)}",
        "year": chance.randint(2010, 2030),
        "money": f"{chance.randint(11, 989) / 10:.1f} {chance.choice(['million', 'billion'])} yuan",
        "number": f"{chance.randint(120, 9800):,}",
        "small": chance.randint(3, 40),
        "percent": f"{chance.randint(11, 989) / 10:.1f}%",
        "code": f"{_name(chance, 1).upper()}-{chance.randint(100, 9999)}",
        "things": chance.choice(_THINGS),
        "adjective": chance.choice(_ADJECTIVES),
        "building": chance.choice(_BUILDINGS),
        "verb": chance.choice(_VERBS),
    }
    return sentence.format_map(slots), question.format_map(slots)


def _company(chance: Random) -> str:
    return f"{_name(chance, 3)} {chance.choice(_TRADES)}"


def _name(chance: Random, syllables: int) -> str:
    return "".join(chance.choices(_SYLLABLES, k=syllables)).capitalize()
