"""Follow-ups: a question and the conversation before it in, the same question standing by itself out.

Two things are taken from the question before: what it was about, for a pronoun ("who founded it?"), and its wording,
for a fragment ("and in 2023?", "why?"). For both it is taken apart by the classes of its words (see `clause`). Who "he"
or "that company" is, the answer to it says. A question that stands by itself comes out as it went in, and so does one
for which the conversation holds nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from shanghai_qa.clause import (
    ASKING,
    ASKS,
    AUXILIARIES,
    BASE,
    BE,
    COUNTING,
    DATE,
    DATING,
    DETERMINERS,
    HAVE,
    LATELY,
    OF_THIRD,
    OPENING,
    PART,
    PARTICIPLE,
    PARTICIPLES,
    PAST,
    PLACE,
    PREPOSITIONS,
    PRONOUNS,
    THANKED,
    THANKS,
    THIRD,
    TIME,
    YEAR,
    Clause,
    clause_of,
    core,
    head_of,
    is_named,
    is_place,
    is_plural,
    noun_phrases,
    one_of,
    opened,
    sentence_of,
    text_of,
    words_of,
)
from shanghai_qa.mentions import MONTHS, SMALL, bare
from shanghai_qa.values import Turn
from shanghai_qa.words import has_chinese, terms

_REMEMBERED = 40  # turns, the last ones: twenty questions with their answers
_LONGEST = 1000  # characters of a completed question, so that "its its its" cannot grow from turn to turn


def complete(text: str, history: Sequence[Turn]) -> str:
    """`text` with what it takes from the conversation put in; as it is where it stands by itself."""
    earlier: _Before | None = None
    for turn in history[-_REMEMBERED:]:
        said = in_full(turn.content[: _LONGEST + 1])
        if turn.role != "user":
            earlier = replace(earlier, answer=earlier.answer or said) if earlier else None
        elif len(said) <= _LONGEST and not _CHATTER.fullmatch(said):
            earlier = _Before(_completed(said, earlier), previous=earlier)
    whole = _completed(text, earlier)
    return text if whole == opened(text) else whole


def completed(text: str, before: str) -> str:
    """`text` with what it takes from the one question `before` it, which stands by itself.

    Thanks, "and" and the like go from its front, and it opens with a capital.
    """
    return _completed(text, _Before(before))


def _completed(text: str, earlier: "_Before | None") -> str:
    if earlier is None or len(text) > _LONGEST or _CHATTER.fullmatch(text):
        return opened(text)
    rules, asked = (_CHINESE_RULES if has_chinese(text) else _RULES), THANKED.sub("", text)
    whole = next((found for rule in rules if (found := rule(asked, earlier))), text)
    return opened(whole if len(whole) <= _LONGEST else text)


def leans(text: str) -> bool:
    """Whether a question has a pronoun that stands for something which the question itself does not name."""
    return any(not _bound(text, pronoun) for pronoun in _pronouns(text))


_CHATTER = re.compile(rf"(?:{THANKS}(?:[\s,.!?，。！？]+|$))*", re.IGNORECASE)
_CONTRACTED = re.compile(r"\b(who|what|where|when|how)['’]?s\b", re.IGNORECASE)


def in_full(said: str) -> str:
    """With one blank between words, and "what is" for "what's" and "whats"."""
    return _CONTRACTED.sub(r"\1 is", " ".join(said.split()))


# --- What the question before was about ------------------------------------------------------------------------------
_FIGURES = frozenset(
    terms(
        """
        revenue sales turnover income profit loss earnings margin valuation value price cost budget spending investment
        funding financing capital debt output production capacity gdp salary pay wage fee tax size area height depth
        length width weight age speed accuracy population number count total amount share percentage proportion rate
        growth rank ranking position headquarters address location name shipment delivery workforce headcount staff
        employee target goal purpose aim date deadline yield debut ipo listing stock circumference pue
        """
    )
)
_OFFICES = frozenset(
    terms(
        """
        chair chairman chairwoman chairperson founder cofounder ceo cto cfo executive president director head leader
        boss mayor dean rector chief owner investor shareholder parent partner supplier customer rival competitor
        scientist engineer professor secretary builder developer operator inventor author officer manager
        spokesman spokesperson
        """
    )
)
_SITES = frozenset(terms("plant factory gigafactory fab foundry laboratory lab centre university college hospital"))
_PEOPLE = frozenset(terms("people person man men woman women staff student graduate returnee worker researcher"))


def _is_a(phrase: str, nouns: frozenset[str]) -> bool:
    head = head_of(phrase).rpartition("-")[2]
    return (head.islower() or head.isupper()) and not nouns.isdisjoint(terms(head)[-1:])


def _owner(phrase: str, nouns: frozenset[str] = _FIGURES | _OFFICES) -> str:
    """What a phrase that turns on one of `nouns` belongs to, however deep; any other phrase as it is.

    "The number of SMIC's employees" belongs to "SMIC".
    """
    while _is_a(phrase, nouns):
        words = words_of(phrase)
        end = core(words, 0)
        owners = [i for i in range(end - 1) if _POSSESSIVE.search(words[i].text)]
        if owners:
            phrase = bare(phrase[: words[owners[-1]].end])
        elif end + 1 < len(words) and words[end].low == "of":
            phrase = phrase[words[end + 1].start :]
        elif names := [i for i in range(end - 1) if words[i].is_name]:
            phrase = re.sub(r"^the ", "", phrase[: words[names[-1]].end])
        else:
            break
    return phrase


_POSSESSIVE = re.compile(r"(?:['’]s|s['’])$")


def _of(phrase: str) -> str:
    return phrase + ("'" if phrase.endswith("s") else "'s")


@dataclass(frozen=True)
class _Before:
    """The question before, which stands by itself, and its answer ("" if unknown), with what pronouns mean then.

    `previous` is the one before that: where this one is about people only, "it" is what that was about.
    """

    question: str
    answer: str = ""
    previous: "_Before | None" = None

    @property
    def plain(self) -> str:
        """The question without its mark."""
        return self.question.rstrip(" ?.!？。")

    @cached_property
    def clause(self) -> Clause:
        return clause_of(self.question)

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The noun phrases that a pronoun may mean, the likeliest first; "its rules" are "Shanghai's rules" in them."""
        if has_chinese(self.question):
            return tuple(filter(None, [_chinese_subject(self.plain)]))
        clause = self.clause
        about = re.search(r"\babout (.+)", clause.rest) if clause.asks.casefold() == "what" else None
        owned = re.match(r"(?:a|an) (.+)", clause.rest if clause.auxiliary in HAVE else clause.behind_verb)
        has = not clause.asks and owned and {clause.auxiliary, clause.verb} & HAVE
        first = about[1] if about else f"{_of(clause.subject)} {owned[1]}" if owned and has else ""
        found = (*noun_phrases(first), *clause.phrases)
        return tuple(re.sub(r"^(?:its|their) ", f"{_of(clause.subject)} ", phrase) for phrase in found)

    @cached_property
    def thing(self) -> str:
        """What "it" means: nobody and no figure but what they belong to, and one thing with a name if there is such."""
        people = {term for name in self.people for term in terms(name)}
        owners = [_owner(phrase) for phrase in self.phrases if not people or not people.issuperset(terms(phrase))]
        things = [phrase for phrase in owners if not _is_a(phrase, _FIGURES | _OFFICES)]
        single = [phrase for phrase in things if not is_plural(phrase)]
        known = [phrase for phrase in single if _is_known(phrase) or phrase == self.clause.subject]
        before = [self.previous.thing] if self.previous else []
        return next(filter(None, [*known, *filter(_is_known, things), *before, *things, *self.answered, *owners]), "")

    @cached_property
    def people(self) -> frozenset[str]:
        """The names of people that have been asked for so far."""
        asked_for = self.answered if self.clause.asks.casefold() == "who" else ()
        return frozenset(asked_for) | (self.previous.people if self.previous else frozenset())

    @cached_property
    def figure(self) -> str:
        """The figure that was asked for, as "SMIC's revenue" or "Shanghai's share of the market"; "" if none was."""
        subject = TIME.sub("", self.clause.subject).strip()
        return subject if _is_a(subject, _FIGURES) else ""

    @cached_property
    def place(self) -> str:
        """Where "there" is."""
        sites = (phrase for phrase in self.phrases if is_place(phrase) or _is_a(phrase, _SITES))
        return next(sites, self.thing)

    @cached_property
    def person(self) -> str:
        """Who "he" or "she" is: the one whom the answer names, else who holds the office or is spoken of."""
        people = [name for name in self.answered if " " in name] or self.answered
        if self._asks_who and len(people) == 1:
            return people[0]
        spoken_of = [_owner(phrase, _FIGURES) for phrase in self.clause.phrases]
        officer = next((phrase for phrase in spoken_of if _is_a(phrase, _OFFICES)), "")
        if not officer and self._asks_who and not self.clause.subject:
            return self.asked_for
        return officer or next(
            (phrase for phrase in spoken_of if re.fullmatch(r"[A-Z]\w+(?: [A-Z]\w+){1,2}", phrase)), ""
        )

    @cached_property
    def company(self) -> str:
        """What "that company" is: the one that was asked for, else the one to which the thing spoken of belongs."""
        if self._asks_who and not self.clause.subject:
            return _list(self.answered) or self.asked_for
        owner = re.match(r"(?:the )?(.+?)['’]s? ", self.thing)
        return owner[1] if owner and is_named(owner[1]) and head_of(self.thing).islower() else self.thing

    @cached_property
    def them(self) -> str:
        """Who "they" are: those of the answer or those asked for, where the question has no other subject."""
        if self.clause.subject or not self.clause.asks:
            several = (phrase for phrase in self.phrases if is_plural(phrase) and _is_known(phrase))
            told = (phrase for phrase in several if not _is_a(phrase, _FIGURES) and phrase != self.clause.counted)
            return next(told, _owner(self.clause.subject) or self.thing)
        return (_list(self.answered) if self._asks_who else "") or re.sub("^the person ", "the people ", self.asked_for)

    @property
    def groups(self) -> Iterator[str]:
        """Whom "them" may mean: those that the question asks for or speaks of, then those of the one before it."""
        yield self.asked_for if self.clause.counted else self.them
        yield from self.previous.groups if self.previous else ()

    @property
    def _asks_who(self) -> bool:
        return re.match(r"(?:who|which)\b", self.clause.asks, re.IGNORECASE) is not None

    @cached_property
    def asked_for(self) -> str:
        """What the question asks for, as a noun phrase: "the people who work at SMIC"."""
        clause = self.clause
        if not clause.counted and not self._asks_who:
            return self.thing
        counted = clause.counted or "person"
        made = next(iter(clause.phrases), "")
        if clause.asks.casefold() == "who" and made and clause.behind_verb.startswith(made) and clause.verb in _DOERS:
            return f"the {_DOERS[clause.verb]} of {made}"
        who = "who" if not clause.counted or _is_a(counted, _PEOPLE) else "that"
        said = [clause.subject, clause.auxiliary, clause.rest]
        if clause.auxiliary in _OF_DO and clause.verb in PAST:
            said = [clause.subject, _OF_DO[clause.auxiliary][clause.verb], clause.behind_verb]
        return " ".join(filter(None, ["the", counted, who, *said]))

    @cached_property
    def answered(self) -> tuple[str, ...]:
        """The first names that the first sentence of the answer adds to the question, those of one list together."""
        sentence = _SOURCED.sub("", _first_sentence(self.answer))
        words, told, found, at = words_of(sentence), set(terms(self.question)), list[str](), 0
        while at < len(words):
            end = next((i for i in range(at, len(words)) if not words[i].is_name), len(words))
            name, behind = text_of(sentence, words[at:end]), words[at - 1].low if at else ""
            plain = behind not in PREPOSITIONS - {"by"}
            plain &= name.split(" ")[0].casefold() not in MONTHS
            if name and plain and told.isdisjoint(terms(PLACE.sub("", name))) and not told.issuperset(terms(name)):
                found.append(bare(name))
            elif found and words[at].low not in (",", "and"):
                break
            at = max(end, at + 1)
        return tuple(found)


_DEFINITE = re.compile(r"(?:the|this|that|these|those)\b", re.IGNORECASE)
_DOERS = {
    said: doer
    for base, doer in (
        pair.split("/")
        for pair in "found/founder lead/leader own/owner run/head make/maker build/builder "
        "develop/developer operate/operator invent/inventor manage/manager".split()
    )
    for said in (THIRD[base], PAST[base])
}
_OF_DO = {"do": {verb: verb for verb in PAST}, "does": THIRD, "did": PAST}
_SOURCED = re.compile(
    r"^according to [^,]+, |, according to .+$|, (?:\w+ )+(?:says|said|writes|reports)\W*$", re.IGNORECASE
)


def _is_known(phrase: str) -> bool:
    """Whether a phrase says which: by a name or by "the"."""
    return is_named(phrase) or _DEFINITE.match(phrase) is not None


def _first_sentence(answer: str) -> str:
    """Without what stands in brackets: Chinese names and marks of citations."""
    return re.split(r"(?<=[a-z0-9][.!?]) ", re.sub(r" ?[(\[][^)\]]*[)\]]", "", answer))[0]


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


# --- Pronouns --------------------------------------------------------------------------------------------------------
_SHORT = one_of(AUXILIARIES | PREPOSITIONS)
_NO_MORE_SAID = r"(?! (?:of|for|that|which|who|called|named|behind|with|to|(?-i:[A-Z])))"
_COMPANY = rf"(?:company|firm|start-?up|business|(?:chip|car)?maker|manufacturer){_NO_MORE_SAID}"
_SORT = (
    rf"(?:laboratory|lab|project|plan|programme|program|scheme|facility|place|institution|organi[sz]ation)"
    rf"{_NO_MORE_SAID}(?! (?:in|at|on|by|from|between)\b)"
)
_PRONOUN = re.compile(
    rf"\b(?:(?P<its>its|their|his|her(?= (?!{_SHORT}\b)\w))|"
    rf"(?P<it>it|(?:the|this|that) {_SORT}|(?:that|this)(?=\W*$))|(?P<they>they)|"
    rf"(?P<them>them|(?:those|these)(?=\W*$| {_SHORT}\b)|(?:these|those) (?:companies|firms|people))|"
    rf"(?P<he>he|she|him|her|(?:that|this) (?:person|man|woman))|(?P<company>(?:the|this|that) {_COMPANY})|"
    r"(?P<there>there))(?![\w’'-])",
    re.IGNORECASE,
)
_EASY = (
    r"(?:\w+ly )?(?:true|possible|legal|illegal|allowed|permitted|necessary|easy|easier|hard|harder|difficult|cheap|"
    r"cheaper|expensive|safe|worth|known|clear|likely|correct|important|mandatory|raining|snowing|late|cold|hot)\b"
)
_IMPERSONAL = re.compile(
    r"\b(?:is|are|was|were|will|be) there\b|\bthere (?:is|are|was|were)\b|\bhow far is it (?:from|to)\b|"
    r"\bwhat time is it\b|\bit (?:rain|snow)|\b(?:is|was) it (?-i:[A-Z])\S*(?: \S+){0,4} (?:that|who)\b|"
    r"\bit (?:takes?|took|costs?) .*\bto\b|\b(?:does|did|will|would) it (?:take|cost) .*\bto\b|"
    rf"\b(?:is|was|be|becomes?|became) it {_EASY}|\bit (?:is|was) {_EASY}",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    rf"[,;:–—]|\b(?:and|but|or|so)\b(?= {one_of(ASKING | AUXILIARIES | PRONOUNS | PAST.keys() | BASE.keys())}\b)|"
    rf"\b(?:that|whether|if|because|while|although|after|before|until|once|{ASKS})(?= )|"
    r"\b(?:say|says|said|claims?|claimed|thinks?|thought|expects?|hopes?|believes?|knows?)\b",
    re.IGNORECASE,
)
_IN_FRONT = re.compile(r"(?:in|at|on|for|from|by|of|during|since|under) ((?!wh|how)[^,]+)$", re.IGNORECASE)
_DONE_TO_ONES_OWN = re.compile(
    r"(?:mov|relocat|open|shift|chang|expand|doubl|cut|rais|list|launch|unveil|publish|announc|s[oe]l)"
)


def _pronouns(text: str) -> list[re.Match[str]]:
    """Its pronouns, but for those that stand for nothing: "Is it true that ...", "How many are there"."""
    nothing = [found.span() for found in _IMPERSONAL.finditer(text)]
    return [
        found
        for found in _PRONOUN.finditer(text)
        if not any(s <= found.start() and found.end() <= e for s, e in nothing)
    ]


def _bound(text: str, pronoun: re.Match[str]) -> bool:
    """Whether a pronoun means something that the same question names.

    "It" means nothing in its own clause ("Did Huawei buy it?") but what a clause before it speaks of ("Does SMIC say
    that it makes chips?"), a time or place in front aside. "Its" may mean the subject of its own clause, too ("When did
    the C919 make its first flight?").
    """
    ends = [
        end for end in _CLAUSE_END.finditer(text) if " " in text[: end.start()].strip() and end.end() <= pronoun.start()
    ]
    earlier, own = (text[: ends[-1].start()], text[ends[-1].end() :]) if ends else ("", text)
    in_front = _IN_FRONT.match(earlier.strip(" ,"))
    if not in_front or clause_of(in_front[1]).auxiliary or clause_of(in_front[1]).rest:
        if any(word.is_name for word in words_of(earlier)[1:]):
            return True
        if any(not _PRONOUN.search(phrase) for phrase in clause_of(earlier).phrases):
            return True
    clause = clause_of(own.strip())
    if not pronoun["its"] or pronoun[0] not in f"{clause.asks} {clause.rest}".split():
        return False
    behind = not clause.rest.startswith(pronoun[0])
    return behind if clause.subject else behind and bool(clause.counted and _DONE_TO_ONES_OWN.match(clause.verb))


def _with_pronouns(text: str, earlier: _Before) -> str | None:
    """A question whose pronouns are put as what they mean."""
    put = _put(text, earlier)
    return put if put != text else None


def _put(text: str, earlier: _Before) -> str:
    said, at, pronouns = list[str](), 0, _pronouns(text)
    for pronoun in pronouns:
        alone = pronoun[0].casefold() not in ("that", "this") or (len(pronouns) == 1 and not is_named(opened(text)[1:]))
        meant = _meant(text, pronoun, earlier) if alone and not _bound(text, pronoun) else ""
        between = text[at : pronoun.start()]
        if pronoun["it"] and meant in said and not re.search(r"\b(?:and|or|but)\b", between):  # "Is it still on it?"
            new = (
                phrase for phrase in earlier.phrases if phrase not in text and not any(phrase in one for one in said)
            )
            meant = next(new, "")
        if not meant or (pronoun["them"] and between.endswith(" of ") and not is_plural(meant)):
            continue
        meant = re.sub(r"^an? ", "the ", meant)
        if pronoun["they"] and not is_plural(meant):
            between = re.sub(
                r"\b(?:do|are|were|have) $", lambda verb: _SINGULAR[verb[0].casefold()], between, flags=re.I
            )
        if pronoun["its"]:
            meant = _of(meant)
        elif pronoun["there"] and not re.search(rf"\b{one_of(PREPOSITIONS)} $", between):
            meant = _at(meant)
        said += between, meant
        at = pronoun.end()
    return "".join(said) + text[at:]


def _at(place: str) -> str:
    link = (
        "in"
        if is_place(place)
        else "on"
        if head_of(place).casefold() in ("market", "exchange", "list", "board")
        else "at"
    )
    return f"{link} {place}"


_SINGULAR = {"do ": "does ", "are ": "is ", "were ": "was ", "have ": "has "}
_SAID_OF_FIGURES = re.compile(
    r"\b(?:gr[eo]w\w*|chang\w+|ris\w+|rose|fall\w*|fell|increas\w+|decreas\w+|dropp?\w*|caus\w+|higher|lower|calculated|measured|"
    r"(?:share|part|percentage|proportion|half|much|most) of it)\b|"
    r"^(?:what|how (?:high|much)) (?:is|was|will|were) (?:it|that)\b",
    re.IGNORECASE,
)


def _meant(text: str, pronoun: re.Match[str], earlier: _Before) -> str:
    kind, low = pronoun.lastgroup, pronoun[0].casefold()
    if kind == "he" or low in ("his", "her"):
        return earlier.person
    if kind == "they" or low == "their":
        return earlier.them
    if kind == "them":
        return next(filter(is_plural, earlier.groups), earlier.them)
    if kind == "company":
        return earlier.company
    if kind == "there":
        return earlier.place
    return (earlier.figure if kind == "it" and _SAID_OF_FIGURES.search(opened(text)) else "") or earlier.thing


_REST_OF_THE_WORLD = frozenset(
    terms("city country world government economy market corpus report weather time news moon internet war")
)
_PARTS = frozenset(
    terms(
        """
        plant factory fab campus team building tower site phase line system service product app law rule deal round
        engine chip robot model satellite aircraft plane jet car fund park zone board office shop store user visitor
        """
    )
)


_A_PART = re.compile(r"the (?:(?:first|second|third|last|next|new|old|main|whole) )?\w+", re.IGNORECASE)


def _with_owner(text: str, earlier: _Before) -> str | None:
    """A question of "the plant", "the largest" or "how many", put with what they are part of.

    A phrase that only repeats words of one before ("the data centre") is that one.
    """
    clause = clause_of(opened(text))
    several = earlier.asked_for if earlier.clause.counted else next(filter(is_plural, earlier.phrases), earlier.thing)
    if clause.asks.casefold() in ("how many", "which") and (clause.auxiliary in BE | HAVE) and not clause.subject:
        return sentence_of(clause.asks, "of", several, clause.auxiliary, clause.rest)
    if any(word.is_name for word in words_of(text)[1:]) or " of " in clause.asks:
        return None
    if earlier.place and re.search(r"\b(?:is|are|was|were) there\W*$", text):
        return f"{text.rstrip(' ?')} {_at(earlier.place)}?"
    for phrase in clause.phrases:
        behind = text[text.find(phrase) + len(phrase) :]
        if not re.match(r"the ", phrase, re.IGNORECASE) or " of " in phrase:
            continue
        said = set(terms(phrase))
        if same := [known for known in earlier.phrases if said and said <= set(terms(known))]:
            return text.replace(phrase, same[0], 1)
        superlative = re.fullmatch(r"the (?:most|least)(?: \w+)|the \w+est", phrase)
        short = superlative or _is_a(phrase, _FIGURES | _OFFICES) or _A_PART.fullmatch(phrase)
        closes = not TIME.sub("", behind).strip(" ?") and not _is_a(phrase, _REST_OF_THE_WORLD)
        whose = several if superlative else earlier.thing
        if whose and short and (closes or (phrase == clause.subject and _is_a(phrase, _FIGURES | _OFFICES | _PARTS))):
            return text.replace(phrase, f"{phrase} of {whose}", 1)
    return None


# --- Fragments -------------------------------------------------------------------------------------------------------
_UNITS = re.compile(
    r"(?:US |Hong Kong )?(?:dollars?|euros?|yuan|rmb|renminbi|yen|pounds?|per ?cent|percentage|"
    r"square (?:met|kilomet)\w+|hectares?|kilomet\w+|met(?:re|er)s?|miles?|(?:mega|giga|kilo)watts?|tonnes?|numbers|"
    r"words|total)",
    re.IGNORECASE,
)


_ABOUT = re.compile(
    r"^(?:(?:what|how) (?:about|of)|(?:do |ask |now )?(?:the )?same(?: question| thing)?(?: for| in| at| of)|"
    r"now(?: for)?|as for) (?P<new>.+)$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?:and|but|or|so|then|also|now)\b", re.IGNORECASE)
_TOO = re.compile(r"(?:,? (?:too|as well|then|instead|though|please|alone|itself))+$", re.IGNORECASE)
_LINK = re.compile(rf"({one_of(PREPOSITIONS)}) (?=\S)", re.IGNORECASE)
_LONGEST_FRAGMENT = 8  # words


def _unmarked(text: str) -> str:
    return _TOO.sub("", OPENING.sub("", text).rstrip(" ?.!"))


def _with_fragment(text: str, earlier: _Before) -> str | None:
    """The question before, about what a fragment names: "and in 2023?", "what about Pudong?", "its chairman?".

    A name alone is a fragment where a question mark, "and" or "what about" says so; else it is a search of its own.
    """
    new = _unmarked(text)
    about = _ABOUT.match(new)
    new = about["new"] if about else new
    clause = clause_of(new)
    if clause.asks or clause.auxiliary or clause.rest or not 0 < len(words_of(new)) <= _LONGEST_FRAGMENT:
        return None
    if not _JOINED.match(text) and _is_a(new.lower(), _FIGURES | _OFFICES | _PEOPLE) and not is_named(new[1:]):
        new = new.lower()
    says_whose = _is_a(new, _FIGURES | _OFFICES) and _owner(new) != new
    of_its_kind = (
        _YEARS_ON.match(new) or _TIME_ALONE.fullmatch(new) or _LINK.match(new) or _is_a(new, _FIGURES | _OFFICES)
    )
    asks = about or _JOINED.match(text) or ((text.endswith("?") or of_its_kind) and not says_whose)
    return _exchanged(new, earlier) if asks else None


def _exchanged(new: str, earlier: _Before) -> str:
    """The question before, with `new` for what is of its kind: a time, a figure, a place, else what it is about."""
    time = TIME.search(new)
    if time and time.start() > 0 and time.end() == len(new):
        earlier, new = _Before(_exchanged(new[: time.start()].strip(), earlier), earlier.answer), time[0]
    return next(found for kind in _KINDS if (found := kind(new, earlier)))


_YEARS_ON = re.compile(
    r"^(?:in )?(?:(?P<number>a|one|two|three|four|five|ten|\d\d?) years? |the (?:year|one) |)"
    r"(?P<way>earlier|before|previously|later|after|afterwards)(?: that)?$|"
    r"^(?:in )?the (?P<next>previous|next|following) year$",
    re.IGNORECASE,
)
_TIME_ALONE = re.compile(rf"(?:(?P<dating>{DATING}|of) )?(?P<date>{DATE})|(?P<lately>{LATELY})", re.IGNORECASE)
_ORDINAL = re.compile(r"(?:in )?the (first|second|third|fourth|last)(?: one)?", re.IGNORECASE)


def _year_on(new: str, earlier: _Before) -> str | None:
    """The year that "three years earlier" means after a question, or an answer, of one year; None for none."""
    told = set(re.findall(YEAR, earlier.question)) or set(re.findall(YEAR, _first_sentence(earlier.answer)))
    on = _YEARS_ON.match(new)
    if not on or len(told) != 1:
        return None
    number = (on["number"] or "a").casefold()
    count = int(number) if number.isdigit() else SMALL.get(number, 1)
    back = (on["way"] or on["next"]).casefold() in ("earlier", "before", "previously", "previous")
    return str(int(*told) + (-count if back else count))


def _another_time(new: str, earlier: _Before) -> str | None:
    """A year takes the place of a year, and a quarter or month that of a quarter or month in the same year."""
    question = earlier.plain
    told = TIME.search(question)
    part = re.search(r"(first|second|third|fourth|last) (quarter|half)", told[0]) if told else None
    if part and (ordinal := _ORDINAL.fullmatch(new)):
        new = f"in the {ordinal[1]} {part[2]}"
    found = _TIME_ALONE.fullmatch(_year_on(new, earlier) or new)
    if not found:
        return None
    date, dating = found["date"] or "", found["dating"]
    years_told = re.findall(YEAR, told[0] if told else question)
    if re.fullmatch(YEAR, date) and len(years_told) == 1:
        elsewhere = told and dating and told["dating"] and dating != told["dating"] and told["date"] == years_told[0]
        if not elsewhere:
            return question.replace(years_told[0], date, 1) + "?"
    if date and not re.search(YEAR, date) and years_told:
        date += f" of {years_told[0]}" if re.match(PART, date) else f" {years_told[0]}"
    time = found["lately"] or f"{dating or (told and told['dating']) or 'in'} {date}"
    return f"{question[: told.start()]}{time}{question[told.end() :]}?" if told else f"{question} {time}?"


def _another_figure(new: str, earlier: _Before) -> str | None:
    """A figure takes the place of a figure, an office that of an office; else it is asked for by itself."""
    nouns = next((nouns for nouns in (_FIGURES, _OFFICES) if _is_a(new, nouns)), None)
    if nouns is None or _LINK.match(new):
        return None
    put, clause = _put(new, earlier), earlier.clause
    figure = re.sub(r"^(?:the|its|their|his|her) ", "", new)
    owned = put if _owner(put, nouns) != put else ""
    if _is_a(clause.counted, nouns) and is_plural(clause.counted) == is_plural(figure):
        return _swapped(earlier.question, clause.counted, figure)
    if _is_a(clause.subject, nouns):
        words = words_of(clause.subject)
        end = core(words, 0)
        start = max((i + 1 for i in range(end - 1) if words[i].is_name or words[i].low in DETERMINERS), default=0)
        same_owner = clause.subject[: words[start].start] + figure + clause.subject[words[end - 1].end :]
        return _swapped(earlier.question, clause.subject, owned if owned and put == new else same_owner)
    if not owned and not earlier.thing:
        return None
    time = TIME.search(earlier.plain) if nouns is _FIGURES else None
    past = time is not None and clause.auxiliary in ("was", "were", "did", "had", "")
    be = ("were" if past else "are") if is_plural(figure) else ("was" if past else "is")
    asked = owned or f"{_of(earlier.thing)} {figure}"
    return sentence_of("What" if nouns is _FIGURES else "Who", be, asked, time[0] if time else "")


def _another_place(new: str, earlier: _Before) -> str | None:
    """A place takes the place of a place, and "for Lazada" that of what the question has behind a "for"."""
    link = _LINK.match(new)
    name, question = new[link.end() :] if link else new, earlier.plain
    if PLACE.fullmatch(name):
        for told in PLACE.finditer(question):
            behind = question[told.end() :]
            if not re.match(r" [A-Z]", behind):
                in_phrase = re.match(rf" (?!{_SHORT}\b)[a-z]", behind)
                the = "the " if in_phrase and told[0].casefold().startswith("the ") else ""
                name = re.sub(r"^the ", the, name) if in_phrase and name.startswith("the ") else the + name
                return f"{question[: told.start()]}{name}{behind}?"
    if link:
        unit = re.search(rf"\bin {_UNITS.pattern}", question, re.IGNORECASE)
        if _UNITS.fullmatch(name) and unit:
            return _swapped(earlier.question, unit[0], new)
        same = [phrase for phrase in _linked(question, link[1]) if is_place(phrase) == is_place(name)]
        if same and not _UNITS.fullmatch(name):
            return _swapped(earlier.question, f"{link[1]} {same[-1]}", f"{link[1]} {_put(name, earlier)}")
        if link[1] in ("for", "of", "at", "with") and earlier.thing:
            return None
    elif not re.match(r"(?:abroad|overseas|elsewhere|worldwide)\b", new):
        return None
    time = TIME.search(question)
    end = time.start() if time and time.end() == len(question) else len(question)
    return sentence_of(question[:end], _put(new, earlier), question[end:])


def _linked(question: str, link: str) -> list[str]:
    """What the question has behind a preposition, wherever that stands."""
    words = words_of(question)
    return [text_of(question, words[i + 1 : core(words, i + 1)]) for i, word in enumerate(words) if word.low == link]


def _another_kind(new: str, earlier: _Before) -> str | None:
    """Things take the place of the things counted, a trade that of a trade: "trucks" of "cars", "AI" of "chip"."""
    trade = re.search(r"(?:\bthe|['’]s?) ((?:[\w-]+ ){1,3})(?:industry|sector|market)\b", earlier.question)
    if trade and (new.islower() or new == "AI"):
        return f"{earlier.question[: trade.start(1)]}{re.sub('s$', '', new)}{earlier.question[trade.end(1) - 1 :]}"
    if not is_plural(new) or re.match(r"the |its |their |.*['’]s? ", new):
        return None
    if earlier.clause.counted:
        return _swapped(earlier.question, earlier.clause.counted, new)
    return f"How many {new} does {earlier.thing} have?" if earlier.thing and new.islower() else None


def _another_thing(new: str, earlier: _Before) -> str:
    """What the question is about gives way to another, or to a part of it: "the second phase", "Google's"."""
    new, thing = _put(re.sub(f"^{_LINK.pattern}", "", new, flags=re.I), earlier), earlier.thing
    if _POSSESSIVE.search(new):
        owners = [word for word in words_of(thing) if _POSSESSIVE.search(word.text)]
        if owners:
            return _swapped(earlier.question, thing[: owners[0].end], new)
        new = bare(new)
    if new.startswith("the ") and not is_named(new):
        part = re.match(r"the [^,]*? of (?=\S)", thing) if head_of(thing) == head_of(new) else None
        new = f"{new} of {thing[part.end() :] if part else thing}"
    if thing == earlier.clause.counted and not is_plural(new):
        thing = text_of(thing, [word for word in words_of(thing) if word.is_name]) or thing
    known = thing and thing in earlier.question
    return _swapped(earlier.question, thing, new) if known else f"{earlier.plain} – {new}?"


def _swapped(question: str, old: str, new: str) -> str:
    """`question` with `new` for the first `old` in it, as whole words."""
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, question, count=1).rstrip(" ?.!") + "?"


_KINDS = (_another_time, _another_figure, _another_place, _another_kind, _another_thing)


# --- Question words --------------------------------------------------------------------------------------------------
_WHY_THAT = re.compile(
    rf"((?:since |until |by |for |to |in |with )?{ASKS})"
    r"(?: (?:is|was|did|does) (?:that|this)(?: happen| so| the case| possible)?|"
    r" so(?: \w+)?| come)",
    re.IGNORECASE,
)
_REASONS = re.compile(r"why(?: not)?|how|since when", re.IGNORECASE)
_HOW_LARGE = re.compile(r"how (?!(?:many|much|often|so|come)\b)(\w.*)", re.IGNORECASE)
_HOW_LONG = re.compile(r"how (?:long|far|soon|fast)$", re.IGNORECASE)
_HOW_MANY = re.compile(r"how (many|much)\b", re.IGNORECASE)


def _with_question_word(text: str, earlier: _Before) -> str | None:
    """The question before with another question phrase: "why?", "since when?", "how many women?", "in which year?"."""
    asked = _unmarked(text)
    if (that := _WHY_THAT.fullmatch(asked)) and not re.match("what|who", asked, re.IGNORECASE):
        asked = "Why" if asked.endswith(" come") else that[1]
    new = clause_of(asked)
    words = words_of(asked)
    if not new.asks or new.auxiliary or new.subject or new.rest or len(words) > _LONGEST_FRAGMENT or _pronouns(asked):
        return None
    ends = (i for i in range(2, len(words)) if not words[i].is_content and words[i].low not in DETERMINERS)
    link = next(ends, len(words))
    phrase, further = text_of(asked, words[:link]), asked[words[link - 1].end :].strip()
    whole = _reasked(opened(phrase), earlier)
    return _exchanged(further, _Before(whole, earlier.answer)) if whole and further else whole


def _reasked(phrase: str, earlier: _Before) -> str | None:
    """The question before, asked with another question phrase; None where that cannot be worded."""
    clause, counted, low = earlier.clause, clause_of(phrase).counted, phrase.casefold()
    if low == clause.asks.casefold() or (low == "how much" and _HOW_MANY.match(clause.asks)):
        return earlier.question
    if COUNTING.match(phrase) and clause.counted:
        quantifier = re.sub(r" ones?$", "", phrase.removesuffix(counted).strip(), flags=re.IGNORECASE)
        things = counted or re.sub(rf"^{one_of(SMALL)} ", "", clause.counted)
        return sentence_of(quantifier, things, clause.auxiliary, clause.subject, clause.rest)
    if counted and low.startswith("how") and (clause.asks or not clause.auxiliary):
        return f"{phrase} does {earlier.thing} have?"
    if _HOW_LARGE.match(phrase) and not (_HOW_LONG.match(phrase) and clause.verb):
        return f"{phrase} is {earlier.thing}?"
    if low in ("who", "by whom") and clause.auxiliary in BE and clause.verb in PARTICIPLES:
        phrase = "By whom"
    answerable = _answerable_by_yes(earlier, _REASONS.fullmatch(phrase) is not None)
    if answerable is None:
        return None
    auxiliary, subject, rest = answerable
    if low == "why not":
        phrase, rest = "Why", f"not {rest}"
    if low.startswith("how many") and not clause.asks:
        counted = counted or next(noun_phrases(rest, 1), "")
        phrase, rest = f"How many {counted}", re.sub(rf" ?\b{re.escape(counted)}\b", "", rest, count=1)
    return sentence_of(phrase, auxiliary, subject, rest)


def _answerable_by_yes(earlier: _Before, reason: bool) -> tuple[str, str, str] | None:
    """Auxiliary, subject and rest of the question before as one of yes or no, with what it asked for put back in.

    Put back is what its answer names, or else "so many cars" if it is to be asked for a reason, "the cars" if not.
    """
    clause, asks = earlier.clause, earlier.clause.asks.casefold()
    many, large, counted = _HOW_MANY.match(asks), _HOW_LARGE.match(asks), clause.counted
    these = f"{'these' if is_plural(counted) else 'that'} {counted}" if counted else ""
    if many:
        asked_for = f"so {clause.asks[4:]}" if reason or not counted else f"the {counted}"
    else:
        asked_for = these if re.match(r"what|which", asks) else ""
    if asks and not clause.subject:
        named = _list(earlier.answered) if asks == "who" else ""
        made = next(iter(clause.phrases), "")
        if asks == "who" and not named and made and clause.behind_verb.startswith(made) and clause.verb in BASE:
            be = ("is", "are") if clause.verb in OF_THIRD else ("was", "were")
            done = f"{PARTICIPLE[BASE[clause.verb]]} {clause.behind_verb.removeprefix(made)}"
            return be[is_plural(made)], made, done
        subject = asked_for if many else named or asked_for or ("that" if asks == "what" else "")
        return _with_auxiliary(clause, subject) if subject else None
    if not asks:
        return _with_auxiliary(clause, clause.subject)
    if reason and clause.auxiliary in BE and asks in ("what", "who") and not clause.verb.endswith("ing"):
        that = (_list(earlier.answered) if asks == "who" else "") or "that"
        return clause.auxiliary, that, f"{clause.subject} {clause.rest}"
    if clause.auxiliary in BE and large and reason and (not clause.rest or TIME.match(clause.rest)):
        return clause.auxiliary, clause.subject, f"so {large[1]} {clause.rest}"
    back = asked_for or ("that" if asks == "what" else "") if reason or counted else ""
    return clause.auxiliary, clause.subject, " ".join(filter(None, [clause.verb, back, clause.behind_verb]))


def _with_auxiliary(clause: Clause, subject: str) -> tuple[str, str, str]:
    """Auxiliary, subject and rest; a verb without an auxiliary gets one: "suspended" gives "did" and "suspend"."""
    if clause.auxiliary:
        return clause.auxiliary, subject, clause.rest
    base = BASE.get(clause.verb)
    if base is None and not clause.verb.endswith("ed"):
        return "do", subject, clause.rest
    do = "does" if clause.verb in OF_THIRD else "did"
    return (do, subject, f"{base} {clause.behind_verb}") if base else ("is it that", subject, clause.rest)


# --- More ------------------------------------------------------------------------------------------------------------
_MORE = re.compile(
    r"(?:please )?(?:(?:can|could) you )?(?:tell me more|more|(?:any |some )?more details?|details|go on|continue|"
    r"elaborate|explain|say more|more information)(?: (?:about|on) (?:it|that|this|them))?(?: please)?",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"(?:what|who|where|which|anything|anyone|anybody|something|nothing) (?:else|more)|which others?", re.IGNORECASE
)
_COMPARING = re.compile(
    r"(?:(?:please )?compare (?:that|this|it|them)|(?:how|what) (?:does|did|is|was) (?:that|this|it) compared?|"
    r"(?:as )?compared|how does (?:that|this|it) (?:relate|stack up)|versus|vs\.?)"
    r"(?: (?:with|to|against|and))? (?P<other>.+)",
    re.IGNORECASE,
)
_NUMBERED = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1}
_NTH = re.compile(rf"\bthe (?:({'|'.join(_NUMBERED)}) one|(former|latter))\b", re.IGNORECASE)


def _with_more(text: str, earlier: _Before) -> str | None:
    """What else there is to the question before: "tell me more", "what else?", "compare that with Shenzhen"."""
    asked, clause = _unmarked(text), earlier.clause
    if _MORE.fullmatch(asked) and earlier.thing:
        return f"Tell me more about {earlier.figure or earlier.thing}"
    if comparing := _COMPARING.fullmatch(asked):
        measured = earlier.figure or clause.counted or _HOW_LARGE.match(clause.asks) or not earlier.thing
        whole = earlier.plain if measured else f"How is {earlier.thing}"
        return f"{whole} compared with {comparing['other']}?"
    if not _ELSE.fullmatch(asked):
        return None
    if clause.asks.casefold() in ("what", "who", "where") and clause.rest:
        return sentence_of(clause.asks, "else", clause.auxiliary, clause.subject, clause.rest)
    if clause.counted and not _HOW_MANY.match(clause.asks):
        other = f"{clause.asks.removesuffix(clause.counted)}other {clause.counted}"
        return sentence_of(other, clause.auxiliary, clause.subject, clause.rest)
    return f"What else is known about {earlier.thing}?" if earlier.thing else None


def _with_one_of_several(text: str, earlier: _Before) -> str | None:
    """A question about "the second one" of those that the answer before lists, or else the question."""
    nth = _NTH.search(text)
    number = _NUMBERED[(nth[1] or nth[2]).casefold()] if nth else 0
    for said in (_first_sentence(earlier.answer), earlier.plain):
        items = _items(said)
        if nth and len(items) > max(1, number):
            return f"{text[: nth.start()]}{items[number]}{text[nth.end() :]}"
    return None


def _items(said: str) -> list[str]:
    """What a sentence lists: "A, B and C are founders of D" lists A, B and C; [] where it lists nothing."""
    listed = re.search(r"(?:[^,;:]+, )*[^,;:]+?,? (?:and|or) [^,;:]+", said)
    items = re.split(r",? (?:and|or) |, ", listed[0].strip(" .?")) if listed else []
    if items:
        items[0] = re.split(rf"\b(?:{_SHORT}|includes?|included|namely|named|called)\b", items[0])[-1].strip()
        items[-1] = re.split(rf" (?:{_SHORT}|founded|says?|said)\b", items[-1])[0]
    return items if all(0 < len(item.split()) < 7 for item in items) else []


_RULES = (_with_more, _with_one_of_several, _with_fragment, _with_question_word, _with_pronouns, _with_owner)


# --- Chinese ---------------------------------------------------------------------------------------------------------
_ZH_WHEN = "什么时候|何时|哪一?年|哪一?天|什么地方|在?哪[里儿]|为什么|为何|怎么|如何"  # what one question word replaces
_ZH_ASKS = f"{_ZH_WHEN}|在哪|哪[家些个所座]|谁|多[少大高长深]|几|什么|吗"
_ZH_VERBS = (
    "创立|创办|建立|成立|设立|收购|拥有|开发|研发|建造|建设|建成|运营|领导|投资|设计|制造|生产|控股|推出|发布|上市|获批|交付|"
    "卖出|售出|花了|募集|筹集|容纳|可以|(?<![智新性功])能(?![源力量])"
)
_ZH_OFFICES = "董事长|总裁|首席执行官|创始人|负责人|老板|投资者|股东|客户"
_ZH_FIGURES = (
    "营业收入|收入|营收|销售额|销量|净利润|利润|亏损|估值|融资|面积|规模|产值|产能|份额|员工|人数|人口|"
    "总部|地址|名字|股价|排名"
)
_ZH_OBJECT = re.compile(rf"(?:什么是|(?:是?谁|(?:哪|什么)[家个些]?\w{{0,4}}?)(?P<verb>{_ZH_VERBS})了?)(?P<about>.+)")
_ZH_SUBJECT = re.compile(
    rf"(?:请问|你知道|告诉我|请?介绍一下|{_ZH_WHEN})?(?:在?{YEAR}年的?)?(?P<about>.{{2,30}}?)"
    rf"(?:的?(?:{YEAR}年)|是|有|在|由|位于|于|{_ZH_VERBS}|{_ZH_ASKS}|$)"
)
_ZH_PRONOUN = re.compile(
    r"(?P<he>[他她])|它们?|(?:该|这|那)[家个所座]?(?:公司|企业|机构|项目|学校|园区|大学|实验室)|"
    r"(?<![尤与])其(?=[创董总收营员净])|(?<=在)(?:那里|那儿)"
)
_ZH_OPENING = re.compile(
    rf"(?:(?P<company>公司)|(?P<year>{YEAR}年)?(?P<owned>{_ZH_OFFICES}|{_ZH_FIGURES})|有|"
    rf"(?:是|在)?(?:{_ZH_WHEN}|谁)?(?:{_ZH_VERBS}|上市))(?=[是在有的了于吗谁多什哪怎几何为?？。]|{YEAR}|上市|成立|创立|$)"
)
_ZH_SAYS_LITTLE = re.compile(
    rf"{_ZH_OFFICES}|{_ZH_FIGURES}|{_ZH_WHEN}|{_ZH_ASKS}|{_ZH_VERBS}|公司|上市|[有的了于在是吗过?？。 ]"
)
_ZH_LONGEST_REST = 3  # characters; more name a subject
_ZH_WHY = re.compile(rf"(?:那么?)?({_ZH_WHEN})(?:呢|会这样|这样)?")
_ZH_ABOUT = re.compile(r"(?:那么?|而|还有|和|以及)?在?(.+?)的?(?:呢|怎么样|如何)")


def _chinese_subject(plain: str) -> str:
    """What a Chinese question is about, that is, what was founded, or what stands before its verb; no figure of it."""
    found = _ZH_OBJECT.fullmatch(plain) or _ZH_SUBJECT.match(plain)
    return re.sub(rf"(?<=.)的?(?:{_ZH_FIGURES}|{_ZH_OFFICES})$", "", found["about"].strip()) if found else ""


def _chinese_person(plain: str) -> str:
    """Who holds the office of which a Chinese question speaks, or did what it asks."""
    officer, did = re.match(rf".+?(?:{_ZH_OFFICES})", plain), _ZH_OBJECT.fullmatch(plain)
    doer = f"{did['verb']}{did['about']}的人" if did and did["verb"] else ""
    return officer[0] if officer else doer


def _with_chinese_fragment(text: str, earlier: _Before) -> str | None:
    """The question before about another year, figure or thing (那华虹呢？), or with another question word."""
    fragment, question, thing = text.strip(" ?？。"), earlier.plain, earlier.thing
    if (why := _ZH_WHY.fullmatch(fragment)) and has_chinese(question):
        if asked := re.search(_ZH_WHEN, question):
            return question.replace(asked[0], why[1], 1) + "？"
        if (did := _ZH_OBJECT.fullmatch(question)) and did["verb"]:
            return f"{did['about']}是{why[1]}{did['verb']}的？"
        known = re.sub(f"谁(?={_ZH_VERBS})", why[1], question)
        known = re.sub("有?多(?=[大高长深])", "这么", known).replace("多少", "这么多").removesuffix("吗")
        return (
            (known if why[1] in known else why[1] + known) + "？"
            if not re.search("[谁哪什]", known.replace(why[1], ""))
            else None
        )
    about = _ZH_ABOUT.fullmatch(fragment)
    if not about or why:
        return None
    year, told = re.fullmatch(rf"({YEAR})年?", about[1]), re.search(YEAR, question)
    figure = re.search(f"{_ZH_FIGURES}|{_ZH_OFFICES}", question)
    if year and told:
        return earlier.question.replace(told[0], year[1], 1)
    if year and not has_chinese(question):
        return f"{question} in {year[1]}?"
    if figure and re.fullmatch(f"{_ZH_FIGURES}|{_ZH_OFFICES}", about[1]):
        return earlier.question.replace(figure[0], about[1], 1)
    return earlier.question.replace(thing, f"{thing}{about[1]}" if year else about[1], 1) if thing else None


def _with_chinese_pronouns(text: str, earlier: _Before) -> str | None:
    """A Chinese question whose first pronoun is put as what the question before was about."""
    pronoun = _ZH_PRONOUN.search(text)
    if not pronoun:
        return None
    he = _chinese_person(earlier.plain) if has_chinese(earlier.question) else earlier.person
    meant = he if pronoun["he"] else earlier.thing
    return f"{text[: pronoun.start()]}{meant}{text[pronoun.end() :]}" if meant else None


def _with_chinese_owner(text: str, earlier: _Before) -> str | None:
    """A Chinese question that opens with an office, a figure or a verb, as said of what the one before was about."""
    opens, rest = _ZH_OPENING.match(text), _ZH_SAYS_LITTLE.sub("", text)
    of = _ZH_OBJECT.fullmatch(text.rstrip(" ?？。"))
    own = (of and of["about"].strip("的了")) or "哪些" in text[2:] or len(rest) > _ZH_LONGEST_REST
    if not opens or own or not earlier.thing:
        return None
    link = "的" if opens["owned"] and not opens["year"] else ""
    return f"{earlier.thing}{link}{text[len(opens['company'] or '') :]}"


_CHINESE_RULES = (_with_chinese_fragment, _with_chinese_pronouns, _with_chinese_owner)
