"""Write results: their destination and their format."""
