"""Taskbell keeps people's tasks and tells them on time."""
