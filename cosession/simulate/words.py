"""What simulated managers write: plausible sentences, by capture, in French or else in English. No rule lives here."""

from __future__ import annotations

import random

_TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "fr": {
        "intention": ("écouter sans préparer ma réponse", "poser des questions plus courtes"),
        "mood": ("éclaircies", "grand bleu", "brume du matin", "vent dans le dos", "un peu couvert"),
        "effect": ("L'équipe a retrouvé un point fixe le lundi, et les urgences ont baissé de moitié.",),
        "topic": ("Un adjoint brillant qui ne délègue rien, et une équipe qui attend.",),
        "reserve_topic": ("Annoncer une réorganisation que je n'ai pas choisie.",),
        "facts": ("Trois dossiers bloqués depuis un mois, tous sur le même bureau. J'en ai parlé deux fois.",),
        "headline_question": ("Comment l'amener à lâcher prise sans l'humilier ?",),
        "question": (
            "Que se passe-t-il quand tu n'es pas là ?",
            "Qu'as-tu déjà essayé ?",
            "Que dirait l'équipe si on l'interrogeait ?",
            "Qu'est-ce qui te touche le plus dans cette affaire ?",
            "Depuis quand est-ce ainsi ?",
        ),
        "answer": ("Il reprend tout le soir même. L'équipe s'y est habituée.", "Deux rappels en réunion, sans effet."),
        "reformulation": (
            "Si je comprends bien, tu aimerais préparer une conversation difficile.",
            "Si je comprends bien, tu aimerais trouver ta juste place dans ce duo.",
        ),
        "request": ("préparer une première conversation franche, et tenir mon cap s'il se ferme",),
        "contribution": (
            "J'ai vécu la même chose : un seul dossier confié, avec une date, a tout débloqué.",
            "Je me demande si l'équipe ne protège pas aussi son confort.",
            "Cela me fait penser à un gardien de but qui voudrait aussi marquer.",
        ),
        "private_note": ("garder l'idée du dossier unique", "la peur de perdre la main : la mienne aussi ?"),
        "retained": ("Commencer petit, dire ce que je ressens, fixer une date.",),
        "what": ("Lui confier le choix du dossier qu'il lâchera en premier.",),
        "first_step": ("Prendre trente minutes avec lui jeudi.",),
        "learning": ("je confonds souvent aider et reprendre", "une question courte ouvre plus qu'un long conseil"),
        "application": ("ma prochaine réunion d'équipe", "mon entretien de vendredi"),
        "next_session": ("Même heure dans cinq semaines ; les rôles tournent.",),
        "": ("C'est noté.",),
    },
    "en": {
        "intention": ("to listen without preparing my answer", "to ask shorter questions"),
        "mood": ("sunny spells", "clear sky", "morning mist", "wind in my back", "a little overcast"),
        "effect": ("The team has a fixed point on Mondays again, and emergencies fell by half.",),
        "topic": ("A brilliant deputy who delegates nothing, and a team that waits.",),
        "reserve_topic": ("Announcing a reorganisation that I did not choose.",),
        "facts": ("Three files stuck for a month, all on the same desk. I raised it twice.",),
        "headline_question": ("How do I bring him to let go without humiliating him?",),
        "question": (
            "What happens when you are away?",
            "What did you try already?",
            "What would the team say if they were asked?",
            "What touches you most in this?",
            "Since when has it been so?",
        ),
        "answer": ("He takes everything back the same evening. The team got used to it.", "Two reminders, no effect."),
        "reformulation": (
            "If I understand, you would like to prepare a difficult conversation.",
            "If I understand, you would like to find your right place in this pair.",
        ),
        "request": ("prepare a first frank conversation, and hold my course if he closes up",),
        "contribution": (
            "I lived through the same: one single file handed over, with a date, unlocked everything.",
            "I wonder whether the team protects its comfort too.",
            "It makes me think of a goalkeeper who would also like to score.",
        ),
        "private_note": ("keep the idea of the single file", "the fear of losing control: mine as well?"),
        "retained": ("Begin small, say what I feel, set a date.",),
        "what": ("Let him choose the file that he will let go of first.",),
        "first_step": ("Take thirty minutes with him on Thursday.",),
        "learning": ("I often confuse helping with taking over", "a short question opens more than long advice"),
        "application": ("my next team meeting", "my conversation on Friday"),
        "next_session": ("Same time in five weeks; the roles rotate.",),
        "": ("Noted.",),
    },
}

NAMES = (
    "Nadia", "Marc", "Laura", "Youssef", "Inès", "Thomas", "Aïcha", "Pierre", "Sofia", "Julien", "Hélène", "Karim",
)  # fmt: skip
FACILITATOR = "Claire"
TITLES = {"fr": "Une séance avec des managers simulés", "en": "A session with simulated managers"}


def title(language: str) -> str:
    """What the session is called."""
    return TITLES.get(language, TITLES["en"])


def sentence(capture: str, field: str, language: str, chance: random.Random) -> str:
    """A text for one field of a capture; the field's own sentences come before the capture's."""
    texts = _TEXTS.get(language, _TEXTS["en"])
    return chance.choice(texts.get(field) or texts.get(capture) or texts[""])
