"""Who may sign in to the dashboard, and what they may see and change."""
