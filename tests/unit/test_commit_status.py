"""What is shown beside a commit."""

from sync.git.commit_status import commit_status
from walkthroughs.content.problems import Problem


def test_a_commit_is_live_or_waits_or_has_a_mistake():
    problem = Problem("a/walkthrough.yml", 3, "a mistake")

    assert commit_status(2, (), ()).state == "success"
    assert commit_status(2, (problem,), ()).line == "a/walkthrough.yml:3: a mistake"
    assert commit_status(2, (problem, problem), ()).line.endswith("a mistake (and 1 more)")
    assert commit_status(0, (), ("it archives all 3 walkthroughs",)).state == "pending"


def test_a_long_line_is_cut_to_what_hosts_take():
    found = commit_status(1, (Problem("p", 1, "x" * 500),) * 2, ())

    assert len(found.line) == 140
    assert found.line.endswith("… (and 1 more)")
