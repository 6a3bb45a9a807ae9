"""What a commit would change, and what that means for people."""
