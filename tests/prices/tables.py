"""A small price table with numbers that are easy to calculate with."""

from datetime import date
from typing import Any

from openai_cli.models.table import Table
from openai_cli.prices.occasion import Occasion

TODAY = date(2026, 2, 1)


def row(**tiers: Any) -> dict[str, Any]:
    """Prices that apply from the table's date on."""
    return {
        "from": "2026-01-01", "to": None, "source": "https://a.test", "seen": "2026-01-31",
        "tiers": tiers,
    }  # fmt: skip


ABOVE = {"2000": {"input": "4", "cached_input": "0.4", "cache_write": "5", "output": "15"}}
TABLE = Table(
    {
        "date": "2026-01-31",
        "models": {
            "nova": {
                "mode": "chat",
                "encoding": "o200k_base",
                "max_output_tokens": 100,
                "prices": [
                    row(
                        standard={"input": "2", "cached_input": "0.2", "cache_write": "2.5",
                                  "cache_write_12h": "4", "output": "10", "above": ABOVE},
                        batch={"input": "1", "output": "5"},
                        flex={"input": "1", "output": "5"},
                    ),
                ],
            },
            "ft:nova": {"mode": "chat",
                        "prices": [row(standard={"input": "4", "output": "20"})]},
            "plain": {"mode": "chat", "context_window": 50,
                      "prices": [row(standard={"input": "3", "output": "7"})]},
            "endless": {"mode": "chat", "prices": [row(standard={"input": "3", "output": "7"})]},
            "voice": {
                "mode": "chat",
                "max_output_tokens": 100,
                "prices": [row(standard={"input": "1", "output": "2", "audio_input": "10",
                                         "cached_audio_input": "5", "audio_output": "20"})],
            },
            "sight": {
                "mode": "image_generation",
                "prices": [row(standard={"input": "5", "image_input": "8", "cached_input": "1",
                                         "cached_image_input": "2", "output": "10",
                                         "image_output": "30"})],
            },
            "text-embedding-9": {"mode": "embedding", "encoding": "cl100k_base",
                                 "prices": [row(standard={"input": "0.02"})]},
            "old": {"encoding": "p50k_base", "retired": "2025-01-01", "max_output_tokens": 100,
                    "prices": [{**row(standard={"input": "20", "output": "20"}), "from": None}]},
            "by-the-second": {"mode": "audio_transcription",
                              "prices": [row(standard={"input_second": "0.0001"})]},
        },
    },
    b"",
)  # fmt: skip

# Models with fees for tools, with regional prices, and with a price increase.
FEES = Table(
    {
        "date": "2026-01-31",
        "models": {
            "finder": {
                "mode": "chat",
                "regions": {"eu": "1.1"},
                "prices": [row(standard={"input": "1", "output": "1", "web_search": "0.01",
                                         "file_search": "0.0025"},
                               batch={"input": "0.5", "output": "0.5"})],
            },
            "seeker": {
                "mode": "chat",
                "searches": True,
                "prices": [row(standard={"input": "1", "output": "1", "web_search": "0.025"})],
            },
            "riser": {
                "mode": "chat",
                "prices": [
                    {**row(standard={"input": "1", "output": "1"}), "from": None,
                     "to": "2026-01-01"},
                    row(standard={"input": "2", "output": "2"}),
                ],
            },
        },
    },
    b"",
)  # fmt: skip


# The facts about a call in a line of a usage file.
OCCASION = Occasion(
    time="2026-11-28T10:00:00.000Z",
    duration=1.5,
    command="chat",
    host="api.openai.com",
    profile=None,
    label=None,
    asked_model="m-1",
)
