"""The models: what is known of each, and its rates."""
