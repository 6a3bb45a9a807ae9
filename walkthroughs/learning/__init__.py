"""A learner's place: the rules, the rows, and what the tools are told of them."""
