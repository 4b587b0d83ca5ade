"""Measures Taskbell's performance: `python -m benchmarks`. README.md explains how to read it."""
