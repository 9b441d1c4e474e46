"""A judge over a file of records: what is asked, in which order, and what may be sent at all.

First every request that is not answered in the cache yet is made, a few at a time; then the scores are read
from the cache in the order of the records. A run that was cut off goes on where it stopped.

Text goes redacted to an endpoint that is not on loopback, unless the settings say `send_unredacted: true`;
text with `pii_status: requires_review` goes to none but one on loopback, whatever the settings say.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.places.patience import cut_all
from pixelated.core.places.protocol import UnavailableError
from pixelated.score.file import Messages, read_dialogues, score_file
from pixelated.score.judge.address import read_address
from pixelated.score.judge.cache import Cache, key_of
from pixelated.score.judge.compare import compare
from pixelated.score.judge.cost import Budget, Estimate, tokens
from pixelated.score.judge.endpoint import Endpoint, RecordRefusedError, request_body
from pixelated.score.judge.rubric import PROMPT_VERSION, Rubric, load_rubric, numbered, rubric_names
from pixelated.score.judge.settings import JudgeSettings
from pixelated.score.protocol import SCORERS, Score

Redact = Callable[[dict[str, Any]], dict[str, Any]]
SUFFIX = "@judge"
REQUIRES_REVIEW = "requires_review"
HELD, NO_WORDS, FAILED, UNFIT = "held_for_review", "no_words", "endpoint_failed", "reply_does_not_fit"
CAPPED, NOT_ASKED = "cap_reached", "not_asked"


@dataclass(frozen=True)
class Request:
    """One conversation to rate by one rubric."""

    key: str
    rubric: Rubric
    messages: list[dict[str, str]]
    positions: tuple[int, ...]
    characters: int


@dataclass
class Judge:
    """A judge with its rubrics; `failed` says by key why a request has no judgement.

    Attributes:
        rubrics: by the scorer's name.
        settings: see `JudgeSettings`.
        cache: judgements on disk.
        redact: from a record to one with its texts redacted and its `pii_status`.
    """

    rubrics: Mapping[str, Rubric]
    settings: JudgeSettings
    cache: Cache
    redact: Redact | None = None
    failed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at the address before anything is read."""
        self.address = read_address(self.settings.url)
        self.budget = Budget(self.settings)
        if not self.address.loopback and not self.settings.send_unredacted and self.redact is None:
            raise UsageError(
                "no_redactor",
                "text goes to this endpoint redacted only, and there is no redactor",
                "give one",
            )

    def requests(self, record: dict[str, Any], messages: Messages) -> dict[str, Request | Score]:
        """Return, by scorer, what to ask of a record, or the score that says why nothing is."""
        sendable = self._sendable(record, messages)
        if isinstance(sendable, Score):
            return dict.fromkeys(self.rubrics, sendable)
        return {name: self._request(rubric, sendable) for name, rubric in self.rubrics.items()}

    def _sendable(self, record: dict[str, Any], messages: Messages) -> Messages | Score:
        if not any(m["content"].strip() for m in messages if m["role"] != "system"):
            return Score(None, NO_WORDS)
        if self.address.loopback:
            return messages
        if record.get("pii_status") == REQUIRES_REVIEW:
            return Score(None, HELD)
        if self.settings.send_unredacted or self.redact is None:
            return messages
        redacted = self.redact({"id": record["id"], "messages": messages})
        return Score(None, HELD) if redacted["pii_status"] == REQUIRES_REVIEW else redacted["messages"]

    def _request(self, rubric: Rubric, messages: Messages) -> Request:
        turns = numbered(messages)
        asked = rubric.messages(turns)
        body = request_body(self.settings, asked, rubric.schema())
        key = key_of([PROMPT_VERSION, rubric.version, self.settings.url, body])
        characters = sum(len(m["content"]) for m in asked)
        return Request(key, rubric, asked, tuple(turn["n"] for turn in turns), characters)

    def open_requests(self, path: Path) -> Iterator[Request]:
        """Yield the requests of a file that the cache does not answer, each once."""
        seen: set[str] = set()
        for record, messages in read_dialogues(path):
            for request in self.requests(record, messages).values():
                if isinstance(request, Request) and request.key not in seen:
                    seen.add(request.key)
                    if self.cache.get(request.key) is None:
                        yield request

    def estimate(self, path: Path) -> Estimate:
        """Return what judging a file takes, before anything is sent."""
        wanted = [
            request.key
            for record, messages in read_dialogues(path)
            for request in self.requests(record, messages).values()
            if isinstance(request, Request)
        ]
        sizes = [tokens(request.characters) for request in self.open_requests(path)]
        replies = len(sizes) * self.settings.reply_tokens
        cost = self.settings.cost(sum(sizes), replies)
        return Estimate(len(sizes), len(set(wanted)) - len(sizes), sum(sizes), replies, cost)

    def fill(self, path: Path) -> None:
        """Make the open requests of a file, so that the cache answers them.

        Raises:
            IncompleteError: the endpoint refuses every request.
        """
        endpoint = Endpoint(self.address, self.settings)
        pool = ThreadPoolExecutor(self.settings.workers, thread_name_prefix="judge")
        waiting: deque[tuple[str, Future[str | None]]] = deque()
        in_a_row = 0
        try:
            for request in self.open_requests(path):
                if self.budget.reached or in_a_row >= self.settings.give_up_after:
                    self.failed[request.key] = CAPPED if self.budget.reached else NOT_ASKED
                    continue
                waiting.append((request.key, pool.submit(self._ask, endpoint, request)))
                if len(waiting) >= 2 * self.settings.workers:
                    in_a_row = self._take(waiting.popleft(), in_a_row)
            while waiting:
                in_a_row = self._take(waiting.popleft(), in_a_row)
        except BaseException:
            endpoint.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            cut_all()
            raise
        pool.shutdown()

    def _take(self, done: tuple[str, Future[str | None]], in_a_row: int) -> int:
        """Note how a request ended; return how many in a row failed at the endpoint."""
        key, future = done
        why = future.result()
        if why is not None:
            self.failed[key] = why
        return in_a_row + 1 if why == FAILED else 0

    def _ask(self, endpoint: Endpoint, request: Request) -> str | None:
        """Ask, and once more where the reply does not fit; keep it, or return why there is none."""
        messages, why = list(request.messages), ""
        for last in (False, True):
            needed = (tokens(sum(len(m["content"]) for m in messages)), self.settings.reply_tokens)
            if not self.budget.reserve(*needed):
                return CAPPED
            spent = None
            try:
                answer = endpoint.ask(messages, request.rubric.schema())
                said_in, said_out = answer.tokens_in, answer.tokens_out
                spent = (
                    needed[0] if said_in is None else said_in,
                    tokens(len(answer.text)) if said_out is None else said_out,
                )
            except UnavailableError:
                return FAILED
            except RecordRefusedError as refused:
                return f"refused_{refused}"
            finally:
                self.budget.settle(needed, spent)
            read = request.rubric.read(answer.text, request.positions)
            if not isinstance(read, str):
                self.cache.put(request.key, read)
                return None
            why = read
            if not last:
                messages += request.rubric.repair(answer.text, why)
        return f"{UNFIT}_{why}"

    def scores(self, record: dict[str, Any], messages: Messages) -> dict[str, Score]:
        """Return the scores of a record, named "<scorer>@judge", from the cache."""
        return {
            f"{name}{SUFFIX}": request if isinstance(request, Score) else self._score(request)
            for name, request in self.requests(record, messages).items()
        }

    def _score(self, request: Request) -> Score:
        found = self.cache.get(request.key)
        if found is None:
            return Score(None, self.failed.get(request.key, NOT_ASKED))
        if found["score"] is None:
            return Score(None, found["reason"])
        return Score(
            round(found["score"] / request.rubric.highest, 6), found["reason"], tuple(found["turns"])
        )


def judge_of(
    names: Sequence[str], settings: JudgeSettings, cache: Path, redact: Redact | None = None
) -> tuple[Judge, list[str]]:
    """Return a judge with the rubrics of scorers, and the names of those that have none."""
    known = rubric_names()
    chosen = {name: load_rubric(name) for name in names if name in known}
    if not chosen:
        raise UsageError(
            "no_rubric", "none of the scorers named has a rubric", f"choose from: {', '.join(known)}"
        )
    return Judge(chosen, settings, Cache(cache), redact), [name for name in names if name not in known]


def judge_estimate(
    path: Path, names: Sequence[str], settings: JudgeSettings, cache: Path, redact: Redact | None = None
) -> dict[str, Any]:
    """Return what judging a file would take; nothing is sent."""
    judge, without = judge_of(names, settings, cache, redact)
    return _told(judge, judge.estimate(path), without)


def judge_file(
    path: Path,
    names: Sequence[str],
    output: Path,
    settings: JudgeSettings,
    *,
    cache: Path,
    redact: Redact | None = None,
    served: Callable[[list[str]], Sequence[str | Mapping[str, Any]]] = list,
) -> dict[str, Any]:
    """Score a file as `score_file` does, and by a judge; return the report, with `judge` in it.

    Args:
        path: see `score_file`.
        names: each has a scorer, a rubric, or both.
        output: see `score_file`.
        settings: see `JudgeSettings`.
        cache: folder of judgements.
        redact: see `Judge`.
        served: gives the scorers of this machine their settings, such as heads.

    Raises:
        UsageError: the estimate is above a cap; nothing was sent.
        IncompleteError: the endpoint refuses every request; what was answered is kept in the cache.
    """
    judge, without = judge_of(names, settings, cache, redact)
    fast = [name for name in names if name in SCORERS.names() or name in without]
    for name in without:
        SCORERS.get(name)  # neither a scorer nor a rubric: an error before anything is sent
    estimate = judge.estimate(path)
    estimate.refuse(settings)
    if estimate.calls:
        judge.fill(path)
    report = score_file(path, served(fast), output, judge.scores)
    told = _told(judge, estimate, without)
    told |= {
        "spent": judge.budget.as_json(),
        "failed": dict(sorted(Counter(judge.failed.values()).items())),
        "agreement": compare(output),
    }
    return report | {"judge": told}


def _told(judge: Judge, estimate: Estimate, without: list[str]) -> dict[str, Any]:
    return {
        "url": judge.address.shown,
        "loopback": judge.address.loopback,
        "model": judge.settings.model,
        "rubrics": {name: rubric.version for name, rubric in sorted(judge.rubrics.items())},
        "without_rubric": without,
        "estimate": {
            "calls": estimate.calls,
            "cached": estimate.cached,
            "tokens_in": estimate.tokens_in,
            "tokens_out": estimate.tokens_out,
            "cost": None if estimate.cost is None else round(estimate.cost, 6),
        },
    }
