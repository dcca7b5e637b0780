"""What a browser is told when something it asked for could not be done: the one table from errors to the wire."""

from __future__ import annotations

from typing import Final

from cosession.core.refusal import Refused
from cosession.room.ports import OfferRefused, Unavailable
from cosession.wire.messages import ErrorCode, ErrorMessage, RefusedMessage

#: The wire's word for each code of `Unavailable`. One that is not listed is an internal error.
_UNAVAILABLE: Final[dict[str, ErrorCode]] = {
    "store_busy": "store_busy",
    "store_full": "store_full",
    "store_unwritable": "store_full",
    "store_gone": "store_full",  # for people it is the same: nothing can be saved, somebody has to look after it
    "store_damaged": "store_damaged",
    "media_down": "media_down",
}


def expected(error: Exception) -> bool:
    """Whether the error is one of the families that `ports` names; any other is a fault of ours and must be logged."""
    return isinstance(error, (Refused, OfferRefused, Unavailable))


def error_message(message_id: str, error: Exception) -> RefusedMessage | ErrorMessage:
    """The answer to the message `message_id` that `error` kept from being carried out."""
    match error:
        case Refused():
            return RefusedMessage(id=message_id, code=error.code, field=error.field, detail=error.detail)
        case OfferRefused():
            return ErrorMessage(id=message_id, code="offer_refused", place=f"sdp ({error.code})", fix=str(error))
        case Unavailable(code=code) if code in _UNAVAILABLE:
            return ErrorMessage(id=message_id, code=_UNAVAILABLE[code], retry=True, fix="send it again")
        case _:
            return ErrorMessage(id=message_id, code="internal", fix="the server's log says more")
