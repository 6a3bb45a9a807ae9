"""One walkthrough: its draft, pictures, preview, play-through, publishing and history."""
