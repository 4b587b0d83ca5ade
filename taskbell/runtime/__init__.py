"""The one-command start: the command line, the parent process, and what it watches over."""
