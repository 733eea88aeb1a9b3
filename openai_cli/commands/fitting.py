"""Fit a conversation into a model's context window, as --when-full says.

The conversation is checked against our own count, if a limit is known, and shortened further when
the server refuses it. The limit learned from a refusal applies to the turns that follow.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from openai_cli.calls.exchange import exchange
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.conversation.shortening import Message, fewest_turns, split, turn_starts
from openai_cli.errors import BadAnswerError, LimitError, RefusedError, UsageError
from openai_cli.flags.conversation import Terms
from openai_cli.models import DEFAULT_CHAT
from openai_cli.records import NamedTuple, field, mutable_record, record
from openai_cli.request.body import Request
from openai_cli.tokens.known import KnownTexts

if TYPE_CHECKING:
    from openai_cli.tokens.counted import TokenCount

# The share of our count to try next if the server's error has no numbers, and the largest share, so
# that each try is shorter than the one before.
_LESS, _MOST = 0.75, 0.98


class Fit(NamedTuple):
    """The history as it can be sent, the messages dropped from it, and how many turns those are."""

    kept: list[Message]
    left: list[Message]
    turns: int = 0


@mutable_record
class Learned:
    """What a session has learned of context windows: a model's longest prompt, by our own count.

    `told` are the models for which a notice said that the window is unknown; `texts` remembers
    token counts.
    """

    limits: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    texts: KnownTexts = field(default_factory=KnownTexts)


@record
class Fitting:
    """One turn: `whole` builds the request for a history; at most `most` turns may be dropped."""

    session: Session
    terms: Terms
    history: list[Message]
    whole: Callable[[list[Message]], Request]
    most: int
    learned: Learned

    def first(self) -> Fit:
        """Fit the history by our own count; LimitError if that is not possible."""
        request = self.whole(self.history)
        limit = self._limit(request)
        if limit is None or _is_surely_within(limit, request):
            return Fit(self.history, [])
        tokens = self._tokens(request)
        if tokens <= limit:
            return Fit(self.history, [])
        if self.terms.when_full == "error" or not self.most:
            raise too_long(request, tokens, limit, may_shorten=bool(self.most))
        fit = self._shortened(limit, at_least=1)
        if fit is None:
            shortest = self.whole(split(self.history, self.most)[1])
            raise too_long(shortest, self._tokens(shortest), limit, may_shorten=False)
        return fit

    def further(self, fit: Fit, refused: RefusedError) -> Fit:
        """Shorten the history further after a refusal; raise `refused` if that is no help."""
        from openai_cli.http.overflow import overflow_of

        overflow = overflow_of(refused)
        if overflow is None:
            raise refused
        if self.terms.when_full == "error" or fit.turns >= self.most:
            refused.add_hint(_hint(may_shorten=self.terms.when_full == "error" and self.most > 0))
            raise refused
        request = self.whole(fit.kept)
        ours = self._tokens(request)
        share = _LESS
        if overflow.window is not None and overflow.asked is not None:
            share = min(overflow.window / overflow.asked, _MOST)
        limit = int(ours * share)
        self.learned.limits[str(request.body["model"])] = limit
        shorter = self._shortened(limit, at_least=fit.turns + 1)
        if shorter is None:
            refused.add_hint(_hint(may_shorten=False))
            raise refused
        self.session.context.messages.notice(
            f"the server refuses the prompt as too long; asking again without {oldest(shorter)}"
        )
        return shorter

    def _tokens(self, request: Request) -> "TokenCount":
        return prompt_tokens(request, self.learned.texts)

    def _limit(self, request: Request) -> int | None:
        model = str(request.body["model"])
        known = [
            self.learned.limits.get(model),
            prompt_limit(self.session, self.terms.limit, request),
        ]
        limits = [limit for limit in known if limit is not None]
        if not limits and self.terms.when_full != "error" and model not in self.learned.told:
            self.learned.told.add(model)
            self.session.context.messages.notice(
                f"the window of {model} is not known, so turns are dropped once the server refuses "
                "the prompt: --context-limit TOKENS sets it"
            )
        return min(limits, default=None)

    def _shortened(self, limit: int, *, at_least: int) -> Fit | None:
        """Drop the fewest turns that suffice, but at least `at_least`; None if none suffice.

        A summary gets half of the limit.
        """

        def count(messages: list[Message]) -> "TokenCount":
            return self._tokens(self.whole(messages))

        goal = limit if self.terms.when_full == "drop" else limit // 2
        found = fewest_turns(self.history, self.most, holds=lambda rest: count(rest) <= goal)
        if found is None and self.terms.when_full == "drop":
            return None
        turns = max(self.most if found is None else found, at_least)
        left, kept = split(self.history, turns)
        if self.terms.when_full == "summarize":
            kept = self._summed_up(left, kept, limit)
            if (tokens := count(kept)) > limit:
                raise too_long(self.whole(kept), tokens, limit, may_shorten=False)
        return Fit(kept, left, turns)

    def _summed_up(self, left: list[Message], kept: list[Message], limit: int) -> list[Message]:
        from openai_cli.conversation.summary import summed_up

        return summed_up(kept, self._summary(left, words=min(max(limit // 8, 50), 1000)))

    def _summary(self, left: list[Message], *, words: int) -> str:
        """Ask the model for a summary of the messages, in two halves if they are too long."""
        from openai_cli.conversation.summary import summary_request

        request = self.whole([])
        model = self.terms.summary_model or request.body["model"]
        asked = {"model": model, "messages": summary_request(left, words=words)}
        try:
            answer = exchange(self.session, Plan(Request(request.path, asked))).answer
        except RefusedError as refused:
            from openai_cli.http.overflow import overflow_of

            if len(left) < 2 or overflow_of(refused) is None:
                raise
            middle = len(left) // 2
            halves = (left[:middle], left[middle:])
            return "\n".join(self._summary(half, words=max(words // 2, 25)) for half in halves)
        self.session.receipts.add(answer)
        summary = answer.in_order[0].content
        if not summary:
            raise BadAnswerError("the model gave no summary of the older turns")
        return summary


def oldest(fit: Fit) -> str:
    """Name the dropped turns in words."""
    return "the oldest turn" if fit.turns == 1 else f"the oldest {fit.turns} turns"


def leaving(history: list[Message], messages: list[Message]) -> int:
    """How many turns of a history may be dropped: not the one that the new messages belong to."""
    starts = [at for at in turn_starts([*history, *messages]) if at <= len(history)]
    return max(len(starts) - 1, 0)


def prompt_limit(session: Session, given: int | None, request: Request) -> int | None:
    """The longest prompt in tokens: as given, or the window less the output; None if unknown."""
    if given is not None:
        return given
    model = session.table.find(str(request.body["model"]))
    if model is None or model.context_window is None:
        return None
    body = request.body
    longest = body.get("max_completion_tokens") or body.get("max_tokens")
    return model.context_window - (longest if isinstance(longest, int) else 0)


def prompt_tokens(request: Request, known: KnownTexts | None = None) -> "TokenCount":
    """Count the tokens of the prompt, without recounting `known` texts.

    An unknown model is counted as the default model.
    """
    from openai_cli.tokens.messages import count_request

    try:
        return count_request(request.body, known=known)
    except UsageError:
        return count_request({**request.body, "model": DEFAULT_CHAT}, known=known)


def check_length(request: Request, limit: int) -> None:
    """Raise LimitError if a request outside a conversation is longer than --context-limit."""
    if (tokens := prompt_tokens(request)) > limit:
        raise too_long(request, tokens, limit, may_shorten=False)


def too_long(request: Request, tokens: int, limit: int, *, may_shorten: bool) -> LimitError:
    """The error for a prompt that is too long by our own count; "about" if the model is unknown."""
    about = "" if _is_known(str(request.body["model"])) else "about "
    return LimitError(
        f"the prompt is too long: {about}{tokens} tokens, but the limit is {limit}",
        hint=_hint(may_shorten=may_shorten),
    )


def _hint(*, may_shorten: bool) -> str:
    if may_shorten:
        return "--when-full drop leaves out its oldest turns, --when-full summarize sums them up"
    return "shorten the message, or raise --context-limit"


def _is_known(model: str) -> bool:
    from openai_cli.tokens.encoding import encoding_for_model, is_guessed

    try:
        encoding_for_model(model)
    except UsageError:
        return False
    return not is_guessed(model)


def _is_surely_within(limit: int, request: Request) -> bool:
    """Whether a request of text alone has no more bytes than it may have tokens.

    A token is at least one byte, so most turns need no counting, which takes a fifth of a second.
    """
    contents = (message.get("content") for message in request.body["messages"])
    are_texts = all(content is None or isinstance(content, str) for content in contents)
    return are_texts and len(request.encoded()) <= limit
