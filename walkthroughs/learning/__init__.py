"""A learner's place: the rules, the rows, and what the tools answer."""
