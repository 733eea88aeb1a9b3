"""`key show`: which key would be sent, and where it comes from."""

from collections.abc import Iterable, Iterator

from openai_cli.config.destination import base_url
from openai_cli.config.keys import ADMIN_WAYS, WAYS, Source, checked, masked, sources
from openai_cli.config.keystore import KeyPlace
from openai_cli.context import Context
from openai_cli.errors import CredentialError
from openai_cli.flags.ours import OPTIONS, AdminKey, CommonOptions, options_group, ours, switch
from openai_cli.jsontext import encode_json
from openai_cli.masking import shown_url
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.records import Annotated, NamedTuple
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    "openai-cli key show",
    "openai-cli key show --json",
)


@options_group
class Options(CommonOptions):
    """Each source of keys is printed on one line, in order. The first that has a key is used.

    Only the last four characters of that key are shown. An api_key_command is run only if no source
    before it has a key.
    """

    base_url: Annotated[
        str | None,
        ours(
            OPTIONS, "--base-url", "The server the key is for [env: OPENAI_BASE_URL]", metavar="URL"
        ),
    ] = None
    api_key_file: Annotated[
        str | None,
        ours(OPTIONS, "--api-key-file", "Look in FILE first, as all commands do", metavar="FILE"),
    ] = None
    admin: AdminKey = False
    json: Annotated[
        bool, switch(OPTIONS, "json", "Print JSON: the URL, the key and the sources")
    ] = False


class _Finding(NamedTuple):
    """What a source has; `key` is masked, and None if this source's key is not used."""

    source: str
    state: str
    key: str | None = None


def run(context: Context, options: Options) -> None:
    """Print what each source has; CredentialError if none has a key."""
    url = base_url(context, options)
    place = KeyPlace.of(url, context.settings.profile, options.admin)
    inputs = Inputs(context)
    asked = sources(context, inputs, url, options.api_key_file, is_admin=options.admin)
    findings = []
    with open_sink(context, None) as sink:
        if not options.json:
            sink.write(_line("key for", str(place)))
        for finding in _findings(context, asked):
            findings.append(finding)
            if not options.json:
                sink.write(_line(finding.source, finding.state))
        if options.json:
            sink.write_json(_json(place, findings))
    if not any(finding.key for finding in findings):
        raise CredentialError(
            f"there is no API key for {place}", hint=ADMIN_WAYS if options.admin else WAYS
        )


def _findings(context: Context, asked: Iterable[Source]) -> Iterator[_Finding]:
    """Yield what each source has; CredentialError for content that cannot be a key."""
    used = None
    for source in asked:
        if used is not None:
            yield _Finding(source.name, _passed_over(source, used))
        elif source.has_one():
            key = masked(checked(context, source.name, source.read()))
            used = source.name
            yield _Finding(source.name, f"used: {key}", key)
        else:
            yield _Finding(source.name, source.lacking)


def _passed_over(source: Source, used: str) -> str:
    try:
        has_one = source.has_one()
    except CredentialError as error:  # matters only once the source before it has no key
        return f"{error.problem}; {used} takes precedence"
    return f"overridden: {used} takes precedence" if has_one else source.lacking


def _line(name: str, text: str) -> bytes:
    return utf8_bytes(f"{name:15}  {text}\n")


def _json(place: KeyPlace, findings: Iterable[_Finding]) -> bytes:
    used = next((finding for finding in findings if finding.key), None)
    shown = {
        "base_url": shown_url(place.base_url),
        "profile": place.profile,
        "source": used and used.source,
        "key": used and used.key,
        "sources": [{"name": name, "state": state} for name, state, _ in findings],
    }
    return encode_json(shown) + b"\n"
