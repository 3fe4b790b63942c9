"""The forms: first set-up, options, areas, zones, people, cameras, and the import of Alarmo."""
