"""How events change who is who, who is there, and what is known of them.

One function for each event; the table at the end is part of `evolve`'s.
"""

from __future__ import annotations

from typing import Any

from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.state import PhaseInstance, SeatState, SessionState
from cosession.core.state_parts import Changes, in_order, left, new_client, with_seat
from cosession.core.vocabulary import HoldCause, LeadCause, Microphone, PhaseStatus, Presence, Role


def _seat_added(state: SessionState, e: ev.SeatAdded, at_ms: int) -> SessionState:
    seat = SeatState(e.seat, e.name, e.role, frozenset(e.jobs), qualified=e.qualified)
    lead = e.seat if e.role is Role.FACILITATOR else state.lead
    return replace(state, seats={**state.seats, e.seat: seat}, lead=lead)


def _presence_changed(state: SessionState, e: ev.PresenceChanged, at_ms: int) -> SessionState:
    seat = state.seats[e.seat]
    changes: dict[str, Any] = {"presence": e.presence, "since_ms": at_ms}
    if e.presence is Presence.HERE:
        changes["joined"] = True
    if e.presence is Presence.ABSENT:
        here = None if state.current is None else state.current.key
        changes |= {"left_ms": at_ms, "left_phase": here, "left_entry": state.entries, "media_lost": False}
        changes["phone_needed"] = seat.phone
    if e.presence is not Presence.ABSENT and e.seat in (state.client, state.lead):
        cause = HoldCause.CLIENT_ABSENT if e.seat == state.client else HoldCause.LEAD_ABSENT
        state = replace(state, waived=state.waived - {cause})
    return with_seat(state, seat.id, **changes)


def _seat_returned(state: SessionState, e: ev.SeatReturned, at_ms: int) -> SessionState:
    return with_seat(state, e.seat, microphone=Microphone.CLOSED)


def _microphone_set(state: SessionState, e: ev.MicrophoneSet, at_ms: int) -> SessionState:
    return with_seat(state, e.seat, microphone=e.microphone)


def _phone_set(state: SessionState, e: ev.PhoneSet, at_ms: int) -> SessionState:
    seat = state.seats[e.seat]
    microphone = Microphone.CLOSED if e.phone else seat.microphone
    needed = e.phone and (seat.media_lost or not seat.connected)
    return with_seat(state, e.seat, phone=e.phone, phone_ms=at_ms, phone_needed=needed, microphone=microphone)


def _lead_changed(state: SessionState, e: ev.LeadChanged, at_ms: int) -> SessionState:
    return replace(
        state,
        lead=e.seat,
        vacant=False,
        lead_announced=e.cause is not LeadCause.ABSENCE,
        frame_only=e.frame_only,
    )


def _lead_announced(state: SessionState, e: ev.LeadAnnounced, at_ms: int) -> SessionState:
    return replace(state, lead_announced=True)


def _lead_vacated(state: SessionState, e: ev.LeadVacated, at_ms: int) -> SessionState:
    return replace(state, lead=None, vacant=True, lead_announced=True, frame_only=False)


def _media_path_changed(state: SessionState, e: ev.MediaPathChanged, at_ms: int) -> SessionState:
    seat = state.seats[e.seat]
    return with_seat(state, e.seat, media_lost=e.lost, phone_needed=seat.phone_needed or (seat.phone and e.lost))


def _client_changed(state: SessionState, e: ev.ClientChanged, at_ms: int) -> SessionState:
    """The running phase is left, and from the script's `client_from` on there are new instances of what had begun."""
    captures = tuple(replace(c, withdrawn=True) if c.entry in e.withdrawn else c for c in state.captures)
    state, current = replace(state, captures=captures), state.current
    if current is None or not e.again:
        return new_client(state, e.seat)
    begun = {key.partition("#")[0] for key in e.again}
    phases = (
        replace(p, before=state.client) if p.id in begun and p.status is not PhaseStatus.COMING and not p.before else p
        for p in state.phases
    )
    state = left(replace(state, phases=tuple(phases)), current.key, at_ms, PhaseStatus.SKIPPED)
    place = next(index for index, phase in enumerate(state.phases) if phase.key == current.key) + 1
    anew = []
    for key in e.again:
        script = state.script.phase(key.partition("#")[0])
        anew.append(PhaseInstance(key, script.id, script.planned_ms, script.minimum_ms))
    state = replace(state, phases=(*state.phases[:place], *anew, *state.phases[place:]))
    return new_client(replace(state, waived=frozenset(), narrowed=False), e.seat)


def _going_on_agreed(state: SessionState, e: ev.GoingOnAgreed, at_ms: int) -> SessionState:
    return with_seat(state, e.seat, goes_on=e.agreed)


def _expert_flagged(state: SessionState, e: ev.ExpertFlagged, at_ms: int) -> SessionState:
    return with_seat(state, e.seat, expert=e.expert)


def _typing_chosen(state: SessionState, e: ev.TypingChosen, at_ms: int) -> SessionState:
    return with_seat(state, e.seat, typed=e.typed)


def _leaving_said(state: SessionState, e: ev.LeavingSaid, at_ms: int) -> SessionState:
    return in_order(with_seat(state, e.seat, leaves_at_ms=e.at_ms), e.order)


def _job_offered(state: SessionState, e: ev.JobOffered, at_ms: int) -> SessionState:
    return replace(state, offers={**state.offers, e.job: e.seat})


def _job_answered(state: SessionState, e: ev.JobAnswered, at_ms: int) -> SessionState:
    state = replace(state, offers={job: seat for job, seat in state.offers.items() if job is not e.job})
    if not e.accepted:
        return state
    before = state.holder_of(e.job)
    if before is not None:
        state = with_seat(state, before, jobs=state.seats[before].jobs - {e.job})
    return with_seat(state, e.seat, jobs=state.seats[e.seat].jobs | {e.job})


def _pause_wanted(state: SessionState, e: ev.PauseWanted, at_ms: int) -> SessionState:
    return replace(state, pause_wanted=state.pause_wanted | {e.seat})


def _voices_heard(state: SessionState, e: ev.VoicesHeard, at_ms: int) -> SessionState:
    talk = dict(state.talk.get(e.phase, {}))
    for seat, spoke_ms in e.spoke_ms.items():
        talk[seat] = talk.get(seat, 0) + spoke_ms
    return replace(state, talk={**state.talk, e.phase: talk})


CHANGES: Changes = {
    ev.SeatAdded: _seat_added,
    ev.PresenceChanged: _presence_changed,
    ev.SeatReturned: _seat_returned,
    ev.MicrophoneSet: _microphone_set,
    ev.PhoneSet: _phone_set,
    ev.LeadChanged: _lead_changed,
    ev.LeadAnnounced: _lead_announced,
    ev.LeadVacated: _lead_vacated,
    ev.MediaPathChanged: _media_path_changed,
    ev.ClientChanged: _client_changed,
    ev.GoingOnAgreed: _going_on_agreed,
    ev.ExpertFlagged: _expert_flagged,
    ev.TypingChosen: _typing_chosen,
    ev.LeavingSaid: _leaving_said,
    ev.JobOffered: _job_offered,
    ev.JobAnswered: _job_answered,
    ev.PauseWanted: _pause_wanted,
    ev.VoicesHeard: _voices_heard,
}
