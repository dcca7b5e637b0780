"""The turns of phrase that give away advice, French and English, as `lint` reads them.

Pure data. The text is folded: small letters, no accents, hyphens as spaces; French splits after apostrophes (`qu' as
tu`), English drops them (`dont you`); commas stand alone. Phrases match whole words. Every quantifier is bounded, which
a test proves. Add a phrase together with sentences in `tests/core/lint_corpus`, of both kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cosession.core.script import Language


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase (its group `advice` is what is shown), and what makes a real question of it all the same."""

    phrase: re.Pattern[str]
    open_before: bool = True
    """Harmless after a question word: « comment as-tu essayé de… »."""
    open_after: bool = False
    """Harmless before one: « tu pourrais compter sur qui ? »."""
    asked: bool = False
    """Only in a sentence that ends with a question mark."""
    stated: bool = False
    """Only in a sentence that does not."""
    unless: re.Pattern[str] | None = None
    """Harmless if the sentence goes on like this."""


@dataclass(frozen=True, slots=True)
class Grammar:
    asking: re.Pattern[str]
    """The words with which a question asks for something unknown."""
    opener: re.Pattern[str]
    """How a sentence begins that is plainly a question of its own."""
    rules: tuple[Rule, ...]


def _rule(before: str, phrase: str, unless: str = "", **flags: bool) -> Rule:
    return Rule(
        re.compile(rf"{before} (?P<advice>{phrase})(?= )"), unless=re.compile(unless) if unless else None, **flags
    )


# -- French --------------------------------------------------------------------------------------------------------

_CLAUSE_FR = (
    r"(?:^| ,| et| mais| alors| sinon| donc| puis| bon| ben| eh bien| du coup| dis moi| dites moi| franchement| bref"
    r"| peut etre| peut etre que| je me demande si| (?:je (?:pense|crois|trouve|dirais)|il me semble) que)"
)
_TU = r"(?:tu|vous)"
_HAVE = r"(?:n' )?(?:as|avez)"
_NE = r"(?:ne |n' )?"
_PRONOUNS = r"(?:(?:le|la|les|l'|lui|leur|y|en|te|t'|vous|nous|se|s'|ne|n'|pas|plus) ){0,3}"
_ADVERBS = (
    r"(?:(?:deja|jamais|vraiment|simplement|tout|juste|seulement|meme|au moins|peut etre|par exemple|par hasard|plutot"
    r"|aussi|d' abord|bien|pas) ){0,3}"
)
#: « pris », « dire », « parler », but not « votre ».
_INFINITIVE = rf"{_ADVERBS}{_PRONOUNS}(?!(?:votre|notre|autre|cadre|hier|premier|dernier) )\w{{1,24}}(?:er|ir|re|oir)"
#: Nouns that keep the question open: « essayé une autre approche ».
_OPEN_NOUN = (
    r"(?:(?:une?|les?|la|des|l'|d'|de) )?(?:autres?|fois|choses?|trucs?|solutions?|pistes?|options?|moyens?|actions?|approches?"
    r"|idees?|alternatives?|possibilites?|strategies?|leviers?|scenarios?|quelqu'|quelque|quelques|consequences?|impacts?"
    r"|risques?|effets?|suites?|plusieurs|differents?|differentes?|quoi|ce|ca|cela) "
)
_ATTEMPT = (
    rf"(?:(?:essaye[rz]?|tente[rz]?|envisage[rz]?) (?!{_OPEN_NOUN})(?:d'|de|l'|le|la|les|une?|des) (?!{_OPEN_NOUN})\w{{1,30}}'?"
    rf"|(?:pense[rz]?|songe[rz]?|reflechi) (?:a {_INFINITIVE}|(?:a une?|a des|au) (?!{_OPEN_NOUN})(?!(?:jour|moment|pire) )\w{{1,30}})"
    rf"|pris le temps (?:d'|de) {_INFINITIVE}|eu l' idee (?:d'|de) {_INFINITIVE})"
)
#: « nous en dire plus »: help to understand, not advice.
_TELL_ME_FR = (
    r"(?!(?:juste |simplement |peut etre |aussi ){0,2}(?:me|m'|nous) )"
    r"(?!(?:juste |simplement |peut etre |aussi |y |en |le |la |l' |les ){0,3}(?:preciser|decrire|expliquer|raconter|redire|revenir"
    r"|detailler|repeter|reformuler|clarifier|rappeler|developper|illustrer|partager|imaginer|resumer|citer|situer|evaluer"
    r"|nommer|donner un|dire (?:un|ce|en|plus|comment|pourquoi|qui|si)|compter|avoir|etre|vivre|rien|sentir|supporter) )"
)
_DO_FR = (
    r"(?:parl|di[st]|demand|propos|deleg|confi|donn|pren|essa|tent|utilis|met|pos|recadr|refus|laiss|appel|ecri|convoqu"
    r"|organis|invit|lanc|commenc|arret|chang|embauch|recrut|fai[st]|impos|form|envoi|cre|fix|annul|repouss|all|va)"
    r"[a-z]{0,5}"
)
_BETTER_FR = (
    r"(?:plus |beaucoup |bien |pas |peut etre |tout simplement ){0,2}"
    r"(?:mieux|simple|preferable|judicieux|utile|sage|efficace|opportun|temps|interessant|bien|bon|malin)"
    rf" (?:de|d'|que {_TU}) (?!(?:savoir|comprendre|connaitre|entendre|preciser|nous|me|m') )"
)
_WORST = (
    r"(?:et|av|pouv|dev|voul|sav|imagin|gagn|perd|rat|echou|reussiss|retrouv|rest|arriv|repren|regard|oubli|sent|deven|viv"
    r"|ref|revo[yi]|fais|change|compren|cro[yi])"
)
_TAIL_QUESTION = r"(?: ,)? (?:\w{1,20} ){0,3}(?:quoi|qui|comment|quand|combien|ou)(?: ,| $)"

_FRENCH = (
    # « as-tu essayé de… », « est-ce que vous avez pensé à… », « t'as déjà envisagé de… ? »
    _rule("", rf"{_NE}(?:as tu|avez vous) {_ADVERBS}{_ATTEMPT}"),
    _rule("", rf"est ce que (?:tu |vous |t' ?){_HAVE} {_ADVERBS}{_ATTEMPT}"),
    _rule(
        r"(?:^| ,| et| mais| sinon| dis moi)",
        rf"(?:(?:tu |vous |t' ){_HAVE}|tas) {_ADVERBS}{_ATTEMPT}",
        asked=True,
        open_after=True,
        unless=r".{0,200} (?:compris|c' est ca|c' est bien ca|exact|n' est ce pas) ",
    ),
    _rule(r"^", rf"(?:jamais|deja) {_ATTEMPT}", asked=True),
    # « pourquoi ne pas… », « pourquoi pas… », « pourquoi tu ne lui dis pas »
    _rule(
        "",
        rf"pourquoi ne pas (?!(?:avoir (?!une?|des|l[ea]|l')|{_PRONOUNS}(?:avoir|etre) \w{{1,20}}(?:e|es|ee|ees|i|is|it|u|us|ert) ))"
        rf"(?!{_ADVERBS}{_PRONOUNS}(?:vouloir|pouvoir|savoir|croire|aimer|supporter|sentir|oser) ){_INFINITIVE}",
        unless=r".{0,200} (?:t|est|serait) (?:il|elle|ce|on) | .{0,200} (?:vous|t'|te) (?:inquiete|semble|parait|gene|pese)",
    ),
    _rule("", rf"pourquoi pas (?:{_INFINITIVE}|(?:une?|des) (?!(?:autres?|jour) )\w{{1,30}})"),
    _rule(
        "",
        rf"pourquoi (?:est ce que )?(?:{_TU} (?:ne |n' ){_PRONOUNS}{_DO_FR} pas|(?:ne |n' ){_PRONOUNS}{_DO_FR} {_TU} pas)",
        unless=r" (?:\w{1,20} ){0,3}confiance ",
    ),
    # « tu devrais », « ne devriez-vous pas », « tu pourrais », « tu ferais mieux de », « tu aurais dû »
    _rule(_CLAUSE_FR, rf"{_TU} {_NE}(?:devrais|devriez)", unless=_TAIL_QUESTION),
    _rule("", rf"{_NE}(?:devrais tu|devriez vous) pas"),
    _rule("", rf"est ce que {_TU} {_NE}(?:devrais|devriez) pas"),
    _rule("", r"peut etre (?:devrais tu|devriez vous)"),
    _rule(_CLAUSE_FR, rf"(?:est ce que )?{_TU} {_NE}(?:pourrais|pourriez) (?:pas )?{_TELL_ME_FR}\w{{1,30}}'?", open_after=True),
    _rule("", rf"{_NE}(?:pourrais tu|pourriez vous|peux tu|pouvez vous) pas {_TELL_ME_FR}{_INFINITIVE}"),
    _rule("", rf"peut etre (?:pourrais tu|pourriez vous) {_TELL_ME_FR}{_INFINITIVE}"),
    _rule(_CLAUSE_FR, rf"(?:est ce que )?{_TU} {_NE}(?:peux|pouvez) pas (?:juste|simplement|tout simplement|plutot)"),
    _rule(_CLAUSE_FR, rf"(?:est ce que )?{_TU} {_NE}(?:ferais|feriez) (?:pas |peut etre )?(?:mieux|bien) (?:de|d')"),
    _rule("", r"ne (?:ferais tu|feriez vous) pas mieux (?:de|d')"),
    _rule(_CLAUSE_FR, rf"{_TU} {_NE}(?:as|avez|aurais|auriez) (?:pas |tout |peut etre ){{0,2}}interet a", unless=_TAIL_QUESTION),
    _rule("", r"n' (?:aurais tu|auriez vous) pas (?:tout )?(?:interet a|du)"),
    _rule(_CLAUSE_FR, rf"{_TU} {_NE}(?:aurais|auriez) (?:pas |peut etre |vraiment )?du {_INFINITIVE}", unless=_TAIL_QUESTION),
    _rule(_CLAUSE_FR, rf"(?:{_TU} {_NE}|t' )(?:as|avez|aurais|auriez) (?:juste )?qu' a {_INFINITIVE}"),
    _rule(_CLAUSE_FR, rf"(?:il n' y a|y a|ya|n' y a t il) qu' a {_INFINITIVE}"),
    # « et si tu lui parlais ? »
    _rule(
        "",
        rf"et si {_TU} {_PRONOUNS}(?!{_WORST}(?:ais|iez) )\w{{1,24}}(?:ais|iez)",
        open_after=True,
        unless=r".{0,200} , (?:\w{1,20}'? ){0,4}(?:\w{1,20}(?:rait|raient|rais|riez)|t il|t elle|t on) ",
    ),
    # « il faudrait que tu… », « ne vaudrait-il pas mieux… », « ce ne serait pas plus simple de… ? »
    _rule(_CLAUSE_FR, rf"il (?:te |vous )?(?:faudrait|suffirait|suffit|vaudrait mieux|vaut mieux) (?:pas |juste |peut etre )?(?:(?:que|de|d') )?(?:{_TU}|{_INFINITIVE})", open_after=True),
    _rule(_CLAUSE_FR, rf"il faut (?:absolument |vraiment )?que {_TU}", stated=True),
    _rule("", r"(?:ne )?(?:faudrait il|vaudrait il|suffirait il) pas"),
    _rule("", rf"(?:est ce que )?(?:(?:ne )?serait (?:il|ce) pas|(?:ce|ca|cela) (?:ne )?serait|il (?:ne )?serait) {_BETTER_FR}\w{{1,30}}'?"),
    _rule("", r"(?:ca|cela) (?:ne )?(?:vaudrait|vaut) (?:il )?(?:pas )?(?:le coup|la peine) (?:de|d'|que tu|que vous)"),
    _rule(
        "",
        rf"(?:(?:crois|penses|trouves) tu|(?:croyez|pensez|trouvez) vous|{_TU} {_NE}(?:crois|penses|trouves|croyez|pensez|trouvez))"
        rf" pas (?:que|qu') (?:{_TU} (?:devrais|devriez|pourrais|pourriez|ferais|feriez|aurais|auriez)|il (?:te |vous )?(?:faudrait|faut"
        r"|vaudrait|serait)|ce serait|ca serait)",
    ),
    # « à ta place, je… », « je te conseille », « mon conseil », « moi, j'aurais… »
    _rule("", r"a (?:ta|votre) place (?:, )?(?:moi )?(?:, )?(?:je|j')", open_after=True),
    _rule("", r"si j' etais (?:toi|vous) (?:, )?(?:je|j')"),
    _rule(_CLAUSE_FR, rf"moi (?:, )?(?:je|j') {_PRONOUNS}(?!(?:voudr|aimer|souhaiter|ser|dir|prefer|pourr|demander)\w{{0,4}} )\w{{1,24}}rais"),
    _rule(_CLAUSE_FR, r"je (?:te|vous|t') (?:conseille|suggere|recommande|encourage)\w{0,4}"),
    _rule(r"^", r"(?:mon|un|petit) (?:petit )?conseil(?! (?:de|d') )"),
    # « essaie de… », « dis-lui… »
    _rule(_CLAUSE_FR, r"(?:essaie|essaye|essayez) (?:donc |juste |plutot |peut etre )?(?:de|d') (?!(?:decrire|imaginer|raconter|resumer|nous) )\w{1,30}'?"),
    _rule(r"(?:^| , alors| , donc| alors| mais)", r"(?:dis|parle|demande|propose|explique|dites|parlez|demandez|proposez|expliquez|delegue|laisse|laissez) (?:lui|leur)"),
)  # fmt: skip

# -- English -------------------------------------------------------------------------------------------------------

_CLAUSE_EN = (
    r"(?:^| ,| and| but| so| then| or| maybe| perhaps| well| honestly| surely| personally"
    r"| i (?:(?:really )?(?:think|believe|feel|guess|reckon)|d say|would say)(?: that)?| id say| it seems to me| i wonder if)"
)
_OPEN_EN = (
    r"(?:anything|something|any|other|others|another|different|some|several|what|how|why|who|where|when|whether|which|it|that"
    r"|this|so|yet|much|a few|a lot|lots|things|the (?:impact|consequences?|risks?|effects?)|your|yourself|them|him|her|all) "
)
_STEPS_EN = r"(?:(?:ever|already|at least|actually|even|not|never|just|also|perhaps|maybe|simply|really|yet) ){0,3}"
_FEEL_EN = (
    r"(?:trust|want|like|love|feel|think|know|believe|have|need|agree|see|enjoy|understand|sleep|get along|remember|care|expect"
    r"|mind|dare|respect|hear|seem|recognise|recognize|wish|own|agree|deserve|accept) "
)
_ING = r"(?!(?:something|anything|nothing|everything|during|morning|evening|meeting|meetings|king|thing) )\w{2,24}ing"
_HYPOTHETICAL = (
    r"(?:never |just |simply |really )?(?:were|was|are|had|have|could|couldnt|can|cant|did|didnt|do|dont|fail|failed|lose|lost"
    r"|knew|looked|imagine|imagined|felt|feel|win|won|succeed|succeeded|miss|missed|get|got|wait|waited|didn|see|saw|stay"
    r"|stayed|find|found|need|needed) "
)
_TELL_ME_EN = (
    r"(?!(?:please |also |maybe |perhaps |just |simply ){0,2}(?:(?:tell|give|show|remind|walk|help|take) (?:us|me)"
    r"|say (?:a|more|how|what|why|which|who|something)|(?:describe|clarify|explain|expand|elaborate|share|repeat|rephrase|recall"
    r"|imagine|see|feel|hear|change|not|have|be|sense|wish|count|choose)) )"
)

_ENGLISH = (
    # "have you tried…", "haven't you thought about…", "did you consider…", "ever thought of…?"
    _rule("", rf"(?:have|havent|did|didnt) you {_STEPS_EN}(?:tried|try|considered?|contemplated?) {_STEPS_EN}(?!{_OPEN_EN})\w{{1,30}}"),
    _rule("", rf"(?:have|havent|did|didnt) you {_STEPS_EN}(?:thought|think) (?:about|of) {_STEPS_EN}(?!{_OPEN_EN})(?:{_ING}|an? \w{{1,30}})"),
    _rule(r"(?:^| ,| and| but)", rf"(?:you )?ever (?:tried|considered|thought (?:about|of)) {_STEPS_EN}(?!{_OPEN_EN})\w{{1,30}}", asked=True),
    _rule(r"^", rf"(?:tried|considered) {_ING}", asked=True),
    # "why don't you…", "why not…"
    _rule("", rf"why (?:dont you|wont you|do you not) {_STEPS_EN}(?!{_FEEL_EN})\w{{1,30}}"),
    _rule(
        _CLAUSE_EN,
        r"why not (?:just |simply |try |also )?(?!(?:and|or|but|now|then|him|her|them|you|me|us|earlier|before|sooner|today|with|in|at|the|this"
        r"|that|these|those|yet|tell (?:us|me)|if|because|for|to|on|he|she|they|from|your|his|their|my|of|until|by|as|is|was|have been) )\w{2,30}",
    ),
    # "what if you just told him", "how about talking to…"
    _rule("", rf"what if (?:you|you were to) (?!{_HYPOTHETICAL}){_STEPS_EN}\w{{1,30}}", open_before=True),
    _rule("", rf"(?:how|what) about (?:just |simply |you )?{_ING}"),
    # "you should", "shouldn't you", "you'd better", "couldn't you", "you could…"
    _rule(_CLAUSE_EN, r"you (?:really |just |probably |definitely |maybe |perhaps ){0,2}(?:should|shouldnt|ought to|ought)", unless=r" (?:\w{1,20} ){0,2}(?:what|who|how|when)(?: ,| $)"),
    _rule("", r"(?:shouldnt you|should you not)"),
    _rule(_CLAUSE_EN, r"(?:youd|you had|you would be|youd be|youre|you might be|you are) better (?:off )?\w{1,30}"),
    _rule(_CLAUSE_EN, r"you (?:(?:just|simply|only) (?:need|have) to|(?:may|might) (?:just )?want to)"),
    _rule(_CLAUSE_EN, rf"you could (?:always |also |just |simply |maybe |perhaps |try to ){{0,2}}{_TELL_ME_EN}\w{{1,30}}", open_after=True, unless=r" (?:\w{1,20} ){0,3}(?:what|who|how|when)(?: ,| $)"),
    _rule("", rf"(?:couldnt you|could you not|cant you (?:just|simply)|couldnt you (?:just|simply)) {_TELL_ME_EN}\w{{1,30}}"),
    _rule("", r"(?:wouldnt it|would it not|isnt it|is it not|might it not|mightnt it) (?:\w{1,20} )?(?:be )?(?:\w{1,20} )?(?:better|easier|simpler|wiser|best|worth|time|smarter|sensible|wise|faster|safer|helpful|useful)"),
    _rule("", r"(?:dont you|do you not) think (?:that )?(?:you (?:should|could|ought|need)|it (?:would|might) be (?:\w{1,20} )?(?:better|best|easier|wiser|time|wise|worth))", unless=r" (?:\w{1,20} ){0,3}(?:what|who|how|when)(?: ,| $)"),
    _rule("", r"would it (?:not )?(?:help if you|(?:help|make sense|be an idea|be possible) (?:for you )?to|be worth)(?! (?:hear|know|understand|clarify|say|tell|repeat) )"),
    # "if I were you", "I'd tell him", "my advice", "I suggest"
    _rule("", r"if i (?:were|was) (?:you|in your (?:place|shoes|position))"),
    _rule("", r"in your (?:place|shoes|position) (?:, )?(?:i|id)"),
    _rule(
        _CLAUSE_EN,
        r"(?:id|i would) (?:just |simply |probably |definitely |have ){0,2}(?!(?:like|love|be|want|say|guess|imagine|assume|prefer|ask|expect|think"
        r"|appreciate|rather|hate|thought|be|add|need|find|feel|hear|understand|suppose|bet|describe|call|welcome|understood|see|know) )\w{1,30}",
    ),
    _rule(_CLAUSE_EN, r"(?:my (?:advice|suggestion|recommendation)|i (?:strongly )?(?:suggest|advise|recommend|urge|encourage you))"),
    # "just tell him", "try talking to…", "all you have to do is…"
    _rule(_CLAUSE_EN, r"all you (?:need|have) to do is"),
    _rule(r"(?:^| ,| so)", r"just (?:tell|ask|talk|say no|stop|let|delegate|go|do|call|email|write|give|be)(?! (?:us|me|to (?:clarify|check|understand)|about|curious|so) )"),
    _rule(r"(?:^| ,| so)", rf"try (?:{_ING}|to (?!(?:describe|remember|imagine|picture|explain|recall|tell|put|sum|name) )\w{{1,30}})"),
)  # fmt: skip

GRAMMARS: Mapping[Language, Grammar] = {
    "fr": Grammar(
        asking=re.compile(
            r"(?: (?:qui|quoi|comment|combien|pourquoi|quand|lorsque|lorsqu'|quels?|quelles?|lequel|laquelle|lesquels"
            r"|lesquelles)|(?<! est ce) (?:que|qu')|^ ou(?! (?:alors|bien|sinon|encore)))(?= )"
        ),
        opener=re.compile(
            r"(?:^ et|^ mais|^) (?:comment|combien|pourquoi|quand|quels?|quelles?|lequel|laquelle|est ce que|est ce qu'"
            r"|qu' est ce|qu' as|qu' avez|qui|(?:a|de|depuis|par|sur|en|dans) (?:qui|quoi|quand|quels?|quelles?))(?= )"
        ),
        rules=_FRENCH,
    ),
    "en": Grammar(
        asking=re.compile(r" (?:what|whats|how|why|who|whos|when|where|which|whom|whose|if)(?= )"),
        opener=re.compile(
            r"(?:^ and|^ but|^) (?:what|whats|how|why|who|whos|when|where|which|(?:is|are|do|does|did|have|has|can|would)"
            r" (?:you|he|she|they|it|there|your|the))(?= )"
        ),
        rules=_ENGLISH,
    ),
}
