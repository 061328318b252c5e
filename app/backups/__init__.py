"""Dumps of the database in the object store, for clusters whose database nobody else backs up."""
