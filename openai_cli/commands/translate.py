"""`translate`: POST /audio/translations."""

from openai_cli.commands.speech_to_text import SpeechOptions, transcribe_files
from openai_cli.context import Context
from openai_cli.flags import api, audio
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group

EXAMPLES = (
    'openai-cli speak "Bonjour" --voice coral -o bonjour.mp3',
    "openai-cli translate bonjour.mp3",
    "openai-cli translate bonjour.mp3 --response-format vtt -o bonjour.vtt",
)


@options_group
class Options(SpeechOptions):
    """Each FILE is sent in its own request. Without FILE, piped stdin is sent.

    The text is in English, whatever language is spoken.
    """

    endpoint = Endpoint("/audio/translations", "whisper-1")

    file: audio.File = None
    model: api.Model = None
    prompt: audio.TranscriptionPrompt = None
    response_format: audio.TranslationFormat = None
    temperature: audio.AudioTemperature = None


def run(context: Context, options: Options) -> None:
    """Send the files, and print their transcripts in English."""
    transcribe_files(context, options)
