"""French turns of phrase that give advice away, in *tu* and *vous*. How they are written: `lint_rules`."""

from __future__ import annotations

import re

from cosession.core.lint_rules import Grammar, any_of, rule, some_of

_STARTS_FR = "et mais alors sinon donc puis bon ben eh_bien du_coup dis_moi dites_moi franchement bref peut_etre"
_CLAUSE_FR = (
    rf"(?:^| ,| {any_of(_STARTS_FR)}| peut etre que| je me demande si|"
    rf" (?:je {any_of('pense crois trouve dirais')}|il me semble) que)"
)
_TU = "(?:tu|vous)"
_NE = "(?:ne |n' )?"
_HAVE = "(?:n' )?(?:as|avez)"
_ADVERBS = some_of(
    "deja jamais vraiment simplement tout juste seulement meme au_moins peut_etre par_exemple par_hasard plutot aussi"
    " d'_abord bien pas"
)
_PRONOUNS = some_of("le la les l' lui leur y en te t' vous nous se s' ne n' pas plus")
#: « parler », « lui dire », « simplement le prendre », but not « votre ».
_INFINITIVE = (
    rf"{_ADVERBS}{_PRONOUNS}(?!{any_of('votre notre autre cadre hier premier dernier')} )\w{{1,24}}(?:er|ir|re|oir)"
)
#: Nouns that keep the question open: « essayé une autre approche ».
_OPEN_NOUN = r"(?:(?:une?|les?|la|des|l'|d'|de) )?" + any_of(
    "autres? fois choses? trucs? solutions? pistes? options? moyens? actions? approches? idees? alternatives?"
    " possibilites? strategies? leviers? scenarios? quelqu' quelques? consequences? impacts? risques? effets? suites?"
    " plusieurs differente?s? quoi ce ca cela"
)
#: What one thinks of for oneself: « pensé à démissionner ».
_OWN_FR = any_of("demissionner partir quitter arreter abandonner souffler reflechir digerer vous_reposer te_reposer")
_ATTEMPT = (
    rf"(?:{any_of('essaye[rz]? tente[rz]? envisage[rz]?')} (?!{_OPEN_NOUN} )(?:d'|de|l'|le|la|les|une?|des)"
    rf" (?!{_OPEN_NOUN} )\w{{1,30}}'?"
    rf"|{any_of('pense[rz]? songe[rz]? reflechi')} (?:a (?!{_OWN_FR} ){_INFINITIVE}"
    rf"|(?:a une?|a des|au) (?!{_OPEN_NOUN} )(?!(?:jour|moment|pire) )\w{{1,30}})"
    rf"|(?:pris le temps|eu l' idee) (?:d'|de) (?!{_OWN_FR} ){_INFINITIVE})"
)
#: « …, ou étais-tu trop en colère ? »: asks which of two it was.
_OR_ELSE_FR = r".{0,200} , ou " + any_of("est es as a avez etais etiez etait bien non tu vous c' plutot je j'")
#: « nous en dire plus »: help to understand, not advice. And what one may fear is no advice either.
_TELL_ME_FR = (
    rf"(?!{some_of('juste simplement peut_etre aussi', 2)}(?:me|m'|nous) )"
    r"(?!(?:(?:juste|simplement|peut etre|aussi|y|en|le|la|l'|les) ){0,3}"
    + any_of(
        "preciser decrire expliquer raconter redire revenir detailler repeter reformuler clarifier rappeler developper"
        " illustrer partager imaginer resumer citer situer evaluer nommer donner_un dire_un dire_ce dire_en dire_plus"
        " dire_comment dire_pourquoi dire_qui dire_si compter avoir etre vivre rien sentir supporter perdre echouer"
        " rater craquer regretter subir craindre tomber manquer gagner souffrir"
    )
    + " )"
)
_DO_FR = (
    any_of(
        "parl di demand propos deleg confi donn pren essa tent utilis met pos recadr refus laiss appel ecri convoqu"
        " organis invit lanc commenc arret chang embauch recrut fai impos form envoi cre fix annul repouss all va"
    )
    + "[a-z]{0,6}"
)
_BETTER_FR = (
    rf"{some_of('plus beaucoup bien pas peut_etre tout_simplement', 2)}"
    rf"{any_of('mieux simple preferable judicieux utile sage efficace opportun temps interessant bien bon malin')}"
    rf" (?:de|d'|que {_TU}) (?!(?:savoir|comprendre|connaitre|entendre|preciser|nous|me|m') )"
)
#: « et si tu n'y arrivais pas ? »: looks at what may come, advises nothing.
_FEARED = (
    any_of(
        "et av pouv dev voul sav imagin gagn perd rat echou reussiss retrouv rest arriv repren regard oubli sent deven"
        " viv ref revoy fais change compren croy"
    )
    + "(?:ais|iez)"
)
_THEN_FR = r".{0,200} , (?:\w{1,20}'? ){0,4}(?:\w{1,20}(?:rait|raient|rais|riez)|t il|t elle|t on) "
_TAIL_FR = r"(?: ,)? (?:\w{1,20} ){0,3}(?:quoi|qui|comment|quand|combien|ou)(?: ,| $)"
_SHOULD = any_of("devrais devriez")
_COULD = any_of("pourrais pourriez")
_THINK_NOT = (
    rf"(?:{any_of('crois penses trouves')} tu|{any_of('croyez pensez trouvez')} vous"
    rf"|{_TU} {_NE}{any_of('crois penses trouves croyez pensez trouvez')}) pas (?:que|qu')"
)

_RULES = (
    # « as-tu essayé de… », « est-ce que vous avez pensé à… », « t'as déjà envisagé de… ? »
    rule("", rf"{_NE}(?:as tu|avez vous) {_ADVERBS}{_ATTEMPT}", _OR_ELSE_FR),
    rule("", rf"est ce que (?:tu |vous |t' ?){_HAVE} {_ADVERBS}{_ATTEMPT}", _OR_ELSE_FR),
    rule(
        "(?:^| ,| et| mais| sinon| dis moi)",
        rf"(?:(?:tu |vous |t' ){_HAVE}|tas) {_ADVERBS}{_ATTEMPT}",
        unless=r".{0,200} " + any_of("compris c'_est_ca c'_est_bien_ca exact n'_est_ce_pas ou") + " ",
        asked=True,
        open_after=True,
    ),
    rule("^", rf"(?:jamais|deja) {_ATTEMPT}", asked=True),
    # « pourquoi ne pas… », « pourquoi pas… », « pourquoi tu ne lui dis pas », « pourquoi tu n'irais pas »
    rule(
        "",
        r"pourquoi ne pas (?!avoir (?!une?|des|l[ea]|l'))"
        rf"(?!{_PRONOUNS}(?:avoir|etre) \w{{1,20}}{any_of('e es ee ees i is it u us ert')} )"
        rf"(?!{_ADVERBS}{_PRONOUNS}{any_of('vouloir pouvoir savoir croire aimer supporter sentir oser')} )"
        rf"{_INFINITIVE}",
        r".{0,200} (?:t|est|serait) (?:il|elle|ce|on) |.{0,200} (?:vous|t'|te) "
        + any_of("inquiete semble parait gene pese"),
    ),
    rule("", rf"pourquoi pas (?:{_INFINITIVE}|(?:une?|des) (?!(?:autres?|jour) )\w{{1,30}})"),
    rule(
        "",
        rf"pourquoi (?:(?:est ce que )?{_TU} (?:ne |n' ){_PRONOUNS}{_DO_FR} pas"
        rf"|(?:ne |n' ){_PRONOUNS}{_DO_FR} {_TU} pas)",
        r" (?:\w{1,20} ){0,3}confiance ",
    ),
    rule(
        "",
        rf"pourquoi (?:est ce que )?{_TU} (?:ne |n' ){_PRONOUNS}"
        rf"(?!{any_of('pourr voudr saur ser aur devr')}(?:ais|iez) )\w{{1,20}}(?:rais|riez) pas",
    ),
    # « tu devrais », « ne devriez-vous pas », « tu pourrais », « tu ferais mieux de », « tu aurais dû »
    rule(_CLAUSE_FR, rf"{_TU} {_NE}{_SHOULD}", _TAIL_FR),
    rule("", rf"{_NE}(?:devrais tu|devriez vous) pas"),
    rule("", rf"est ce que {_TU} {_NE}{_SHOULD} pas"),
    rule("", "peut etre (?:devrais tu|devriez vous)"),
    rule(
        _CLAUSE_FR,
        rf"(?:est ce que )?{_TU} {_NE}{_COULD} (?:pas )?{_TELL_ME_FR}\w{{1,30}}'?",
        open_after=True,
    ),
    rule("", rf"{_NE}(?:pourrais tu|pourriez vous|peux tu|pouvez vous) pas {_TELL_ME_FR}{_INFINITIVE}"),
    rule("", rf"peut etre (?:pourrais tu|pourriez vous) {_TELL_ME_FR}{_INFINITIVE}"),
    rule(
        _CLAUSE_FR,
        rf"(?:est ce que )?{_TU} {_NE}{any_of('peux pouvez veux voulez voudrais voudriez')} pas"
        rf" {any_of('juste simplement tout_simplement plutot')}",
    ),
    rule(_CLAUSE_FR, rf"(?:est ce que )?{_TU} {_NE}(?:ferais|feriez) (?:pas |peut etre )?(?:mieux|bien) (?:de|d')"),
    rule("", "ne (?:ferais tu|feriez vous) pas mieux (?:de|d')"),
    rule(
        _CLAUSE_FR,
        rf"{_TU} {_NE}{any_of('as avez aurais auriez')} {some_of('pas tout peut_etre', 2)}interet a",
        _TAIL_FR,
    ),
    rule("", "n' (?:aurais tu|auriez vous) pas (?:tout )?(?:interet a|du)"),
    rule(_CLAUSE_FR, rf"{_TU} {_NE}(?:aurais|auriez) {some_of('pas peut_etre vraiment', 1)}du {_INFINITIVE}", _TAIL_FR),
    rule(_CLAUSE_FR, rf"(?:{_TU} {_NE}|t' ){any_of('as avez aurais auriez')} (?:juste )?qu' a {_INFINITIVE}"),
    rule(_CLAUSE_FR, rf"(?:il n' y a|y a|ya) qu' a {_INFINITIVE}"),
    rule(_CLAUSE_FR, "(?:est ce que )?(?:tu sais|sais tu) que tu peux|(?:vous savez|savez vous) que vous pouvez"),
    # « et si tu lui parlais ? »
    rule(
        "",
        rf"et si {_TU} {_PRONOUNS}(?!{_FEARED} )\w{{1,24}}(?:ais|iez)",
        _THEN_FR,
        open_after=True,
    ),
    rule("", rf"on (?:peut|pourrait) imaginer que {_TU}"),
    # « il faudrait que tu… », « ne vaudrait-il pas mieux… », « ce ne serait pas plus simple de… ? »
    rule(
        _CLAUSE_FR,
        rf"il (?:te |vous )?{any_of('faudrait suffirait suffit vaudrait_mieux vaut_mieux')} "
        rf"{some_of('pas juste peut_etre', 1)}"
        rf"(?:(?:que|de|d') )?(?:{_TU}|{_INFINITIVE})",
        open_after=True,
    ),
    rule(_CLAUSE_FR, rf"il faut (?:absolument |vraiment )?que {_TU}", stated=True),
    rule("", "(?:ne )?(?:faudrait il|vaudrait il|suffirait il) pas"),
    rule("", rf"(?:n' est il pas|ce n' est pas|il n' est pas|il est peut etre|il serait) temps (?:de|d'|que {_TU})"),
    rule(
        "",
        rf"(?:est ce que )?(?:{_NE}serait (?:il|ce) pas|(?:ce|ca|cela|il) (?:ne )?serait) {_BETTER_FR}\w{{1,30}}'?",
    ),
    rule("", rf"(?:ca|cela) (?:ne )?(?:vaudrait|vaut) (?:il )?(?:pas )?(?:le coup|la peine) (?:de|d'|que {_TU})"),
    rule("", rf"(?:ca|cela) (?:ne )?(?:te |t' |vous )?(?:aiderait|soulagerait) (?:pas )?(?:de|d'|si {_TU})"),
    rule(
        "",
        rf"{_THINK_NOT} (?:{_TU} {any_of('devrais devriez pourrais pourriez ferais feriez aurais auriez')}"
        rf"|il (?:te |vous )?{any_of('faudrait faut vaudrait serait')}|(?:ce|ca) serait)",
    ),
    # « à ta place, je… », « moi, j'aurais… », « je te conseille », « mon conseil : »
    rule(
        "",
        r"a (?:ta|votre) place (?:, )?(?:moi )?(?:, )?(?:je|j')",
        r" (?:me |m' )?(?:ser|sentir|craindr|paniquer|perdr)\w{1,4} | aurais (?:peur|mal|honte) ",
        open_after=True,
    ),
    rule("", "si j' etais (?:toi|vous) (?:, )?(?:je|j')"),
    rule(
        _CLAUSE_FR,
        rf"moi (?:, )?(?:je|j') {_PRONOUNS}"
        rf"(?!{any_of('voudr aimer souhaiter ser dir prefer pourr demander')}\w{{0,4}} )"
        r"\w{1,24}rais",
    ),
    rule(_CLAUSE_FR, r"je (?:te|vous|t') (?:conseille|suggere|recommande|encourage)\w{0,4}"),
    rule("^", "(?:mon|un) (?:petit )?conseil(?! (?:de|d') )"),
    # « essaie de… », « dis-lui… »
    rule(
        _CLAUSE_FR,
        r"(?:essaie|essaye|essayez) (?:donc |juste |plutot |peut etre )?(?:de|d')"
        rf" (?!{any_of('decrire imaginer raconter resumer nous')} )\w{{1,30}}'?",
    ),
    rule(
        "(?:^| , alors| , donc| alors| mais)",
        any_of("dis parle demande propose explique dites parlez demandez proposez expliquez delegue laisse laissez")
        + " (?:lui|leur)",
    ),
)

_QUEL = "quels? quelles? lequel laquelle lesquel(?:le)?s"

FRENCH = Grammar(
    asking=re.compile(
        rf"(?: {any_of('qui quoi comment combien pourquoi quand lorsque ' + _QUEL)}"
        r"| lorsqu'|(?<! est ce) (?:que|qu')|^ ou(?! (?:alors|bien|sinon|encore)))(?= )"
    ),
    opener=re.compile(
        rf"^(?: et| mais)? (?:{any_of('comment combien pourquoi quand qui ' + _QUEL)}"
        rf"|qu' (?:est ce|as|avez)|est ce (?:que|qu')"
        rf"|{any_of('a de depuis par sur en dans')} {any_of('qui quoi quand ' + _QUEL)})(?= )"
    ),
    rules=_RULES,
)
