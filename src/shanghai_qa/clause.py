"""The parts of a question: its question phrase, auxiliary, subject and rest.

Just enough grammar to take a question apart: closed classes of short words tell where its phrases end, and a list of
verbs where its subject does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from shanghai_qa.mentions import MONTHS, bare
from shanghai_qa.words import terms

THANKS = (
    r"(?:ok(?:ay)?|thanks?(?: you| a lot)?(?: (?:so|very) much)?|great|good(?: to know)?|nice|cool|perfect|wow|hi|"
    r"hello|hey|yes|yeah|no|sure|right|alright|i see|got it|(?:very )?interesting|really|understood|sorry|"
    r"谢谢|好的?|明白了?)"
)
THANKED = re.compile(rf"^(?:{THANKS}[,.!?，。！？]+ ?(?=\S)|(?:ok(?:ay)?|thanks) (?=\S))+", re.IGNORECASE)
OPENING = re.compile(r"^(?:(?:and|but|so|then|also|now|well|or),? (?=\S))+", re.IGNORECASE)


def opened(text: str) -> str:
    asked = OPENING.sub("", THANKED.sub("", text))
    return asked[:1].upper() + asked[1:]


DETERMINERS = frozenset("a an the this that these those its their his her our each every both some any no".split())
PREPOSITIONS = frozenset(
    """
    of in at on for from by with to into onto under over about between among against during since until through after
    before as than per via near across within without up off out around behind towards
    """.split()
)
BE, HAVE = frozenset("is are was were be been".split()), frozenset("has have had".split())
AUXILIARIES = BE | HAVE | frozenset("be do does did can could will would should may might must".split())
ASKING = frozenset("who whom whose what which when where why how".split())
_JOINING = frozenset("and or but nor because while whether if although though once".split())
PRONOUNS = frozenset("it they them he she him i you we me us there".split())
_ADVERBS = frozenset(
    """
    not now today yet already still also ever never so far then actually else only many much worth abroad overseas
    elsewhere worldwide
    """.split()
)
_CLOSED = DETERMINERS | PREPOSITIONS | AUXILIARIES | ASKING | _JOINING | PRONOUNS | _ADVERBS
_ADVERB = re.compile(r"[a-z]+(?<!supp)(?<!fami)(?<!assemb)ly")


def one_of(words: Iterable[str]) -> str:
    """A pattern of any of these words, the longest first."""
    return f"(?:{'|'.join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))})"


_REGULAR = """
    accept achieve acquire add aim allow announce apply approve attend attract award back ban belong carry change
    claim close combine complete connect contain control cost cover create cure decide deliver depend design detect
    develop discover double drop earn employ end enter establish exceed exist expand expect export finish focus form
    found fund generate grant happen help hire host implement import improve include increase introduce invent
    invest issue join last launch license link list live locate manage manufacture measure merge move name need
    offer open operate order own pass pioneer plan process produce promise propose provide publish raise rank reach
    receive recruit register release relocate rely remain remove rename replace report require reside sanction seem
    serve settle share ship shut sign specialise specialize spread start stay stop study succeed sue supply support
    suspend target test trade train treat unveil use visit want weigh work
    """.split()
_IRREGULAR = {
    forms.split("/")[0]: forms.split("/")[1:]
    for forms in """
    become/became/become begin/began/begun break/broke/broken bring/brought build/built buy/bought cut/cut
    choose/chose/chosen come/came/come draw/drew/drawn fall/fell/fallen find/found fly/flew/flown get/got
    give/gave/given go/went/gone grow/grew/grown have/had hit/hit hold/held keep/kept know/knew/known lay/laid
    lead/led leave/left lose/lost make/made mean/meant meet/met pay/paid put/put rise/rose/risen run/ran/run say/said
    see/saw/seen sell/sold send/sent set/set show/showed/shown sit/sat speak/spoke/spoken spend/spent stand/stood
    take/took/taken tell/told think/thought wear/wore/worn win/won write/wrote/written
    """.split()
}


def _with_ending(verb: str, ending: str) -> str:
    """A regular verb with "ed" or "s": "completed", "shipped", "supplied", "reaches"."""
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ie{ending[-1]}"
    if ending == "s":
        return verb + ("es" if re.search(r"(?:s|x|ch|sh|o)$", verb) else "s")
    doubled = verb[-1] if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb) else ""
    return verb + ("d" if verb.endswith("e") else doubled + "ed")


PAST = {verb: _with_ending(verb, "ed") for verb in _REGULAR} | {verb: said[0] for verb, said in _IRREGULAR.items()}
PARTICIPLE = PAST | {verb: said[-1] for verb, said in _IRREGULAR.items()}


def participle(verb: str) -> str:
    """Of a verb in its base form; one that is not known here is taken for regular."""
    return PARTICIPLE.get(verb) or _with_ending(verb, "ed")


THIRD = {verb: "has" if verb == "have" else _with_ending(verb, "s") for verb in PAST}
BASE = {third: verb for verb, third in THIRD.items()} | {past: verb for verb, past in PAST.items() if past != verb}
OF_THIRD = frozenset(THIRD.values())
PARTICIPLES = frozenset(PARTICIPLE.values())
_NO_VERBS_IN_ING = frozenset(
    """
    computing manufacturing engineering financing funding spending ranking listing building training pricing housing
    learning packaging processing testing ring leading emerging existing remaining following rising
    """.split()
)

YEAR = r"(?:18|19|20)\d\d"
_MONTH = "|".join(name.capitalize() for name in MONTHS)
PART = (
    r"(?:(?:the )?(?:first|second|third|fourth|last) (?:quarter|half)|(?:the )?first (?:three|six|nine) months|"
    r"Q[1-4]|H[12])"
)
DATE = (
    rf"(?:{PART}(?:,? (?:of )?{YEAR})?|(?:the )?(?:end|start|beginning|middle) of {YEAR}|"
    rf"(?:[0-3]?\d )?(?:{_MONTH})(?: [0-3]?\d\b,?)?(?: {YEAR})?|(?:the )?(?:fiscal )?(?:years? )?{YEAR}"
    rf"(?:(?:,| and| to| or|–|-) ?{YEAR})*)"
)
DATING = r"(?:in|by|for|during|since|until|on|at|from|before|after|between|as of)"
LATELY = r"(?:(?:the )?(?:last|this|next|past) (?:year|quarter|month|week)|today|now|currently|at present|nowadays)"
TIME = re.compile(
    rf"\b(?:(?:(?P<dating>{DATING}) )(?P<date>{DATE})|{PART} (?:of )?{YEAR}|(?P<lately>{LATELY}))(?![\w%])"
)
_WORD = re.compile(r"\w(?:[\w’'&+./-]*[\w+])?['’]?|\|+|[^\w\s]")


@dataclass(frozen=True)
class _Word:
    """A word or a stop. A time ("in 2024") is a stop, since it belongs to no phrase."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """In small letters, unless it is an abbreviation: "US" is not "us"."""
        return self.text if self.text.isupper() and len(self.text) > 1 else self.text.casefold()

    @property
    def is_name(self) -> bool:
        return any(c.isupper() for c in self.text) and self.low not in _CLOSED

    @property
    def is_content(self) -> bool:
        """Whether it is no short word of a closed class and no stop, but a noun, a name, an adjective or a verb."""
        return self.text[0].isalnum() and self.low not in _CLOSED and not _ADVERB.fullmatch(self.text)

    @property
    def is_year(self) -> bool:
        return re.fullmatch(YEAR, self.text) is not None


@lru_cache(maxsize=500)
def words_of(text: str) -> tuple[_Word, ...]:
    untimed = TIME.sub(lambda time: "|" * len(time[0]), text)
    return tuple(_Word(word[0], word.start(), word.end()) for word in _WORD.finditer(untimed))


def text_of(text: str, words: Sequence[_Word]) -> str:
    return text[words[0].start : words[-1].end] if words else ""


def core(words: Sequence[_Word], start: int) -> int:
    """Where the noun phrase that starts there ends, without what hangs on it; `start` where there is none."""
    first = next((i for i in range(start, len(words)) if words[i].low not in DETERMINERS), len(words))
    end = next((i for i in range(first, len(words)) if not words[i].is_content), len(words))
    year = next((i for i in range(first + 1, end) if words[i].is_year and not words[i - 1].is_name), end)
    return year if year > first else start


def _noun_phrase(words: Sequence[_Word], start: int) -> int:
    """The same with what hangs on it: "of ...", "and ...", "who ...", and a place behind what is no name itself.

    "The laser in Zhangjiang" is one, and so is "the WAIC of 2025"; of "SMIC in Shanghai" only "SMIC" is.
    """
    at = core(words, start)
    while start < at < len(words) - 1:
        link, here, after, end = words[at].low, words[at - 1], words[at + 1], core(words, at + 1)
        if link in ("who", "that") and words[start].low == "the" and not here.is_name:
            return len(words)
        if link == "of" and after.is_year and here.is_name:
            end = at + 2
        elif link == "and":
            end = end if after.is_content and after.is_name == here.is_name else at
        elif link in ("in", "at", "on", "near", "for", "from"):
            end = end if not here.is_name and any(word.is_name for word in words[at:end]) else at
        elif link != "of":
            end = at
        if end <= at + 1:
            break
        at = end
    return at


def noun_phrases(text: str, start: int = 0) -> Iterator[str]:
    """The noun phrases of a text from its word number `start` on, then those that hang on them."""
    words, hanging, at = words_of(text), list[str](), start
    while at < len(words):
        end = _noun_phrase(words, at)
        if end > at:
            yield text_of(text, words[at:end])
            hanging += (text_of(text, words[i + 1 : end]) for i in range(at, end) if words[i].low in PREPOSITIONS)
        at = max(end, at + 1)
    yield from hanging


def head_of(phrase: str) -> str:
    """The noun that a phrase turns on: "plant" of "Tesla's Shanghai plant in Lingang"."""
    words = words_of(phrase)
    end = core(words, 0)
    return bare(words[end - 1].text) if end else ""


def is_plural(phrase: str) -> bool:
    return re.fullmatch(r"[a-z-]*(?:[^sui]s|xis|people|men|staff)", head_of(phrase)) is not None or " and " in phrase


def is_named(phrase: str) -> bool:
    return any(word.is_name for word in words_of(phrase))


@dataclass(frozen=True)
class Clause:
    """A question taken apart: "How many cars | did | Tesla's plant | make in 2024".

    A statement or a yes-no question has no `asks`, "Who founded SMIC" no `auxiliary`; `subject` is "" where the
    question phrase is the subject.
    """

    asks: str
    auxiliary: str
    subject: str
    rest: str

    @property
    def verb(self) -> str:
        return self.rest.split()[0] if self.rest else ""

    @property
    def behind_verb(self) -> str:
        return self.rest[len(self.verb) :].strip()

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """Its noun phrases: those of the subject, those behind the verb, those of the question phrase."""
        behind = int(bool(self.rest) and words_of(self.rest)[0].is_content)
        parts = ((self.subject, 0), (self.rest, behind), (self.counted, 0))
        found = [phrase for part, start in parts for phrase in noun_phrases(part, start)]
        whole = TIME.sub("", self.subject).strip()
        return tuple(dict.fromkeys([whole, *found] if found and found[0] in whole else found))

    @property
    def counted(self) -> str:
        """What is counted or chosen, "cars" in "How many cars"; "" where the question phrase names nothing."""
        found = COUNTING.match(self.asks)
        return (found["counted"] or "") if found else ""


COUNTING = re.compile(r"(?:how (?:many|much)|which|what)\b(?: ones?\b)?(?: (?!of\b)(?P<counted>.+))?", re.IGNORECASE)
ASKS = one_of(ASKING)
_PREAMBLE = re.compile(
    rf"^(?:(?:please )?(?:(?:can|could|would) you )?(?:please )?(?:tell me|explain)|do you know|"
    rf"i(?:['’]d| would) like to know) (?={ASKS}\b)|^[^,?]{{1,60}}, (?=(?:{ASKS}|{one_of(AUXILIARIES)})\b)",
    re.IGNORECASE,
)
_INDIRECT = re.compile(
    rf"^(?P<asks>when|where|why|who|what|how(?: [a-z]+)?) (?P<subject>(?:the |[A-Z])[^,]*?) "
    rf"(?P<auxiliary>{one_of(AUXILIARIES)})\b"
)
_IMPERATIVE = re.compile(
    r"^(?:please )?(?:(?:can|could) you )?(?:tell me (?:something |more )?about|describe|explain|introduce|"
    r"summari[sz]e|what about|give me [\w ]+? (?:on|about|of)|(?:more|information) (?:on|about))(?= )",
    re.IGNORECASE,
)


@lru_cache(maxsize=500)
def clause_of(question: str) -> Clause:
    """The parts of a question or statement."""
    text = question.rstrip(" ?.!")
    if preamble := _PREAMBLE.match(text):
        text = text[preamble.end() :] + (f" {preamble[0][0].lower()}{preamble[0][1:-2]}" if "," in preamble[0] else "")
        text = _INDIRECT.sub(r"\g<asks> \g<auxiliary> \g<subject>", text)
    if asked := _IMPERATIVE.match(text):
        return Clause(asked[0], "", text[asked.end() :].strip(), "")
    words = words_of(text)
    first = next((i for i, word in enumerate(words[:2]) if word.low in ASKING), None)
    verb = _finite_verb(words, first)
    before = text_of(text, words[:verb])
    if verb == len(words) or words[verb].low not in AUXILIARIES:
        asks, subject = ("", before) if first is None else (before, "")
        return Clause(asks, "", subject, text_of(text, words[verb:]))
    auxiliary, at = words[verb].low, verb + 1
    if first is None and verb > 0:
        return Clause("", auxiliary, before, _rest(text, words, at))
    some_of = auxiliary in BE | HAVE and re.match(r"(?:how (?:many|much)|which|what \w+) of\b", before, re.IGNORECASE)
    end = at if some_of else _subject_end(words, at, auxiliary, before.casefold())
    return Clause(before, auxiliary, text_of(text, words[at:end]), _rest(text, words, end))


def _rest(text: str, words: Sequence[_Word], at: int) -> str:
    return text[words[at].start :] if at < len(words) else ""


def _finite_verb(words: Sequence[_Word], first: int | None) -> int:
    """Where the auxiliary stands, or the verb of a question phrase that is the subject ("Who founded SMIC").

    Where a noun of the question phrase has its own clause ("How many of the people who work at SMIC are women") it is
    the last auxiliary; where the noun stands apart ("How many hospitals in Shanghai use AI") any verb will do.
    """
    finite = (i for i in range(len(words)) if words[i].low in AUXILIARIES or _is_finite(words, i, first))
    near = next(finite, len(words))
    if first is not None and (relative := _relative(words, first, near)):
        return max((i for i in range(relative, len(words)) if _is_outer_auxiliary(words, i)), default=len(words))
    if near == len(words) and first == 0 and any(is_plural(word.low) for word in words[:3]):
        return next((i for i in range(2, near) if words[i].low in PAST and words[i - 1].is_content), near)
    return near


def _is_outer_auxiliary(words: Sequence[_Word], at: int) -> bool:
    return words[at].low in AUXILIARIES and words[at - 1].low not in AUXILIARIES


def _relative(words: Sequence[_Word], start: int, end: int) -> int | None:
    """Where "who" or "that" begins to say more of a noun there: "the people who work at SMIC"."""
    nouns = (i for i in range(start, min(end, len(words) - 1)) if words[i].is_content and words[i].low not in PAST)
    return next((i + 1 for i in nouns if words[i + 1].low in ("who", "that", "which")), None)


def _is_finite(words: Sequence[_Word], at: int, first: int | None) -> bool:
    """Whether the word there is the verb of what stands before it, which agrees with it in number.

    Behind "which" or "how many" itself stands no verb but one that something no noun follows: "Which listed firms",
    "How many work for SMIC".
    """
    if at == 0 or words[at].is_name or (at + 1 < len(words) and words[at + 1].low in AUXILIARIES):
        return False
    low, last = words[at].low, words[at - 1]
    if not last.is_content and last.low not in ("who", "what", "which", "many", *PRONOUNS):
        return False
    past = (low in BASE and low not in OF_THIRD) or (low.endswith("ed") and len(low) > 4)
    if last.is_content or last.low in PRONOUNS:
        plural = is_plural(last.low)
        return past or (low in BASE and not plural) or (low in PAST and plural and first is not None)
    nothing_follows = at + 1 == len(words) or not words[at + 1].is_content or words[at + 1].is_name
    return last.low == "who" or (nothing_follows and (past or low in BASE or (last.low == "many" and low in PAST)))


def _subject_end(words: Sequence[_Word], start: int, auxiliary: str, asks: str) -> int:
    """Where the subject behind an auxiliary ends, that is, where the main verb or what is said of it stands."""
    if start < len(words) and words[start].low in PRONOUNS:
        return start + 1
    end = next((i for i in range(start, len(words)) if words[i].low in _JOINING - {"and"} | ASKING), len(words))
    helps_participle = auxiliary in BE | HAVE
    if relative := _relative(words, start, end):
        verbs = PARTICIPLES if helps_participle else PAST.keys()
        outer = (i for i in range(relative + 2, len(words)) if words[i].low in verbs)
        return max((i for i in outer if words[i - 1].low not in AUXILIARIES), default=len(words))
    return (_participle if helps_participle else _base_verb)(words[:end], start, auxiliary, asks, end == len(words))


def _participle(words: Sequence[_Word], start: int, auxiliary: str, asks: str, last: bool) -> int:
    """Where the participle, or else what somebody is, stands: "Was the zone | approved", "Is SMIC | profitable"."""
    done = (i for i in range(start, len(words)) if _is_participle(words, i, auxiliary in HAVE and i > start))
    whole = _noun_phrase(words, start)
    if auxiliary in HAVE:
        return next(done, start if asks and not asks.startswith("how") else whole)
    adjective = whole - 1 > start and words[whole - 1].text.islower() and words[whole - 2].is_content
    ends = (last and whole == len(words)) or (whole < len(words) and words[whole].low == "than")
    return next(done, whole - 1 if not asks and adjective and ends else whole)


def _base_verb(words: Sequence[_Word], start: int, auxiliary: str, asks: str, last: bool) -> int:
    """Where the verb behind "did" or "can" stands: the last known one of the first run of words that has any.

    Nouns may look like verbs ("Shanghai's fund raised"), hence the last. Without one it is a further auxiliary, else
    the last word that is no name and no plural.
    """
    verbs = [i for i in range(start, len(words)) if words[i].low in PAST and words[i].text.islower()]
    links = (i + 1 for i in range(start, len(words)) if words[i].low in PREPOSITIONS | {"and"})
    runs = (range(start, core(words, run)) for run in (start, *links))
    known = next((max(held) for run in runs if (held := [i for i in verbs if i in run])), None)
    whole = _noun_phrase(words, start)
    unknown = (i for i in range(whole - 1, start, -1) if words[i].is_content and words[i].text.islower())
    guessed = next((i for i in unknown if not words[i].text.endswith("s")), whole)
    further = next((i for i in range(start + 1, len(words)) if words[i].low in AUXILIARIES), guessed)
    return further if known is None else known


def _is_participle(words: Sequence[_Word], at: int, before_noun: bool) -> bool:
    """Whether the word there is what was done or is being done; before a noun it mostly only describes that."""
    low = words[at].low
    before_noun = before_noun or at + 1 == len(words) or not words[at + 1].is_content
    ing = low == "been" or (low.endswith("ing") and low not in _NO_VERBS_IN_ING)
    return words[at].text.islower() and (ing or (before_noun and (low.endswith("ed") or low in PARTICIPLES)))


_PLACES = """
    Shanghai|Pudong|Zhangjiang|Lingang|Xuhui|Jiading|Yangpu|Songjiang|Qingpu|Minhang|Putuo|
    Fengxian|Huangpu|Changning|Jinshan|Hongkou|Baoshan|Chongming|Jing'an|Hongqiao|Lujiazui|Caohejing|
    Zizhu|West Bund|Yangshan|Anting|Maqiao|Beijing|Shenzhen|Hangzhou|Suzhou|Wuxi|Nanjing|Hefei|
    Guangzhou|Tianjin|Chongqing|Chengdu|Wuhan|Xi'an|Ningbo|Jiaxing|Zhejiang|Jiangsu|Anhui|Guangdong|
    Fujian|Hainan|Hong Kong|Macau|Taiwan|Taipei|mainland China|China|Japan|Tokyo|South Korea|Korea|
    Seoul|Singapore|India|Asia|European Union|Europe|EU|Germany|France|Italy|London|Britain|
    United Kingdom|UK|United States|USA|US|U.S|America|California|Silicon Valley|New York|Russia|
    Australia|Canada|Middle East|Africa|Yangtze River Delta|Greater Bay Area|world
    """
PLACE = re.compile(
    rf"(?<![\w-])(?:the )?{one_of(place.strip() for place in _PLACES.split('|'))}(?![\w-])",
    re.IGNORECASE,
)
_PLACE_NOUNS = frozenset(
    terms("zone district city town area island valley park campus bay port province country village")
)


def is_place(phrase: str) -> bool:
    return PLACE.fullmatch(phrase) is not None or not _PLACE_NOUNS.isdisjoint(terms(head_of(phrase)))


def sentence_of(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip()) + "?"
