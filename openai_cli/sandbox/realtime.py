"""/realtime and /live over HTTP: sessions, their secrets, and calls, but no audio."""

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, described
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.shapes import HOUR
from openai_cli.sandbox.things import Shelfmark, found, keep, last_of, new_id, told

CALL = "rtc_"
LIVE = Shelfmark("/live/sessions", "/live/sessions")
_SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=sandbox\r\nt=0 0\r\n"


def create_secret(request: ApiRequest) -> HttpResponse:
    """POST /realtime/client_secrets and /realtime/translations/client_secrets."""
    session = {"type": "realtime", "model": "gpt-realtime", **(request.body.get("session") or {})}
    session = {"id": new_id(request, "sess_"), "object": "realtime.session", **session}
    return told(request, {**_secret(request), "session": session})


def create_session(request: ApiRequest) -> HttpResponse:
    """POST /realtime/sessions and /realtime/transcription_sessions."""
    return told(request, {**request.body, "client_secret": _secret(request)})


def _secret(request: ApiRequest) -> dict[str, object]:
    return {"value": new_id(request, "ek_"), "expires_at": CREATED + HOUR}


def create_call(request: ApiRequest) -> HttpResponse:
    """POST /realtime/calls: an SDP answer, and the location of the call."""
    where = f"/v1/realtime/calls/{new_id(request, CALL)}"
    return HttpResponse(
        201, _SDP.encode(), content_type="application/sdp", headers=(("Location", where),)
    )


def act_on_call(request: ApiRequest) -> HttpResponse:
    """POST /realtime/calls/ID/accept, hangup, refer, reject: for any call, as calls come by SIP."""
    name = last_of(request)
    if not name.startswith(CALL):
        raise Refusal(f"No call found with id '{name}'.", status=404)
    return HttpResponse(200)


def create_live_session(request: ApiRequest) -> HttpResponse:
    """POST /live/sessions, and POST /live/sessions/ID/fork, which copies a session."""
    if request.parameters:
        found(request, LIVE, last_of(request))
    session = keep(request, LIVE, described(dict(request.body)))
    transport = {"type": "webrtc", "sdp": _SDP}
    return told(request, {"session": {"id": session.name}, "transport": transport})
