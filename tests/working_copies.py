"""A model of walkthroughs in a working copy: which step is which, and where it was."""


class Step:
    """A step in the working copy. `home` is where learners saw it last, under `known`."""

    def __init__(self, name):
        self.name, self.root, self.revision, self.edits = name, name, 1, 0
        self.home, self.known = None, None

    @property
    def mark(self):
        return f"mark {self.root} {self.revision}."

    def written(self):
        front = f"revision: {self.revision}\n" if self.revision > 1 else ""
        return self.name, front, f"{self.mark}\n\nEdited {self.edits} times."


class WorkingCopy:
    """A walkthrough in the working copy, and what the learner saw of it."""

    def __init__(self, name, steps):
        self.name, self.steps = name, steps
        self.gone, self.moved = [], {}
        self.live, self.before, self.started = [], None, False

    def name_of_old(self, step_id):
        """What the record here says that the step is called now."""
        while step_id in self.moved:
            step_id = self.moved[step_id]
        return step_id

    def head(self, slug):
        records = [f"  - {{from: {old}, to: {new}}}" for old, new in self.moved.items()]
        head = [f"status: published\nservers: [{slug}]", *(["moved:"] if records else []), *records]
        return "\n".join(head)


class AuthorEdits:
    """What an author does to two working copies, `self.books`, and what is live of them."""

    def new(self):
        return Step(next(self.names))

    def edit(self, working_copy, at):
        working_copy.steps[at % len(working_copy.steps)].edits += 1

    def add(self, working_copy, at):
        working_copy.steps.insert(at, self.new())

    def remove(self, working_copy, at):
        if len(working_copy.steps) > 1:
            working_copy.gone.append(working_copy.steps.pop(at % len(working_copy.steps)))

    def bring_back(self, working_copy, at):
        if working_copy.gone:
            working_copy.steps.insert(at, working_copy.gone.pop())

    def move(self, working_copy, at):
        working_copy.steps.insert(at, working_copy.steps.pop(-1))

    def ask_again(self, working_copy, at):
        working_copy.steps[at % len(working_copy.steps)].revision += 1

    def rename(self, working_copy, at):
        step = working_copy.steps[at % len(working_copy.steps)]
        old, step.name = step.name, next(self.names)
        working_copy.moved[old] = step.name

    def take(self, working_copy, at):
        """Take a step from the other walkthrough, with a record; back under its old id, if any."""
        giver = self.other(working_copy)
        done = [step for step in giver.steps if step.mark in self.done]
        among = done if done and at < 6 else giver.steps
        step = among[at % len(among)]
        origin = f"{giver.name}/{step.name}"
        name = working_copy.name_of_old(origin) if origin in working_copy.moved else step.name
        # What nobody has read cannot be followed: an old record whose step was never there, or
        # a step that was gone, got another id meanwhile, and came back in this very commit.
        unread = origin in working_copy.moved and (working_copy.name, name) not in self.published
        changed = step.known not in {None, (giver.name, step.name)} and step.mark not in self.shown
        if len(giver.steps) == 1 or unread or changed:
            return
        giver.steps.remove(step)
        working_copy.steps.insert(at, step)
        step.name = name if origin in working_copy.moved or at % 2 else next(self.names)
        working_copy.moved.setdefault(origin, step.name)

    def take_without_a_record(self, working_copy, at):
        giver = self.other(working_copy)
        if len(giver.steps) > 1:
            giver.gone.append(giver.steps.pop(at % len(giver.steps)))
            working_copy.steps.insert(at, self.new())

    def other(self, working_copy):
        return self.books[1 - self.books.index(working_copy)]

    @property
    def shown(self):
        return [mark for working_copy in self.books for mark in working_copy.live]

    def publish(self, *, broken=False):
        """Commit and sync: one version at most, and no progress row is written."""
        rows, versions = self.synced.progress_rows(), self.versions()
        for working_copy in self.books:
            self.synced.author.write(
                *(step.written() for step in working_copy.steps),
                name=working_copy.name,
                head=working_copy.head(self.slug),
            )
            if broken:
                base = self.synced.author.folder / "walkthroughs" / working_copy.name
                manifest = (base / "walkthrough.yml").read_text()
                (base / "walkthrough.yml").write_text(manifest + "titel: typo\n")
        run = self.synced.sync()
        if not broken:
            self.note_what_is_live()
        assert bool(run.plan.problems) == broken
        assert all(new - old in {0, 1} for new, old in zip(self.versions(), versions, strict=True))
        assert self.synced.progress_rows() == rows
        assert self.synced.sync().plan.changes == (), "syncing again changes nothing"

    def note_what_is_live(self):
        for working_copy in self.books:
            working_copy.live = [step.mark for step in working_copy.steps]
            for step in working_copy.steps:
                step.home, step.known = working_copy, (working_copy.name, step.name)
                self.published.add(step.known)

    # What the learner does.
