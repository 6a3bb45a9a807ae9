"""The domain: walkthroughs, their versions, and a learner's place in them.

Rooms, from the top; each may import those below it:

mcp_server   the five tools over HTTP, for assistants
identity     who the learner is: personal links
operations   back up and restore the whole installation
serving      the edge: connections, bodies, whether the process is up and ready
learning     a learner's place: the rules, the rows, what the tools answer
publishing   content into rows: the only writer of walkthroughs and steps
runtime      settings and database of a Flask application
database     how we reach PostgreSQL
models       the tables
content      what an author wrote, as values; pure
settings     what the environment says, read once
crypto       encryption of stored secrets, hashes of tokens
addresses    the addresses that people and programs are given
errors       errors that a caller can act on
whole_files  files that are there whole or not at all
counted_log  lines of the log that may come very often
ids          row ids, authors' ids, the clock
enums        the fixed words that columns hold
"""
