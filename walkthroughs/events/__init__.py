"""What learners did: recorded with each change, moved within a second, counted by day."""
