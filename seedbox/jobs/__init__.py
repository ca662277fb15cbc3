"""Carry out a plan, emit events, return a report."""
