"""What merging a folder would change: the client and the server of one protocol."""
