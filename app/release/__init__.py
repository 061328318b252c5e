"""Releases: what is asked of a build before it is let in, while it is, and after; judgements are pure.

Measuring (over HTTP, in this process, in the database) and judging are files of their own.
"""
