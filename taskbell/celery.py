"""Lets ``celery -A taskbell worker`` find the application where Celery looks for it."""

from taskbell.config.celery import app

__all__ = ["app"]
