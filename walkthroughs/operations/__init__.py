"""What operators do with the whole installation: back it up, restore it."""
