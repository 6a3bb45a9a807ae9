"""Turns tutorials of other formats into walkthroughs: files in, files out.

convert         the entry: files of a tutorial to files of a content repository
assemble        pages to walkthroughs: steps, ids, pictures
sources         which courses a folder holds, a file for each format
page            one file of a tutorial: front matter, title, text
body            a page's text to the Markdown that a step may hold, one change after the other
split           a text to steps, by its headings
links           links and pictures of a step
lines, code     lines that know where they come from, and which of them are code
"""
