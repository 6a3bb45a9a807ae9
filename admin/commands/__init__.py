"""What operators type about the people of the dashboard."""
