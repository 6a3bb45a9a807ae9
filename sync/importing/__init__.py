"""Walkthroughs out of files that somebody uploads: a zip, or a folder. Pure; nothing is trusted.

read      the entry: an upload to drafts, with what is wrong in them
draft     the files of one walkthrough to a draft, whatever mistakes it has
place     where the walkthroughs of an upload are
zip_file  a zip to its files, and files to a zip
upload    the limits of an upload, and which of its names are taken
"""
