"""What the API answers: one module for each shape, and what all of them share."""
