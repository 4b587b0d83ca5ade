"""Taskbell manages a team's tasks and sends reminders on time."""
