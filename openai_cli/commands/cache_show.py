"""`cache show`: how many answers are cached, and how old they are."""

from openai_cli.cache.store import Store, largest_of
from openai_cli.commands.caches import existing, folder, unusable
from openai_cli.context import Context
from openai_cli.flags.durations import in_words
from openai_cli.flags.ours import OPTIONS, CommonOptions, options_group, switch
from openai_cli.jsontext import encode_json
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.records import Annotated, NamedTuple

EXAMPLES = (
    "openai-cli cache show",
    "openai-cli cache show --json",
)


@options_group
class Options(CommonOptions):
    """The answers are those that --cache has kept, for all servers and keys."""

    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON; ages are in seconds")] = False


class _Shown(NamedTuple):
    """The state of the cache: sizes in bytes, ages in seconds, or None if there are no answers."""

    path: str
    entries: int = 0
    expired: int = 0
    bytes: int = 0
    largest: int = 0
    oldest: float | None = None
    newest: float | None = None

    @property
    def lines(self) -> str:
        """The facts, a line each."""
        ages = {"oldest": self.oldest, "newest": self.newest}
        shown = {
            "path": self.path,
            "entries": f"{self.entries:,}",
            "expired": f"{self.expired:,}",
            "bytes": f"{self.bytes:,} of at most {self.largest:,}",
            **{name: in_words(age) for name, age in ages.items() if age is not None},
        }
        return "".join(f"{name:7}  {text}\n" for name, text in shown.items())


def run(context: Context, options: Options) -> None:
    """Print the state of the cache; UsageError if it cannot be read."""
    store = existing(context)
    try:
        shown = _nothing(context) if store is None else _shown(store)
    except OSError as error:
        raise unusable(error) from None
    with open_sink(context, None) as sink:
        if options.json:
            sink.write_json(encode_json(shown._asdict()) + b"\n")
        else:
            sink.write(utf8_bytes(shown.lines))


def _nothing(context: Context) -> _Shown:
    return _Shown(str(folder()), largest=largest_of(context))


def _shown(store: Store) -> _Shown:
    now, entries = store.now(), store.entries()
    ages = [max(now - asked, 0) for found in entries if (asked := found.asked) is not None]
    return _Shown(
        str(store.path),
        len(entries),
        sum(found.expires <= now for found in entries),
        sum(found.size for found in entries),
        store.largest,
        round(max(ages), 1) if ages else None,
        round(min(ages), 1) if ages else None,
    )
