"""Keeps the database equal to Git repositories of Markdown walkthroughs.

The files here are the flow, from the top; the rooms are its parts:

commands        what operators and authors type
doctor          looks at what an installation depends on
worker          checks each source when it is due
turns           whose source is checked next
recheck         compares what is live with its commit, a little at a time
sources         add, change, remove and find a source
rotate_key      encrypts stored secrets again, for a new key
merge_check     what merging a folder would change: client and server
webhook         a Git host says that a branch has moved
schema_page     the schema of a manifest, for editors
status_report   a source's status as text and JSON
sync_source     one run: fetch, read, plan, apply or wait, record
status          whether a source is in sync, and well
apply           carries a plan out
history         the state of a source, and its runs
queue           which source is due, and who has it
runs            what a run is asked to do, and what it did
batches         how many new walkthroughs are stored at once
early_import    stores new walkthroughs while others are read
staging         parsed texts until they are written
planning        what a commit would change, and what that means for people
convert         tutorials of other formats to walkthroughs
git             a repository at a host
format          files to content, and back
layout          names, limits and marks of a content repository
"""
