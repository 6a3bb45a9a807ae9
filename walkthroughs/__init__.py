"""The domain: what exists, who may read it, how assistants reach it."""
