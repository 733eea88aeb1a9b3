"""The parameters of POST /audio/transcriptions, /audio/translations and /audio/speech."""

from openai_cli.flags.api import SOUND, Repeated, Scalar, api
from openai_cli.flags.values import Number, PromptText, Text, TextOrObject, Texts
from openai_cli.records import Annotated

ChunkingStrategy = Annotated[
    Scalar,
    api("chunking_strategy", TextOrObject(names=("auto",)), "auto, or server_vad as JSON"),
]
File = Annotated[Scalar, api("file", Text("PATH"), "The file; - reads stdin", place="file")]
Include = Annotated[
    Repeated, api("include", Texts("NAME", names=("logprobs",)), "Return more: logprobs")
]
Keywords = Annotated[
    Repeated, api("keywords", Texts(), "A word that is likely to occur; repeatable")
]
KnownSpeakerNames = Annotated[
    Repeated,
    api("known_speaker_names", Texts("NAME", most=4), "A speaker's name; repeatable, up to 4"),
]
KnownSpeakerReferences = Annotated[
    Repeated,
    api(
        "known_speaker_references",
        Texts("URL", most=4),
        "A sample of a speaker's voice, as a data URL; repeatable",
    ),
]
Language = Annotated[
    Scalar, api("language", Text("CODE"), "The spoken language, such as en (ISO 639-1)")
]
Languages = Annotated[
    Repeated, api("languages", Texts("CODE"), "A language that may be spoken; repeatable")
]
TranscriptionPrompt = Annotated[
    Scalar, api("prompt", PromptText(), "Text that sets the style, or what was said before")
]
TranscriptionFormat = Annotated[
    Scalar,
    api("response_format",
        Text("NAME", names=("json", "text", "srt", "vtt", "verbose_json", "diarized_json")),
        "json, text, srt, vtt, verbose_json, diarized_json"),
]  # fmt: skip
TranslationFormat = Annotated[
    Scalar,
    api("response_format", Text("NAME", names=("json", "text", "srt", "vtt", "verbose_json")),
        "json, text, srt, vtt or verbose_json"),
]  # fmt: skip
AudioTemperature = Annotated[Scalar, api("temperature", Number(0, 1), "Randomness, 0 to 1")]
TimestampGranularities = Annotated[
    Repeated,
    api("timestamp_granularities", Texts("NAME", names=("word", "segment")),
        "Timestamps in verbose_json: word, segment; repeatable"),
]  # fmt: skip

SpeechInput = Annotated[
    Scalar,
    api(
        "input",
        PromptText(longest=4096, is_input=True),
        "The text, up to 4096 characters",
    ),
]
Instructions = Annotated[
    Scalar, api("instructions", PromptText(longest=4096), "How to say it: tone, pace, accent")
]
SpeechFormat = Annotated[
    Scalar,
    api("response_format", Text("NAME", names=("mp3", "opus", "aac", "flac", "wav", "pcm")),
        "mp3, opus, aac, flac, wav or pcm"),
]  # fmt: skip
Speed = Annotated[Scalar, api("speed", Number(0.25, 4), "Speed, 0.25 to 4; 1 is normal")]
StreamFormat = Annotated[
    Scalar, api("stream_format", Text("NAME", names=("audio", "sse")), "audio, or sse for events")
]
Voice = Annotated[
    Scalar,
    api(
        "voice",
        TextOrObject(names=SOUND["voice"]),
        f"{', '.join(SOUND['voice'])}, or an id as JSON",
    ),
]
