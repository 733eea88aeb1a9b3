"""Suggest what was meant by an unknown name, or by the syntax of another tool."""
