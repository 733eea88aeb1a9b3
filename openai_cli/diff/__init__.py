"""What a change of prompts and requests costs: two sides, matched row by row, and judged."""
