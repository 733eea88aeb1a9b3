"""The state of a run as stored: its tables, their rows, and totals."""

from enum import IntEnum

from openai_cli.records import NamedTuple

# Increased when the tables change, so that another version does not misread them.
VERSION = 1

TABLES = """
CREATE TABLE run(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE lines(
  number INTEGER PRIMARY KEY,   -- of the line in the input, from 1
  custom_id TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,         -- of id, endpoint and body
  start INTEGER NOT NULL,       -- where the line is in the input, and how long it is, in bytes
  size INTEGER NOT NULL,
  tokens INTEGER,               -- of the prompt; NULL: not known
  output INTEGER,               -- the limit of the outputs, in tokens; NULL: none, or not known
  bound INTEGER,                -- the most that it can cost, in units; NULL: not known
  state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,  -- what attempts without an answer may have cost, in units
  part INTEGER                  -- of the Batch API's parts, the one that it is in
);
CREATE TABLE answers(
  number INTEGER PRIMARY KEY,
  status INTEGER,               -- of HTTP; NULL where there was none
  request_id TEXT,
  body BLOB,                    -- as it came
  reason TEXT,                  -- why the line failed, for a user
  code TEXT,                    -- the same for programs
  incomplete TEXT,              -- why the answer is not complete
  usd INTEGER,                  -- what it cost, in units; NULL: not known
  tokens INTEGER,               -- that were billed
  line_id TEXT,                 -- of its line in the file of a batch; NULL: it was not in one
  record TEXT,                  -- its line for --usage-file
  is_told INTEGER NOT NULL DEFAULT 0  -- whether that line is there
);
CREATE INDEX untold ON answers(number) WHERE record IS NOT NULL AND is_told = 0;
CREATE TABLE parts(
  number INTEGER PRIMARY KEY,   -- of a part that goes to the Batch API, from 1
  intent TEXT NOT NULL UNIQUE,  -- written down before the upload, and in the batch's metadata
  lines INTEGER NOT NULL,
  size INTEGER NOT NULL,        -- in bytes
  tokens INTEGER,
  state TEXT NOT NULL,          -- of the part: see the engine
  file_id TEXT,
  batch_id TEXT,
  asked REAL,                   -- when the batch was asked for first, in seconds since the epoch
  batch BLOB                    -- the batch as the API told it last
);
"""


class Stage(IntEnum):
    """The state of a line; in `PART` it is with the Batch API."""

    WAITING = 0
    SENT = 1
    DONE = 2
    FAILED = 3
    PART = 4


class LineRow(NamedTuple):
    """A line of the input, as a row of `lines`."""

    number: int
    custom_id: str
    digest: bytes
    start: int
    size: int
    tokens: int | None = None
    output: int | None = None
    bound: int | None = None


class Waiting(NamedTuple):
    """A line that is to be sent."""

    number: int
    start: int
    size: int
    digest: bytes
    tokens: int | None
    output: int | None
    bound: int | None
    attempts: int


class AnswerRow(NamedTuple):
    """The result of a line, as a row of `answers`."""

    number: int
    status: int | None = None
    request_id: str | None = None
    body: bytes | None = None
    reason: str | None = None
    code: str | None = None
    incomplete: str | None = None
    usd: int | None = None
    tokens: int | None = None
    record: str | None = None
    line_id: str | None = None


class Ended(NamedTuple):
    """A line that is done or has failed, with its result."""

    number: int
    custom_id: str
    start: int
    size: int
    stage: int
    attempts: int
    answer: AnswerRow


class Sums(NamedTuple):
    """The totals of a run: lines by stage, and amounts in units."""

    lines: int
    done: int
    failed: int
    sent: int
    in_parts: int
    incomplete: int
    tokens: int
    usd: int
    unpriced: int
    lost: int

    @property
    def waiting(self) -> int:
        """How many lines are neither answered nor failed."""
        return self.lines - self.done - self.failed
