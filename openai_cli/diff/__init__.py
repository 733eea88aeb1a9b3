"""Compute what a change of prompts and requests costs: match two sides by row and judge them."""
