"""What the media plane hears, reported to core as facts: how long each seat has spoken, the lead's words inside
somebody's turn, a seat whose sound and picture stopped arriving (decisions 7 and 22; method.md, "A turn's end is not a
guillotine").

All of it is real time, and nothing is reported twice: what ought to be is compared with the state, and only a
difference is reported. No packets here (`media`), and no rules (`core`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cosession.core.commands import ReportLeadVoice, ReportPath, ReportSound, RoomCommand
from cosession.core.floor import lead_interrupts
from cosession.core.phone import STEADY_MS
from cosession.core.stage import Picture
from cosession.core.vocabulary import ABSENT_AFTER_MS, Role, Status
from cosession.room.host import Host
from cosession.room.ports import Timer

#: From this loudness on (0 to 127, from -dBov) somebody speaks; a fan or a keyboard beside an open microphone does not.
SPEECH = 80
#: The media plane speaks 5 times a second while anybody does: after so long without a word nobody has spoken.
STALE_MS = 400
#: Spoken time is reported in pieces of so much real time, and before a phase ends.
BATCH_MS = 15_000
#: The lead's words stop a turn's clock from here on, and let it run after so much silence. The first is about half a
#: second of voice: in the media plane a voice that broke off lingers.
LEAD_BEGINS_MS = 800
LEAD_ENDS_MS = 1_000
#: Media that came back are steady after so long without a break.
BACK_MS = 10_000
#: What could not be reported is tried again after this long.
AGAIN_MS = 1_000


@dataclass(slots=True)
class _Voice:
    """A stretch of speech, short pauses included."""

    began_ms: int
    last_ms: int


@dataclass(slots=True)
class _Uplink:
    """What is known of a seat's uplink. `carried`: some media of it have arrived since it came."""

    microphone: bool = False
    camera: bool = False
    carries: bool = False
    carried: bool = False
    expected: bool = False
    pictured: bool = False
    """Its picture is among what is expected."""
    silent_since_ms: int = 0
    carries_since_ms: int = 0


class Ears:
    """Of one room. Times are milliseconds of the monotonic clock."""

    def __init__(self, room: Host) -> None:
        self._room = room
        self._clock = room.clock
        self._spoke: dict[str, int] = {}
        self._speaking: frozenset[str] = frozenset()
        self._heard_ms = 0
        self._unbooked_since_ms: int | None = None
        self._voices: dict[str, _Voice] = {}
        self._turn = (0, 0)
        """The newest turn's number, and since when it is known."""
        before_ms = room.clock.monotonic_ms() - ABSENT_AFTER_MS
        # After a restart a path that was lost is, until its page says otherwise.
        self._uplinks = {
            seat.id: _Uplink(microphone=True, carried=True, expected=True, silent_since_ms=before_ms)
            if seat.media_lost
            else _Uplink()
            for seat in room.state.seats.values()
        }
        self._asked: set[str] = set()
        self._timer: Timer | None = None
        self._due_ms = 0
        self._closed = False

    def close(self) -> None:
        """Hear nothing more. May be repeated."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    # -- what the media plane and the pages say ----------------------------------------------------------------

    def voices(self, levels: Mapping[str, int]) -> None:
        """Who makes sound right now, by loudness; see `MediaListener.voices`."""
        now_ms, state = self._clock.monotonic_ms(), self._room.state
        for seat in self._speaking:
            self._spoke[seat] = self._spoke.get(seat, 0) + min(now_ms - self._heard_ms, STALE_MS)
        speaking = frozenset(seat for seat, level in levels.items() if level >= SPEECH and seat in state.seats)
        for seat in speaking:
            voice = self._voices.get(seat)
            if voice is None or now_ms - voice.last_ms > STALE_MS:
                self._voices[seat] = voice = _Voice(now_ms, now_ms)
            voice.last_ms = now_ms
        # What is said while the clock stands still belongs to nobody's balance, and a care pause leaves no trace.
        self._speaking = speaking if state.current is not None and not state.holds else frozenset()
        self._heard_ms = now_ms
        if self._speaking and self._unbooked_since_ms is None:
            self._unbooked_since_ms = now_ms
        self.look()

    def devices(self, seat: str, *, camera: bool, microphone: bool) -> None:
        """What a page has to send: without camera and microphone nothing is expected of it."""
        uplink = self._uplinks[seat]
        uplink.camera, uplink.microphone = camera, microphone
        self.look()

    def carries(self, seat: str, carries: bool, silent_ms: int = 0) -> None:
        """Media of the seat arrive, or have not for `silent_ms`. May be repeated."""
        uplink = self._uplinks[seat]
        if uplink.carries and not carries:
            uplink.silent_since_ms = self._clock.monotonic_ms() - silent_ms
        if carries and not uplink.carries:
            uplink.carries_since_ms = self._clock.monotonic_ms()
        uplink.carries = carries
        uplink.carried = uplink.carried or carries
        self.look()

    def gone(self, seat: str) -> None:
        """The seat shows no sign of life: that says more than its media. May be repeated."""
        self._uplinks[seat] = _Uplink()

    # -- spoken time -------------------------------------------------------------------------------------------

    def spoken(self) -> dict[str, int]:
        """Milliseconds by seat that are not booked yet."""
        return {seat: ms for seat, ms in sorted(self._spoke.items()) if ms}

    def booked(self, spoke_ms: Mapping[str, int]) -> None:
        """So much of it is in the log."""
        for seat, ms in spoke_ms.items():
            self._spoke[seat] -= ms
        self._unbooked_since_ms = self._clock.monotonic_ms() if self._speaking or self.spoken() else None

    # -- facts -------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Compare what is with what the state says, report what differs, and come back when time alone could change
        that. Called after every change."""
        if self._closed or self._room.state.status is Status.CLOSED:
            return
        now_ms = self._clock.monotonic_ms()
        due = [
            *self._look_at_paths(now_ms),
            *self._look_at_phones(now_ms),
            *self._look_at_lead(now_ms),
            *self._look_at_time(now_ms),
        ]
        if due:
            self._come_back(max(min(due), now_ms + 1))

    def _look_at_paths(self, now_ms: int) -> list[int]:
        due = []
        for seat in self._room.state.seats.values():
            uplink = self._uplinks[seat.id]
            pictured = uplink.camera and self._room.media.direction(seat.id).picture is not Picture.NONE
            expected = seat.role is not Role.OBSERVER and (uplink.microphone or pictured)
            if (expected and not uplink.expected) or (pictured and not uplink.pictured):
                uplink.silent_since_ms = now_ms  # what begins now has its time
            uplink.expected, uplink.pictured = expected, pictured
            waits = expected and uplink.carried and not uplink.carries
            lost = waits and now_ms - uplink.silent_since_ms >= ABSENT_AFTER_MS
            if seat.connected and lost is not seat.media_lost:
                self._report(f"path of {seat.id}", ReportPath(seat=seat.id, lost=lost))
                due.append(now_ms + AGAIN_MS)
            elif waits and not lost:
                due.append(uplink.silent_since_ms + ABSENT_AFTER_MS)
        return due

    def _look_at_phones(self, now_ms: int) -> list[int]:
        """Whose page's sound is back, and steady, does not need the telephone any more."""
        due = []
        for seat in self._room.state.seats.values():
            uplink = self._uplinks[seat.id]
            if not (seat.phone and seat.phone_needed and seat.connected and uplink.carries and uplink.microphone):
                continue
            session_ms = self._room.now_ms() - seat.phone_ms
            wait_ms = max(STEADY_MS - session_ms // self._room.state.speed, BACK_MS - now_ms + uplink.carries_since_ms)
            if wait_ms <= 0 and not seat.media_lost:
                self._report(f"sound of {seat.id}", ReportSound(seat=seat.id))
            due.append(now_ms + max(wait_ms, AGAIN_MS))
        return due

    def _look_at_lead(self, now_ms: int) -> list[int]:
        state = self._room.state
        turn, lead = state.turn, state.lead
        if turn is None or not lead_interrupts(state):
            return []
        if turn.number != self._turn[0]:
            self._turn = (turn.number, now_ms)
        voice = None if lead is None else self._voices.get(lead)
        stopped = turn.stopped_at_ms is not None
        speaks = False
        if voice is not None and now_ms - voice.last_ms < LEAD_ENDS_MS:
            # The end of what the lead said before the turn began takes nothing from it.
            speaks = stopped or voice.last_ms - max(voice.began_ms, self._turn[1]) >= LEAD_BEGINS_MS
        if speaks is not stopped:
            self._report("lead's voice", ReportLeadVoice(speaking=speaks))
            return [now_ms + AGAIN_MS]
        return [voice.last_ms + LEAD_ENDS_MS] if speaks and voice is not None else []

    def _look_at_time(self, now_ms: int) -> list[int]:
        if self._unbooked_since_ms is None:
            return []
        due_ms = self._unbooked_since_ms + BATCH_MS
        if now_ms < due_ms:
            return [due_ms]
        if "spoken time" not in self._asked:
            self._asked.add("spoken time")
            self._room.book_voices(self._answered("spoken time"))
        return [now_ms + AGAIN_MS]

    def _report(self, name: str, command: RoomCommand) -> None:
        if name not in self._asked:
            self._asked.add(name)
            self._room.post(command, after=self._answered(name))

    def _answered(self, name: str) -> Callable[[], None]:
        return lambda: self._asked.discard(name)

    def _come_back(self, at_ms: int) -> None:
        if self._timer is not None:
            if self._due_ms <= at_ms:
                return
            self._timer.cancel()
        self._due_ms = at_ms
        self._timer = self._clock.call_at(at_ms, self._again)

    def _again(self) -> None:
        self._timer = None
        self.look()
