"""`translate`: POST /audio/translations."""

from openai_cli.commands.speech_to_text import SpeechOptions, transcribe_files
from openai_cli.context import Context
from openai_cli.flags import api, audio
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group


@options_group
class Options(SpeechOptions):
    """Each FILE is sent in a request of its own; without one, a piped stdin is.

    What is said in any language comes back as English text.
    """

    endpoint = Endpoint("/audio/translations", "whisper-1")

    file: audio.File = None
    model: api.Model = None
    prompt: audio.TranscriptionPrompt = None
    response_format: audio.TranslationFormat = None
    temperature: audio.AudioTemperature = None


def run(context: Context, options: Options) -> None:
    """Send the files, and print what was said, in English."""
    transcribe_files(context, options)
