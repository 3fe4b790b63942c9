"""Every step from one version of the tables to the next, oldest first.

How one is made is told in `companion.store.migrate`.
"""
