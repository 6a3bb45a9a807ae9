"""Turns tutorials of other formats into walkthroughs: files in, files out. Pure.

convert         the entry: files of a tutorial to files of a content repository
assemble        the pages of a course to the steps and pictures of a walkthrough
pieces          a page to the pieces that become its steps
links           links and pictures of a step
tutorial        the files that links are looked up in, and the pictures of steps
sources         which courses a folder holds, a file for each format
body            a page's text to the Markdown that a step may hold, one change after the other
split           a text to parts, by its headings
includes        files that a page takes in
page            one file of a tutorial: front matter, title, lines
front_matter    YAML, TOML, or the first lines of a codelab
titles          titles and names as plain words
characters      what nobody sees is taken out
lines, code     lines that know where they come from, and which of them are code
values          what is read of a tutorial, and what a conversion gives
"""
