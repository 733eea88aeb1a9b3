"""Declare and parse flags: the API's parameters and our own options, as Typer commands."""
