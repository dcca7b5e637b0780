"""English turns of phrase that give advice away. How they are written: `lint_rules`."""

from __future__ import annotations

import re

from cosession.core.lint_rules import Grammar, any_of, rule, some_of

_CLAUSE_EN = (
    rf"(?:^| ,| {any_of('and but so then or maybe perhaps well honestly surely personally')}"
    r"| i (?:really )?(?:think|believe|feel|guess|reckon|d say|would say)(?: that)?| id say| i wonder if)"
)
#: What keeps the question open: "tried anything else".
_OPEN_EN = any_of(
    "anything something any others? another different some several what how why who where when whether which it that"
    " this so yet much a_few a_lot lots things the_impact the_consequences? the_risks? the_effects? your yourself them"
    " him her all"
)
#: What one thinks of for oneself.
_OWN_EN = any_of("leaving resigning quitting stopping resting moving_on giving_up")
_STEPS_EN = some_of("ever already at_least actually even not never just also perhaps maybe simply really yet")
_FEEL_EN = any_of(
    "trust want like love feel think know believe have need agree see enjoy understand sleep get_along get_on remember"
    " care expect mind dare respect hear seem recogni[sz]e wish own deserve accept"
)
_ING = (
    rf"(?!{any_of('something anything nothing everything during morning evening meetings? king thing')} )\w{{2,24}}ing"
)
_FEARED_EN = r"(?:never |just |simply |really )?" + any_of(
    "were was are had have could couldnt can cant did didnt do dont fail failed lose lost knew looked imagined? felt"
    " feel win won succeed succeeded miss missed get got wait waited see saw stay stayed find found need needed"
)
_OR_ELSE_EN = (
    r".{0,200} (?:, or " + any_of("am is are was were did do does have has had not would you i") + "|before or after) "
)
_TELL_ME_EN = (
    rf"(?!{some_of('please also maybe perhaps just simply', 2)}"
    rf"(?:{any_of('tell give show remind walk help take')} (?:us|me)"
    rf"|say {any_of('a more how what why which who something')}|"
    + any_of(
        "describe clarify confirm specify detail explain expand elaborate share repeat rephrase recall imagine see feel"
        " hear change not have be sense wish count choose lose fail miss regret win end burn break suffer"
    )
    + ") )"
)
_TAIL_EN = r" (?:\w{1,20} ){0,3}(?:what|who|how|when)(?: ,| $)"
_BETTER_EN = any_of(
    "better easier simpler wiser best worth time smarter sensible wise faster safer helpful useful a_good_idea"
)

_RULES = (
    # "have you tried…", "haven't you thought about…", "did you consider…", "ever thought of…?"
    rule(
        "",
        rf"(?:have|havent|did|didnt) you {_STEPS_EN}(?:tried|try|considered?|contemplated?) {_STEPS_EN}(?!{_OPEN_EN} )"
        r"\w{1,30}",
        _OR_ELSE_EN,
    ),
    rule(
        "",
        rf"(?:have|havent|did|didnt) you {_STEPS_EN}(?:thought|think) (?:about|of) {_STEPS_EN}(?!{_OPEN_EN} )"
        rf"(?!{_OWN_EN} )(?:{_ING}|an? \w{{1,30}})",
        _OR_ELSE_EN,
    ),
    rule(
        "(?:^| ,| and| but)",
        rf"(?:you )?ever (?:tried|considered|thought (?:about|of)) {_STEPS_EN}(?!{_OPEN_EN} )(?!{_OWN_EN} )\w{{1,30}}",
        asked=True,
    ),
    rule("^", rf"(?:tried|considered) {_ING}", asked=True),
    # "why don't you…", "why not…"
    rule("", rf"why (?:dont you|wont you|do you not) {_STEPS_EN}(?!{_FEEL_EN} )\w{{1,30}}"),
    rule(
        _CLAUSE_EN,
        r"why not (?:just |simply |try |also )?(?!"
        + any_of(
            "and or but now then him her them you me us earlier before sooner today with in at the this that these"
            " those yet tell_us tell_me if because for to on he she they from your his their my of until by as is was"
        )
        + r" )\w{2,30}",
    ),
    # "what if you just told him", "how about talking to…"
    rule("", rf"what if (?:you were to|you) (?!{_FEARED_EN} ){_STEPS_EN}\w{{1,30}}"),
    rule("", rf"(?:how|what) about (?:(?:just |simply |you )?{_ING}|if you|you \w{{1,30}})"),
    # "you should", "shouldn't you", "you'd better", "couldn't you", "you could…"
    rule(
        _CLAUSE_EN,
        rf"you {some_of('really just probably definitely maybe perhaps', 2)}(?:should|shouldnt|ought to)",
        _TAIL_EN,
    ),
    rule("", "(?:shouldnt you|should you not)"),
    rule(_CLAUSE_EN, rf"{any_of('youd you_had you_would_be youd_be you_might_be')} better (?:off )?\w{{1,30}}"),
    rule(_CLAUSE_EN, r"you (?:(?:just|simply|only) (?:need|have) to|(?:may|might) (?:just )?want to)"),
    rule("", r"i (?:really )?think you (?:really )?(?:need to|have to|must)"),
    rule(
        _CLAUSE_EN,
        rf"you could {some_of('always also just simply maybe perhaps try_to', 2)}{_TELL_ME_EN}\w{{1,30}}",
        _TAIL_EN,
        open_after=True,
    ),
    rule(
        "",
        rf"(?:couldnt you|could you not|could you perhaps|could you maybe|cant you (?:just|simply)) (?:just |simply )?"
        rf"{_TELL_ME_EN}\w{{1,30}}",
    ),
    rule(_CLAUSE_EN, "(?:do )?you (?:do )?know (?:that )?you (?:can|could)"),
    rule(
        "",
        rf"(?:wouldnt it|would it not|isnt it|is it not|mightnt it) (?:\w{{1,20}} ){{0,2}}(?:{_BETTER_EN}|help)",
    ),
    rule(_CLAUSE_EN, r"(?:its|it is|it may be|it might be) (?:perhaps |maybe )?time (?:to|you|for you)"),
    rule(
        "",
        r"(?:dont you|do you not) think (?:that )?"
        rf"(?:you (?:should|could|ought|need)|(?:its|it is|it would be|it might be) (?:\w{{1,20}} )?{_BETTER_EN})",
        _TAIL_EN,
    ),
    rule(
        "",
        r"would it (?:not )?(?:help if you|(?:help|make sense|be an idea|be a good idea|be possible) (?:for you )?to"
        r"|be worth|be a good idea if you)",
        " " + any_of("hear know understand clarify say tell repeat") + " ",
    ),
    rule("", "it would be a good idea (?:to|if you)"),
    # "if I were you", "I'd tell him", "my advice", "I suggest"
    rule("", "if i (?:were|was) (?:you|in your (?:place|shoes|position))|if it (?:were|was) me"),
    rule("", "in your (?:place|shoes|position) (?:, )?(?:i|id)", r"(?: would)? (?:be|feel|worry|panic|have felt) "),
    rule(
        _CLAUSE_EN,
        rf"(?:id|i would) {some_of('just simply probably definitely have', 2)}(?!"
        + any_of(
            "like love be want say guess imagine assume prefer ask expect think appreciate rather hate thought add need"
            " find feel hear understand suppose bet describe call welcome understood see know worry panic"
        )
        + r" )\w{1,30}",
    ),
    rule(
        _CLAUSE_EN,
        "(?:my (?:advice|suggestion|recommendation)|i (?:strongly )?(?:suggest|advise|recommend|urge|encourage you))",
    ),
    # "just tell him", "ask her…", "try talking to…", "all you have to do is…"
    rule(_CLAUSE_EN, "all you (?:need|have) to do is"),
    rule(
        "(?:^| ,| so)",
        f"just {any_of('tell ask talk say_no stop let delegate go do call email write give be')}"
        f"(?! {any_of('us me to_clarify to_check to_understand about curious so')} )",
    ),
    rule("^", f"{any_of('ask tell talk_to let give')} (?:him|her|them)"),
    rule(
        "(?:^| ,| so)",
        rf"try (?:{_ING}"
        rf"|to (?!{any_of('describe remember imagine picture explain recall tell put sum name')} )\w{{1,30}})",
    ),
)

ENGLISH = Grammar(
    asking=re.compile(r" (?:what|whats|how|why|who|whos|when|where|which|whom|whose|if)(?= )"),
    opener=re.compile(
        rf"^(?: and| but)? (?:{any_of('what whats how why who whos when where which')}"
        rf"|{any_of('is are do does did have has can would')} {any_of('you he she they it there your the')})(?= )"
    ),
    rules=_RULES,
    joined=True,
)
