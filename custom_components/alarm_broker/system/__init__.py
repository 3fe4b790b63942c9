"""The shell around the panel: sensors and requests in, decisions of `core` carried out, everything stored before it is shown."""
