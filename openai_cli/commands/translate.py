"""`translate`: POST /audio/translations."""

from openai_cli.commands.speech_to_text import Hearing, hear
from openai_cli.context import Context
from openai_cli.flags import api, audio
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import options_group
from openai_cli.request.body import TRANSLATIONS
from openai_cli.request.inputs import Inputs


@options_group
class Options(Hearing):
    """Each FILE is sent in a request of its own; without one, a piped stdin is.

    What is said in any language comes back as English text.
    """

    file: audio.File = None
    model: api.Model = None
    prompt: audio.TranscriptionPrompt = None
    response_format: audio.TranslationFormat = None
    temperature: audio.AudioTemperature = None


def run(context: Context, options: Options) -> None:
    """Send the files, and print what was said, in English."""
    inputs = Inputs(context, options.stdin)
    hear(context, options, inputs, TRANSLATIONS, body_of(options, inputs.source))
