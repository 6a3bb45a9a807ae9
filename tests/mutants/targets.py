"""What is broken, and the tests that must notice."""

LEARNING = (
    "tests/db/test_fast_path.py",
    "tests/db/test_progress.py",
    "tests/db/test_beside.py",
    "tests/db/test_progress_content.py",
    "tests/db/test_pace.py",
    "tests/db/test_attempts.py",
    "tests/db/test_catalog.py",
    "tests/db/test_learner_turns.py",
    "tests/db/test_moves.py",
    "tests/db/test_moved_credit.py",
    "tests/db/test_moves_recorded.py",
    "tests/db/test_moved_steps_forgotten.py",
    "tests/db/test_moved_steps_attempts.py",
)
PUBLISHING = (
    "tests/db/test_publishing.py",
    "tests/db/test_publish_turns.py",
    "tests/db/test_races.py",
    "tests/db/test_moves.py",
    "tests/db/test_moved_credit.py",
    "tests/db/test_moves_recorded.py",
)
SYNC = (
    "tests/db/test_sources.py",
    "tests/db/test_approvals.py",
    "tests/db/test_agreeing.py",
    "tests/db/test_claims.py",
    "tests/db/test_sync.py",
    "tests/db/test_owners.py",
    "tests/db/test_worker.py",
    "tests/db/test_settled.py",
)

DRAFTS = ("tests/db/test_drafts.py", "tests/db/test_draft_publishing.py")

TEXTS = ("tests/unit/test_html.py", "tests/unit/test_parts.py", "tests/unit/test_step_file.py")

RULES = {
    "walkthroughs/learning/position.py": (
        "tests/unit/test_journey.py",
        "tests/unit/test_notices.py",
    ),
    "walkthroughs/learning/merge.py": ("tests/unit/test_merge.py",),
    "walkthroughs/learning/pace.py": ("tests/unit/test_pace.py", "tests/unit/test_notices.py"),
    "walkthroughs/content/revision.py": ("tests/unit/test_revision.py",),
    "walkthroughs/content/draft_apply.py": ("tests/unit/test_drafts.py",),
    "walkthroughs/content/draft_work.py": ("tests/unit/test_drafts.py",),
    "walkthroughs/content/draft_changes.py": ("tests/unit/test_drafts.py",),
    "walkthroughs/content/draft_rebase.py": ("tests/unit/test_draft_rebase.py",),
    "walkthroughs/content/draft_content.py": ("tests/unit/test_draft_content.py",),
    "walkthroughs/content/separate.py": (
        "tests/unit/test_separate.py",
        "tests/unit/test_drafts.py",
    ),
    "walkthroughs/content/comparison.py": ("tests/unit/test_comparison.py",),
    "walkthroughs/content/word_diff.py": ("tests/unit/test_word_diff.py",),
    "walkthroughs/content/impact.py": ("tests/unit/test_gate.py", "tests/unit/test_plan.py"),
    "walkthroughs/content/markdown.py": ("tests/unit/test_markdown.py", "tests/unit/test_xss.py"),
    "walkthroughs/content/characters.py": ("tests/unit/test_characters.py",),
    "walkthroughs/content/directives.py": ("tests/unit/test_parts.py", "tests/unit/test_export.py"),
    "walkthroughs/content/html_rules.py": ("tests/unit/test_html.py", "tests/unit/test_fix.py"),
    "walkthroughs/content/look.py": TEXTS,
    "walkthroughs/content/reader.py": TEXTS,
    "walkthroughs/content/step_text.py": TEXTS,
    "sync/planning/plan.py": ("tests/unit/test_plan.py",),
    "sync/planning/approval.py": ("tests/unit/test_gate.py",),
    "sync/planning/impact.py": ("tests/unit/test_gate.py", "tests/unit/test_plan.py"),
    "sync/format/move_chains.py": ("tests/unit/test_moves.py",),
    "sync/format/misplaced.py": ("tests/unit/test_misplaced.py",),
    "sync/format/step_links.py": (
        "tests/unit/test_step_file.py",
        "tests/unit/test_awkward_files.py",
    ),
    "sync/planning/renames.py": ("tests/unit/test_renames.py",),
    "sync/format/fields.py": ("tests/unit/test_fields.py", "tests/unit/test_parse.py"),
    "sync/format/manifest.py": ("tests/unit/test_manifest.py", "tests/unit/test_parse.py"),
    "sync/format/step_file.py": (
        "tests/unit/test_step_file.py",
        "tests/unit/test_awkward_files.py",
    ),
    "sync/layout.py": (
        "tests/unit/test_layout.py",
        "tests/unit/test_fields.py",
        "tests/unit/test_manifest.py",
        "tests/unit/test_step_file.py",
        "tests/unit/test_awkward_files.py",
    ),
}
QUERIES = {
    "walkthroughs/learning/fast_path.py": ("tests/db/test_fast_path.py", "tests/db/test_pace.py"),
    "walkthroughs/learning/shown_again.py": ("tests/db/test_short_calls.py",),
    "walkthroughs/learning/stored_place.py": (
        "tests/db/test_short_calls.py",
        "tests/db/test_stored_place.py",
    ),
    "walkthroughs/learning/visibility.py": (
        "tests/db/test_fast_path.py",
        "tests/db/test_catalog.py",
    ),
    "walkthroughs/learning/progress_rows.py": LEARNING,
    "walkthroughs/learning/moved_steps.py": LEARNING,
    "walkthroughs/learning/merged_progress.py": ("tests/db/test_merge_learners.py",),
    "walkthroughs/learning/catalog.py": LEARNING,
    "walkthroughs/learning/attempts.py": LEARNING,
    "walkthroughs/mcp_server/tenant.py": (
        "tests/http/test_offered.py",
        "tests/http/test_endpoint.py",
        "tests/http/test_tools.py",
    ),
    "walkthroughs/identity/links.py": ("tests/db/test_links.py", "tests/http/test_endpoint.py"),
    "walkthroughs/publishing/read.py": PUBLISHING,
    "walkthroughs/publishing/predecessors.py": PUBLISHING,
    "walkthroughs/publishing/assignments.py": (*PUBLISHING, *DRAFTS),
    "walkthroughs/publishing/offers.py": DRAFTS,
    "sync/history.py": SYNC,
    "sync/queue.py": SYNC,
    "sync/planning/current.py": SYNC,
    "sync/planning/learner_counts.py": SYNC,
    "walkthroughs/publishing/learner_counts.py": (*SYNC, *DRAFTS),
    "walkthroughs/publishing/draft_rows.py": DRAFTS,
    "walkthroughs/publishing/drafts.py": DRAFTS,
    "walkthroughs/publishing/kept_copies.py": DRAFTS,
    "walkthroughs/publishing/publish_plan.py": DRAFTS,
    "walkthroughs/publishing/draft_publishing.py": DRAFTS,
}
