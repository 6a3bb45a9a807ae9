"""Keep the database equal to Git repositories of Markdown walkthroughs."""
