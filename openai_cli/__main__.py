"""`python -m openai_cli`."""

from openai_cli.app import main

main()
