"""Readers for the API's responses: one module for each shape, and what all of them share."""
