"""Where the learner of a synced source is."""


def done(synced):
    """Complete the first step; return what must stay."""
    view = synced.next(synced.select().step.id)
    return view.step.id, view.progress.completed_steps


def here(synced):
    view = synced.select()
    return view.step.id, view.progress.completed_steps
