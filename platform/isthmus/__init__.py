"""The composition root: settings, command line, supervisor, application factories, demo."""
