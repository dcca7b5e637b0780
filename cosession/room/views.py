"""The text of a view message: a part common to all, written once per change, spliced with what is a seat's own
(decision 16)."""

from __future__ import annotations

from collections.abc import Mapping

from cosession.core import view
from cosession.core.captures import Drafts, open_specs, silent
from cosession.core.console import console as console_of
from cosession.core.room_view import CaptureView
from cosession.core.state import SessionState
from cosession.core.vocabulary import Status, Visibility, Who
from cosession.room.drafts import DraftBox
from cosession.room.ports import Clock
from cosession.room.recovery import SessionStream
from cosession.room.session_time import SessionTime
from cosession.wire.messages import ClockAnchor

Fields = Mapping[str, str]


class Views:
    """The newest view of a session. `version` counts the changes of the common part; nothing is rendered before
    somebody asks for it."""

    def __init__(self, session: str, clock: Clock, time: SessionTime) -> None:
        self._session = session
        self._clock = clock
        self.time = time
        self._common: str | None = None
        self.version = 0

    def changed(self) -> None:
        """The common part is another than before."""
        self.version += 1
        self._common = None

    def text(self, stream: SessionStream, drafts: DraftBox, seat: str, known_version: int | None) -> str:
        """The view message for `seat`, as JSON. The common part is null for who knows its version already."""
        monotonic_ms = self._clock.monotonic_ms()
        now_ms = self.time.at(monotonic_ms)
        state = stream.state
        anchor = ClockAnchor(
            server_ms=monotonic_ms, session_ms=now_ms, speed=state.speed, wall_ms=self._clock.wall_ms()
        )
        common = "null" if known_version == self.version else self._common_text(stream, drafts, now_ms)
        console = console_of(state, now_ms).model_dump_json() if state.lead == seat else "null"
        own = view.own(state, seat, now_ms, drafts.of(seat)).model_dump_json()
        return (
            f'{{"type":"view","seq":{stream.seq},"hash":"{stream.hash}","clock":{anchor.model_dump_json()},'
            f'"common":{common},"console":{console},"own":{own}}}'
        )

    def _common_text(self, stream: SessionStream, drafts: DraftBox, now_ms: int) -> str:
        if self._common is None:
            common = view.common(stream.state, self._session, now_ms)
            writing = live(stream.state, drafts.all)
            if writing is not None:
                common = common.model_copy(update={"live": writing})
            self._common = common.model_dump_json()
        return self._common


def live(state: SessionState, drafts: Drafts) -> CaptureView | None:
    """What the client is writing where all may watch: a draft of a capture that is open now, the client's alone, and
    everyone's to see."""
    client = state.client
    if client is None or state.status is not Status.RUNNING or silent(state):
        return None
    late = ((one.phase, state.spec(capture)) for (seat, capture), one in state.left_open.items() if seat == client)
    for phase, spec in (*open_specs(state), *late):
        if spec is None:
            continue
        fields = drafts.get((client, spec.id))
        if fields and spec.visible is Visibility.EVERYONE and spec.by == (Who.CLIENT,):
            return CaptureView(entry=0, capture=spec.id, phase=phase, seat=client, version=0, fields=dict(fields))
    return None
