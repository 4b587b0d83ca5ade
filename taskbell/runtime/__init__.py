"""The one-command start: the command line, the parent process and its child processes."""
