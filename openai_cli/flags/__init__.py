"""From flags to values: the API's parameters, our own options, and their way into Typer."""
