"""Who a learner is."""
