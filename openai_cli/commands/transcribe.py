"""`transcribe`: POST /audio/transcriptions."""

from openai_cli.commands.speech_to_text import SpeechOptions, transcribe_files
from openai_cli.context import Context
from openai_cli.flags import api, audio
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group
from openai_cli.models import DEFAULT_TRANSCRIPTION

EXAMPLES = (
    'openai-cli speak "Good morning" --voice coral -o morning.mp3',
    "openai-cli transcribe morning.mp3",
    "openai-cli transcribe morning.mp3 -m whisper-1 --response-format srt",
)


@options_group
class Options(SpeechOptions):
    """Each FILE is sent in its own request. Without FILE, piped stdin is sent.

    OpenAI accepts flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav and webm files of up to 25 MB.
    """

    endpoint = Endpoint("/audio/transcriptions", DEFAULT_TRANSCRIPTION, streams=True)

    file: audio.File = None
    model: api.Model = None
    chunking_strategy: audio.ChunkingStrategy = None
    include: audio.Include = None
    keywords: audio.Keywords = None
    known_speaker_names: audio.KnownSpeakerNames = None
    known_speaker_references: audio.KnownSpeakerReferences = None
    language: audio.Language = None
    languages: audio.Languages = None
    prompt: audio.TranscriptionPrompt = None
    response_format: audio.TranscriptionFormat = None
    stream: api.Stream = None
    temperature: audio.AudioTemperature = None
    timestamp_granularities: audio.TimestampGranularities = None


def run(context: Context, options: Options) -> None:
    """Send the files, and print their transcripts."""
    transcribe_files(context, options)
