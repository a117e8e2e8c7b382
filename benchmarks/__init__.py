"""Comparisons with the usual recipe, and how costs grow with the models."""
