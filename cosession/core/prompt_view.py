"""The sentences that a seat may read: keys and placeholders only. `prompt` chooses, the words are in `web/locales`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A part of what a seat sees."""

    model_config = ConfigDict(frozen=True)


class PromptKey(StrEnum):
    """The one sentence that says what a seat does now. Each has its words in `web/locales` as `do.<key>`; the
    placeholders it may use stand behind it."""

    LOBBY_WAIT = "lobby_wait"
    LOBBY_LEAD = "lobby_lead"
    SPEAK_NOW = "speak_now"
    SPEAK_SOON = "speak_soon"  #: {name} speaks now, you are next
    SPEAK_LATER = "speak_later"  #: {name}, {count} turns until yours
    LISTEN = "listen"  #: {name}
    LISTEN_NOBODY = "listen_nobody"
    OPEN_FLOOR = "open_floor"  #: everybody may speak, a break for instance
    CLIENT_SPEAK = "client_speak"
    CLIENT_ANSWER = "client_answer"  #: {name} asked
    CLIENT_HEAR_QUESTION = "client_hear_question"  #: {name} asks
    CLIENT_WAIT_QUESTION = "client_wait_question"
    CLIENT_SILENT = "client_silent"  #: {name} speaks; you may not answer yet
    CLIENT_REQUEST = "client_request"
    CLIENT_READ_PLAN = "client_read_plan"
    ASK_NOW = "ask_now"
    ASK_SOON = "ask_soon"  #: {name}
    ASK_LATER = "ask_later"  #: {count}
    RAISE_HAND = "raise_hand"  #: {name} of the client
    LISTEN_ANSWER = "listen_answer"  #: {name} of the client
    WRITE = "write"
    WRITE_DONE = "write_done"  #: {count} still write
    LEAD_OPENING = "lead_opening"
    LEAD_WATCH_TURN = "lead_watch_turn"  #: {name}; {next} follows
    LEAD_LAST_TURN = "lead_last_turn"  #: {name}
    LEAD_CLIENT = "lead_client"  #: {name}
    LEAD_QUEUE = "lead_queue"  #: {name} holds the floor, {count} hands
    LEAD_QUEUE_EMPTY = "lead_queue_empty"
    LEAD_WRITING = "lead_writing"  #: {count} still write
    LEAD_NEXT = "lead_next"  #: {phase}: the next one
    LEAD_CLOSE = "lead_close"
    LEAD_PASS = "lead_pass"  #: {name} is over time, one click passes
    HELD_PAUSE = "held_pause"
    HELD_CLIENT = "held_client"  #: {name}
    HELD_UNHEARD = "held_unheard"  #: to the client, who is here and is not heard
    HELD_LEAD = "held_lead"  #: {name}
    HELD_VACANT = "held_vacant"
    HELD_CARE = "held_care"  #: {name} of the client
    HELD_CARE_CLIENT = "held_care_client"
    HELD_CARE_LEAD = "held_care_lead"  #: {name} of the client
    HELD_SUSPENDED = "held_suspended"
    HELD_CONSULTANTS = "held_consultants"
    HELD_MEDIA = "held_media"
    LOBBY_ALONE = "lobby_alone"  #: nobody conducts: everybody may begin
    ALONE_NEXT = "alone_next"  #: everybody has had a turn: everybody may go on
    CLIENT_SMALLER = "client_smaller"
    CLIENT_THANKED = "client_thanked"  #: {name} finishes the sentence
    SPEAK_THANKED = "speak_thanked"  #: {name} of the client thanks: finish your sentence
    TURNED_AWAY = "turned_away"  #: the client: neither heard nor seen
    ASK_IN_TURN = "ask_in_turn"  #: {name} of the client: one question
    TYPE_NOW = "type_now"
    LEAD_READ = "lead_read"  #: {name} has written, the lead reads it aloud
    SILENCE = "silence"  #: it is kept to the end of the step
    LEAD_SILENCE = "lead_silence"  #: {name}: no nudge, no passing
    CLOSED = "closed"


class Prompt(View):
    """`seats` gives placeholders that are seats (the browser puts names in), `numbers` those that are numbers."""

    key: PromptKey
    seats: dict[str, str] = {}
    numbers: dict[str, int] = {}


class MicReason(StrEnum):
    """Why a microphone is closed or open; words in `web/locales` as `mic.<reason>`."""

    PHONE = "phone"  #: you speak over the telephone
    YOURS = "yours"  #: you may open it now
    OPEN = "open"  #: you are heard
    ARMED = "armed"  #: opens by itself at your turn
    NOT_YOUR_TURN = "not_your_turn"
    CLIENT_SPEAKS = "client_speaks"
    CLIENT_LISTENS = "client_listens"
    WRITING = "writing"
    OBSERVER = "observer"
    OVER = "over"
