"""What Taskbell is compared with: the same data served by the stack that tutorials build."""
