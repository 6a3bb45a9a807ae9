"""Do the tests notice? Break the rules and the queries one by one, and see a test fail."""
